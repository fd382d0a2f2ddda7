package io.rallocator.allocator.tcp;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.Superblock;
import java.nio.file.Path;
import java.util.Map;

/** Serves a region that is no pool, so that tests may read and write anywhere in it. */
final class RegionServer implements AutoCloseable {
    static final PoolGeometry GEOMETRY = PoolGeometry.ofCapacity(64 << 20);

    final TcpBlade blade;
    private final NvmRegion region;

    RegionServer(final Path file, final NvmRegion region) {
        this(file, region, new TcpBladeOptions("//127.0.0.1:0"));
    }

    RegionServer(final Path file, final NvmRegion region, final TcpBladeOptions options) {
        this.region = region;
        blade = TcpBlade.listen(
                file,
                region,
                GEOMETRY,
                Superblock.create(GEOMETRY, true, region.durability()).encode(),
                options);
    }

    /** A fabric, and the lock of a session, without which it may only read. */
    QueuePair connect() {
        final TcpFabric fabric = fabric();
        for (int session = 0; session < GEOMETRY.sessions(); session++) {
            if (fabric.tryLock(session) != null) {
                return new Owner(fabric, fabric.connect(region.capacity()));
            }
        }
        throw new AssertionError("all sessions are locked");
    }

    TcpFabric fabric() {
        return (TcpFabric) new TcpFabricProvider().open(blade.address().substring("tcp:".length()), Map.of());
    }

    @Override
    public void close() {
        blade.close();
    }

    /** Closes the connection with its queue pair. */
    private static final class Owner implements QueuePair {
        private final TcpFabric fabric;
        private final QueuePair queuePair;

        Owner(final TcpFabric fabric, final QueuePair queuePair) {
            this.fabric = fabric;
            this.queuePair = queuePair;
        }

        @Override
        public void execute(final Chain chain, final Operation operation) {
            queuePair.execute(chain, operation);
        }

        @Override
        public FabricCounters counters() {
            return queuePair.counters();
        }

        @Override
        public void close() {
            queuePair.close();
            fabric.close();
        }
    }
}
