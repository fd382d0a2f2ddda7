package io.rallocator.allocator;

import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The {@code local} fabric at both levels of durability. */
class LocalFabricTest {

    @Nested
    class AtProcess extends Local {
        AtProcess() {
            super(Durability.PROCESS);
        }
    }

    @Nested
    class AtPower extends Local {
        AtPower() {
            super(Durability.POWER);
        }
    }

    abstract static class Local extends FabricContract {
        private final Durability durability;

        @TempDir
        private Path folder;

        private NvmRegion region;

        Local(final Durability durability) {
            this.durability = durability;
        }

        @Override
        protected void start() throws Exception {
            final Path file = folder.resolve("region");
            try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
                sized.setLength(CAPACITY);
            }
            region = MappedNvmRegion.map(file, CAPACITY, durability, true);
        }

        @Override
        protected QueuePair connect() {
            return new LocalQueuePair(region);
        }

        @Override
        protected void stop() {
            region.close();
        }
    }
}
