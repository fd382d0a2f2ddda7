package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.SessionDescriptor;
import java.nio.file.Path;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.EpochClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blade's duty cycle: records claims, drains free requests, advances the epoch, publishes slabs ahead of demand,
 * notices dead sessions and recovers them, looks after orphaned slabs.
 *
 * <p>Threads: one. Everything it keeps in DRAM is rebuilt from the pool when a blade starts.
 */
final class BladeAgent implements Agent {
    private static final Logger LOGGER = LoggerFactory.getLogger(BladeAgent.class);
    private static final long WATCH_MS = 50;
    private static final long SWEEP_MS = 5;
    private static final int SWEEPS_AT_START = 64;

    private final Path pool;
    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final EpochAdvancer epochs;
    private final SlabIndex slabs;
    private final SlabPublisher publisher;
    private final FreeDrainer drainer;
    private final OrphanSweeper sweeper;
    private final SessionRecovery recovery;
    private final EpochClock clock;
    private long lastWatchMs;
    private long lastSweepMs;
    private int sweepsDue = SWEEPS_AT_START;

    BladeAgent(final Path pool, final NvmRegion region, final PoolGeometry geometry, final EpochClock clock) {
        this.clock = clock;
        this.pool = pool;
        this.region = region;
        this.geometry = geometry;
        final Chain chain = new Chain(new LocalQueuePair(region));
        epochs = new EpochAdvancer(geometry, chain);
        slabs = new SlabIndex(region, geometry);
        drainer = new FreeDrainer(region, geometry, slabs);
        sweeper = new OrphanSweeper(region, geometry, slabs, drainer);
        publisher = new SlabPublisher(region, geometry, slabs, drainer, sweeper, clock);
        recovery = new SessionRecovery(region, geometry, slabs, publisher, drainer, chain);
    }

    /** Settles half-done hand-outs and frees, then recovers every dead session. */
    void recover() {
        persistAll();
        publisher.restore();
        publisher.settleClaims();
        watchSessions();
        drainer.release(epochs.tick());
    }

    /**
     * What the dead wrote and did not persist is there to be read, and power loss would take it back (I8): it is made durable
     * before it is taken for done.
     */
    private void persistAll() {
        region.persist(0, region.capacity());
    }

    @Override
    public int doWork() {
        int work = publisher.settleClaims();
        work += drainer.drainAll();
        final long epoch = epochs.tick();
        work += drainer.release(epoch);
        work += publisher.publish();
        final long now = clock.time();
        if (now - lastWatchMs >= WATCH_MS) {
            lastWatchMs = now;
            region.writeLong(PoolGeometry.bladeHeartbeatOffset(), CheckedWord.of(now));
            watchSessions();
        }
        if (now - lastSweepMs >= SWEEP_MS) {
            lastSweepMs = now;
            sweeper.sweep(1);
        } else if (sweepsDue > 0) {
            sweepsDue--;
            sweeper.sweep(1); // one a turn, so that nobody waits long for a slab
        }
        return work;
    }

    /** A session whose lock can be taken has no living process: the kernel dropped it (I7). */
    private void watchSessions() {
        for (int session = 0; session < geometry.sessions(); session++) {
            final long offset = geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET;
            final long word = region.readLong(offset);
            if (SessionDescriptor.state(word, offset) == SessionDescriptor.FREE) {
                continue;
            }
            try (PoolLock lock = PoolLock.tryAcquire(PoolLock.sessionLock(pool, session))) {
                if (lock != null) {
                    LOGGER.info("session {} of {} ended; recovering it", session, pool);
                    persistAll();
                    recovery.recover(session);
                }
            }
        }
    }

    @Override
    public String roleName() {
        return "rallocator-blade";
    }
}
