package io.rallocator.allocator.rdma;

import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolUnavailableException;
import java.io.IOException;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A pool's mapping whose words are changed by the RDMA device only (I3): on most devices an atomic of the device and one of the
 * CPU on the same word are not atomic with each other. So the blade's own atomics, and its writes of single words, go
 * through a connection to itself. Bytes are read and written by the CPU: what is written so is nobody else's.
 *
 * <p>Threads: any; atomics take turns, which the blade's few threads can afford.
 */
final class NicRegion implements NvmRegion {
    private final MappedNvmRegion mapped;
    private final Registration registration;
    private final Batch loopback;
    private final UnsafeBuffer found = new UnsafeBuffer(new byte[Long.BYTES]);
    private boolean closed;

    /**
     * Makes a region, and tries an atomic that changes nothing.
     *
     * @param mapped closed with this
     * @param registration of the mapping; closed with this
     * @param endpoint a connection to this very device; closed with this
     * @throws PoolUnavailableException if the device cannot do atomics
     */
    NicRegion(final MappedNvmRegion mapped, final Registration registration, final Transport.Endpoint endpoint)
            throws IOException {
        this.mapped = mapped;
        this.registration = registration;
        loopback = new Batch(endpoint, registration.memory(), () -> false);
        try {
            fetchAndAdd(0, 0);
        } catch (final PoolUnavailableException e) {
            loopback.close();
            throw new PoolUnavailableException(
                    "the RDMA device does no atomics on this pool (" + e.getMessage()
                            + "): RAllocator needs FETCH_AND_ADD and COMPARE_AND_SWAP of 8 bytes",
                    e);
        }
    }

    /** The mapping as the device knows it. */
    RemoteMemory memory() {
        return registration.memory();
    }

    @Override
    public long capacity() {
        return mapped.capacity();
    }

    @Override
    public Durability durability() {
        return mapped.durability();
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        mapped.read(offset, target, index, length);
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        mapped.write(offset, source, index, length);
    }

    @Override
    public void zero(final long offset, final long length) {
        mapped.zero(offset, length);
    }

    @Override
    public long readLong(final long offset) {
        return mapped.readLong(offset);
    }

    /** By swaps until one succeeds: a plain store could come between the two halves of the device's atomic, and be lost. */
    @Override
    public void writeLong(final long offset, final long value) {
        long expected = mapped.readLong(offset);
        for (; ; ) {
            final long before = compareAndSwap(offset, expected, value);
            if (before == expected) {
                return;
            }
            expected = before;
        }
    }

    @Override
    public synchronized long fetchAndAdd(final long offset, final long delta) {
        checkWord(offset);
        try {
            loopback.fetchAndAdd(offset, delta, found, 0);
            loopback.complete();
        } catch (final IOException e) {
            throw failed(e);
        }
        return found.getLong(0);
    }

    @Override
    public synchronized long compareAndSwap(final long offset, final long expected, final long replacement) {
        checkWord(offset);
        try {
            loopback.compareAndSwap(offset, expected, replacement, found, 0);
            loopback.complete();
        } catch (final IOException e) {
            throw failed(e);
        }
        return found.getLong(0);
    }

    private void checkWord(final long offset) {
        mapped.readLong(offset); // closed, out of range or not aligned: it throws
    }

    private PoolUnavailableException failed(final IOException e) {
        loopback.clear();
        return new PoolUnavailableException("the blade's RDMA device failed: " + e.getMessage(), e);
    }

    @Override
    public void persist(final long offset, final long length) {
        mapped.persist(offset, length);
    }

    @Override
    public void flush(final long offset, final long length) {
        mapped.flush(offset, length);
    }

    @Override
    public void drain() {
        mapped.drain();
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            CloseHelper.closeAll(loopback, registration, mapped);
        }
    }
}
