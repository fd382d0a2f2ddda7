package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A pool in a folder of its own, in memory where the host has a tmpfs, removed at the end. */
final class TestPool implements AutoCloseable {
    private static final Path SHM = Path.of("/dev/shm");

    final Path folder;
    final Path file;
    final PoolGeometry geometry;

    private TestPool(final PoolGeometry geometry) {
        try {
            folder = Files.isWritable(SHM)
                    ? Files.createTempDirectory(SHM, "rallocator-test")
                    : Files.createTempDirectory("rallocator-test");
        } catch (final IOException e) {
            throw new IllegalStateException(e);
        }
        file = folder.resolve("pool");
        this.geometry = geometry;
        PoolFile.create(file, geometry, true, bytes -> {});
    }

    static TestPool create(final PoolGeometry geometry) {
        return new TestPool(geometry);
    }

    static TestPool ofMebibytes(final int mebibytes) {
        return create(PoolGeometry.of((long) mebibytes << 20, new int[] {4096, 16384, 65536}, 16, 4, 4, 16));
    }

    /** Verifies that nothing is leaked, allocated twice or damaged. Nobody may use the pool meanwhile. */
    CheckReport check() {
        final CheckReport report = PoolChecker.check(file);
        assertThat(report.clean()).as(report.toString()).isTrue();
        return report;
    }

    @Override
    public void close() {
        delete(folder);
    }

    static void delete(final Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            final List<Path> deepestFirst =
                    files.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
            for (final Path path : deepestFirst) {
                Files.delete(path);
            }
        } catch (final IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
