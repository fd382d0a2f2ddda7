package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.SlabLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The choice alone, on figures: each step takes a slab, uses it up, and tells what happened meanwhile. */
class TunedSlabSizingTest {
    private static final PoolGeometry GEOMETRY = PoolGeometry.ofCapacity(1L << 30);
    private static final int LARGEST = GEOMETRY.slabClasses() - 1;

    private final SlabSizing sizing = new TunedSlabSizing();

    private static SlabDemand demand(final int bytes) {
        return new SlabDemand(GEOMETRY, SizeClasses.indexFor(bytes));
    }

    private int choose(final SlabDemand demand) {
        return sizing.choose(GEOMETRY, demand, slabClass -> 1);
    }

    /** Takes a slab of the chosen class and allocates from it; of each so many blocks one is new, others were freed before. */
    private int step(final SlabDemand demand, final int allocationsForEachFresh, final int searches) {
        final int slabClass = choose(demand);
        final int blocks =
                SlabLayout.of(GEOMETRY.slabBytes(slabClass), demand.blockClass).blocks();
        demand.onSlab(slabClass, blocks, searches);
        for (int i = 0; i < blocks; i++) {
            demand.onAllocated();
            for (int reused = 1; reused < allocationsForEachFresh; reused++) {
                demand.onAllocated();
                demand.onReleased(1);
            }
        }
        return slabClass;
    }

    @Test
    void shouldBeginWithTheSmallestSlabInWhichABlockFits() {
        assertThat(choose(demand(64))).isZero();
        assertThat(choose(demand(60_000))).isZero();
        assertThat(choose(demand(100_000))).isEqualTo(1);
        assertThat(choose(demand(4_000_000))).isEqualTo(LARGEST);
    }

    @Test
    void shouldTakeLargerSlabsStepByStepWhenABlockClassGrows() {
        final SlabDemand demand = demand(8_000);
        final List<Integer> chosen = new ArrayList<>();
        while (demand.live < 16_000) {
            chosen.add(step(demand, 1, 0));
        }
        assertThat(chosen).isSorted().contains(0, 1, 2).hasSizeLessThan(250); // 2,286 of the smallest
    }

    @Test
    void shouldKeepSmallSlabsWhenBlocksAreReused() {
        final SlabDemand growing = demand(3_000);
        final SlabDemand reusing = demand(3_000);
        while (growing.live < 2_000) {
            step(growing, 1, 0);
        }
        while (reusing.live < 2_000) {
            step(reusing, 50, 0);
        }
        assertThat(choose(reusing)).isLessThan(choose(growing));
    }

    @Test
    void shouldTakeLargerSlabsWhenLookingForEachIsDear() {
        final SlabDemand cheap = demand(1_000);
        final SlabDemand dear = demand(1_000);
        while (cheap.live < 10_000) {
            step(cheap, 1, 0);
            step(dear, 1, 20);
        }
        assertThat(choose(dear)).isGreaterThan(choose(cheap));
    }

    @Test
    void shouldReturnToSmallSlabsWhenLittleIsLeft() {
        final SlabDemand demand = demand(8_000);
        while (demand.live < 16_000) {
            step(demand, 1, 0);
        }
        assertThat(choose(demand)).isPositive();
        demand.onReleased((int) demand.live - 10);
        assertThat(choose(demand)).isZero();
    }

    /** What wavers around the point where two classes cost the same changes the class once. */
    @Test
    void shouldNotWaverBetweenTwoClasses() {
        final SlabDemand demand = demand(8_000);
        int last = 0;
        while (last == 0) {
            last = step(demand, 1, 0);
        }
        final int slab = SlabLayout.of(GEOMETRY.slabBytes(0), demand.blockClass).blocks();
        int changes = 0;
        for (int i = 0; i < 100; i++) {
            demand.onReleased(slab);
            final int lower = choose(demand);
            demand.onAdopted(slab);
            changes += lower == last ? 0 : 1;
        }
        assertThat(last).isEqualTo(1);
        assertThat(changes).isZero();
    }

    @Test
    void shouldTakeNoMoreThanASixteenthOfThePoolUnlessABlockNeedsIt() {
        final PoolGeometry small = PoolGeometry.ofCapacity(16 << 20);
        final SlabDemand demand = new SlabDemand(small, SizeClasses.indexFor(8_000));
        demand.onAdopted(1_000_000);
        assertThat(small.slabUnits(sizing.choose(small, demand, slabClass -> 1)) * 16)
                .isLessThanOrEqualTo(small.units());
        assertThat(sizing.choose(small, new SlabDemand(small, SizeClasses.indexFor(1_000_000)), slabClass -> 1))
                .isEqualTo(2);
    }
}
