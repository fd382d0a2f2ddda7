package io.rallocator.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code allocators}: the two-tier allocator beside those that it is to beat, and beside its volatile twin. */
@Command(
        name = "allocators",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Compares ways of giving a blade's memory to workers: the same workload, in one run, over the same modelled network",
            "(2 us a round trip, 100 Gbit/s, in virtual time; no such network is here).",
            "  two-tier       the product: slabs by one-sided verbs, blocks of them by the worker alone",
            "  rpc            each block is a request that a thread of the blade serves",
            "  one-tier       each block by a fetch-and-add and a compare-and-swap",
            "  paged          a worker's own allocator in memory whose 4 KiB pages are swapped through a bounded cache; blocks",
            "                 from the blade have 512 KiB instead of 1 GiB, and all else is as much smaller",
            "  volatile-twin  two-tier that writes nothing about its slabs",
            "A worker allocates 4,096 blocks of 16 to 512 bytes and frees them, again and again. Round trips, verbs and bytes are",
            "counted; processor times are measured; allocations per second are modelled: each worker takes the network's time, its",
            "own processor time and the blade's for it, as if each had a processor. Waiting for rpc takes none.",
            "Then what map operations cost in the product and in paged memory, and how fast two-tier is in parts of its twin."
        },
        footer = {"", "Example:", "  rallocator bench allocators --workers 16 --json"})
final class AllocatorsCommand implements Callable<Integer> {
    private static final int MOST_WORKERS = 60;
    private static final int RUNS = 5;

    @Spec
    private CommandSpec spec;

    @Mixin
    private Report report;

    @Option(names = "--workers", paramLabel = "N", defaultValue = "16", description = "1 to 60 (default: 16).")
    private int workers;

    @Option(names = "--quick", description = "A quarter of the rounds or fewer.")
    private boolean quick;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where pools are made, and removed (default: in memory, or the folder for temporary files).")
    private Path folder;

    /** Makes a policy over a pool of its own. Its workers do so many rounds: more if a round takes little. */
    private record Contender(String name, int rounds, Function<PolicyPool, AllocationPolicy> maker) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (workers < 1 || workers > MOST_WORKERS) {
            throw new IllegalArgumentException("--workers must be 1 to " + MOST_WORKERS + ", not " + workers);
        }
        if (folder != null && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--out must be a folder that exists, not " + folder);
        }
        try (WorkFolder work = WorkFolder.create(folder, 1L << 30, false)) {
            final Map<String, Object> result = new LinkedHashMap<>();
            result.put("benchmark", "allocators");
            result.put("machine", Machine.describe());
            result.put("modelled", "2 us a round trip, 100 Gbit/s, a processor for each worker and one for the blade");
            result.put("allocators", allocators(work.path()));
            result.put("mapOperations", maps(work.path()));
            result.put("twin", twin(work.path()));
            report.finish(spec, result);
        }
        return 0;
    }

    private List<Map<String, Object>> allocators(final Path work) throws IOException, InterruptedException {
        final int few = quick ? 2 : 10;
        final int many = quick ? 50 : 200;
        final List<Contender> contenders = List.of(
                new Contender("two-tier", many, pool -> new TwoTierPolicy(pool, true)),
                new Contender("rpc", few, pool -> new RpcPolicy(pool, workers)),
                new Contender("one-tier", few, pool -> new OneTierPolicy(pool, workers)),
                new Contender("paged", few, PagedPolicy::new),
                new Contender("volatile-twin", many, pool -> new TwoTierPolicy(pool, false)));
        report.say(spec, AllocationCost.HEADER);
        final List<Map<String, Object>> rows = new ArrayList<>();
        for (final Contender contender : contenders) {
            report.progress(spec, contender.name());
            final Path path = work.resolve(contender.name());
            try (AllocationPolicy policy = contender.maker().apply(new PolicyPool(path, workers))) {
                final AllocationCost cost =
                        new AllocationRun(policy, workers, contender.rounds()).measure(contender.name(), RUNS);
                report.say(spec, cost.text());
                rows.add(cost.toMap());
            }
            WorkFolder.delete(path);
        }
        return rows;
    }

    private List<Map<String, Object>> maps(final Path work) {
        final int keys = quick ? 1 << 12 : 1 << 15;
        report.say(spec, MapCosts.HEADER);
        final List<Map<String, Object>> rows = new MapCosts(keys, keys).measure(work);
        rows.forEach(row -> report.say(spec, MapCosts.text(row)));
        return rows;
    }

    private List<Map<String, Object>> twin(final Path work) {
        final List<Map<String, Object>> rows = new ArrayList<>();
        try (AllocationPolicy ours = new TwoTierPolicy(new PolicyPool(work.resolve("ours"), 1), true);
                AllocationPolicy twin = new TwoTierPolicy(new PolicyPool(work.resolve("twin"), 1), false);
                TwinRun run = new TwinRun(ours, twin, quick ? 21 : 101, quick ? 5 : 10)) {
            for (final AllocationPattern pattern : AllocationPattern.values()) {
                final Map<String, Object> row = new LinkedHashMap<>();
                final String name = pattern.name().toLowerCase(Locale.ROOT);
                final Spread ratio = run.measure(pattern);
                row.put("name", name);
                row.put("speedInPartsOfTwin", ratio.toMap());
                rows.add(row);
                report.say(spec, name + ": two-tier in parts of its volatile twin " + ratio.text(3));
            }
        }
        return rows;
    }
}
