package io.rallocator.allocator;

import io.rallocator.persistence.PoolGeometry;

/**
 * Decides of which class the next slab of a block class is. Asked once a slab, never on the way of an allocation.
 *
 * <p>Threads: the lane's holder.
 */
@FunctionalInterface
interface SlabSizing {
    /**
     * Chooses among the classes of a pool in which a block of the demand fits.
     *
     * @param geometry of the pool
     * @param demand what the block class asked for so far
     * @param order how many slabs of a class are taken together
     * @return a slab class from {@link SlabDemand#smallest} on
     */
    int choose(PoolGeometry geometry, SlabDemand demand, OrderSize order);

    /** How many slabs of a class are taken together, in two round trips. */
    @FunctionalInterface
    interface OrderSize {
        /**
         * Size of the next order.
         *
         * @param slabClass of the slabs
         * @return at least 1
         */
        int slabs(int slabClass);
    }
}
