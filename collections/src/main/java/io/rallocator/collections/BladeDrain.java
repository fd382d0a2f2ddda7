package io.rallocator.collections;

import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.StructureDroppedException;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * Moves everything from one blade to others. The blade is marked first, then the words of all placements are read: whoever placed a part there
 * without having seen the mark has changed the word before, see {@link Parts}. So when this comes to its end, nothing is there, nor will be.
 */
final class BladeDrain {
    private final Seats seats;
    private final int blade;
    private RuntimeException failure;
    private int moved;

    BladeDrain(final Seats seats, final int blade) {
        this.seats = seats;
        this.blade = blade;
    }

    /**
     * Drains the blade.
     *
     * @param placements finds all that there are
     * @param progress is told how many parts were moved so far
     * @return how many parts were moved
     */
    int run(final Supplier<List<Placement>> placements, final IntConsumer progress) {
        requirePossible();
        if (seats.state(blade) == BladeInfo.State.RETIRED) {
            return 0;
        }
        mark(BladeInfo.State.DRAINING);
        for (final Placement placement : placements.get()) {
            final PartMover mover = new PartMover(seats, placement);
            for (int part = 0; part < Placement.PARTS; part++) {
                move(mover, placement, part, progress);
            }
        }
        if (failure != null) {
            throw failure;
        }
        mark(BladeInfo.State.RETIRED);
        return moved;
    }

    private void requirePossible() {
        final int count = seats.members().count();
        if (blade < 0 || blade >= count) {
            throw new IllegalArgumentException(
                    "this heap has the blades 0 … " + (count - 1) + ", and no blade " + blade);
        }
        if (blade == 0) {
            throw new IllegalArgumentException(
                    "blade 0 has the names of all structures and cannot be drained; drain the others, or copy what you need into"
                            + " a new heap");
        }
    }

    private void mark(final BladeInfo.State state) {
        seats.members().state(blade, state);
        seats.state(blade);
    }

    private void move(final PartMover mover, final Placement placement, final int part, final IntConsumer progress) {
        try {
            if (mover.moveFrom(blade, part)) {
                moved++;
                progress.accept(moved);
            }
        } catch (final StructureDroppedException e) {
            return; // with all of its parts
        } catch (final RallocatorException | IllegalStateException | IllegalArgumentException e) {
            // the last: what fits into a block here is too large for one of the target, whose slabs are smaller
            keep(new RallocatorException(
                    RallocatorException.Category.UNAVAILABLE,
                    "part " + part + " of '" + placement.name() + "' stays on blade " + blade + ": " + e.getMessage()
                            + ". What was moved stays moved; drain the blade again",
                    e));
        }
    }

    private void keep(final RuntimeException e) {
        if (failure == null) {
            failure = e;
        } else {
            failure.addSuppressed(e);
        }
    }
}
