package io.rallocator.collections;

import io.rallocator.persistence.PoolUnavailableException;
import java.util.concurrent.atomic.AtomicReferenceArray;

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
    private final Opener<T> opener;
    private final AtomicReferenceArray<Opened<T>> opened = new AtomicReferenceArray<>(Placement.PARTS);

    Parts(final Seats seats, final Placement placement, final Opener<T> opener) {
        this.seats = seats;
        this.placement = placement;
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
     * @throws io.rallocator.persistence.StructureDroppedException if the structure was dropped
     * @throws io.rallocator.persistence.HeapClosedException after the heap was closed
     */
    T get(final int part) {
        final Opened<T> known = opened.get(part);
        return known != null && known.heap.isOpen() && !placement.isDropped() ? known.part : open(part);
    }

    private T open(final int part) {
        placement.requireThere();
        final int blade = placement.place(part);
        final PoolHeap heap;
        try {
            heap = seats.heap(blade);
        } catch (final PoolUnavailableException e) {
            throw new PoolUnavailableException(
                    "part " + part + " of '" + placement.name() + "' cannot be used now: " + e.getMessage(), e);
        }
        final T made = opener.open(heap, placement.partName(part), part);
        opened.set(part, new Opened<>(heap, made));
        return made;
    }
}
