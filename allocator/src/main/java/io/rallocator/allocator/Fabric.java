package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;

/**
 * The way from one worker to one blade: makes queue pairs, and holds what tells the blade that the worker lives. One fabric
 * serves one session.
 *
 * <p>Threads: {@link #connect} and {@link #tryLock} are called by the thread that opens the session.
 */
public interface Fabric extends AutoCloseable {
    /** The lock of a session's line: while it is held, nobody takes the session for dead (I7). */
    interface SessionLock extends AutoCloseable {
        /** Gives the line back; the blade then recovers the session. No verb of the session is executed afterwards. Idempotent. */
        @Override
        void close();
    }

    /**
     * Where the pool is, for people.
     *
     * @return a path or an address
     */
    String name();

    /**
     * Layout of the pool.
     *
     * @return never null
     */
    PoolGeometry geometry();

    /**
     * What persisted bytes survive.
     *
     * @return the level of the pool
     */
    Durability durability();

    /**
     * Tells what is known when a chain has failed.
     *
     * @return true if no verb of it is executed any more once {@link QueuePair#execute} has thrown; false if some may be under way until the
     *     session is over
     */
    boolean isSynchronous();

    /**
     * Makes another queue pair.
     *
     * @return for one thread at a time
     */
    QueuePair connect();

    /**
     * Takes the lock of a line of the session table if it is free. The kernel, or the blade, drops it when this worker dies.
     *
     * @param session 0 …
     * @return the lock, or null if someone alive holds it
     */
    SessionLock tryLock(int session);

    /** Ends the use of the pool, after the last use of every queue pair. Idempotent. */
    @Override
    void close();
}
