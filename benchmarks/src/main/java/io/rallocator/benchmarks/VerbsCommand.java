package io.rallocator.benchmarks;

import io.rallocator.allocator.Blade;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code verbs}: what operations cost in round trips, verbs and bytes, from the counters. */
@Command(
        name = "verbs",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Counts what one operation costs in round trips (chains posted), verbs, bytes read and written, and PERSISTs: the",
            "median of some. No time is measured: round trips and verbs are the same at each run, and for each fabric.",
            "  map.*            8-byte keys, values of 100 bytes; put replaces a value",
            "  queue.*          elements of 100 bytes; drain takes 16 in a call, which were offered one by one",
            "  slab.acquire     a slab: the worker's first; and one of many, of which some come at once",
            "  block.allocate   where the lane has no slab for it; and where it has",
            "  block.free       what a commit that frees a block of another worker costs more; and of its own",
            "Cold is a worker without a cache, while others change the same bucket or queue; warm one with a cache, which",
            "used the bucket or the queue just before. docs/round-trips.md has every public operation."
        },
        footer = {"", "Example:", "  rallocator bench verbs --json"})
final class VerbsCommand implements Callable<Integer> {
    private static final List<String> NAMES = List.of(
            "map.get",
            "map.put",
            "map.remove",
            "queue.offer",
            "queue.poll",
            "queue.drain",
            "slab.acquire",
            "block.allocate",
            "block.free");

    @Spec
    private CommandSpec spec;

    @Mixin
    private Report report;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "201",
            description = "Of each operation (default: 201).")
    private int samples;

    @Option(names = "--quick", description = "41 of each.")
    private boolean quick;

    @Override
    public Integer call() throws IOException {
        if (samples < 1) {
            throw new IllegalArgumentException("--samples must be 1 or more, not " + samples);
        }
        final List<VerbCost> costs = new ArrayList<>();
        final int count = quick ? 41 : samples;
        try (WorkFolder folder = WorkFolder.create(null, 64L << 20, false)) {
            final Path structures = create(folder, "structures");
            try (Blade blade = Blade.open(structures);
                    StructureVerbs verbs = new StructureVerbs(blade.pool(), count)) {
                costs.addAll(verbs.measure());
            }
            final Path blocks = create(folder, "blocks");
            try (Blade blade = Blade.open(blocks)) {
                costs.addAll(new BlockVerbs(blade.pool(), count).measure());
            }
        }
        costs.sort(Comparator.comparing((VerbCost cost) -> NAMES.indexOf(cost.name()))
                .thenComparing(VerbCost::state));
        finish(costs);
        return 0;
    }

    private static Path create(final WorkFolder folder, final String name) {
        final Path pool = folder.path().resolve(name);
        PoolFile.create(pool, PoolGeometry.ofCapacity(64 << 20), true, written -> {});
        return pool;
    }

    private void finish(final List<VerbCost> costs) throws IOException {
        report.say(
                spec,
                String.format(
                        "%-15s %-5s %11s %7s %9s %9s %9s",
                        "operation", "", "round trips", "verbs", "bytes in", "bytes out", "persists"));
        final List<Map<String, Object>> operations = new ArrayList<>();
        for (final VerbCost cost : costs) {
            final Map<String, Object> row = cost.toMap();
            operations.add(row);
            report.say(
                    spec,
                    String.format(
                            "%-15s %-5s %11s %7s %9s %9s %9s", row.values().toArray()));
        }
        final Map<String, Object> result = new LinkedHashMap<>();
        result.put("operations", operations);
        report.finish(spec, result);
    }
}
