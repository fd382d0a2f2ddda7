package io.rallocator.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A new folder for pool and logs, in memory where there is room, removed when this process ends. */
final class WorkFolder {
    private static final Path MEMORY = Path.of("/dev/shm");

    private WorkFolder() {}

    static Path create(final Path parent, final String name, final long bytes) throws IOException {
        final Path folder =
                Files.createTempDirectory(parent == null ? place(bytes) : parent, "rallocator-" + name + "-");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
        return folder;
    }

    private static Path place(final long bytes) {
        return Files.isWritable(MEMORY) && MEMORY.toFile().getUsableSpace() > 2 * bytes
                ? MEMORY
                : Path.of(System.getProperty("java.io.tmpdir"));
    }

    private static void remove(final Path folder) {
        try (Stream<Path> paths = Files.walk(folder)) {
            final List<Path> deepestFirst =
                    paths.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
            for (final Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (final IOException e) {
            System.err.println("rallocator: could not remove " + folder + ": " + e.getMessage());
        }
    }
}
