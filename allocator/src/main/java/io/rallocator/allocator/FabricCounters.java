package io.rallocator.allocator;

import java.util.Arrays;

/**
 * What the operations of one queue pair cost, by operation: chains, wire round trips, verbs, bytes, persists, failed
 * compare-and-swaps. Part of the API: tests assert budgets on them.
 *
 * <p>Threads: counted by the queue pair's thread; readers may see figures a moment old.
 */
public final class FabricCounters {
    /** What is counted. */
    public enum Figure {
        /** Chains posted: the round trips of the budgets. */
        CHAINS(0),
        /** Round trips on the wire: chains, and persists that had to be awaited. */
        WIRE_ROUND_TRIPS(1),
        /** Verbs in the chains. */
        VERBS(2),
        /** Bytes read from the blade. */
        BYTES_IN(3),
        /** Bytes written to the blade. */
        BYTES_OUT(4),
        /** PERSIST verbs. */
        PERSISTS(5),
        /** Compare-and-swaps that found another value. */
        CAS_FAILURES(6),
        /** Nanoseconds that the chains would have taken by a {@link TimeModel}; 0 without one. */
        MODELLED_NS(7);

        private final int column;

        Figure(final int column) {
            this.column = column;
        }
    }

    static final int FIGURES = Figure.values().length;

    private long[] counts = new long[32 * FIGURES];

    /**
     * Counts, by the queue pair's thread.
     *
     * @param operation whose
     * @param figure which
     * @param amount how much
     */
    public void add(final Operation operation, final Figure figure, final long amount) {
        final int row = rowOf(operation);
        counts[row + figure.column] += amount;
    }

    /**
     * Counts a chain of one wire round trip, by the queue pair's thread.
     *
     * @param operation whose
     * @param verbs in the chain
     * @param bytesIn read from the blade
     * @param bytesOut written to the blade
     * @param persists verbs of that kind
     * @param casFailures compare-and-swaps that found another value
     */
    void addChain(
            final Operation operation,
            final int verbs,
            final long bytesIn,
            final long bytesOut,
            final int persists,
            final int casFailures) {
        final int row = rowOf(operation);
        final long[] all = counts;
        all[row + Figure.CHAINS.column]++;
        all[row + Figure.WIRE_ROUND_TRIPS.column]++;
        all[row + Figure.VERBS.column] += verbs;
        all[row + Figure.BYTES_IN.column] += bytesIn;
        all[row + Figure.BYTES_OUT.column] += bytesOut;
        all[row + Figure.PERSISTS.column] += persists;
        all[row + Figure.CAS_FAILURES.column] += casFailures;
    }

    private int rowOf(final Operation operation) {
        final int row = operation.index() * FIGURES;
        if (row >= counts.length) {
            counts = Arrays.copyOf(counts, Math.max(counts.length * 2, row + FIGURES));
        }
        return row;
    }

    /**
     * One figure of one operation.
     *
     * @param operation whose
     * @param figure which
     * @return the count since the queue pair was made
     */
    public long get(final Operation operation, final Figure figure) {
        final long[] seen = counts;
        final int at = operation.index() * FIGURES + figure.column;
        return at < seen.length ? seen[at] : 0;
    }
}
