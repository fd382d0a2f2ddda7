package io.rallocator.allocator.tcp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * A bad network between a worker and a blade: each connection is cut after a number of bytes, in the middle of a frame or between frames, or when a
 * reply is on its way. What was sent may have arrived or not, and each side learns of the cut when it likes.
 */
final class CuttingProxy implements AutoCloseable {
    private static final long LATE_NS = 200_000_000;

    private final InetSocketAddress target;
    private final LongSupplier bytesUntilCut;
    private final boolean isLate;
    private final ServerSocket listener;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /**
     * Makes a proxy.
     *
     * @param address of the blade
     * @param bytesUntilCut asked for each connection: bytes of both directions together that it lets through
     * @param isLate true if what the worker sent last is still under way when he learns of the cut
     */
    CuttingProxy(final String address, final LongSupplier bytesUntilCut, final boolean isLate) throws IOException {
        final InetSocketAddress parsed = TcpFabricProvider.parse(address.substring("tcp:".length()));
        this.target = new InetSocketAddress(parsed.getHostString(), parsed.getPort());
        this.bytesUntilCut = bytesUntilCut;
        this.isLate = isLate;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.execute(this::acceptAll);
    }

    String address() {
        return "tcp://127.0.0.1:" + listener.getLocalPort();
    }

    private void acceptAll() {
        while (!listener.isClosed()) {
            try {
                join(listener.accept());
            } catch (final IOException e) {
                if (!listener.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void join(final Socket worker) throws IOException {
        final Socket blade = new Socket();
        blade.connect(target);
        worker.setTcpNoDelay(true);
        blade.setTcpNoDelay(true);
        final AtomicLong left = new AtomicLong(bytesUntilCut.getAsLong());
        threads.execute(() -> forward(worker, blade, left, isLate));
        threads.execute(() -> forward(blade, worker, left, false));
    }

    private static void forward(final Socket from, final Socket to, final AtomicLong left, final boolean isLate) {
        final byte[] buffer = new byte[1 << 14];
        try (from;
                to) {
            final InputStream in = from.getInputStream();
            final OutputStream out = to.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                final long before = left.getAndAdd(-count);
                final boolean isLast = before <= count;
                if (isLast && isLate) {
                    from.close(); // the worker knows of the cut; the blade gets the whole frame later
                    LockSupport.parkNanos(LATE_NS);
                    out.write(buffer, 0, count);
                    return;
                }
                out.write(buffer, 0, (int) Math.max(0, Math.min(count, before)));
                if (isLast) {
                    return;
                }
            }
        } catch (final IOException e) {
            // The other direction cut it, or one side went away: so does the connection.
        }
    }

    /** Takes no more connections; those that there are end with either side. */
    @Override
    public void close() throws IOException {
        listener.close();
        threads.shutdown();
    }
}
