package io.rallocator.allocator;

import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.SlabLayout;

/**
 * What one block class of one lane asked for, and what its slabs cost in round trips: all that {@link SlabSizing}
 * decides from. Counts are exact, shares follow the last few slabs.
 *
 * <p>Threads: the lane's holder.
 */
final class SlabDemand {
    private static final double WEIGHT_OF_THE_LAST = 0.25;

    final int blockClass;

    /** The smallest slab class in which a block fits. */
    final int smallest;

    /** Blocks that cannot be handed out, those that were freed and wait for the epochs included. */
    long live;

    private long allocations;
    private long allocationsAtLastSlab;
    private int blocksOfLastSlab;
    private int slabClass;
    private double freshShare = 1;
    private double searches;

    SlabDemand(final PoolGeometry geometry, final int blockClass) {
        this.blockClass = blockClass;
        this.smallest = smallestFitting(geometry, blockClass);
        this.slabClass = smallest;
    }

    /** The class in which a block fits, or the largest there is. */
    private static int smallestFitting(final PoolGeometry geometry, final int blockClass) {
        int slabClass = 0;
        while (slabClass < geometry.slabClasses() - 1
                && SizeClasses.bytes(blockClass)
                        > geometry.slabBytes(slabClass) - SlabLayout.HEADER_BYTES - SlabLayout.HEADER_BYTES) {
            slabClass++;
        }
        return slabClass;
    }

    void onAllocated() {
        allocations++;
        live++;
    }

    /** The last block was never used: it is no allocation. */
    void onDiscarded() {
        allocations--;
        live--;
    }

    void onReleased(final int blocks) {
        live -= blocks;
    }

    void onAdopted(final int blocks) {
        live += blocks;
    }

    /**
     * A slab was taken, of which nothing is allocated yet.
     *
     * @param takenClass its slab class
     * @param blocks in it
     * @param roundTrips spent since the last one on looking for blocks that others freed
     */
    void onSlab(final int takenClass, final int blocks, final long roundTrips) {
        final long since = allocations - allocationsAtLastSlab;
        if (blocksOfLastSlab > 0 && since > 0) {
            freshShare = smooth(freshShare, Math.min(1.0, (double) blocksOfLastSlab / since));
        }
        searches = smooth(searches, (double) roundTrips);
        allocationsAtLastSlab = allocations;
        blocksOfLastSlab = blocks;
        slabClass = takenClass;
    }

    private static double smooth(final double before, final double last) {
        return before + WEIGHT_OF_THE_LAST * (last - before);
    }

    /** The class of the last slab. */
    int slabClass() {
        return slabClass;
    }

    /** The share of the allocations that used up slabs; the others were served by blocks that had been freed. */
    double freshShare() {
        return freshShare;
    }

    /** Round trips that each slab cost besides being taken. */
    double searches() {
        return searches;
    }
}
