package io.rallocator.allocator.rdma;

import io.rallocator.allocator.FabricContract;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.NvmRegion.Durability;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract of fabrics over some device: segments are small, so that ranges cross them. */
abstract class RdmaContract extends FabricContract {
    private static final int SEGMENT_BYTES = CAPACITY / 4;

    private final Durability durability;

    @TempDir
    private Path folder;

    private RegionServer server;

    RdmaContract(final Durability durability) {
        this.durability = durability;
    }

    abstract Transport transport();

    abstract String host();

    @Override
    protected void start() throws Exception {
        server = new RegionServer(
                transport(),
                folder.resolve("region"),
                CAPACITY,
                durability,
                new RdmaBladeOptions("//" + host() + ":0").segmentBytes(SEGMENT_BYTES));
    }

    @Override
    protected QueuePair connect() {
        return server.connect();
    }

    @Override
    protected void stop() throws Exception {
        server.close();
    }
}
