package io.rallocator.collections;

import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Gives a test an empty structure for each time it asks. A pool has a bounded number of structures, and generated tests ask
 * thousands of times, so the structures are emptied and used again in turn: a test may use {@link #SIZE} of them at once.
 */
final class Rotation<S> {
    private static final int SIZE = 16;

    private final IntFunction<S> opener;
    private final Consumer<S> cleaner;
    private int next;

    Rotation(final IntFunction<S> opener, final Consumer<S> cleaner) {
        this.opener = opener;
        this.cleaner = cleaner;
    }

    S next() {
        final S structure = opener.apply(next++ % SIZE);
        cleaner.accept(structure);
        return structure;
    }
}
