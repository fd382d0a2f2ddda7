package io.rallocator.collections;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The pauses of one thread that looks again and again for something that another process will do: a few spins and yields,
 * then parks that double, up to 1 ms in the first second and up to 10 ms after it. Nothing of the pool is held meanwhile.
 *
 * <p>Threads: one. An interrupt ends a pause; the caller asks for it.
 */
final class Waiting {
    private static final int SPINS = 10;
    private static final int YIELDS = 20;
    private static final long LEAST_PARK_NS = 1_000;
    private static final long SHORT_PARK_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONG_PARK_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long RECENT_NS = TimeUnit.SECONDS.toNanos(1);

    private final long fromNs = System.nanoTime();
    private final long timeoutNs;
    private int pauses;
    private long parkNs = LEAST_PARK_NS;

    Waiting(final long timeoutNs) {
        this.timeoutNs = timeoutNs;
    }

    boolean isOver() {
        return waitedNs() >= timeoutNs;
    }

    private long waitedNs() {
        return System.nanoTime() - fromNs;
    }

    void pause() {
        pauses++;
        if (pauses <= SPINS) {
            Thread.onSpinWait();
        } else if (pauses <= SPINS + YIELDS) {
            Thread.yield();
        } else {
            pauses = SPINS + YIELDS; // never wraps
            park();
        }
    }

    private void park() {
        final long waitedNs = waitedNs();
        final long leftNs = Math.max(1, timeoutNs - waitedNs);
        LockSupport.parkNanos(this, Math.min(parkNs, leftNs));
        parkNs = Math.min(2 * parkNs, waitedNs < RECENT_NS ? SHORT_PARK_NS : LONG_PARK_NS);
    }
}
