package io.rallocator.benchmarks;

import io.rallocator.allocator.Blade;
import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.allocator.tcp.TcpBlade;
import io.rallocator.allocator.tcp.TcpBladeOptions;
import io.rallocator.allocator.tcp.TcpFabricProvider;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tcp}: what verbs over TCP cost on loopback, against a bare ping-pong in the same run. */
@Command(
        name = "tcp",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures verbs over TCP on loopback, blade and worker in one process, in turns with a bare ping-pong of 64",
            "bytes between two threads with NIO:",
            "  round trip   one READ of 64 bytes that waits for the one before",
            "  pipelined    READs of 64 bytes per second, of threads that post some in one chain",
            "  map.get, map.put   of 100 bytes, by one thread: time of the operation ÷ (its round trips x bare ping-pong)"
        },
        footer = {"", "Example:", "  rallocator bench tcp --threads 4 --chain 32"})
final class TcpCommand implements Callable<Integer> {
    private static final int BYTES = 64;
    private static final Operation READ = Operation.named("bench.read");

    @Spec
    private CommandSpec spec;

    @Mixin
    private Report report;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "7", description = "Turns of each (default: 7).")
    private int rounds;

    @Option(names = "--millis", paramLabel = "MS", defaultValue = "700", description = "Of each turn (default: 700).")
    private int millis;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "4", description = "That pipeline (default: 4).")
    private int threads;

    @Option(names = "--chain", paramLabel = "N", defaultValue = "32", description = "READs in a chain (default: 32).")
    private int verbs;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        if (rounds < 1 || millis < 1 || threads < 1 || verbs < 1 || verbs > Chain.MAX_VERBS) {
            throw new IllegalArgumentException("--rounds, --millis and --threads must be 1 at least, --chain 1 … "
                    + Chain.MAX_VERBS + "; they are " + rounds + ", " + millis + ", " + threads + " and " + verbs);
        }
        try (WorkFolder folder = WorkFolder.create(null, 64L << 20, false)) {
            final Path pool = folder.path().resolve("pool");
            PoolFile.create(pool, PoolGeometry.ofCapacity(64 << 20), true, written -> {});
            try (Blade blade = Blade.open(pool);
                    TcpBlade tcp = TcpBlade.listen(blade, new TcpBladeOptions("//127.0.0.1:0"));
                    PingPong bare = new PingPong();
                    TcpMap map = new TcpMap(tcp.address());
                    Fabric fabric = new TcpFabricProvider().open(tcp.address().substring("tcp:".length()), Map.of())) {
                measure(fabric, map, bare);
            }
        }
        return 0;
    }

    /** What was measured, a value for each round. */
    private final class Series {
        private final double[] bareUs = new double[rounds];
        private final double[] oursUs = new double[rounds];
        private final double[] ratio = new double[rounds];
        private final double[] perSecond = new double[rounds];
        private final double[] get = new double[rounds];
        private final double[] put = new double[rounds];
    }

    private void measure(final Fabric fabric, final TcpMap map, final PingPong bare)
            throws IOException, InterruptedException, ExecutionException {
        final Series series = new Series();
        final List<Reader> readers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            readers.add(new Reader(fabric, verbs));
        }
        final Reader lone = new Reader(fabric, 1);
        final ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int round = -2; round < rounds; round++) { // two to warm up
                final int at = Math.max(round, 0);
                final double bareNs = nsPerTurn(bare::roundTrip);
                final double oursNs = nsPerTurn(lone::read);
                series.bareUs[at] = bareNs / 1e3;
                series.oursUs[at] = oursNs / 1e3;
                series.ratio[at] = oursNs / bareNs;
                series.get[at] = nsPerRoundTrip(map, "map.get", map::get) / bareNs;
                series.put[at] = nsPerRoundTrip(map, "map.put", map::put) / bareNs;
                series.perSecond[at] = pipelined(pool, readers);
                report.progress(spec, "round " + (round + 3) + " of " + (rounds + 2));
            }
        } finally {
            pool.shutdown();
        }
        finish(series);
    }

    private double nsPerRoundTrip(final TcpMap map, final String operation, final RoundTrip turn) throws IOException {
        final long before = map.roundTrips(operation);
        final long[] turns = {0};
        final double ns = nsPerTurn(() -> {
            turn.run();
            turns[0]++;
        });
        return ns * turns[0] / (map.roundTrips(operation) - before);
    }

    /** Something that waits for an answer. */
    private interface RoundTrip {
        void run() throws IOException;
    }

    private double nsPerTurn(final RoundTrip roundTrip) throws IOException {
        final long from = System.nanoTime();
        final long until = from + TimeUnit.MILLISECONDS.toNanos(millis);
        long count = 0;
        long now;
        do {
            roundTrip.run();
            count++;
            now = System.nanoTime();
        } while (now - until < 0);
        return (double) (now - from) / count;
    }

    /** Returns READs per second. */
    private double pipelined(final ExecutorService pool, final List<Reader> readers)
            throws InterruptedException, ExecutionException {
        final List<Future<Double>> running = new ArrayList<>();
        for (final Reader reader : readers) {
            running.add(pool.submit(() -> verbs * 1e9 / nsPerTurn(reader::read)));
        }
        double sum = 0;
        for (final Future<Double> each : running) {
            sum += each.get();
        }
        return sum;
    }

    /** Posts one chain after the other. */
    private static final class Reader {
        private final Chain chain;
        private final int verbs;
        private final UnsafeBuffer target;

        Reader(final Fabric fabric, final int verbs) {
            final QueuePair queuePair = fabric.connect();
            this.chain = new Chain(queuePair);
            this.verbs = verbs;
            this.target = new UnsafeBuffer(new byte[verbs * BYTES]);
        }

        void read() {
            for (int verb = 0; verb < verbs; verb++) {
                chain.read(4096 + (long) verb * BYTES, target, verb * BYTES, BYTES);
            }
            chain.post(READ);
        }
    }

    private void finish(final Series series) throws IOException {
        final Map<String, Object> result = new LinkedHashMap<>();
        final Spread bareUs = Spread.of(series.bareUs);
        report.say(spec, "bare ping-pong  " + bareUs.text(1) + " us");
        result.put("barePingPongUs", bareUs.toMap());
        final Spread oursUs = Spread.of(series.oursUs);
        final Spread ratio = Spread.of(series.ratio);
        report.say(spec, "round trip      " + oursUs.text(1) + " us, " + ratio.text(2) + " times the bare one");
        result.put("roundTripUs", oursUs.toMap());
        result.put("ratio", ratio.toMap());
        final Spread get = Spread.of(series.get);
        final Spread put = Spread.of(series.put);
        report.say(spec, "map.get         " + get.text(2) + " times the bare one for each of its round trips");
        report.say(spec, "map.put         " + put.text(2) + " times the bare one for each of its round trips");
        result.put("mapGetRatio", get.toMap());
        result.put("mapPutRatio", put.toMap());
        final Spread perSecond = Spread.of(series.perSecond);
        report.say(
                spec, "pipelined       " + perSecond.text(0) + " READs/s, " + threads + " threads, chains of " + verbs);
        result.put("pipelinedReadsPerSecond", perSecond.toMap());
        result.put("threads", threads);
        result.put("chain", verbs);
        report.finish(spec, result);
    }
}
