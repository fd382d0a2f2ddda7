package io.rallocator.persistence;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One {@code fdatasync} of a file, which on Linux covers the pages that were changed through any mapping of it. An interrupt
 * closes a channel under whoever uses it; then this syncs once more by a descriptor, which no interrupt reaches, opens the channel
 * again, and leaves the thread interrupted.
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
        boolean interrupted = Thread.interrupted();
        try {
            channel.force(false);
        } catch (final ClosedByInterruptException e) {
            interrupted |= Thread.interrupted();
            channel = open(file);
            syncDescriptor();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** An {@code fsync}: it does more than is needed, but it ends, however often the thread is interrupted. */
    private void syncDescriptor() throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.getFD().sync();
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
        boolean interrupted = Thread.interrupted();
        try {
            while (!trySyncFolder(file.toAbsolutePath().getParent())) {
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns false if the thread was interrupted meanwhile: a folder has no descriptor that can be synced otherwise. */
    private static boolean trySyncFolder(final Path path) throws IOException {
        try (FileChannel folder = FileChannel.open(path, StandardOpenOption.READ)) {
            folder.force(true);
            return true;
        } catch (final ClosedByInterruptException e) {
            return false;
        }
    }
}
