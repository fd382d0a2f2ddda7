package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.Superblock;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Function;

/** Workers of the blade's host: a mapping of the pool, and locks that the kernel drops with the process. */
final class LocalFabric implements Fabric {
    private final Path pool;
    private final NvmRegion region;
    private final boolean ownsRegion;
    private final PoolGeometry geometry;
    private final Function<NvmRegion, QueuePair> queuePairs;

    LocalFabric(
            final Path pool,
            final NvmRegion region,
            final boolean ownsRegion,
            final PoolGeometry geometry,
            final Function<NvmRegion, QueuePair> queuePairs) {
        this.pool = pool;
        this.region = region;
        this.ownsRegion = ownsRegion;
        this.geometry = geometry;
        this.queuePairs = queuePairs;
    }

    @Override
    public String name() {
        return pool.toString();
    }

    @Override
    public PoolGeometry geometry() {
        return geometry;
    }

    @Override
    public UUID poolId() {
        return Superblock.poolId(region);
    }

    @Override
    public Durability durability() {
        return region.durability();
    }

    @Override
    public boolean isSynchronous() {
        return true;
    }

    @Override
    public QueuePair connect() {
        return queuePairs.apply(region);
    }

    @Override
    public SessionLock tryLock(final int session) {
        final PoolLock lock = PoolLock.tryAcquire(PoolLock.sessionLock(pool, session));
        return lock == null ? null : lock::close;
    }

    @Override
    public void close() {
        if (ownsRegion) {
            region.close();
        }
    }
}
