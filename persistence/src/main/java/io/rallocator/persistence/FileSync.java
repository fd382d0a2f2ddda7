package io.rallocator.persistence;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One {@code fdatasync} of a file, which on Linux covers the pages that were changed through any mapping of it. An interrupt
 * closes a channel under whoever uses it; so this opens it again, syncs, and leaves the thread interrupted.
 *
 * <p>Threads: one at a time.
 */
final class FileSync implements DeviceSync {
    private final Path file;
    private FileChannel channel;

    FileSync(final Path file) throws IOException {
        this.file = file;
        channel = open(file);
    }

    private static FileChannel open(final Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.WRITE);
    }

    @Override
    public void sync() throws IOException {
        boolean interrupted = false;
        try {
            for (boolean done = false; !done; ) {
                interrupted |= Thread.interrupted();
                try {
                    channel.force(false);
                    done = true;
                } catch (final ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                    channel = open(file);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /**
     * Makes a file's name durable.
     *
     * @param file that was created or moved
     * @throws IOException if the folder cannot be synced
     */
    static void syncFolder(final Path file) throws IOException {
        try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }
}
