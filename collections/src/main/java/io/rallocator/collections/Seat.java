package io.rallocator.collections;

import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RallocatorException;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One blade of a heap over several: where it is, and the session with it, if it is not away. A blade that was away gets a new session when somebody needs it,
 * at most once a second.
 *
 * <p>Threads: any. One connects; the others are told meanwhile that the blade is away.
 */
final class Seat {
    private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(1);

    private final int number;
    private final UUID pool;
    private final HeapUri address;
    private final String place;
    private final ReentrantLock connecting = new ReentrantLock();
    private volatile PoolHeap heap;
    private volatile RallocatorException failure;
    private volatile long failedNs;
    private volatile boolean isClosed;
    private volatile BladeInfo.State state = BladeInfo.State.IN_USE;

    /**
     * Makes a seat.
     *
     * @param number of the blade
     * @param pool id of its pool
     * @param candidate how it was reached, or was not
     */
    Seat(final int number, final UUID pool, final Candidate candidate) {
        this.number = number;
        this.pool = pool;
        address = candidate.address();
        place = address.place();
        heap = candidate.heap();
        failure = candidate.failure();
        failedNs = System.nanoTime();
    }

    /** The seat of a retired blade that is not in the list any more. */
    Seat(final int number, final UUID pool, final String place) {
        this.number = number;
        this.pool = pool;
        this.place = place;
        address = null;
        state = BladeInfo.State.RETIRED;
        failure = new PoolUnavailableException("it was retired");
    }

    /** What this worker knew last. */
    BladeInfo info() {
        return new BladeInfo(number, pool, place, state, isHere());
    }

    BladeInfo.State state() {
        return state;
    }

    void state(final BladeInfo.State known) {
        state = known;
    }

    UUID pool() {
        return pool;
    }

    /** Tells whether there was a session just now. */
    boolean isHere() {
        final PoolHeap known = heap;
        return known != null && known.isOpen();
    }

    /** The session that there is or was, or null. */
    PoolHeap last() {
        return heap;
    }

    /**
     * The heap of the blade's pool.
     *
     * @return the heap; it was open just now
     * @throws PoolUnavailableException if the blade is away
     * @throws HeapClosedException after {@link #end()}
     */
    PoolHeap heap() {
        final PoolHeap known = heap;
        return known != null && known.isOpen() ? known : reopen();
    }

    /** From here on nobody gets a new session. */
    void end() {
        isClosed = true;
    }

    /**
     * Makes sure that the heap is not closed.
     *
     * @throws HeapClosedException if it is
     */
    void requireNotEnded() {
        if (isClosed) {
            throw new HeapClosedException("the heap on " + place + " is closed; open another");
        }
    }

    private PoolHeap reopen() {
        requireNotEnded();
        if (!connecting.tryLock()) {
            throw away("another thread is connecting to it", null);
        }
        try {
            requireNotEnded();
            if (heap != null && heap.isOpen()) {
                return heap;
            }
            if (address == null || failure != null && System.nanoTime() - failedNs < RETRY_NS) {
                throw away(failure.getMessage(), failure);
            }
            return connect();
        } finally {
            connecting.unlock();
        }
    }

    private PoolHeap connect() {
        if (heap != null) {
            heap.close(); // its session is over
        }
        try {
            final PoolHeap opened = PoolHeap.open(address);
            if (!opened.poolId().equals(pool)) {
                opened.close();
                throw new PoolUnavailableException(place + " has the pool " + opened.poolId() + ", not " + pool);
            }
            heap = opened;
            failure = null;
            return opened;
        } catch (final PoolUnavailableException | PoolInUseException e) {
            failure = e;
            failedNs = System.nanoTime();
            throw away(e.getMessage(), e);
        }
    }

    private PoolUnavailableException away(final String why, final RallocatorException cause) {
        return new PoolUnavailableException(
                "blade " + number + " of this heap (" + place + ", pool " + pool + ") is away: " + why, cause);
    }

    /** Ends the session, after {@link #end()}. Idempotent. */
    void close() {
        connecting.lock();
        try {
            if (heap != null) {
                heap.close();
            }
        } finally {
            connecting.unlock();
        }
    }
}
