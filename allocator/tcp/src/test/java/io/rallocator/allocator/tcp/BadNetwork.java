package io.rallocator.allocator.tcp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * A bad network between a worker and a blade. After a number of bytes there is trouble with a connection, in the middle of a frame or between frames,
 * or when a reply is on its way. What was sent may have arrived or not, and each side learns of a cut when it likes.
 */
final class BadNetwork implements AutoCloseable {
    private static final long LATE_NS = 200_000_000;
    private static final int MOST_DELAY_NS = 1_000_000;

    /** What happens after the number of bytes. */
    enum Trouble {
        /** The connection ends. */
        CUT,
        /** It ends for the worker, while what he sent last is still under way. */
        LATE_CUT,
        /** Nothing arrives any more, in either direction, until {@link #release()}; then all of it does. */
        STALL
    }

    /** How bytes arrive until then. */
    enum Passage {
        /** As they were sent, mostly. */
        AT_ONCE,
        /** One by one: a frame comes in as many parts as it has bytes. */
        IN_SINGLE_BYTES,
        /** In parts of any size, and some time after they were sent. */
        DELAYED
    }

    private final InetSocketAddress target;
    private final LongSupplier bytesUntilTrouble;
    private final Trouble trouble;
    private final Passage passage;
    private final ServerSocket listener;
    private final CountDownLatch stalled = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /**
     * Makes a proxy.
     *
     * @param address of the blade
     * @param bytesUntilTrouble asked for each connection: bytes of both directions together that it lets through
     * @param trouble what happens then
     * @param passage how bytes arrive until then
     */
    BadNetwork(final String address, final LongSupplier bytesUntilTrouble, final Trouble trouble, final Passage passage)
            throws IOException {
        final InetSocketAddress parsed = TcpFabricProvider.parse(address.substring("tcp:".length()));
        this.target = new InetSocketAddress(parsed.getHostString(), parsed.getPort());
        this.bytesUntilTrouble = bytesUntilTrouble;
        this.trouble = trouble;
        this.passage = passage;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.execute(this::acceptAll);
    }

    String address() {
        return "tcp://127.0.0.1:" + listener.getLocalPort();
    }

    /** Lets arrive what was held back since a {@link Trouble#STALL}. */
    void release() {
        released.countDown();
    }

    /** Whether a connection stalled. */
    boolean hasStalled() {
        return stalled.getCount() == 0;
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
        final AtomicLong left = new AtomicLong(bytesUntilTrouble.getAsLong());
        threads.execute(() -> forward(worker, blade, left, trouble));
        threads.execute(() -> forward(blade, worker, left, trouble == Trouble.LATE_CUT ? Trouble.CUT : trouble));
    }

    private void forward(final Socket from, final Socket to, final AtomicLong left, final Trouble atEnd) {
        final byte[] buffer = new byte[1 << 14];
        try (from;
                to) {
            final InputStream in = from.getInputStream();
            final OutputStream out = to.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                final long before = left.getAndAdd(-count);
                if (before > count) {
                    pass(out, buffer, count);
                    continue;
                }
                final int good = (int) Math.max(0, before);
                switch (atEnd) {
                    case CUT -> {
                        out.write(buffer, 0, good);
                        return;
                    }
                    case LATE_CUT -> {
                        from.close(); // the worker knows of the cut; the blade gets the whole frame later
                        LockSupport.parkNanos(LATE_NS);
                        out.write(buffer, 0, count);
                        return;
                    }
                    case STALL -> {
                        out.write(buffer, 0, good);
                        stalled.countDown();
                        released.await();
                        out.write(buffer, good, count - good);
                    }
                }
            }
        } catch (final IOException e) {
            // The other direction cut it, or one side went away: so does the connection.
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass(final OutputStream out, final byte[] bytes, final int count) throws IOException {
        final ThreadLocalRandom random = ThreadLocalRandom.current();
        for (int at = 0; at < count; ) {
            final int part = switch (passage) {
                case AT_ONCE -> count;
                case IN_SINGLE_BYTES -> 1;
                case DELAYED -> {
                    LockSupport.parkNanos(random.nextInt(MOST_DELAY_NS));
                    yield 1 + random.nextInt(count - at);
                }
            };
            out.write(bytes, at, part);
            at += part;
        }
    }

    /** Takes no more connections; those that there are end with either side. */
    @Override
    public void close() throws IOException {
        listener.close();
        release();
        threads.shutdown();
    }
}
