package io.rallocator.allocator.rdma;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.agrona.UnsafeApi;

/**
 * An RDMA device in this JVM: executes the bytes of work requests on the memory that they name, as the kernel's Soft-RoCE does. Its
 * atomics are atomic with each other only, not with those of the CPU, as on most devices.
 */
final class SoftwareNic implements Transport {
    private final Map<Integer, Memory> memories = new HashMap<>();
    private final Map<Integer, SoftListener> listeners = new HashMap<>();
    private int lastKey;
    private int lastPort = 20_000;

    /** Refuses registrations from now on, as a kernel does. */
    String refusal;

    /** No request reaches its target from now on. */
    volatile boolean cut;

    /** Whether requests for atomics are executed. */
    boolean hasAtomics = true;

    private record Memory(long address, int length, int access) {
        boolean has(final long from, final int bytes) {
            return from >= address && from + bytes <= address + length;
        }
    }

    @Override
    public synchronized Device open(final String host) throws IOException {
        if (!host.equals("127.0.0.1")) {
            throw new IOException("no RDMA device has the address " + host);
        }
        return new SoftDevice();
    }

    @Override
    public Endpoint connect(final InetSocketAddress address, final int timeoutMs) throws IOException {
        final SoftListener listener;
        synchronized (this) {
            listener = listeners.get(address.getPort());
        }
        if (listener == null) {
            throw new IOException("REJECTED came where ESTABLISHED was due");
        }
        final SoftEndpoint endpoint = new SoftEndpoint();
        final CompletableFuture<SoftEndpoint> accepted = new CompletableFuture<>();
        listener.asking.add(new Asking(endpoint, accepted));
        try {
            endpoint.peer = accepted.get(timeoutMs, TimeUnit.MILLISECONDS);
            return endpoint;
        } catch (final InterruptedException | ExecutionException | TimeoutException e) {
            throw new IOException(e);
        }
    }

    private record Asking(SoftEndpoint endpoint, CompletableFuture<SoftEndpoint> accepted) {}

    private synchronized MemoryKey add(final long address, final int length, final int access) throws IOException {
        if (refusal != null && access == MemoryKey.REMOTE) {
            throw new IOException(refusal);
        }
        memories.put(++lastKey, new Memory(address, length, access));
        return new MemoryKey(lastKey, lastKey, lastKey);
    }

    private synchronized void remove(final MemoryKey key) {
        memories.remove((int) key.handle());
    }

    /** How much memory is registered. */
    synchronized int registrations() {
        return memories.size();
    }

    private final class SoftDevice implements Device {
        @Override
        public MemoryKey register(final long address, final int length, final int access) throws IOException {
            return add(address, length, access);
        }

        @Override
        public void deregister(final MemoryKey key) {
            remove(key);
        }

        @Override
        public Listener listen() {
            return new SoftListener();
        }

        @Override
        public void close() {
            // nothing is held
        }
    }

    private final class SoftListener implements Listener {
        private final BlockingQueue<Asking> asking = new LinkedBlockingQueue<>();
        private final int port;

