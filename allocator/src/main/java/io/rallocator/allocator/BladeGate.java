package io.rallocator.allocator;

import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.PoolUnavailableException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets workers of this host in once the blade has recovered: a blade holds the blade's lock from before recovery, and the
 * serving lock from its end. Who came in during recovery after a loss of power could meet answers that were meant for the dead.
 *
 * <p>A lock is only probed by taking it for a moment, so whoever wants to hold it tries a few times.
 */
final class BladeGate {
    private static final int LOCK_TRIES = 50;
    private static final long TRY_NS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    private BladeGate() {}

    /** Makes the caller the blade of a pool, not open to workers yet. */
    static PoolLock become(final Path pool) {
        return acquire(pool, PoolLock.bladeLock(pool));
    }

    /** Lets workers in. The caller holds the blade's lock. */
    static PoolLock serve(final Path pool) {
        return acquire(pool, PoolLock.servingLock(pool));
    }

    /** Keeps workers of this host out: a device changes the pool's words. The caller holds the blade's lock. */
    static PoolLock serveByDevice(final Path pool) {
        return acquire(pool, PoolLock.deviceLock(pool));
    }

    private static PoolLock acquire(final Path pool, final Path path) {
        for (int i = 0; i < LOCK_TRIES; i++) {
            final PoolLock lock = PoolLock.tryAcquire(path);
            if (lock != null) {
                return lock;
            }
            LockSupport.parkNanos(TRY_NS);
        }
        throw new PoolInUseException(pool + " is served by another blade (it holds " + path
                + "); attach to it with local:" + pool + ", or stop it first");
    }

    /**
     * Returns when a blade serves the pool.
     *
     * @throws PoolUnavailableException if there is no blade, or it does not get through with recovery, or the thread is interrupted
     */
    static void await(final Path pool) {
        final long from = System.nanoTime();
        await(pool, () -> {
            if (System.nanoTime() - from > PATIENCE_NS) {
                throw new PoolUnavailableException("the blade of " + pool + " has not recovered it within "
                        + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NS) + " s: see its log; is it stopped?");
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new PoolUnavailableException(
                        "interrupted while the blade of " + pool + " recovers it; open the pool again");
            }
            LockSupport.parkNanos(TRY_NS);
        });
    }

    /** The same, with what to do between two looks. */
    static void await(final Path pool, final Runnable pause) {
        while (!isHeld(PoolLock.servingLock(pool))) {
            if (!isHeld(PoolLock.bladeLock(pool))) {
                throw new PoolUnavailableException("no blade serves " + pool
                        + "; start one with `rallocator blade --pool " + pool + "`, or open embedded:" + pool);
            }
            if (isHeld(PoolLock.deviceLock(pool))) {
                throw new PoolUnavailableException(
                        pool + " is served by RDMA, and the atomics of its device are not atomic"
                                + " with this host's: open rdma://HOST:PORT, as the blade announced");
            }
            pause.run();
        }
    }

    private static boolean isHeld(final Path path) {
        final PoolLock free = PoolLock.tryAcquire(path);
        if (free != null) {
            free.close();
        }
        return free == null;
    }
}
