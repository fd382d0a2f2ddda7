package io.rallocator.benchmarks;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** One run of a queue: elements that went through it a second. */
final class FifoRun {
    private static final int BURST = 64;

    /** Elements on their way at most, so that a slow consumer does not fill the memory. */
    private static final int MOST = 8192;

    private final byte[] element;
    private volatile long consumed;

    FifoRun(final int bytes) {
        element = new byte[bytes];
    }

    /** One thread that offers some and polls them. */
    double alone(final Fifo fifo, final long ns) {
        final long begin = System.nanoTime();
        long moved = 0;
        long took;
        do {
            for (int i = 0; i < BURST; i++) {
                fifo.offer(element);
            }
            for (int i = 0; i < BURST; i++) {
                requireWhole(fifo.poll());
            }
            moved += BURST;
            took = System.nanoTime() - begin;
        } while (took < ns);
        return moved * 1e9 / took;
    }

    /** A producer and this thread, the consumer. */
    double pair(final Fifo fifo, final long ns) throws InterruptedException {
        consumed = 0;
        final AtomicBoolean stop = new AtomicBoolean();
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final Thread producer = new Thread(() -> produce(fifo, stop), "producer");
        producer.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
        producer.start();
        final long begin = System.nanoTime();
        long moved = 0;
        while ((System.nanoTime() - begin < ns || moved == 0) && failure.get() == null) {
            for (int i = 0; i < BURST; i++) {
                final byte[] found = fifo.poll();
                if (found != null) {
                    requireWhole(found);
                    moved++;
                }
            }
            consumed = moved;
        }
        final long took = System.nanoTime() - begin;
        stop.set(true);
        producer.join();
        if (failure.get() != null) {
            throw new IllegalStateException("the producer failed", failure.get());
        }
        return moved * 1e9 / took;
    }

    private void produce(final Fifo fifo, final AtomicBoolean stop) {
        for (long produced = 0; !stop.get(); ) {
            if (produced - consumed > MOST) {
                Thread.onSpinWait();
                continue;
            }
            for (int i = 0; i < BURST; i++) {
                fifo.offer(element);
            }
            produced += BURST;
        }
    }

    private void requireWhole(final byte[] found) {
        if (found == null || found.length != element.length) {
            throw new IllegalStateException("an element is " + (found == null ? "missing" : "cut"));
        }
    }
}
