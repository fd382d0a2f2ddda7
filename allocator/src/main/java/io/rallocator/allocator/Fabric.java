package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.Superblock;
import java.nio.file.Path;
import java.util.UUID;

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
     * The way of a worker in another process of the blade's host: a mapping of its own. Waits while the blade recovers the pool, up
     * to a minute.
     *
     * @param pool file of the pool
     * @return the fabric; close it
     * @throws io.rallocator.persistence.PoolUnavailableException if no blade serves the pool, or the file cannot be used
     */
    static Fabric local(final Path pool) {
        final Superblock superblock = PoolFile.readSuperblock(pool);
        BladeGate.await(pool);
        final NvmRegion region = PoolFile.map(pool, superblock);
        return new LocalFabric(pool, region, true, superblock.geometry(), LocalQueuePair::new);
    }

    /**
     * The way of a worker in the blade's own process: the blade's mapping.
     *
     * @param blade serves the pool; close it after the fabric
     * @return the fabric; close it
     */
    static Fabric of(final Blade blade) {
        return new LocalFabric(blade.pool(), blade.region(), false, blade.geometry(), LocalQueuePair::new);
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
     * Which pool this is the way to.
     *
     * @return the id that the pool got when it was created
     */
    UUID poolId();

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
