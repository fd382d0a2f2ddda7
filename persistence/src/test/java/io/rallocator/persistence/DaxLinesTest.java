package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which lines are written back, and when there are none to write. No machine of ours has persistent memory. */
class DaxLinesTest {
    private static final int WINDOW_BITS = 12;

    private final List<String> done = new ArrayList<>();

    private DaxLines lines(final long capacity) {
        return new DaxLines(capacity, WINDOW_BITS, from -> {
            done.add("open " + from);
            return new DaxLines.Window() {
                @Override
                public void writeBack(final int index, final int length) {
                    done.add(from + ": " + index + "+" + length);
                }

                @Override
                public void close() {
                    done.add("close " + from);
                }
            };
        });
    }

    @Test
    void shouldOpenAndCloseEveryWindowOnce() {
        lines(2 * 4096).close();
        assertThat(done).containsExactly("open 0", "open 4096", "close 0", "close 4096");
        done.clear();
        lines(2 * 4096 + 8).close();
        assertThat(done).contains("open 8192", "close 8192").hasSize(6);
    }

    @Test
    void shouldWriteBackARangeInEachWindowThatHasSomeOfIt() {
        final DaxLines lines = lines(3 * 4096);
        done.clear();
        lines.flush(4000, 4096 + 200);
        lines.flush(4096, 4096);
        lines.flush(8, 0);
        assertThat(done).containsExactly("0: 4000+96", "4096: 0+4096", "8192: 0+104", "4096: 0+4096");
    }

    @Test
    void shouldFindNoLinesToWriteBackOnAnOrdinaryFileWhetherInterruptedOrNot(@TempDir final Path folder)
            throws Exception {
        final Path file = folder.resolve("ordinary");
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(1 << 20);
        }
        assertThat(DaxLines.open(file, 1 << 20)).isNull();
        Thread.currentThread().interrupt();
        assertThat(DaxLines.open(file, 1 << 20)).isNull();
        assertThat(Thread.interrupted()).isTrue();
        try (NvmRegion region = MappedNvmRegion.map(file, 1 << 20, NvmRegion.Durability.POWER, false)) {
            region.writeLong(8, 1);
            region.persist(8, 8);
            assertThat(region.durability()).isEqualTo(NvmRegion.Durability.POWER);
        }
    }
}
