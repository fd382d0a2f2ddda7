package io.rallocator.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kv}: {@code rallocator kv} and redis-server, by redis-benchmark, alternately. */
@Command(
        name = "kv",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Runs redis-benchmark (-t set,get -c 50 -d 100) against `rallocator kv` and against redis-server alternately, and",
            "prints ours ÷ theirs: above 1 we are faster. Both start empty, on the same disk or in memory:",
            "  process   ours survives the death of any process; redis-server has appendonly, and appendfsync everysec",
            "  power     ours survives the loss of power; redis-server has appendfsync always; both on disk",
            "With one key, as redis-benchmark does unless told otherwise, all requests are for the same; so there are runs with",
            "many. Needs redis-benchmark and redis-server on PATH: Debian's package redis."
        },
        footer = {"", "Example:", "  rallocator bench kv --durability process --pipeline 16"})
final class KvBenchCommand implements Callable<Integer> {
    private static final int UNMEASURED = 2;
    private static final int POOL_MEBIBYTES = 512;

    /** Requests that a second or so takes; with a sync for each, fewer. */
    private static final int REQUESTS = 60_000;

    private static final int PIPELINED_REQUESTS = 400_000;
    private static final int SYNCED_REQUESTS = 4_000;
    private static final int WARM_UP_REQUESTS = 500_000;

    /** What an acknowledged write survives. */
    enum Durability {
        process,
        power
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private Report report;

    @Option(names = "--quick", description = "Shorter runs, and 3 of them: a minute or two, and rough.")
    private boolean quick;

    @Option(
            names = "--durability",
            split = ",",
            paramLabel = "LEVEL",
            defaultValue = "process,power",
            description = "What writes survive (default: process,power).")
    private List<Durability> durabilities;

    @Option(
            names = "--pipeline",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,16",
            description = "Requests that a client sends at once (default: 1,16).")
    private List<Integer> pipelines;

    @Option(
            names = "--keys",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,100000",
            description = "How many keys there are (default: 1,100000).")
    private List<Integer> keys;

    @Option(names = "--clients", paramLabel = "N", defaultValue = "50", description = "Connections (default: 50).")
    private int clients;

    @Option(
            names = "--value-bytes",
            paramLabel = "N",
            defaultValue = "100",
            description = "Of each value (default: 100).")
    private int valueBytes;

    @Option(names = "--rounds", paramLabel = "N", description = "Runs of each that count (default: 5).")
    private Integer rounds;

    @Option(names = "--requests", paramLabel = "N", description = "In each run (default: about a second of them).")
    private Integer requests;

    @Option(
            names = "--dir",
            paramLabel = "FOLDER",
            description = "Where to put files (default: /dev/shm if they fit, for power the temporary folder).")
    private Path folder;

    @Override
    public Integer call() throws IOException, InterruptedException {
        requirePositive("--rounds", rounds == null ? 1 : rounds);
        requirePositive("--requests", requests == null ? 1 : requests);
        requirePositive("--clients", clients);
        requirePositive("--value-bytes", valueBytes);
        pipelines.forEach(each -> requirePositive("--pipeline", each));
        keys.forEach(each -> requirePositive("--keys", each));
        KvContender.requireInstalled(List.of("redis-server", "redis-benchmark"));
        report.say(spec, "machine: " + Machine.text());
        report.say(
                spec,
                String.format(
                        "%-5s %-9s %8s %8s  %-22s %11s %11s",
                        "", "survives", "pipeline", "keys", "ours ÷ redis-server", "ours/s", "redis/s"));
        final List<Map<String, Object>> ratios = new ArrayList<>();
        for (final Durability durability : durabilities) {
            final boolean synced = durability == Durability.power;
            try (WorkFolder work = WorkFolder.create(folder, (long) POOL_MEBIBYTES << 20, synced)) {
                compare(durability, work.path(), ratios);
            }
        }
        final Map<String, Object> result = new LinkedHashMap<>();
        result.put("benchmark", "kv");
        result.put("machine", Machine.describe());
        result.put("ratios", ratios);
        report.finish(spec, result);
        return 0;
    }

