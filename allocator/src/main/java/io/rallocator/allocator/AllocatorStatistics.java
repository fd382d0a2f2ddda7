package io.rallocator.allocator;

import java.util.List;

/**
 * What a session's block allocator cost and holds.
 *
 * @param allocations blocks handed out so far and not given back unused
 * @param roundTrips so far for slabs: to take them, to look for freed blocks in them, to write them apart from commits, to give them back
 * @param liveBytes of blocks in use; those that were freed and wait for the epochs are among them
 * @param heldBytes of the slabs that the session owns
 */
public record AllocatorStatistics(long allocations, long roundTrips, long liveBytes, long heldBytes) {
    static final List<Operation> OPERATIONS = List.of(
            Operation.named("slab.acquire"),
            Operation.named("slab.free"),
            Operation.named("slab.format"),
            Operation.named("slab.seal"),
            Operation.named("slab.adopt"),
            Operation.named("block.harvest"));

    /**
     * The figures of two sessions together.
     *
     * @param other of another session
     * @return the sums
     */
    public AllocatorStatistics plus(final AllocatorStatistics other) {
        return new AllocatorStatistics(
                allocations + other.allocations,
                roundTrips + other.roundTrips,
                liveBytes + other.liveBytes,
                heldBytes + other.heldBytes);
    }

    /**
     * Round trips for slabs per block.
     *
     * @return their share, 0 if nothing was allocated
     */
    public double roundTripsPerAllocation() {
        return allocations == 0 ? 0 : (double) roundTrips / allocations;
    }

    /**
     * Memory taken for each byte in use.
     *
     * @return at least 1; infinite if nothing is in use and something is held
     */
    public double heldPerLive() {
        return heldBytes == 0 ? 1 : (double) heldBytes / liveBytes;
    }
}
