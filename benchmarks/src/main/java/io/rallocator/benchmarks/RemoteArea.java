package io.rallocator.benchmarks;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockRef;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/** Zeroed memory of the blade for a policy of its own, in extents that are blocks of a session. The blade takes them back when the session ends. */
final class RemoteArea {
    static final int EXTENT_BYTES = 512 << 10;
    private static final Operation CLEAR = Operation.named("bench.clear");

    private final long[] extents;

    RemoteArea(final WorkerSession session, final long bytes) {
        extents = new long[(int) ((bytes + EXTENT_BYTES - 1) / EXTENT_BYTES)];
        Arrays.setAll(extents, i -> Lanes.with(session, RemoteArea::extent));
    }

    private static long extent(final Lane lane) {
        final long offset = BlockRef.offset(lane.allocate(EXTENT_BYTES));
        lane.chain()
                .write(offset, new UnsafeBuffer(new byte[EXTENT_BYTES]), 0, EXTENT_BYTES)
                .post(CLEAR);
        return offset;
    }

    /** How many bytes it has. */
    long bytes() {
        return (long) extents.length * EXTENT_BYTES;
    }

    /** Where the byte at a place of the area is in the pool; bytes that a power of two divides stay together. */
    long offset(final long place) {
        return extents[(int) (place / EXTENT_BYTES)] + place % EXTENT_BYTES;
    }
}
