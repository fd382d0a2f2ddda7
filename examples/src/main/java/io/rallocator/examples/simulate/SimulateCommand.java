package io.rallocator.examples.simulate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs simulated histories, a seed each. */
@Command(
        name = "simulate",
        mixinStandardHelpOptions = true,
        description =
                "Runs workers and a blade in a simulated machine, where the seed decides who goes on when and what fails.",
        footer = {"", "Example:", "  rallocator simulate --crash --seeds 1000"})
public final class SimulateCommand implements Callable<Integer> {
    private static final long PROGRESS_NS = TimeUnit.SECONDS.toNanos(2);

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            defaultValue = "100",
            description = "How many histories (default: ${DEFAULT-VALUE}).")
    private int seeds;

    @Option(
            names = "--seed",
            paramLabel = "SEED",
            defaultValue = "1",
            description = "The seed of the first history; the others have the next ones (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "30",
            description = "Faults in each history (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--crash",
            description =
                    "Kill processes, break connections and lose power too; without it, processes are only stopped.")
    private boolean crash;

    @Option(names = "--json", description = "Print the figures as a JSON object.")
    private boolean json;

    /** Made by picocli. */
    public SimulateCommand() {}

    /**
     * Runs the histories.
     *
     * @return 0 if all were right, 1 if one was wrong
     * @throws JsonProcessingException never
     */
    @Override
    public Integer call() throws JsonProcessingException {
        if (seeds < 1 || rounds < 1) {
            throw new IllegalArgumentException("--seeds and --rounds must be at least 1");
        }
        final PrintWriter err = spec.commandLine().getErr();
        final long from = System.nanoTime();
        long last = from;
        long operations = 0;
        long steps = 0;
        int kills = 0;
        int powerLosses = 0;
        int failed = 0;
        for (long next = seed; next < seed + seeds; next++) {
            try {
                final SimulatedHistory.Outcome outcome = SimulatedHistory.run(next, crash, rounds);
                operations += outcome.operations();
                steps += outcome.steps();
                kills += outcome.kills();
                powerLosses += outcome.powerLosses();
            } catch (final AssertionError e) {
                failed++;
                err.println("seed " + next + ": " + e.getMessage());
                err.println("  repeat it with: rallocator simulate " + (crash ? "--crash " : "") + "--rounds " + rounds
                        + " --seed " + next + " --seeds 1");
            }
            if (System.nanoTime() - last > PROGRESS_NS) {
                last = System.nanoTime();
                err.println((next - seed + 1) + " of " + seeds + " histories");
                err.flush();
            }
        }
        final Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("histories", seeds);
        figures.put("failed", failed);
        figures.put("operations", operations);
        figures.put("steps", steps);
        figures.put("kills", kills);
        figures.put("powerLosses", powerLosses);
        figures.put("seconds", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - from));
        print(figures);
        return failed == 0 ? 0 : 1;
    }

    private void print(final Map<String, Object> figures) throws JsonProcessingException {
        final PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper().writeValueAsString(figures));
        } else {
            out.println(figures.get("histories") + " histories with " + figures.get("operations") + " operations, "
                    + figures.get("kills") + " kills and " + figures.get("powerLosses") + " losses of power in "
                    + figures.get("seconds") + " s: "
                    + (figures.get("failed").equals(0) ? "all right" : figures.get("failed") + " wrong"));
        }
        out.flush();
    }
}
