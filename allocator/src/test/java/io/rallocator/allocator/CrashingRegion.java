package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** A region that crashes before a chosen change. What was changed before is in the region beneath. */
final class CrashingRegion implements NvmRegion {
    private final NvmRegion region;
    private final CrashPoint crash;

    CrashingRegion(final NvmRegion region, final CrashPoint crash) {
        this.region = region;
        this.crash = crash;
    }

    private void change(final String what, final long offset) {
        if (crash.next()) {
            throw new Crash("before a " + what + " at " + offset);
        }
    }

    @Override
    public long capacity() {
        return region.capacity();
    }

    @Override
    public Durability durability() {
        return region.durability();
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        region.read(offset, target, index, length);
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        change("write", offset);
        region.write(offset, source, index, length);
    }

    @Override
    public void zero(final long offset, final long length) {
        change("zeroing", offset);
        region.zero(offset, length);
    }

    @Override
    public long readLong(final long offset) {
        return region.readLong(offset);
    }

    @Override
    public void writeLong(final long offset, final long value) {
        change("write", offset);
        region.writeLong(offset, value);
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        change("fetch-and-add", offset);
        return region.fetchAndAdd(offset, delta);
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        change("compare-and-swap", offset);
        return region.compareAndSwap(offset, expected, replacement);
    }

    @Override
    public void persist(final long offset, final long length) {
        region.persist(offset, length);
    }

    @Override
    public void close() {
        // the region beneath goes on
    }
}
