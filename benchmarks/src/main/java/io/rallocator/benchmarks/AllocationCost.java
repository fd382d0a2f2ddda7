package io.rallocator.benchmarks;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What allocations cost under one policy. All but the number of workers is for one allocation; its free is included. */
record AllocationCost(
        String name,
        int workers,
        double perSecond,
        double roundTrips,
        double verbs,
        double bytesIn,
        double bytesOut,
        double bladeCpuNs,
        double networkNs,
        double workerCpuNs) {

    static final String HEADER = String.format(
            "%-14s %8s %15s %12s %8s %9s %9s %13s %11s %14s",
            "allocator",
            "workers",
            "allocations/s",
            "round trips",
            "verbs",
            "bytes in",
            "bytes out",
            "blade CPU ns",
            "network ns",
            "worker CPU ns");

    String text() {
        return String.format(
                Locale.ROOT,
                "%-14s %8d %,15.0f %12.4f %8.4f %9.2f %9.2f %13.2f %11.2f %14.2f",
                name,
                workers,
                perSecond,
                roundTrips,
                verbs,
                bytesIn,
                bytesOut,
                bladeCpuNs,
                networkNs,
                workerCpuNs);
    }

    Map<String, Object> toMap() {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", name);
        map.put("workers", workers);
        map.put("allocationsPerSecond", Math.round(perSecond));
        map.put("roundTripsPerAllocation", rounded(roundTrips));
        map.put("verbsPerAllocation", rounded(verbs));
        map.put("bytesInPerAllocation", rounded(bytesIn));
        map.put("bytesOutPerAllocation", rounded(bytesOut));
        map.put("bladeCpuNsPerAllocation", Math.round(bladeCpuNs * 10) / 10.0);
        map.put("modelledNetworkNsPerAllocation", rounded(networkNs));
        map.put("workerCpuNsPerAllocation", rounded(workerCpuNs));
        return map;
    }

    static double rounded(final double value) {
        return Math.round(value * 10_000) / 10_000.0;
    }
}
