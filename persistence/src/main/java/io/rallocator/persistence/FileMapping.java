package io.rallocator.persistence;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import net.openhft.chronicle.bytes.MappedBytes;
import org.agrona.BufferUtil;
import org.agrona.IoUtil;

/**
 * The start of a file, shared and writable in this process's memory at one run of addresses until it is closed.
 *
 * <p>The JDK maps what one of its buffers holds. Chronicle Bytes maps the rest; loading and starting its classes takes 0.2 s once in
 * a process, which a smaller pool need not wait for.
 *
 * <p>Threads: any. The owner must stop every user of the addresses before {@link #close()}.
 */
abstract class FileMapping implements AutoCloseable {
    /** What one buffer of the JDK holds. */
    static final long BUFFER_LIMIT = Integer.MAX_VALUE;

    /** Open mappings live until they are closed: a buffer that the collector frees would take the addresses from under their users. */
    private static final Set<FileMapping> OPEN = ConcurrentHashMap.newKeySet();

    /**
     * Maps a file. An interrupt of the thread does not disturb it.
     *
     * @param file an existing file
     * @param capacity bytes to map from its start; the file is made as long if it is shorter
     * @return the mapping
     * @throws IOException if the system refuses it
     */
    static FileMapping open(final Path file, final long capacity) throws IOException {
        final FileMapping mapping =
                capacity <= BUFFER_LIMIT ? new OfBuffer(file, capacity) : new OfChronicle(file, capacity);
        OPEN.add(mapping);
        return mapping;
    }

    /** The address of the file's first byte; those of the others follow. */
    abstract long address();

    abstract void unmap();

    /** Gives the addresses back. Closing again does nothing. */
    @Override
    public final void close() {
        if (OPEN.remove(this)) {
            unmap();
        }
    }

    private static final class OfBuffer extends FileMapping {
        private final MappedByteBuffer buffer;

        private OfBuffer(final Path file, final long capacity) throws IOException {
            boolean interrupted = Thread.interrupted();
            try {
                MappedByteBuffer mapped = tryMap(file, capacity);
                while (mapped == null) {
                    interrupted |= Thread.interrupted();
                    mapped = tryMap(file, capacity);
                }
                buffer = mapped;
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        /** Returns null if the thread was interrupted meanwhile, which closes the channel. */
        private static MappedByteBuffer tryMap(final Path file, final long capacity) throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                return channel.map(MapMode.READ_WRITE, 0, capacity);
            } catch (final ClosedByInterruptException e) {
                return null;
            }
        }

        @Override
        long address() {
            return BufferUtil.address(buffer);
        }

        @Override
        void unmap() {
            IoUtil.unmap(buffer);
        }
    }

    private static final class OfChronicle extends FileMapping {
        private final MappedBytes bytes;

        private OfChronicle(final Path file, final long capacity) throws IOException {
            bytes = MappedBytes.singleMappedBytes(file.toFile(), capacity);
            bytes.singleThreadedCheckDisabled(true);
        }

        @Override
        long address() {
            return bytes.addressForRead(0);
        }

        @Override
        void unmap() {
            bytes.releaseLast();
        }
    }
}
