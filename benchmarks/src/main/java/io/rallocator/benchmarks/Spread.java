package io.rallocator.benchmarks;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Median and range of some runs. */
record Spread(double median, double min, double max, int runs) {
    static Spread of(final double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("no run, no median");
        }
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int middle = sorted.length / 2;
        final double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1], sorted.length);
    }

    /** As {@code 1.25 (1.10 … 1.31)}, with some digits behind the point. */
    String text(final int digits) {
        final String number = "%." + digits + "f";
        return String.format(Locale.ROOT, number + " (" + number + " … " + number + ")", median, min, max);
    }

    Map<String, Object> toMap() {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("median", rounded(median));
        map.put("min", rounded(min));
        map.put("max", rounded(max));
        map.put("runs", runs);
        return map;
    }

    /** Four digits that count: more are noise. */
    private static double rounded(final double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.4g", value));
    }
}
