package io.rallocator.persistence;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Passes everything on; tests override what they want to watch or to fail. */
public class ForwardingNvmRegion implements NvmRegion {
    private final NvmRegion target;

    /**
     * Wraps a region.
     *
     * @param target receives every call
     */
    public ForwardingNvmRegion(final NvmRegion target) {
        this.target = target;
    }

    @Override
    public long capacity() {
        return target.capacity();
    }

    @Override
    public Durability durability() {
        return target.durability();
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer buffer, final int index, final int length) {
        target.read(offset, buffer, index, length);
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        target.write(offset, source, index, length);
    }

    @Override
    public void zero(final long offset, final long length) {
        target.zero(offset, length);
    }

    @Override
    public long readLong(final long offset) {
        return target.readLong(offset);
    }

    @Override
    public void writeLong(final long offset, final long value) {
        target.writeLong(offset, value);
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        return target.fetchAndAdd(offset, delta);
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        return target.compareAndSwap(offset, expected, replacement);
    }

    @Override
    public void persist(final long offset, final long length) {
        target.persist(offset, length);
    }

    @Override
    public void close() {
        target.close();
    }
}
