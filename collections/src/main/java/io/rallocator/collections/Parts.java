package io.rallocator.collections;

import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.StructureDroppedException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * The parts of one structure, opened when they are first used, each in the heap of the blade that has it. A part whose blade was away is opened
 * again in a new session; no operation goes on from the old one to the new one.
 *
 * <p>Threads: any.
 */
final class Parts<T> {
    /** Opens a part, creating it if it is not there yet. */
    @FunctionalInterface
    interface Opener<T> {
        /**
         * Opens a part.
         *
         * @param heap of the blade that has it
         * @param name of the part
         * @param part number
         * @return the part
         */
        T open(PoolHeap heap, String name, int part);
    }

    private record Opened<T>(PoolHeap heap, T part) {}

    private final Seats seats;
    private final Placement placement;
    private final PartMover mover;
    private final Opener<T> opener;
    private final AtomicReferenceArray<Opened<T>> opened = new AtomicReferenceArray<>(Placement.PARTS);

    Parts(final Seats seats, final Placement placement, final Opener<T> opener) {
        this.seats = seats;
        this.placement = placement;
        this.mover = new PartMover(seats, placement);
        this.opener = opener;
    }

    /** The structure's name. */
    String name() {
        return placement.name();
    }

    /**
     * The part of a number.
     *
     * @param part 0 … {@link Placement#PARTS} − 1
     * @return the part; its heap was open just now
     * @throws PoolUnavailableException if its blade is away
     * @throws StructureDroppedException if the structure was dropped
     * @throws io.rallocator.persistence.HeapClosedException after the heap was closed
     */
    T get(final int part) {
        final Opened<T> known = opened.get(part);
        return known != null && known.heap.isOpen() && !placement.isDropped() ? known.part : open(part);
    }

    /**
     * Runs an operation of a part, again if the part has moved: it is refused then before it does anything.
     *
     * @param part number
     * @param operation takes one lane, so it is refused as a whole
     * @return what it returns
     */
    <R> R apply(final int part, final Function<T, R> operation) {
        for (; ; ) {
            final T table = get(part);
            try {
                return operation.apply(table);
            } catch (final StructureDroppedException e) {
                refused(part, e);
            }
        }
    }

    /** As {@link #apply}. */
    long applyAsLong(final int part, final ToLongFunction<T> operation) {
        for (; ; ) {
            final T table = get(part);
            try {
                return operation.applyAsLong(table);
            } catch (final StructureDroppedException e) {
                refused(part, e);
            }
        }
    }

    /** As {@link #apply}. */
    void accept(final int part, final Consumer<T> operation) {
        for (; ; ) {
            final T table = get(part);
            try {
                operation.accept(table);
                return;
            } catch (final StructureDroppedException e) {
                refused(part, e);
            }
        }
    }

    /**
     * An operation was refused because a part is not there any more.
     *
     * @param part number
     * @param refusal what the operation threw
     * @throws StructureDroppedException if the structure is gone; else the part has moved, and {@link #get} finds it
     */
    void refused(final int part, final StructureDroppedException refusal) {
        try {
            placement.lookWhetherThere();
        } catch (final StructureDroppedException e) {
            e.addSuppressed(refusal);
            throw e;
        }
        opened.set(part, null);
    }

    /**
     * Opens a part. Its word is read before and after: a part that is sealed in between is not used, see {@link PartMover}. On a blade that is to leave nothing is
     * created: who drains it marks it first and reads the words afterwards; here it is the other way round, so one of both sees the other.
     */
    private T open(final int part) {
        placement.requireThere();
        for (; ; ) {
            final long word = placement.place(part);
            final int blade = PartWord.blade(word);
            if (PartWord.isMoving(word)) {
                mover.await(part, word);
            } else if (isToLeave(blade, part, word)) {
                mover.moveFrom(blade, part);
            } else {
                final PoolHeap heap = heap(blade, part);
                final T made = opener.open(heap, placement.partName(part, PartWord.instance(word)), part);
                if (placement.read(part) == word) {
                    opened.set(part, new Opened<>(heap, made));
                    return made;
                }
            }
        }
    }

    /** Tells whether a part has yet to be created, and its blade gets nothing new. */
    private boolean isToLeave(final int blade, final int part, final long word) {
        return switch (seats.state(blade)) {
            case IN_USE -> false;
            case DRAINING ->
                heap(blade, part).catalog().find(placement.partName(part, PartWord.instance(word))) == null;
            case RETIRED -> true;
        };
    }

    private PoolHeap heap(final int blade, final int part) {
        try {
            return seats.heap(blade);
        } catch (final PoolUnavailableException e) {
            throw new PoolUnavailableException(
                    "part " + part + " of '" + placement.name() + "' cannot be used now: " + e.getMessage(), e);
        }
    }
}
