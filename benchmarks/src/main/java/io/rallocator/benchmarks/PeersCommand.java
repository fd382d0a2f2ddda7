package io.rallocator.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code peers}: ours and others' maps and queues, run alternately. */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Runs workloads on ours and on a peer alternately, in one process for each peer, and prints ours ÷ peer:",
            "above 1 we are faster. By CPU time is the same of operations in a second of the calling threads' processor",
            "time, which other load disturbs less; what other threads do for ours is not in it. Maps have 8-byte keys in scrambled order. One in 16 operations is timed, growth of the map included:",
            "p99 and p99.9 are medians of the rounds, ours/peer; JSON also has the bytes of blocks that ours takes for each entry. Peers, and what an acknowledged write of",
            "theirs survives:",
            "  concurrent-hash-map, mapdb, linked-blocking-queue      nothing; ours the death of the process",
            "  chronicle-map, rocksdb, lmdb, h2-mvstore, chronicle-queue   the death of the process, as ours",
            "  rocksdb-sync, lmdb-sync   loss of power, as ours; on disk, and with 2,000 keys"
        },
        footer = {"", "Example:", "  rallocator bench peers --peers chronicle-map --value-bytes 100 --threads 1"})
final class PeersCommand implements Callable<Integer> {
    /** Filling takes two syncs an entry in ours. */
    private static final int SYNCED_KEYS = 2000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private Report report;

    @Option(names = "--quick", description = "Fewer keys and rounds: some minutes, and rough.")
    private boolean quick;

    @Option(names = "--peers", split = ",", paramLabel = "NAME", description = "Which peers (default: all).")
    private List<String> peers;

    @Option(names = "--keys", paramLabel = "N", description = "Entries of a map (default: 1000000).")
    private Integer keys;

    @Option(
            names = "--value-bytes",
            split = ",",
            paramLabel = "N",
            defaultValue = "100,1024",
            description = "Sizes of values (default: 100,1024).")
    private List<Integer> valueBytes;

    @Option(
            names = "--threads",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,2",
            description = "How many threads (default: 1,2); queues have one, then two.")
    private List<Integer> threads;

    @Option(names = "--rounds", paramLabel = "N", description = "Runs of each side that count (default: 5).")
    private Integer rounds;

    @Option(names = "--ms", paramLabel = "MS", description = "Length of a run (default: 500).")
    private Integer milliseconds;

    @Option(
            names = "--workloads",
            paramLabel = "REGEX",
            defaultValue = ".*",
            description = "Which of map.insert, map.get, map.get.zipfian, map.put, map.put.zipfian, map.mix,"
                    + " ycsb.a, b, c, d, f, queue.alone, queue.pair (default: all).")
    private String workloads;

    @Option(
            names = "--dir",
            paramLabel = "FOLDER",
            description = "Where to put files (default: /dev/shm if they fit, or the temporary folder).")
    private Path folder;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final List<Peer> chosen = peers == null
                ? List.of(Peer.values())
                : peers.stream().map(Peer::named).toList();
        requirePositive("--keys", keys == null ? 1 : keys);
        requirePositive("--rounds", rounds == null ? 1 : rounds);
        requirePositive("--ms", milliseconds == null ? 1 : milliseconds);
        Stream.concat(valueBytes.stream(), threads.stream())
                .forEach(count -> requirePositive("--value-bytes and --threads", count));
        report.say(spec, "machine: " + Machine.text());
        report.say(
                spec,
                String.format(
                        "%-17s %7s %6s  %-22s %-22s %-22s %11s %11s %13s %13s",
                        "workload",
                        "threads",
                        "bytes",
                        "peer",
                        "ours ÷ peer",
                        "by CPU time",
                        "ours/s",
                        "peer/s",
                        "p99 µs o/p",
                        "p99.9 µs o/p"));
        final List<Object> ratios = new ArrayList<>();
        for (final Peer peer : chosen) {
            for (final int bytes : valueBytes) {
                ratios.addAll(compare(peer, bytes));
            }
        }
        final Map<String, Object> result = new LinkedHashMap<>();
        result.put("benchmark", "peers");
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

    private List<JsonNode> compare(final Peer peer, final int bytes) throws IOException, InterruptedException {
        final int all = keys != null ? keys : quick ? 100_000 : 1_000_000;
        final boolean synced = peer.level() == Peer.Level.POWER;
        final int count = synced ? Math.min(all, SYNCED_KEYS) : all;
        final List<JsonNode> rows = new ArrayList<>();
        try (WorkFolder work = WorkFolder.create(folder, 3 * RallocatorStore.poolBytes(count, bytes), synced);
                BenchProcess pair = start(peer, work.path(), count, bytes)) {
            for (JsonNode row = pair.next(); row != null; row = pair.next()) {
                rows.add(row);
                report.say(spec, text(row));
            }
            final int code = pair.await();
            if (code != 0) {
                throw new IllegalStateException(
                        "the comparison with " + peer.text() + " failed with exit code " + code + "; see above");
            }
        }
        return rows;
    }

    private BenchProcess start(final Peer peer, final Path home, final int count, final int bytes) throws IOException {
        final int runs = rounds != null ? rounds : quick ? 3 : 5;
        final int length = milliseconds != null ? milliseconds : quick ? 100 : 500;
        return BenchProcess.start(
                System.getProperty("java.class.path"),
                List.of(
                        "peer-pair",
                        "--peer=" + peer.text(),
                        "--dir=" + home,
                        "--keys=" + count,
                        "--value-bytes=" + bytes,
                        "--threads="
                                + String.join(
                                        ",",
                                        threads.stream().map(String::valueOf).toList()),
                        "--rounds=" + runs,
                        "--ms=" + length,
                        "--workloads=" + workloads));
    }

    private static String text(final JsonNode row) {
        return String.format(
                Locale.ROOT,
                "%-17s %7d %6d  %-22s %-22s %-22s %11.0f %11.0f %13s %13s",
                row.get("workload").asText(),
                row.get("threads").asInt(),
                row.get("valueBytes").asInt(),
                row.get("peer").asText(),
                spread(row),
                row.has("cpu") ? spread(row.get("cpu")) : "",
                row.get("ours").get("median").asDouble(),
                row.get("theirs").get("median").asDouble(),
                latencies(row, "P99Ns"),
                latencies(row, "P999Ns"));
    }

    /** Medians of ours and the peer's, in µs; empty for a queue. */
    private static String latencies(final JsonNode row, final String figure) {
        return row.has("our" + figure)
                ? String.format(
                        Locale.ROOT,
                        "%.1f/%.1f",
                        row.get("our" + figure).get("median").asDouble() / 1_000,
                        row.get("their" + figure).get("median").asDouble() / 1_000)
                : "";
    }

    private static String spread(final JsonNode node) {
        return new Spread(
                        node.get("median").asDouble(),
                        node.get("min").asDouble(),
                        node.get("max").asDouble(),
                        node.get("runs").asInt())
                .text(2);
    }
}
