package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedNvmRegionTest extends SharedNvmRegionContract {
    @TempDir
    private Path folder;

    @Override
    protected NvmRegion open() throws Exception {
        final Path file = folder.resolve("region");
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(CAPACITY);
        }
        return MappedNvmRegion.map(file, CAPACITY, NvmRegion.Durability.PROCESS);
    }

    @Test
    void shouldThrowUnavailableWhenFolderIsMissing() {
        assertThatThrownBy(() ->
                        MappedNvmRegion.map(folder.resolve("no/such/file"), CAPACITY, NvmRegion.Durability.PROCESS))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("cannot map");
    }
}
