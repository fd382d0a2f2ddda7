package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileNvmRegionTest extends NvmRegionContract {
    @TempDir
    private Path folder;

    private Path file() throws Exception {
        final Path file = folder.resolve("region");
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(CAPACITY);
        }
        return file;
    }

    @Override
    protected NvmRegion open() throws Exception {
        return FileNvmRegion.open(file(), CAPACITY, true);
    }

    @Test
    void shouldRefuseChangesWhenOpenedForReading() throws Exception {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[8]);
        try (NvmRegion region = FileNvmRegion.open(file(), CAPACITY, false)) {
            assertThat(region.readLong(8)).isZero();
            region.persist(0, CAPACITY);
            refused(() -> region.write(0, buffer, 0, 8));
            refused(() -> region.zero(0, 8));
            refused(() -> region.writeLong(0, 1));
            refused(() -> region.fetchAndAdd(0, 1));
            refused(() -> region.compareAndSwap(0, 5, 1));
        }
        assertThat(Files.readAllBytes(file())).containsOnly(0);
    }

    private static void refused(final Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("for reading only");
    }

    @Test
    void shouldThrowUnavailableWhenFileEndsEarly() throws Exception {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[CAPACITY]);
        try (NvmRegion region = FileNvmRegion.open(file(), CAPACITY + 80_000, true)) {
            region.read(CAPACITY - 16, buffer, 0, 16);
            truncated(() -> region.read(CAPACITY - 8, buffer, 0, 16));
            truncated(() -> region.readLong(CAPACITY + 8));
            truncated(() -> region.readLong(CAPACITY + 70_000 & -8));
            truncated(() -> region.read(100_000, buffer, 0, 250_000));
        }
    }

    private static void truncated(final Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("truncated: it has " + CAPACITY + " bytes");
    }

    @Test
    void shouldThrowUnavailableWhenThereIsNoFile() {
        assertThatThrownBy(() -> FileNvmRegion.open(folder.resolve("none"), 8, false))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("there is no file");
        assertThatThrownBy(() -> FileNvmRegion.open(folder, 8, true)).isInstanceOf(PoolUnavailableException.class);
    }

    @Test
    void shouldThrowUnavailableWhenThreadIsInterrupted() throws Exception {
        try (NvmRegion region = open()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> region.readLong(4096)).isInstanceOf(PoolUnavailableException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
