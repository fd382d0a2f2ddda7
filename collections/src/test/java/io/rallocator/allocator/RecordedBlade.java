package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.RecordedDisk;
import io.rallocator.persistence.Superblock;
import java.nio.file.Path;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.SystemEpochClock;

/** Serves a pool of durability POWER as {@link Blade} does, over a disk that notes what it was made to keep. */
public final class RecordedBlade implements AutoCloseable {
    private final Path pool;
    private final Superblock superblock;
    private final NvmRegion region;
    private final RecordedDisk disk;
    private final AgentRunner runner;

    /** Begins to serve a pool. */
    public RecordedBlade(final Path pool) {
        this.pool = pool;
        superblock = PoolFile.readSuperblock(pool);
        final RecordedDisk.Mapping mapping = RecordedDisk.map(pool, superblock);
        region = mapping.region();
        disk = mapping.disk();
        final BladeAgent agent = new BladeAgent(pool, region, superblock.geometry(), SystemEpochClock.INSTANCE);
        agent.recover();
        runner =
                new AgentRunner(new SleepingMillisIdleStrategy(1), new DutyErrors("the blade of " + pool), null, agent);
        AgentRunner.startOnThread(runner);
    }

    /** Opens a session over the same mapping. */
    public WorkerSession open(final String name) {
        return WorkerSession.open(pool, region, superblock.geometry(), name, LocalQueuePair::new, true);
    }

    /** What reached the medium. */
    public RecordedDisk disk() {
        return disk;
    }

    @Override
    public void close() {
        runner.close();
        region.close();
    }
}