        SoftListener() {
            synchronized (SoftwareNic.this) {
                port = ++lastPort;
                listeners.put(port, this);
            }
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public Endpoint accept(final int timeoutMs) throws IOException {
            try {
                final Asking first = asking.poll(timeoutMs, TimeUnit.MILLISECONDS);
                if (first == null) {
                    throw new IOException("no CONNECT_REQUEST within " + timeoutMs + " ms");
                }
                final SoftEndpoint endpoint = new SoftEndpoint();
                endpoint.peer = first.endpoint;
                first.accepted.complete(endpoint);
                return endpoint;
            } catch (final InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void close() {
            synchronized (SoftwareNic.this) {
                listeners.remove(port);
            }
        }
    }

    private final class SoftEndpoint implements Endpoint {
        private final Queue<long[]> completions = new ArrayDeque<>();
        private SoftEndpoint peer;
        private boolean failed;
        private boolean closed;

        @Override
        public MemoryKey register(final long address, final int length, final int access) throws IOException {
            return add(address, length, access);
        }

        @Override
        public void deregister(final MemoryKey key) {
            remove(key);
        }

        @Override
        public void post(final long address) {
            synchronized (SoftwareNic.this) {
                int count = 0;
                for (long at = address; at != 0; at = UnsafeApi.getLong(at + WorkRequest.NEXT_OFFSET)) {
                    final int status = failed || closed ? WorkCompletion.FLUSHED : execute(at);
                    failed |= status != WorkCompletion.SUCCESS;
                    final boolean signaled =
                            (UnsafeApi.getInt(at + WorkRequest.FLAGS_OFFSET) & WorkRequest.SIGNALED) != 0;
                    if (signaled || status != WorkCompletion.SUCCESS) {
                        completions.add(new long[] {UnsafeApi.getLong(at), status});
                    }
                    if (++count > MAX_REQUESTS) {
                        throw new IllegalStateException("more requests than the queue has room for");
                    }
                }
            }
        }

        private int execute(final long at) {
            if (cut || peer.closed) {
                return WorkCompletion.RETRIES_EXCEEDED;
            }
            final int opcode = UnsafeApi.getInt(at + WorkRequest.OPCODE_OFFSET);
            final long element = UnsafeApi.getLong(at + WorkRequest.ELEMENTS_ADDRESS_OFFSET);
            final long local = UnsafeApi.getLong(element);
            final int length = UnsafeApi.getInt(element + 8);
            final Memory own = memories.get(UnsafeApi.getInt(element + 12));
            if (UnsafeApi.getInt(at + WorkRequest.ELEMENTS_OFFSET) != 1 || own == null || !own.has(local, length)) {
                return 4; // local protection error
            }
            final boolean isAtomic = opcode >= WorkRequest.COMPARE_AND_SWAP;
            final long remote = UnsafeApi.getLong(at + WorkRequest.REMOTE_ADDRESS_OFFSET);
            final Memory theirs = memories.get(
                    UnsafeApi.getInt(at + (isAtomic ? WorkRequest.ATOMIC_RKEY_OFFSET : WorkRequest.RKEY_OFFSET)));
            if (theirs == null || theirs.access != MemoryKey.REMOTE || !theirs.has(remote, length)) {
                return WorkCompletion.REMOTE_ACCESS_ERROR;
            }
            if (isAtomic && (!hasAtomics || length != Long.BYTES || (remote & 7) != 0)) {
                return WorkCompletion.REMOTE_INVALID_REQUEST;
            }
            switch (opcode) {
                case WorkRequest.READ -> UnsafeApi.copyMemory(remote, local, length);
                case WorkRequest.WRITE -> UnsafeApi.copyMemory(local, remote, length);
                case WorkRequest.FETCH_AND_ADD -> atomic(at, local, remote, false);
                case WorkRequest.COMPARE_AND_SWAP -> atomic(at, local, remote, true);
                default -> throw new IllegalStateException("opcode " + opcode);
            }
            return WorkCompletion.SUCCESS;
        }

        private void atomic(final long at, final long local, final long remote, final boolean isSwap) {
            final long operand = UnsafeApi.getLong(at + WorkRequest.COMPARE_ADD_OFFSET);
            final long before = UnsafeApi.getLongVolatile(null, remote);
            Thread.onSpinWait(); // a change by the CPU meanwhile is lost
            if (!isSwap) {
                UnsafeApi.putLongVolatile(null, remote, before + operand);
            } else if (before == operand) {
                UnsafeApi.putLongVolatile(null, remote, UnsafeApi.getLong(at + WorkRequest.SWAP_OFFSET));
            }
            UnsafeApi.putLong(local, before);
        }

        @Override
        public int poll(final long address, final int room) {
            synchronized (SoftwareNic.this) {
                int count = 0;
                for (; count < room && !completions.isEmpty(); count++) {
                    final long[] each = completions.remove();
                    UnsafeApi.putLong(address + (long) count * WorkCompletion.BYTES, each[0]);
                    UnsafeApi.putInt(address + (long) count * WorkCompletion.BYTES + WorkCompletion.STATUS_OFFSET, (int)
                            each[1]);
                }
                return count;
            }
        }

        @Override
        public void close() {
            synchronized (SoftwareNic.this) {
                closed = true;
            }
        }
    }
}
