package io.rallocator.allocator;

import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.Superblock;
import java.nio.file.Path;
import java.util.function.Function;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.SystemEpochClock;

/**
 * Serves one pool: holds its lock, raises its incarnation, recovers what died, and runs the agent that publishes slabs,
 * drains frees and watches sessions. Runs inside a worker's process or in one of its own; workers never wait for it
 * while published slabs last.
 *
 * <p>Threads: one for the agent, one that takes dropped structures apart; the methods may be called by any.
 */
public final class Blade implements AutoCloseable {
    private final Path pool;
    private final PoolLock lock;
    private final Superblock superblock;
    private final NvmRegion region;
    private final BladeAgent agent;
    private final AgentRunner runner;
    private final StructureReaper reaper;
    private final AgentRunner reaperRunner;
    private final PoolLock serving;
    private final long recoveryNs;
    private boolean closed;

    private Blade(
            final Path pool,
            final PoolLock lock,
            final Superblock superblock,
            final NvmRegion region,
            final boolean isByDevice) {
        this.pool = pool;
        this.lock = lock;
        this.superblock = superblock;
        this.region = region;
        superblock.writeTo(region);
        final long from = System.nanoTime();
        agent = new BladeAgent(pool, region, superblock.geometry(), SystemEpochClock.INSTANCE);
        agent.recover();
        recoveryNs = System.nanoTime() - from;
        runner = Runners.of("the blade of " + pool, new BackoffIdleStrategy(10, 20, 50_000, 1_000_000), agent);
        reaper = new StructureReaper(region, superblock.geometry(), SystemEpochClock.INSTANCE);
        reaperRunner = Runners.of("the reaper of " + pool, new BackoffIdleStrategy(1, 1, 1_000_000, 1_000_000), reaper);
        serving = isByDevice ? BladeGate.serveByDevice(pool) : BladeGate.serve(pool);
        Runners.start(runner, runner.agent().roleName());
        Runners.start(reaperRunner, reaper.roleName());
    }

    /**
     * Begins to serve a pool, and recovers every session whose process is dead before it returns.
     *
     * @param pool file of the pool
     * @return the blade
     * @throws io.rallocator.persistence.PoolInUseException if another blade serves it
     * @throws io.rallocator.persistence.PoolUnavailableException if the file is missing, no pool, truncated or read-only
     * @throws io.rallocator.persistence.CorruptedPoolException if metadata that recovery needs is damaged
     */
    public static Blade open(final Path pool) {
        return open(pool, null);
    }

    /**
     * The same for a pool whose words are changed by a device, such as an RDMA adapter: the blade changes them through the device too
     * (I3), and keeps workers of this host out.
     *
     * @param pool file of the pool
     * @param device makes the region that the blade uses, which closes the mapping with itself; if it throws, the mapping is closed here.
     *     Null if the CPU changes the words
     * @return the blade
     */
    public static Blade open(final Path pool, final Function<MappedNvmRegion, NvmRegion> device) {
        PoolFile.readSuperblock(pool);
        final PoolLock lock = BladeGate.become(pool);
        NvmRegion region = null;
        try {
            final Superblock superblock = PoolFile.readSuperblock(pool).nextIncarnation();
            final MappedNvmRegion mapped = PoolFile.map(pool, superblock);
            region = mapped;
            region = device == null ? mapped : device.apply(mapped);
            return new Blade(pool, lock, superblock, region, device != null);
        } catch (final RuntimeException e) {
            if (region != null) {
                region.close();
            }
            lock.close();
            throw e;
        }
    }

    /**
     * File of the pool.
     *
     * @return path
     */
    public Path pool() {
        return pool;
    }

    /**
     * The mapped pool.
     *
     * @return valid until {@link #close()}
     */
    public NvmRegion region() {
        return region;
    }

    /**
     * Layout of the pool.
     *
     * @return never null
     */
    public PoolGeometry geometry() {
        return superblock.geometry();
    }

    /**
     * Identity of the pool.
     *
     * @return with this incarnation
     */
    public Superblock superblock() {
        return superblock;
    }

    /**
     * How long {@link #open} took to recover what the last users left.
     *
     * @return nanoseconds
     */
    public long recoveryNs() {
        return recoveryNs;
    }

    /** Stops serving: recovers the sessions that were closed, then drops the lock. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        serving.close(); // nobody else comes in
        reaper.stop();
        Runners.close(reaperRunner, runner);
        try {
            agent.recover();
        } finally {
            region.close();
            lock.close();
        }
    }
}
