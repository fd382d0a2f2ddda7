package io.rallocator.allocator;

import io.rallocator.persistence.PoolGeometry;

/** The same slab class for all, but for blocks that do not fit: what {@link TunedSlabSizing} is measured against. */
final class FixedSlabSizing implements SlabSizing {
    private final int slabClass;

    FixedSlabSizing(final int slabClass) {
        this.slabClass = slabClass;
    }

    @Override
    public int choose(final PoolGeometry geometry, final SlabDemand demand, final OrderSize order) {
        return Math.max(slabClass, demand.smallest);
    }
}
