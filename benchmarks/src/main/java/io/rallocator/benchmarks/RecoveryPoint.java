package io.rallocator.benchmarks;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What was measured at one number of entries and one load of the process that dies. */
record RecoveryPoint(
        long entries,
        int threads,
        int sizes,
        Spread openSlabs,
        Spread openBytes,
        Spread ownedSlabs,
        Spread reopenMs,
        Spread firstGetMs,
        Spread processMs,
        Spread workerMs) {
    String text() {
        return String.format(
                Locale.ROOT,
                "%,11d entries, %2d threads, %3.0f of %4.0f slabs open (%.1f MiB): reopen %s ms, first get %s ms,"
                        + " process %s ms, worker %s ms",
                entries,
                threads,
                openSlabs.median(),
                ownedSlabs.median(),
                openBytes.median() / (1 << 20),
                reopenMs.text(1),
                firstGetMs.text(1),
                processMs.text(0),
                workerMs.text(0));
    }

    Map<String, Object> toMap() {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("entries", entries);
        map.put("threads", threads);
        map.put("valueSizes", sizes);
        map.put("openSlabs", openSlabs.toMap());
        map.put("openBytes", openBytes.toMap());
        map.put("ownedSlabs", ownedSlabs.toMap());
        map.put("reopenMs", reopenMs.toMap());
        map.put("firstGetMs", firstGetMs.toMap());
        map.put("processMs", processMs.toMap());
        map.put("workerMs", workerMs.toMap());
        return map;
    }
}
