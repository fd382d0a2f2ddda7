package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongFunction;

/** What one operation cost in verbs, from the counters of a worker. Figures of an amortized operation may have fractions. */
record VerbCost(
        String name, String state, double roundTrips, double verbs, double bytesIn, double bytesOut, double persists) {
    static final String COLD = "cold";
    static final String WARM = "warm";

    /** In the order of the components. */
    private static final Figure[] FIGURES = {
        Figure.CHAINS, Figure.VERBS, Figure.BYTES_IN, Figure.BYTES_OUT, Figure.PERSISTS
    };

    /** How a worker counts. */
    interface Counters extends ToLongFunction<Figure> {}

    /** Runs an action some times, each with a preparation that does not count, and returns the median of each figure. */
    static VerbCost medianOf(
            final String name,
            final String state,
            final Counters counters,
            final int samples,
            final Runnable prepare,
            final Runnable action) {
        final long[][] seen = new long[FIGURES.length][samples];
        for (int sample = 0; sample < samples; sample++) {
            prepare.run();
            final long[] before = read(counters);
            action.run();
            final long[] after = read(counters);
            for (int figure = 0; figure < FIGURES.length; figure++) {
                seen[figure][sample] = after[figure] - before[figure];
            }
        }
        final double[] medians = new double[FIGURES.length];
        for (int figure = 0; figure < FIGURES.length; figure++) {
            Arrays.sort(seen[figure]);
            medians[figure] = seen[figure][samples / 2];
        }
        return of(name, state, medians);
    }

    static long[] read(final Counters counters) {
        return Arrays.stream(FIGURES).mapToLong(counters).toArray();
    }

    /** What was counted between two readings, divided by how often something was done. */
    static VerbCost perTurn(
            final String name, final String state, final long[] before, final long[] after, final double turns) {
        final double[] figures = new double[FIGURES.length];
        Arrays.setAll(figures, figure -> (after[figure] - before[figure]) / turns);
        return of(name, state, figures);
    }

    private static VerbCost of(final String name, final String state, final double[] figures) {
        return new VerbCost(name, state, figures[0], figures[1], figures[2], figures[3], figures[4]);
    }

    /** What this costs more than another. */
    VerbCost minus(final String newName, final VerbCost other) {
        return new VerbCost(
                newName,
                state,
                roundTrips - other.roundTrips,
                verbs - other.verbs,
                bytesIn - other.bytesIn,
                bytesOut - other.bytesOut,
                persists - other.persists);
    }

    Map<String, Object> toMap() {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", name);
        map.put("state", state);
        map.put("roundTrips", plain(roundTrips));
        map.put("verbs", plain(verbs));
        map.put("bytesIn", plain(bytesIn));
        map.put("bytesOut", plain(bytesOut));
        map.put("persists", plain(persists));
        return map;
    }

    /** A whole number without a point, others with two digits behind it. */
    private static Number plain(final double figure) {
        if (figure == Math.rint(figure)) {
            return (long) figure;
        }
        return Math.round(figure * 100) / 100.0;
    }
}
