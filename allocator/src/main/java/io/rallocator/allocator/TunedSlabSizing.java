package io.rallocator.allocator;

import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SlabLayout;

/**
 * The slab class that makes memory times time least: held ÷ live bytes, times the round trips that an operation with one
 * allocation takes, which are one for its commit and its share of those for slabs. Larger slabs cost fewer round trips;
 * of the last slab, and of what was ordered with it, half lies idle on average.
 *
 * <p>As the share of what is idle falls with what is live, a block class that grows gets larger slabs step by step (like the
 * economic order quantity, with the root of what is live), and one that stays small keeps small ones. The class of the last slab is kept unless another is better by
 * {@link #WORTH_A_CHANGE}, so that estimates that waver change nothing.
 *
 * <p>Threads: stateless.
 */
final class TunedSlabSizing implements SlabSizing {
    /** By how much another class must be cheaper. */
    static final double WORTH_A_CHANGE = 0.03;

    /** Round trips by which one order of slabs is taken. */
    private static final double ORDER_ROUND_TRIPS = 2;

    /** No slab is larger than this share of the pool, unless a block needs it. */
    private static final int LEAST_SLABS_IN_POOL = 16;

    @Override
    public int choose(final PoolGeometry geometry, final SlabDemand demand, final OrderSize order) {
        int best = demand.smallest;
        double least = cost(geometry, demand, order, best);
        double last = least;
        for (int slabClass = best + 1; slabClass < geometry.slabClasses(); slabClass++) {
            if ((long) geometry.slabUnits(slabClass) * LEAST_SLABS_IN_POOL > geometry.units()) {
                break;
            }
            final double cost = cost(geometry, demand, order, slabClass);
            if (slabClass == demand.slabClass()) {
                last = cost;
            }
            if (cost < least) {
                least = cost;
                best = slabClass;
            }
        }
        return least < last * (1 - WORTH_A_CHANGE) ? best : demand.slabClass();
    }

    private static double cost(
            final PoolGeometry geometry, final SlabDemand demand, final OrderSize order, final int slabClass) {
        final double slabBytes = geometry.slabBytes(slabClass);
        final SlabLayout layout = SlabLayout.of(geometry.slabBytes(slabClass), demand.blockClass);
        final double used = (double) layout.blocks() * layout.blockBytes();
        final double live = (double) Math.max(1, demand.live) * layout.blockBytes();
        final int ordered = order.slabs(slabClass);
        final double idle = slabBytes * ordered / 2;
        final double roundTripsOfSlab = ORDER_ROUND_TRIPS / ordered + demand.searches();
        return (slabBytes / used + idle / live) * (1 + demand.freshShare() * roundTripsOfSlab / layout.blocks());
    }
}
