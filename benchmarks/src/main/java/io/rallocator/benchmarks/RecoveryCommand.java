package io.rallocator.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code recovery}: what it takes to go on after {@code kill -9}, against how much there is and how much was open. */
@Command(
        name = "recovery",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Fills a map with entries of 8-byte keys and 100-byte values, kills the process with SIGKILL while it",
            "overwrites entries, and measures",
            "  reopen     RemoteHeap.open in the next process, which recovers before it returns",
            "  first get  from RemoteHeap.open to the end of the first get",
            "  process    from the start of that process to the end of its first get",
            "  worker     from the SIGKILL of a worker to the end of its recovery by a blade that goes on; a blade looks",
            "             every 50 ms",
            "at several numbers of entries and of slabs that the dead process had open (its threads and sizes of values)."
        },
        footer = {
            "",
            "The default sizes take up to some 3 GiB of /dev/shm, or of the temporary folder, and some minutes.",
            "",
            "Example:",
            "  rallocator bench recovery --entries 1000000 --plots docs/benchmarks"
        })
final class RecoveryCommand implements Callable<Integer> {
    private static final int MAX_SIZES = 5;

    private static final List<Long> ENTRIES = List.of(10_000L, 1_000_000L, 10_000_000L);
    private static final List<Long> FEW_ENTRIES = List.of(10_000L, 100_000L);

    @Spec
    private CommandSpec spec;

    @Mixin
    private Report report;

    @Option(names = "--quick", description = "Fewer entries and rounds: less than a minute, and rough.")
    private boolean quick;

    @Option(
            names = "--entries",
            split = ",",
            paramLabel = "N",
            description = "How many entries (default: 10000,1000000,10000000).")
    private List<Long> entries;

    @Option(
            names = "--threads",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,4,16",
            description = "Threads of the process that dies, and sizes of its values, 5 at most: more of them have more"
                    + " slabs open (default: 1,4,16).")
    private List<Integer> threads;

    @Option(names = "--rounds", paramLabel = "N", description = "Kills of each kind at each point (default: 5).")
    private Integer rounds;

    @Option(names = "--plots", paramLabel = "FOLDER", description = "Draw plots into FOLDER.")
    private Path plots;

    @Option(
            names = "--dir",
            paramLabel = "FOLDER",
            description = "Where to put the pools (default: /dev/shm if they fit, or the temporary folder).")
    private Path folder;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final List<Long> counts = entries != null ? entries : quick ? FEW_ENTRIES : ENTRIES;
        final int kills = rounds != null ? rounds : quick ? 2 : 5;
        if (kills < 1
                || counts.stream().anyMatch(count -> count < 1 || count > 100_000_000)
                || threads.stream().anyMatch(count -> count < 1 || count > 16)) {
            throw new IllegalArgumentException("--rounds must be 1 or more, --entries 1 … 100000000, --threads 1 … 16");
        }
        report.say(spec, "machine: " + Machine.text());
        final List<RecoveryPoint> points = new ArrayList<>();
        for (final long count : counts) {
            points.addAll(measure(count, kills));
        }
        if (plots != null) {
            draw(points, "bin/rallocator bench " + String.join(" ", arguments(counts, kills)));
        }
        final Map<String, Object> result = new LinkedHashMap<>();
        result.put("benchmark", "recovery");
        result.put("machine", Machine.describe());
        result.put("points", points.stream().map(RecoveryPoint::toMap).toList());
        report.finish(spec, result);
        return 0;
    }

    private List<String> arguments(final List<Long> counts, final int kills) {
        final List<String> arguments = new ArrayList<>();
        arguments.add("recovery");
        arguments.add("--entries");
        arguments.add(String.join(",", counts.stream().map(String::valueOf).toList()));
        arguments.add("--threads");
        arguments.add(String.join(",", threads.stream().map(String::valueOf).toList()));
        arguments.add("--rounds");
        arguments.add(Integer.toString(kills));
        arguments.add("--plots");
        arguments.add(plots.toString());
        return arguments;
    }

    private List<RecoveryPoint> measure(final long count, final int kills) throws IOException, InterruptedException {
        final List<RecoveryPoint> points = new ArrayList<>();
        try (WorkFolder work = WorkFolder.create(folder, RecoveryRun.poolBytes(count), false)) {
            final RecoveryRun run =
                    new RecoveryRun(work.path().resolve("pool"), count, text -> report.progress(spec, text));
            run.fill();
            for (final int load : threads) {
                final RecoveryPoint point = run.measure(load, Math.min(load, MAX_SIZES), kills);
                report.say(spec, point.text());
                points.add(point);
            }
        }
        return points;
    }

    private void draw(final List<RecoveryPoint> points, final String command) throws IOException {
        final Plot byEntries = new Plot("Reopening after kill -9", "entries of 100 bytes", "RemoteHeap.open, ms", true);
        for (final int load : threads) {
            final List<RecoveryPoint> line =
                    points.stream().filter(point -> point.threads() == load).toList();
            final String open = String.format(
                    Locale.ROOT,
                    "%.1f MiB open",
                    line.get(line.size() - 1).openBytes().median() / (1 << 20));
            byEntries.add(
                    load + (load == 1 ? " thread, " : " threads, ") + open,
                    line.stream().map(point -> (double) point.entries()).toList(),
                    line.stream().map(RecoveryPoint::reopenMs).toList());
        }
        byEntries.save(plots, "recovery-by-entries", command);
        final Plot byOpen = new Plot(
                "Reopening after kill -9",
                "bytes of slabs that the dead process had open, MiB",
                "RemoteHeap.open, ms",
                false);
        for (final long count :
                points.stream().map(RecoveryPoint::entries).distinct().toList()) {
            final List<RecoveryPoint> line =
                    points.stream().filter(point -> point.entries() == count).toList();
            byOpen.add(
                    String.format(Locale.ROOT, "%,d entries", count),
                    line.stream()
                            .map(point -> point.openBytes().median() / (1 << 20))
                            .toList(),
                    line.stream().map(RecoveryPoint::reopenMs).toList());
        }
        byOpen.save(plots, "recovery-by-open-slabs", command);
        report.say(spec, "drew recovery-by-entries.png and recovery-by-open-slabs.png into " + plots);
    }
}
