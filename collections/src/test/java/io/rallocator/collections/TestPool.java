package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A pool in a folder of its own, in memory where the host has a tmpfs, removed at the end. */
final class TestPool implements AutoCloseable {
    private static final Path SHM = Path.of("/dev/shm");

    private final Path folder;

    private TestPool() {
        try {
            folder = Files.isWritable(SHM)
                    ? Files.createTempDirectory(SHM, "rallocator-test")
                    : Files.createTempDirectory("rallocator-test");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Without a file yet. */
    static TestPool missing() {
        return new TestPool();
    }

    static TestPool create(final PoolGeometry geometry) {
        final TestPool pool = new TestPool();
        PoolFile.create(pool.file(), geometry, true, bytes -> {});
        return pool;
    }

    static TestPool ofMebibytes(final int mebibytes) {
        return create(PoolGeometry.ofCapacity((long) mebibytes << 20));
    }

    Path file() {
        return folder.resolve("pool");
    }

    /** A heap that serves the pool; parameters as in the address, such as {@code cache=1m}. */
    RemoteHeap embedded(final String... parameters) {
        return RemoteHeap.open("embedded:" + file() + query(parameters));
    }

    /** A heap that attaches to the pool. */
    RemoteHeap local(final String... parameters) {
        return RemoteHeap.open("local:" + file() + query(parameters));
    }

    private static String query(final String... parameters) {
        return parameters.length == 0 ? "" : "?" + String.join("&", parameters);
    }

    /** Verifies that nothing is leaked, allocated twice or damaged. Nobody may use the pool meanwhile. */
    CheckReport check() {
        final CheckReport report = PoolChecker.check(file());
        assertThat(report.clean()).as(report.toString()).isTrue();
        return report;
    }

    @Override
    public void close() {
        try (Stream<Path> files = Files.walk(folder)) {
            final List<Path> deepestFirst =
                    files.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
            for (final Path path : deepestFirst) {
                Files.delete(path);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
