package io.rallocator.allocator.rdma;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A device's connection to itself: the way by which a blade's CPU changes words that its device changes too. */
final class Loopback implements Transport.Endpoint {
    private final Transport.Listener listener;
    private final Transport.Endpoint near;
    private final Transport.Endpoint far;

    private Loopback(final Transport.Listener listener, final Transport.Endpoint near, final Transport.Endpoint far) {
        this.listener = listener;
        this.near = near;
        this.far = far;
    }

    /** Connects; a thread of its own accepts meanwhile. */
    static Loopback connect(
            final Transport transport, final Transport.Device device, final String host, final int timeoutMs)
            throws IOException {
        final Transport.Listener listener = device.listen();
        final CompletableFuture<Transport.Endpoint> accepted = new CompletableFuture<>();
        final Thread acceptor = new Thread(() -> accept(listener, accepted, timeoutMs), "rallocator-rdma-loopback");
        acceptor.start();
        try {
            final Transport.Endpoint near = transport.connect(new InetSocketAddress(host, listener.port()), timeoutMs);
            try {
                return new Loopback(listener, near, accepted.join());
            } catch (final CompletionException e) {
                near.close();
                throw new IOException(e.getCause().getMessage(), e);
            }
        } catch (final IOException e) {
            accepted.handle((far, failure) -> {
                if (far != null) {
                    far.close();
                }
                listener.close(); // when nobody waits at it any more
                return null;
            });
            throw e;
        }
    }

    private static void accept(
            final Transport.Listener listener,
            final CompletableFuture<Transport.Endpoint> accepted,
            final int timeoutMs) {
        try {
            accepted.complete(listener.accept(timeoutMs));
        } catch (final IOException | RuntimeException e) {
            accepted.completeExceptionally(e);
        }
    }

    @Override
    public MemoryKey register(final long address, final int length, final int access) throws IOException {
        return near.register(address, length, access);
    }

    @Override
    public void deregister(final MemoryKey key) throws IOException {
        near.deregister(key);
    }

    @Override
    public void post(final long address) throws IOException {
        near.post(address);
    }

    @Override
    public int poll(final long address, final int room) throws IOException {
        return near.poll(address, room);
    }

    @Override
    public void close() {
        near.close();
        far.close();
        listener.close();
    }
}
