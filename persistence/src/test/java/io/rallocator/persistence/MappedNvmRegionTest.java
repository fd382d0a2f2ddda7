package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MappedNvmRegionTest extends SharedNvmRegionContract {
    @TempDir
    private Path folder;

    @Override
    protected NvmRegion open() throws Exception {
        final Path file = folder.resolve("region");
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(CAPACITY);
        }
        return MappedNvmRegion.map(file, CAPACITY, NvmRegion.Durability.PROCESS, true);
    }

    @Test
    void shouldMapWhenThreadIsInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        try (NvmRegion region = open()) {
            assertThat(Thread.interrupted()).isTrue();
            region.writeLong(8, 1);
            assertThat(region.readLong(8)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {FileMapping.BUFFER_LIMIT - 7, FileMapping.BUFFER_LIMIT + 9})
    void shouldReachTheLastWordOfAnySize(final long capacity) throws Exception {
        final Path file = folder.resolve("large");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(capacity);
        }
        try (NvmRegion region = MappedNvmRegion.map(file, capacity, NvmRegion.Durability.PROCESS, true);
                NvmRegion other = MappedNvmRegion.map(file, capacity, NvmRegion.Durability.PROCESS, true)) {
            region.writeLong(capacity - 8, 7);
            assertThat(other.readLong(capacity - 8)).isEqualTo(7);
            assertThatThrownBy(() -> region.readLong(capacity)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void shouldThrowUnavailableWhenFolderIsMissing() {
        assertThatThrownBy(() -> MappedNvmRegion.map(
                        folder.resolve("no/such/file"), CAPACITY, NvmRegion.Durability.PROCESS, true))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("cannot map");
    }
}
