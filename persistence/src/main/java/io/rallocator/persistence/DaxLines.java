package io.rallocator.persistence;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongFunction;
import jdk.nio.mapmode.ExtendedMapMode;
import org.agrona.IoUtil;

/**
 * Write-back of cache lines to a file on persistent memory (a DAX file system): no system call, and no sync of the device. The lines are
 * named through mappings of their own with {@code MAP_SYNC}, in windows that a buffer of the JDK holds: a processor writes a line
 * back by where it is in memory, whichever mapping changed it.
 *
 * <p>The file must have all its blocks, and its metadata must be durable: then no store through another mapping leaves the file
 * system with anything to do.
 *
 * <p>Threads: any.
 */
final class DaxLines implements Medium {
    private static final int WINDOW_BITS = 30;

    /** A run of the file whose lines can be written back. */
    interface Window extends AutoCloseable {
        void writeBack(int index, int length);

        @Override
        void close();
    }

    private final Window[] windows;
    private final int windowBits;

    DaxLines(final long capacity, final int windowBits, final LongFunction<Window> open) {
        this.windowBits = windowBits;
        windows = new Window[(int) ((capacity - 1 >>> windowBits) + 1)];
        for (int i = 0; i < windows.length; i++) {
            windows[i] = open.apply((long) i << windowBits);
        }
    }

    /**
     * Prepares a file.
     *
     * @param file with all its blocks
     * @param capacity bytes of it
     * @return null if the file is not on persistent memory, or this processor cannot write lines back
     * @throws IOException if the file cannot be opened or synced
     */
    static DaxLines open(final Path file, final long capacity) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            for (; ; ) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                    return open(channel, capacity);
                } catch (final ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static DaxLines open(final FileChannel channel, final long capacity) throws IOException {
        final int windowCount = (int) ((capacity - 1 >>> WINDOW_BITS) + 1);
        final MappedByteBuffer[] buffers = new MappedByteBuffer[windowCount];
        try {
            for (int i = 0; i < windowCount; i++) {
                final long from = (long) i << WINDOW_BITS;
                buffers[i] = channel.map(
                        ExtendedMapMode.READ_WRITE_SYNC, from, Math.min(1L << WINDOW_BITS, capacity - from));
            }
        } catch (final ClosedByInterruptException e) {
            unmap(buffers);
            throw e;
        } catch (final IOException | UnsupportedOperationException e) {
            unmap(buffers); // the kernel refuses MAP_SYNC for every file that is not on persistent memory
            return null;
        }
        channel.force(true);
        return new DaxLines(capacity, WINDOW_BITS, from -> new OfBuffer(buffers[(int) (from >>> WINDOW_BITS)]));
    }

    private static void unmap(final MappedByteBuffer... buffers) {
        for (final MappedByteBuffer buffer : buffers) {
            if (buffer != null) {
                IoUtil.unmap(buffer);
            }
        }
    }

    private record OfBuffer(MappedByteBuffer buffer) implements Window {
        @Override
        public void writeBack(final int index, final int length) {
            buffer.force(index, length); // with the fence behind it
        }

        @Override
        public void close() {
            unmap(buffer);
        }
    }

    @Override
    public void flush(final long offset, final long length) {
        long at = offset;
        while (at < offset + length) {
            final long end = Math.min(offset + length, (at >>> windowBits) + 1 << windowBits);
            windows[(int) (at >>> windowBits)].writeBack((int) (at & (1L << windowBits) - 1), (int) (end - at));
            at = end;
        }
    }

    /** Nothing is left to do: each write-back ended with a fence. */
    @Override
    public void drain() {}

    @Override
    public void close() {
        for (final Window window : windows) {
            window.close();
        }
    }
}