    private static void requirePositive(final String option, final int value) {
        if (value < 1) {
            throw new IllegalArgumentException(option + " must be 1 or more, not " + value);
        }
    }

    private void compare(final Durability durability, final Path home, final List<Map<String, Object>> ratios)
            throws IOException, InterruptedException {
        final boolean synced = durability == Durability.power;
        final Path theirs = Files.createDirectory(home.resolve("redis"));
        try (KvContender ours = KvContender.ours(home, POOL_MEBIBYTES + "m", synced);
                KvContender redis = KvContender.redis(theirs, synced)) {
            if (!synced) {
                new RedisBenchmark(clients, valueBytes, 16, 1, WARM_UP_REQUESTS)
                        .run(ours.port()); // compiles most of it
            }
            for (final int pipeline : pipelines) {
                for (final int count : keys) {
                    final RedisBenchmark run =
                            new RedisBenchmark(clients, valueBytes, pipeline, count, requests(synced, pipeline));
                    ratios.addAll(alternate(durability, run, ours, redis));
                }
            }
        }
    }

    private int requests(final boolean synced, final int pipeline) {
        if (requests != null) {
            return requests;
        }
        final int all = synced ? SYNCED_REQUESTS : pipeline == 1 ? REQUESTS : PIPELINED_REQUESTS;
        return quick ? all / 4 : all;
    }

    /** What was measured of one test, a value for each round. */
    private static final class Series {
        private final double[] ours;
        private final double[] theirs;
        private final double[] ratio;

        Series(final int rounds) {
            ours = new double[rounds];
            theirs = new double[rounds];
            ratio = new double[rounds];
        }
    }

    private List<Map<String, Object>> alternate(
            final Durability durability, final RedisBenchmark run, final KvContender ours, final KvContender redis)
            throws IOException, InterruptedException {
        final int count = rounds != null ? rounds : quick ? 3 : 5;
        final Map<String, Series> series = new LinkedHashMap<>();
        RedisBenchmark.TESTS.forEach(test -> series.put(test, new Series(count)));
        for (int round = -UNMEASURED; round < count; round++) {
            final int at = Math.max(round, 0);
            final Map<String, Double> mine = run.run(ours.port());
            final Map<String, Double> its = run.run(redis.port());
            series.forEach((test, values) -> {
                values.ours[at] = mine.get(test);
                values.theirs[at] = its.get(test);
                values.ratio[at] = mine.get(test) / its.get(test);
            });
            report.progress(spec, "round " + (round + UNMEASURED + 1) + " of " + (count + UNMEASURED));
        }
        final List<Map<String, Object>> rows = new ArrayList<>();
        series.forEach((test, values) -> rows.add(row(durability, run, test, values)));
        return rows;
    }

    private Map<String, Object> row(
            final Durability durability, final RedisBenchmark run, final String test, final Series series) {
        final Spread ratio = Spread.of(series.ratio);
        final Spread ours = Spread.of(series.ours);
        final Spread theirs = Spread.of(series.theirs);
        report.say(
                spec,
                String.format(
                        "%-5s %-9s %8d %8d  %-22s %11.0f %11.0f",
                        test, durability, run.pipeline(), run.keys(), ratio.text(2), ours.median(), theirs.median()));
        final Map<String, Object> row = new LinkedHashMap<>();
        row.put("workload", "kv." + test);
        row.put("peer", "redis-server");
        row.put("durability", durability.toString());
        row.put("pipeline", run.pipeline());
        row.put("clients", run.clients());
        row.put("valueBytes", run.valueBytes());
        row.put("keys", run.keys());
        row.putAll(ratio.toMap());
        row.put("ours", ours.toMap());
        row.put("theirs", theirs.toMap());
        return row;
    }
}
