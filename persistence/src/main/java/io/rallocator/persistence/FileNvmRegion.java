package io.rallocator.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A region over positional reads and writes of a file that nobody serves: what the checker and the repair use. It never
 * maps the file, so a truncated file or a failing disk gives a {@link PoolUnavailableException} and never a signal.
 *
 * <p>A small cache of pages serves short reads; writes go through to the file and drop the pages that they touch.
 *
 * <p>Durability is {@link NvmRegion.Durability#PROCESS}: a completed write is in the kernel's pages. {@link #close()}
 * forces what was written to the medium.
 *
 * <p>Threads: one. The atomics are atomic only because nobody else uses the file.
 */
public final class FileNvmRegion implements NvmRegion {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    private static final int CACHED_PAGES = 8192;
    private static final int STAGING_BYTES = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private final long capacity;
    private final boolean writable;

    /** Direct-mapped: page p can only be in slot p mod slots; -1 for an empty slot. */
    private final long[] cachedPage;

    private final ByteBuffer[] pages;
    private final ByteBuffer staging = littleEndian(STAGING_BYTES);
    private final UnsafeBuffer stagingView = new UnsafeBuffer(staging);
    private boolean written;
    private boolean closed;

    private FileNvmRegion(final Path file, final FileChannel channel, final long capacity, final boolean writable) {
        this.file = file;
        this.channel = channel;
        this.capacity = capacity;
        this.writable = writable;
        final int slots = (int) Math.max(1, Math.min(CACHED_PAGES, capacity >>> PAGE_SHIFT));
        cachedPage = new long[slots];
        Arrays.fill(cachedPage, -1);
        pages = new ByteBuffer[slots];
    }

    /**
     * Opens a file.
     *
     * @param file an existing file
     * @param capacity bytes of the region; reading what the file does not have fails
     * @param writable false to refuse every change
     * @return the region
     * @throws PoolUnavailableException if there is no such file or it cannot be opened
     */
    public static FileNvmRegion open(final Path file, final long capacity, final boolean writable) {
        final Set<StandardOpenOption> options =
                writable ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE) : Set.of(StandardOpenOption.READ);
        try {
            return new FileNvmRegion(file, FileChannel.open(file, options), capacity, writable);
        } catch (final NoSuchFileException e) {
            throw new PoolUnavailableException("there is no file " + file + "; create a pool first", e);
        } catch (final IOException e) {
            throw new PoolUnavailableException("cannot open " + file + ": " + e + "; check the rights on it", e);
        }
    }

    private static ByteBuffer littleEndian(final int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public long capacity() {
        return capacity;
    }

    @Override
    public Durability durability() {
        return Durability.PROCESS;
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        check(offset, length);
        target.boundsCheck(index, length);
        if (length > PAGE_BYTES) {
            readPastCache(offset, target, index, length);
            return;
        }
        int done = 0;
        while (done < length) {
            final long at = offset + done;
            final int inPage = (int) at & PAGE_BYTES - 1;
            final int count = Math.min(length - done, PAGE_BYTES - inPage);
            target.putBytes(index + done, page(at, count), inPage, count);
            done += count;
        }
    }

    private void readPastCache(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        int done = 0;
        while (done < length) {
            final int count = Math.min(length - done, STAGING_BYTES);
            staging.clear().limit(count);
            if (readFully(staging, offset + done) < count) {
                throw endsEarly();
            }
            target.putBytes(index + done, stagingView, 0, count);
            done += count;
        }
    }

    /** The page that holds an offset, with at least {@code count} bytes from there on. */
    private ByteBuffer page(final long offset, final int count) {
        final long number = offset >>> PAGE_SHIFT;
        final int slot = (int) (number % pages.length);
        if (cachedPage[slot] != number) {
            if (pages[slot] == null) {
                pages[slot] = littleEndian(PAGE_BYTES);
            }
            cachedPage[slot] = -1;
            pages[slot].clear();
            readFully(pages[slot], number << PAGE_SHIFT);
            pages[slot].flip();
            cachedPage[slot] = number;
        }
        final int inPage = (int) offset & PAGE_BYTES - 1;
        if (inPage + count > pages[slot].limit()) {
            cachedPage[slot] = -1;
            throw endsEarly();
        }
        return pages[slot];
    }

    private int readFully(final ByteBuffer target, final long offset) {
        try {
            final int start = target.position();
            while (target.hasRemaining()) {
                if (channel.read(target, offset + target.position() - start) < 0) {
                    break;
                }
            }
            return target.position() - start;
        } catch (final IOException e) {
            throw new PoolUnavailableException(
                    "cannot read " + file + " at offset " + offset + ": " + e + "; check the device", e);
        }
    }

    private PoolUnavailableException endsEarly() {
        long bytes = -1;
        try {
            bytes = channel.size();
        } catch (final IOException e) {
            return new PoolUnavailableException(file + " cannot be read any more: " + e + "; check the device", e);
        }
        return new PoolUnavailableException(file + " is truncated: it has " + bytes + " bytes, the pool " + capacity
                + "; restore the file, what was cut off cannot be recovered");
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        check(offset, length);
        source.boundsCheck(index, length);
        checkWritable(offset);
        int done = 0;
        while (done < length) {
            final int count = Math.min(length - done, STAGING_BYTES);
            stagingView.putBytes(0, source, index + done, count);
            writeStaging(offset + done, count);
            done += count;
        }
    }

    @Override
    public void zero(final long offset, final long length) {
        check(offset, length);
        checkWritable(offset);
        stagingView.setMemory(0, (int) Math.min(length, STAGING_BYTES), (byte) 0);
        long done = 0;
        while (done < length) {
            final int count = (int) Math.min(length - done, STAGING_BYTES);
            writeStaging(offset + done, count);
            done += count;
        }
    }

    private void writeStaging(final long offset, final int length) {
        staging.clear().limit(length);
        written = true;
        for (long page = offset >>> PAGE_SHIFT; page <= offset + length - 1 >>> PAGE_SHIFT; page++) {
            final int slot = (int) (page % pages.length);
            if (cachedPage[slot] == page) {
                cachedPage[slot] = -1;
            }
        }
        try {
            while (staging.hasRemaining()) {
                channel.write(staging, offset + staging.position());
            }
        } catch (final IOException e) {
            throw new PoolUnavailableException(
                    "cannot write " + file + " at offset " + offset + ": " + e + "; check the device", e);
        }
    }

    @Override
    public long readLong(final long offset) {
        checkWord(offset);
        return page(offset, Long.BYTES).getLong((int) offset & PAGE_BYTES - 1);
    }

    @Override
    public void writeLong(final long offset, final long value) {
        checkWord(offset);
        checkWritable(offset);
        staging.putLong(0, value);
        writeStaging(offset, Long.BYTES);
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        final long before = readLong(offset);
        writeLong(offset, before + delta);
        return before;
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        checkWord(offset);
        checkWritable(offset);
        final long before = readLong(offset);
        if (before == expected) {
            writeLong(offset, replacement);
        }
        return before;
    }

    @Override
    public void persist(final long offset, final long length) {
        check(offset, length);
    }

    /**
     * Forces what was written to the medium and closes the file. Idempotent.
     *
     * @throws PoolUnavailableException if that fails
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (FileChannel closing = channel) {
            if (written) {
                closing.force(false);
            }
        } catch (final IOException e) {
            throw new PoolUnavailableException("cannot finish writing " + file + ": " + e + "; check the device", e);
        }
    }

    private void checkWritable(final long offset) {
        if (!writable) {
            throw new PoolUnavailableException(
                    file + " was opened for reading only; nothing was written at offset " + offset);
        }
    }

    private void check(final long offset, final long length) {
        if (closed) {
            throw new HeapClosedException("the pool's file is closed");
        }
        if ((offset | length) < 0 || offset > capacity - length) {
            throw new IndexOutOfBoundsException(
                    "offset " + offset + ", length " + length + " leaves the region of " + capacity + " bytes");
        }
    }

    private void checkWord(final long offset) {
        check(offset, Long.BYTES);
        if ((offset & 7) != 0) {
            throw new IndexOutOfBoundsException("offset " + offset + " is not aligned to 8");
        }
    }
}
