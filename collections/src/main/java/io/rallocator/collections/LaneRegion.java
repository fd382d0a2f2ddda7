package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.NvmRegion;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What a lane reads of a pool, for tracers: a round trip each. What the lane saw linked stays whole, as it pins the epoch.
 * Says PROCESS, so a link word that power loss may take back counts as it is. Cannot write.
 */
final class LaneRegion implements NvmRegion {
    private final Lane lane;
    private final Operation operation;

    LaneRegion(final Lane lane, final Operation operation) {
        this.lane = lane;
        this.operation = operation;
    }

    @Override
    public long capacity() {
        return lane.geometry().capacity();
    }

    @Override
    public Durability durability() {
        return Durability.PROCESS;
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        lane.chain().read(offset, target, index, length).post(operation);
    }

    @Override
    public long readLong(final long offset) {
        return lane.readWord(operation, offset);
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        throw readOnly();
    }

    @Override
    public void zero(final long offset, final long length) {
        throw readOnly();
    }

    @Override
    public void writeLong(final long offset, final long value) {
        throw readOnly();
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        throw readOnly();
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        throw readOnly();
    }

    @Override
    public void persist(final long offset, final long length) {
        throw readOnly();
    }

    private static UnsupportedOperationException readOnly() {
        return new UnsupportedOperationException("a scan only reads");
    }

    @Override
    public void close() {
        // the lane is the operation's
    }
}
