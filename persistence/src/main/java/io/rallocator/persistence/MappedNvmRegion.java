package io.rallocator.persistence;

import java.io.IOException;
import java.nio.file.Path;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.UnsafeApi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A region over a shared mapping of a whole file (tmpfs, disk, DAX).
 *
 * <p>At {@link NvmRegion.Durability#PROCESS} a completed store is in the kernel's pages and outlives every process. At
 * {@link NvmRegion.Durability#POWER} a persist syncs the file, one sync for all threads that wait for one, or writes cache lines back where the
 * file is on persistent memory. Reading a mapping whose file was truncated by someone else kills the JVM (SIGBUS); {@link PoolFile} checks
 * the file's length before mapping, and no library can survive a truncation from outside afterwards.
 *
 * <p>Threads: any. The owner must stop every user before {@link #close()}.
 */
public final class MappedNvmRegion implements NvmRegion {
    private static final Logger LOGGER = LoggerFactory.getLogger(MappedNvmRegion.class);

    private final FileMapping mapping;
    private final long address;
    private final long capacity;

    /** Null at PROCESS. */
    private final Medium medium;

    private volatile boolean closed;

    private MappedNvmRegion(final FileMapping mapping, final long capacity, final Medium medium) {
        this.mapping = mapping;
        this.capacity = capacity;
        this.medium = medium;
        this.address = mapping.address();
    }

    /**
     * Maps a file.
     *
     * @param file an existing file of at least {@code capacity} bytes
     * @param capacity bytes to map
     * @param durability that {@link #persist} shall reach
     * @param sparse true if some of the file may have no blocks yet
     * @return the region
     * @throws PoolUnavailableException if it cannot be mapped
     */
    public static MappedNvmRegion map(
            final Path file, final long capacity, final Durability durability, final boolean sparse) {
        try {
            return map(file, capacity, durability == Durability.POWER ? medium(file, capacity, sparse) : null);
        } catch (final IOException e) {
            throw new PoolUnavailableException("cannot open " + file + " to sync it: " + e, e);
        }
    }

    private static Medium medium(final Path file, final long capacity, final boolean sparse) throws IOException {
        final DaxLines lines = sparse ? null : DaxLines.open(file, capacity);
        LOGGER.info(
                "{} is made durable by {}",
                file,
                lines != null
                        ? "write-back of cache lines (persistent memory)"
                        : "syncs of the file" + (sparse ? " (a sparse one has no other way)" : ""));
        return lines != null ? lines : new GroupSync(new FileSync(file));
    }

    /** Takes over the device. */
    static MappedNvmRegion map(final Path file, final long capacity, final DeviceSync device) {
        return map(file, capacity, new GroupSync(device));
    }

    private static MappedNvmRegion map(final Path file, final long capacity, final Medium medium) {
        FileMapping mapping = null;
        try {
            mapping = FileMapping.open(file, capacity);
            final MappedNvmRegion region = new MappedNvmRegion(mapping, capacity, medium);
            region.readLong(0); // fails here, not later, where a JVM flag is missing
            return region;
        } catch (final IOException | RuntimeException | IllegalAccessError e) {
            final PoolUnavailableException unavailable = new PoolUnavailableException(
                    "cannot map " + file + " (" + capacity + " bytes): " + e
                            + "; if it is about access to a JDK package, start Java with the flags in the README"
                            + " or use bin/rallocator",
                    e);
            CloseHelper.closeAll(unavailable::addSuppressed, mapping, medium);
            throw unavailable;
        }
    }

    /**
     * Where the mapping stands, for devices that reach it by themselves.
     *
     * @return address of the first byte, valid until {@link #close()}
     */
    public long address() {
        return address;
    }

    @Override
    public long capacity() {
        return capacity;
    }

    @Override
    public Durability durability() {
        return medium == null ? Durability.PROCESS : Durability.POWER;
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        check(offset, length);
        target.boundsCheck(index, length);
        UnsafeApi.copyMemory(null, address + offset, target.byteArray(), target.addressOffset() + index, length);
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        check(offset, length);
        source.boundsCheck(index, length);
        UnsafeApi.copyMemory(source.byteArray(), source.addressOffset() + index, null, address + offset, length);
    }

    @Override
    public void zero(final long offset, final long length) {
        check(offset, length);
        UnsafeApi.setMemory(null, address + offset, length, (byte) 0);
    }

    @Override
    public long readLong(final long offset) {
        checkWord(offset);
        return UnsafeApi.getLongVolatile(null, address + offset);
    }

    @Override
    public void writeLong(final long offset, final long value) {
        checkWord(offset);
        UnsafeApi.putLongVolatile(null, address + offset, value);
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        checkWord(offset);
        return UnsafeApi.getAndAddLong(null, address + offset, delta);
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        checkWord(offset);
        return UnsafeApi.compareAndExchangeLong(null, address + offset, expected, replacement);
    }

    @Override
    public void persist(final long offset, final long length) {
        flush(offset, length);
        drain();
    }

    @Override
    public void flush(final long offset, final long length) {
        // At PROCESS a store that completed outlives the process without further ado; callers order theirs by atomics.
        check(offset, length);
        if (medium != null) {
            medium.flush(offset, length);
        }
    }

    @Override
    public void drain() {
        if (medium != null) {
            medium.drain();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        mapping.close();
        CloseHelper.close(medium);
    }

    private void check(final long offset, final long length) {
        if (closed) {
            throw new HeapClosedException("the pool's mapping is closed");
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
