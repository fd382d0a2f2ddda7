package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.simulator.Scheduler;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** The blade's view of the memory: others may come in, or the blade die, before each change and each persist. */
final class SteppedRegion implements NvmRegion {
    private final NvmRegion region;
    private final Scheduler scheduler;

    SteppedRegion(final NvmRegion region, final Scheduler scheduler) {
        this.region = region;
        this.scheduler = scheduler;
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
        scheduler.step();
        region.write(offset, source, index, length);
    }

    @Override
    public void zero(final long offset, final long length) {
        scheduler.step();
        region.zero(offset, length);
    }

    @Override
    public long readLong(final long offset) {
        return region.readLong(offset);
    }

    @Override
    public void writeLong(final long offset, final long value) {
        scheduler.step();
        region.writeLong(offset, value);
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        scheduler.step();
        return region.fetchAndAdd(offset, delta);
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        scheduler.step();
        return region.compareAndSwap(offset, expected, replacement);
    }

    @Override
    public void persist(final long offset, final long length) {
        scheduler.step();
        region.persist(offset, length);
    }

    @Override
    public void close() {
        // the region goes on
    }
}
