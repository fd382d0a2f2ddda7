package io.rallocator.allocator.rdma;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.Superblock;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.agrona.CloseHelper;

/** Serves a region that is no pool, so that tests may read and write anywhere in it. */
final class RegionServer implements AutoCloseable {
    static final PoolGeometry GEOMETRY = PoolGeometry.ofCapacity(64 << 20);
    private static final int TIMEOUT_MS = 30_000;

    final Path file;
    final MappedNvmRegion mapped;
    final NicRegion region;
    private final Transport transport;
    private final Transport.Device device;
    private final RdmaServer server;

    RegionServer(
            final Transport transport,
            final Path file,
            final long capacity,
            final Durability durability,
            final RdmaBladeOptions options)
            throws Exception {
        this.transport = transport;
        this.file = file;
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(capacity);
        }
        mapped = MappedNvmRegion.map(file, capacity, durability, true);
        device = transport.open(options.host());
        final Registration registration =
                new Registration(device, file, mapped.address(), capacity, options.segmentBytes());
        region = new NicRegion(mapped, registration, Loopback.connect(transport, device, options.host(), TIMEOUT_MS));
        server = RdmaServer.start(
                new RdmaServer.Served(
                        file,
                        region,
                        registration.memory(),
                        GEOMETRY,
                        Superblock.create(GEOMETRY, true, durability).encode()),
                device,
                options);
    }

    RdmaFabric fabric() {
        return RdmaFabric.open(
                transport, RdmaFabricProvider.parse(server.address().substring("rdma:".length())), TIMEOUT_MS);
    }

    /** A queue pair that takes its fabric with it. */
    QueuePair connect() {
        final RdmaFabric fabric = fabric();
        return new Owner(fabric, fabric.connect());
    }

    @Override
    public void close() {
        CloseHelper.closeAll(server, region, device);
    }

    private record Owner(RdmaFabric fabric, QueuePair queuePair) implements QueuePair {
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
