package io.rallocator.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Ours and one peer in a process of their own, so that calls of the workload have two targets and no more, whoever else is
 * compared. Prints a JSON line for each workload.
 */
@Command(name = "peer-pair", hidden = true)
final class PeerPairCommand implements Callable<Integer> {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** A store takes this many times the entries that it begins with, at most. */
    private static final double GROWTH = 1.25;

    @Spec
    private CommandSpec spec;

    @Option(names = "--peer", required = true)
    private String name;

    @Option(names = "--dir", required = true)
    private Path folder;

    @Option(names = "--keys", required = true)
    private int keys;

    @Option(names = "--value-bytes", required = true)
    private int valueBytes;

    @Option(names = "--threads", required = true, split = ",")
    private List<Integer> threads;

    @Option(names = "--rounds", required = true)
    private int rounds;

    @Option(names = "--ms", required = true)
    private long milliseconds;

    @Option(names = "--workloads", required = true)
    private String workloads;

    private Peer peer;

    /** 0 until a map is filled. */
    private double ourBytesPerEntry;

    private int folders;

    /** Runs one side once. */
    private interface Side {
        MixRun.Result run() throws IOException, InterruptedException, ExecutionException;
    }

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        peer = Peer.named(name);
        if (peer.isQueue()) {
            queue("queue.alone", false);
            queue("queue.pair", true);
        } else {
            for (final int count : threads) {
                insert(count);
            }
            filled();
        }
        return 0;
    }

    private boolean isWanted(final String workload) {
        return workload.matches(workloads);
    }

    private Path newFolder() throws IOException {
        return Files.createDirectory(folder.resolve(peer.text() + "-" + folders++));
    }

    // ---- maps

    private Store open(final boolean ours, final Path home) throws IOException {
        final int most = (int) (keys * GROWTH);
        return ours ? openOurs(home) : peer.openStore(home, most, valueBytes);
    }

    private RallocatorStore openOurs(final Path home) {
        return new RallocatorStore(home, (int) (keys * GROWTH), valueBytes, peer.level());
    }

    private void insert(final int count) throws IOException, InterruptedException, ExecutionException {
        if (isWanted(Mix.INSERT.name())) {
            final MixRun run = new MixRun(Mix.INSERT, Keys.uniform(keys, 1), valueBytes, keys);
            alternate(Mix.INSERT.name(), count, () -> insert(run, true, count), () -> insert(run, false, count));
        }
    }

    /** Into an empty store, for four times as long as the others, or until it has all keys. */
    private MixRun.Result insert(final MixRun run, final boolean ours, final int count)
            throws IOException, InterruptedException, ExecutionException {
        final Path home = newFolder();
        try (Population population = new Population(open(ours, home))) {
            return run.run(population, count, 4 * milliseconds * 1_000_000);
        } finally {
            WorkFolder.delete(home);
        }
    }

    private void filled() throws IOException, InterruptedException, ExecutionException {
        final List<Mix> mixes =
                Mix.FILLED.stream().filter(mix -> isWanted(mix.name())).toList();
        if (mixes.isEmpty()) {
            return;
        }
        final Path ourHome = newFolder();
        final Path theirHome = newFolder();
        final RallocatorStore ourStore = openOurs(ourHome);
        try (Population ours = new Population(ourStore);
                Population theirs = new Population(open(false, theirHome))) {
            final byte[] value = new byte[valueBytes];
            ours.fill(keys, value);
            theirs.fill(keys, value);
            ourBytesPerEntry = ourStore.bytesPerEntry();
            final Map<Mix.Choice, Keys> choices = new EnumMap<>(Mix.Choice.class);
            choices.put(Mix.Choice.UNIFORM, Keys.uniform(keys, 1));
            choices.put(Mix.Choice.ZIPFIAN, Keys.zipfian(keys, 2));
            choices.put(Mix.Choice.LATEST, choices.get(Mix.Choice.ZIPFIAN));
            for (final int count : threads) {
                for (final Mix mix : mixes) {
                    final int most = (int) (keys * GROWTH) - 1;
                    final MixRun run = new MixRun(mix, choices.get(mix.choice()), valueBytes, most);
                    final long ns = milliseconds * 1_000_000;
                    alternate(mix.name(), count, () -> run.run(ours, count, ns), () -> run.run(theirs, count, ns));
                }
            }
        } finally {
            WorkFolder.delete(ourHome);
            WorkFolder.delete(theirHome);
        }
    }

    // ---- queues

    private void queue(final String workload, final boolean pair)
            throws IOException, InterruptedException, ExecutionException {
        if (isWanted(workload)) {
            alternate(workload, pair ? 2 : 1, () -> queue(true, pair), () -> queue(false, pair));
        }
    }

    private MixRun.Result queue(final boolean ours, final boolean pair) throws IOException, InterruptedException {
        final Path home = newFolder();
        try (Fifo fifo = ours ? new RallocatorFifo(home) : peer.openFifo(home)) {
            final FifoRun run = new FifoRun(valueBytes);
            final long ns = milliseconds * 1_000_000;
            return new MixRun.Result(pair ? run.pair(fifo, ns) : run.alone(fifo, ns), 0, 0, 0);
        } finally {
            WorkFolder.delete(home);
        }
    }

    // ---- both

    /** A round that is not counted, then the others, each side first in turn. */
    private void alternate(final String workload, final int count, final Side ours, final Side theirs)
            throws IOException, InterruptedException, ExecutionException {
        final double[] ratios = new double[rounds];
        final double[] ourSpeed = new double[rounds];
        final double[] theirSpeed = new double[rounds];
        final double[] cpuRatios = new double[rounds];
        final double[] ourP99 = new double[rounds];
        final double[] theirP99 = new double[rounds];
        final double[] ourP999 = new double[rounds];
        final double[] theirP999 = new double[rounds];
        ours.run();
        theirs.run();
        for (int round = 0; round < rounds; round++) {
            final boolean oursFirst = round % 2 == 0;
            final MixRun.Result first = (oursFirst ? ours : theirs).run();
            final MixRun.Result second = (oursFirst ? theirs : ours).run();
            final MixRun.Result our = oursFirst ? first : second;
            final MixRun.Result their = oursFirst ? second : first;
            ratios[round] = our.perSecond() / their.perSecond();
            cpuRatios[round] = their.cpuNs() / our.cpuNs();
            ourSpeed[round] = our.perSecond();
            theirSpeed[round] = their.perSecond();
            ourP99[round] = our.p99Ns();
            theirP99[round] = their.p99Ns();
            ourP999[round] = our.p999Ns();
            theirP999[round] = their.p999Ns();
        }
        final Map<String, Object> line = new LinkedHashMap<>();
        line.put("workload", workload);
        line.put("threads", count);
        line.put("valueBytes", valueBytes);
        line.put("peer", peer.text());
        line.put("durability", peer.level().text());
        line.putAll(Spread.of(ratios).toMap());
        line.put("ours", Spread.of(ourSpeed).toMap());
        line.put("theirs", Spread.of(theirSpeed).toMap());
        if (!peer.isQueue()) {
            line.put("cpu", Spread.of(cpuRatios).toMap());
            line.put("ourP99Ns", Spread.of(ourP99).toMap());
            line.put("theirP99Ns", Spread.of(theirP99).toMap());
            line.put("ourP999Ns", Spread.of(ourP999).toMap());
            line.put("theirP999Ns", Spread.of(theirP999).toMap());
            if (ourBytesPerEntry > 0) {
                line.put("ourBytesPerEntry", ourBytesPerEntry);
            }
        }
        tell(line);
    }

    private void tell(final Map<String, Object> line) throws JsonProcessingException {
        spec.commandLine().getOut().println(MAPPER.writeValueAsString(line));
        spec.commandLine().getOut().flush();
    }
}
