package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.SlabLayout;
import io.rallocator.persistence.SlabTableDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Slabs whose owners are gone come back, however short the times are for which the pool is served. */
class OrphanSweeperTest {
    private static final int ROOT = 2;
    private static final int CELLS = 60;
    private static final int KEPT_EVERY = 12;
    private static final int STARTS = 400;

    @Test
    void shouldFindEveryEmptySlabThoughEachBladeSweepsOnlyOnce() {
        try (World world = World.small()) {
            final WorkerSession owner = world.open("owner");
            final Cells cells = world.cells(owner, ROOT, CELLS);
            for (int cell = 0; cell < CELLS; cell++) {
                world.agentTurn();
                cells.put(cell, cell, 1_000);
            }
            world.close(owner);
            world.restart(world.snapshot());
            final WorkerSession other = world.open("other");
            final Cells again = world.cells(other, ROOT, CELLS);
            for (int cell = 0; cell < CELLS; cell++) {
                if (cell % KEPT_EVERY != 0) {
                    again.remove(cell);
                }
            }
            other.settle();
            world.kill(other);
            assertThat(emptyOrphans(world)).as("before").isGreaterThan(10);
            for (int start = 0; start < STARTS; start++) {
                world.restart(world.snapshot()); // in which the blade has one turn
            }
            assertThat(emptyOrphans(world)).as("after %d starts", STARTS).isZero();
            final Cells reader = world.cells(world.open("reader"), ROOT, CELLS);
            for (int cell = 0; cell < CELLS; cell++) {
                assertThat(reader.get(cell)).isEqualTo(cell % KEPT_EVERY == 0 ? cell : Cells.ABSENT);
            }
            world.check("swept");
        }
    }

    private static int emptyOrphans(final World world) {
        int empty = 0;
        for (int unit = 0; unit < world.geometry.units(); unit++) {
            final long owner = world.region.readLong(world.geometry.slabEntryOffset(unit));
            if (SlabTableDescriptor.state(owner) == SlabTableDescriptor.ORPHANED) {
                final int bytes = world.geometry.slabBytes(0);
                final UnsafeBuffer slab = Lane.direct(bytes);
                world.region.read(world.geometry.unitOffset(unit), slab, 0, bytes);
                final SlabLayout layout = SlabLayout.of(bytes, slab.getInt(SlabLayout.BLOCK_CLASS_OFFSET));
                empty += OrphanSweeper.liveBlocks(slab, layout) == 0 ? 1 : 0;
            }
        }
        return empty;
    }
}
