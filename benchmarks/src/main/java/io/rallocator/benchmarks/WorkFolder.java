package io.rallocator.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A new folder for pools and peers' files, removed at the end. */
final class WorkFolder implements AutoCloseable {
    private static final Path MEMORY = Path.of("/dev/shm");

    private final Path path;
    private final Thread hook = new Thread(this::remove);

    private WorkFolder(final Path path) {
        this.path = path;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Makes one: in the parent that is given, or in memory if twice the bytes fit there and it need not outlive power, or in the
     * folder for temporary files.
     */
    static WorkFolder create(final Path parent, final long bytes, final boolean onDisk) throws IOException {
        final Path disk = Path.of(System.getProperty("java.io.tmpdir"));
        final boolean fits = Files.isWritable(MEMORY) && MEMORY.toFile().getUsableSpace() > 2 * bytes;
        final Path place = parent != null ? parent : fits && !onDisk ? MEMORY : disk;
        return new WorkFolder(Files.createTempDirectory(place, "rallocator-bench-"));
    }

    Path path() {
        return path;
    }

    private void remove() {
        try {
            delete(path);
        } catch (final IOException e) {
            System.err.println("rallocator: could not remove " + path + ": " + e.getMessage());
        }
    }

    /** Deletes a file or folder with all that is in it. */
    static void delete(final Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        final List<Path> deepestFirst;
        try (Stream<Path> paths = Files.walk(root)) {
            deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
        }
        for (final Path each : deepestFirst) {
            Files.deleteIfExists(each);
        }
    }

    @Override
    public void close() {
        remove();
        Runtime.getRuntime().removeShutdownHook(hook);
    }
}
