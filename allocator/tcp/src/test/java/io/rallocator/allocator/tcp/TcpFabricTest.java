package io.rallocator.allocator.tcp;

import io.rallocator.allocator.FabricContract;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The {@code tcp} fabric at both levels of durability. */
class TcpFabricTest {

    @Nested
    class AtProcess extends Tcp {
        AtProcess() {
            super(Durability.PROCESS);
        }
    }

    @Nested
    class AtPower extends Tcp {
        AtPower() {
            super(Durability.POWER);
        }
    }

    abstract static class Tcp extends FabricContract {
        private final Durability durability;

        @TempDir
        private Path folder;

        private NvmRegion region;
        private RegionServer server;

        Tcp(final Durability durability) {
            this.durability = durability;
        }

        @Override
        protected void start() throws Exception {
            final Path file = folder.resolve("region");
            try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
                sized.setLength(CAPACITY);
            }
            region = MappedNvmRegion.map(file, CAPACITY, durability, true);
            server = new RegionServer(file, region);
        }

        @Override
        protected QueuePair connect() {
            return server.connect();
        }

        @Override
        protected void stop() {
            server.close();
            region.close();
        }
    }
}
