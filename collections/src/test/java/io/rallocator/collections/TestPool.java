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
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A pool, or several of one heap, in a folder of its own, in memory where the host has a tmpfs, removed at the end. */
final class TestPool implements AutoCloseable {
    private static final Path SHM = Path.of("/dev/shm");

    private final Path folder;
    private final int blades;

    private TestPool(final int blades) {
        this.blades = blades;
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
        return new TestPool(1);
    }

    static TestPool create(final PoolGeometry geometry) {
        return create(geometry, 1);
    }

    private static TestPool create(final PoolGeometry geometry, final int blades) {
        final TestPool pool = new TestPool(blades);
        pool.files().forEach(file -> PoolFile.create(file, geometry, true, bytes -> {}));
        return pool;
    }

    static TestPool ofMebibytes(final int mebibytes) {
        return create(PoolGeometry.ofCapacity((long) mebibytes << 20));
    }

    /** Several pools, of so many mebibytes each, for one heap. */
    static TestPool ofBlades(final int blades, final int mebibytes) {
        return create(PoolGeometry.ofCapacity((long) mebibytes << 20), blades);
    }

    Path file() {
        return folder.resolve("pool");
    }

    /** The files of all blades. */
    List<Path> files() {
        return IntStream.range(0, blades)
                .mapToObj(blade -> folder.resolve(blade == 0 ? "pool" : "pool" + blade))
                .toList();
    }

    private String paths() {
        return files().stream().map(Path::toString).collect(Collectors.joining(","));
    }

    /** A heap that serves the pool; parameters as in the address, such as {@code cache=1m}. */
    RemoteHeap embedded(final String... parameters) {
        return RemoteHeap.open("embedded:" + paths() + query(parameters));
    }

    /** A heap that attaches to the pool. */
    RemoteHeap local(final String... parameters) {
        return RemoteHeap.open("local:" + paths() + query(parameters));
    }

    private static String query(final String... parameters) {
        return parameters.length == 0 ? "" : "?" + String.join("&", parameters);
    }

    /** Verifies that nothing is leaked, allocated twice or damaged. Nobody may use the pool meanwhile. */
    CheckReport check() {
        files().forEach(TestPool::check);
        return PoolChecker.check(file());
    }

    private static void check(final Path file) {
        final CheckReport report = PoolChecker.check(file);
        assertThat(report.clean()).as(report.toString()).isTrue();
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
