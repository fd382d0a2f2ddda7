package io.rallocator.collections;

/**
 * The word of a part in a {@link Placement}: {@code blade + 1 9 | instance 20 | next blade + 1 9 | next instance 20}, from the lowest bit; 0 for a part that was
 * never used. The upper two are 0 unless the part is moving. Instances of a part only go up: each belongs to one table for ever.
 */
final class PartWord {
    /** The word of a part that was never used. */
    static final long UNPLACED = 0;

    private static final int BLADE_BITS = 9;
    private static final int INSTANCE_BITS = 20;
    private static final int NEXT_SHIFT = BLADE_BITS + INSTANCE_BITS;
    private static final long MOST_INSTANCES = 1L << INSTANCE_BITS;

    private PartWord() {}

    /** A part that is on a blade. */
    static long of(final int blade, final int instance) {
        if (instance >= MOST_INSTANCES) {
            throw new IllegalStateException("a part of a structure can be moved " + (MOST_INSTANCES - 1)
                    + " times; copy the structure to a new one");
        }
        return blade + 1L | (long) instance << BLADE_BITS;
    }

    /** A part that is moving to another instance. */
    static long moving(final long word, final int nextBlade, final int nextInstance) {
        return word & (1L << NEXT_SHIFT) - 1 | of(nextBlade, nextInstance) << NEXT_SHIFT;
    }

    static boolean isMoving(final long word) {
        return word >>> NEXT_SHIFT != 0;
    }

    /** Where a part that is moving will be. */
    static long next(final long word) {
        return word >>> NEXT_SHIFT;
    }

    /** Where it is, or where its elements still are; −1 if nowhere. */
    static int blade(final long word) {
        return (int) (word & (1L << BLADE_BITS) - 1) - 1;
    }

    static int instance(final long word) {
        return (int) (word >>> BLADE_BITS & MOST_INSTANCES - 1);
    }

    /** An instance that no word has named so far. */
    static int unusedInstance(final long word) {
        return Math.max(instance(word), instance(next(word))) + 1;
    }

    /** Tells whether an instance has elements, or is about to. */
    static boolean names(final long word, final int instance) {
        return word != UNPLACED && (instance(word) == instance || isMoving(word) && instance(next(word)) == instance);
    }
}
