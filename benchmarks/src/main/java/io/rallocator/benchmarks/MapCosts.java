package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;

/**
 * What get and put cost in the product's map and in one whose memory is paged: the same keys at random, values of 100 bytes, a cache of a quarter of them. The product's is shared and
 * durable with each put, the paged one is neither.
 */
final class MapCosts {
    private static final int VALUE_BYTES = 100;
    private static final int ENTRY_BYTES = 128;
    private static final List<Figure> FIGURES =
            List.of(Figure.CHAINS, Figure.VERBS, Figure.BYTES_IN, Figure.BYTES_OUT, Figure.MODELLED_NS);
    private static final List<String> NAMES =
            List.of("roundTrips", "verbs", "bytesIn", "bytesOut", "modelledNetworkNs");
    static final String HEADER = String.format(
            "%-14s %-8s %12s %8s %9s %10s %11s",
            "map", "", "round trips", "verbs", "bytes in", "bytes out", "network ns");

    private final int keys;
    private final int operations;
    private final int cacheBytes;
    private final byte[] value = new byte[VALUE_BYTES];
    private final List<Map<String, Object>> rows = new ArrayList<>();

    /** The number of keys is a power of two. */
    MapCosts(final int keys, final int operations) {
        this.keys = keys;
        this.operations = operations;
        cacheBytes = keys / 4 * ENTRY_BYTES;
    }

    /** Something that is done with a key. */
    private interface Use {
        void of(long key);
    }

    List<Map<String, Object>> measure(final Path folder) {
        final Path path = folder.resolve("map-two-tier");
        try (PolicyPool pool = new PolicyPool(path, 1);
                RemoteHeap heap = pool.heap("map", cacheBytes)) {
            final RemoteMap<Long, byte[]> map = heap.map("map", Codecs.longs(), Codecs.bytes());
            measure("two-tier", figure -> count(heap, figure), map::get, key -> map.set(key, value));
        }
        try (PolicyPool pool = new PolicyPool(folder.resolve("map-paged"), 1);
                WorkerSession owner = WorkerSession.over(pool.fabric(), "owner");
                PagedMemory memory = new PagedMemory(
                        pool, new RemoteArea(owner, 2L * keys * ENTRY_BYTES), cacheBytes / PagedMemory.PAGE_BYTES)) {
            final PagedMap map = new PagedMap(memory, keys);
            final byte[] target = new byte[VALUE_BYTES];
            measure("paged", memory::count, key -> map.get(key, target), key -> map.put(key, value));
        }
        return rows;
    }

    private static long count(final RemoteHeap heap, final Figure figure) {
        return Operation.all().stream()
                .mapToLong(operation -> heap.count(operation.name(), figure))
                .sum();
    }

    private void measure(final String name, final ToLongFunction<Figure> counters, final Use get, final Use put) {
        for (long key = 0; key < keys; key++) {
            put.of(key);
        }
        rows.add(row(name, "get", counters, get));
        rows.add(row(name, "put", counters, put));
    }

    private Map<String, Object> row(
            final String name, final String operation, final ToLongFunction<Figure> counters, final Use use) {
        final SplittableRandom random = new SplittableRandom(1);
        final long[] before = FIGURES.stream().mapToLong(counters).toArray();
        for (int i = 0; i < operations; i++) {
            use.of(random.nextInt(keys));
        }
        final Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", name);
        row.put("operation", operation);
        for (int i = 0; i < before.length; i++) {
            final double each = (double) (counters.applyAsLong(FIGURES.get(i)) - before[i]) / operations;
            row.put(NAMES.get(i), AllocationCost.rounded(each));
        }
        return row;
    }

    /** A line of the table. */
    static String text(final Map<String, Object> row) {
        return String.format(
                Locale.ROOT,
                "%-14s %-8s %12.3f %8.3f %9.1f %10.1f %11.1f",
                row.values().toArray());
    }
}
