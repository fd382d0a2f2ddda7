package io.rallocator.allocator.rdma;

import com.ibm.disni.verbs.impl.NativeDispatcher;
import java.io.IOException;
import java.lang.ref.Reference;
import java.net.InetSocketAddress;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;

/** RDMA through DiSNI 2.1 and the libdisni that the user built. */
final class DisniTransport implements Transport {
    private static final short PORT_SPACE_TCP = 0x0106;
    private static final int RETRIES = 7;
    private static final int BACKLOG = 128;

    private final NativeDispatcher calls;

    /**
     * Loads the library.
     *
     * @throws io.rallocator.persistence.PoolUnavailableException if it is missing or does not fit
     */
    DisniTransport() {
        calls = DisniLibrary.load();
    }

    @Override
    public Device open(final String host) throws IOException {
        return new DisniDevice(host);
    }

    @Override
    public Endpoint connect(final InetSocketAddress address, final int timeoutMs) throws IOException {
        final CmChannel channel = new CmChannel(calls);
        long id = 0;
        DisniDomain domain = null;
        Endpoint endpoint = null;
        try {
            id = calls._createId(channel.handle(), PORT_SPACE_TCP);
            resolve(id, SocketAddress4.of(address.getHostString(), address.getPort()), timeoutMs);
            channel.await(CmEvent.ADDRESS_RESOLVED, id, timeoutMs);
            calls._resolveRoute(id, timeoutMs);
            channel.await(CmEvent.ROUTE_RESOLVED, id, timeoutMs);
            final long context = calls._getContext(id);
            final DisniDomain own = new DisniDomain(calls, context);
            domain = own;
            endpoint = new DisniEndpoint(calls, id, context, own, () -> CloseHelper.closeAll(own, channel));
            calls._connect(id, RETRIES, RETRIES, 0, (byte) 0);
            channel.await(CmEvent.ESTABLISHED, id, timeoutMs);
            return endpoint;
        } catch (final IOException | RuntimeException e) {
            if (endpoint != null) {
                endpoint.close();
                throw e;
            }
            if (id != 0) {
                calls._destroyCmId(id);
            }
            CloseHelper.closeAll(domain, channel);
            throw e;
        }
    }

    private void resolve(final long id, final UnsafeBuffer target, final int timeoutMs) throws IOException {
        try {
            calls._resolveAddr(id, 0, target.addressOffset(), timeoutMs);
        } finally {
            Reference.reachabilityFence(target);
        }
    }

    private void bind(final long id, final UnsafeBuffer address) throws IOException {
        try {
            calls._bindAddr(id, address.addressOffset());
        } finally {
            Reference.reachabilityFence(address);
        }
    }

    /** Finds its device by an id that is bound to the device's address. */
    private final class DisniDevice implements Device {
        private final CmChannel channel = new CmChannel(calls);
        private final String host;
        private final long id;
        private final long context;
        private final DisniDomain domain;

        DisniDevice(final String host) throws IOException {
            this.host = host;
            long bound = 0;
            try {
                bound = bind(channel, host);
                context = calls._getContext(bound);
                if (context < 0) {
                    throw new IOException("no RDMA device has the address " + host);
                }
                domain = new DisniDomain(calls, context);
                id = bound;
            } catch (final IOException | RuntimeException e) {
                if (bound != 0) {
                    calls._destroyCmId(bound);
                }
                channel.close();
                throw e;
            }
        }

        @Override
        public MemoryKey register(final long address, final int length, final int access) throws IOException {
            return domain.register(address, length, access);
        }

        @Override
        public void deregister(final MemoryKey key) throws IOException {
            domain.deregister(key);
        }

        @Override
        public Listener listen() throws IOException {
            return new DisniListener(host, context, domain);
        }

        @Override
        public void close() {
            domain.close();
            calls._destroyCmId(id);
            channel.close();
        }
    }

    private long bind(final CmChannel channel, final String host) throws IOException {
        final long id = calls._createId(channel.handle(), PORT_SPACE_TCP);
        try {
            bind(id, SocketAddress4.of(host, 0));
            return id;
        } catch (final IOException e) {
            calls._destroyCmId(id);
            throw e;
        }
    }

    /** Waits on any port that was free. */
    private final class DisniListener implements Listener {
        private final CmChannel channel = new CmChannel(calls);
        private final long id;
        private final long context;
        private final DisniDomain domain;
        private final int port;
        private boolean closed;

        DisniListener(final String host, final long context, final DisniDomain domain) throws IOException {
            this.context = context;
            this.domain = domain;
            long bound = 0;
            try {
                bound = bind(channel, host);
                calls._listen(bound, BACKLOG);
                final UnsafeBuffer address = SocketAddress4.empty();
                calls._getSrcAddr(bound, address.addressOffset());
                port = SocketAddress4.port(address);
                id = bound;
            } catch (final IOException | RuntimeException e) {
                if (bound != 0) {
                    calls._destroyCmId(bound);
                }
                channel.close();
                throw e;
            }
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public Endpoint accept(final int timeoutMs) throws IOException {
            final long asking = channel.await(CmEvent.CONNECT_REQUEST, 0, timeoutMs);
            final DisniEndpoint endpoint;
            try {
                endpoint = new DisniEndpoint(calls, asking, context, domain, null);
            } catch (final IOException | RuntimeException e) {
                calls._destroyCmId(asking);
                throw e;
            }
            try {
                calls._accept(asking, RETRIES, RETRIES);
                channel.await(CmEvent.ESTABLISHED, asking, timeoutMs);
                return endpoint;
            } catch (final IOException | RuntimeException e) {
                endpoint.close();
                throw e;
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                calls._destroyCmId(id);
                channel.close();
            }
        }
    }
}
