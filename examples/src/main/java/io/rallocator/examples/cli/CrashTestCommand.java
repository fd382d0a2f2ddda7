package io.rallocator.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code crash-test}: kills real processes at random moments, and counts what was lost. */
@Command(
        name = "crash-test",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Starts blades and workers as processes of their own, kills them with SIGKILL at random moments, some",
            "of them stopped by SIGSTOP before, and some blades while they recover; then compares map and queue",
            "with what the workers wrote down as acknowledged, and checks the pool. About a second a kill."
        },
        footer = {
            "",
            "Exit code 0: nothing lost, stale, torn, duplicated, stuck or leaked; 1 otherwise.",
            "",
            "Example:",
            "  rallocator crash-test --kills 200 --what both",
            "  rallocator crash-test --kills 50 --fabric tcp --blades 3",
            "  unshare -rn rallocator crash-test --kills 50 --fabric tcp --what network"
        })
final class CrashTestCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--kills", paramLabel = "N", defaultValue = "20", description = "How often (default: 20).")
    private int kills;

    @Option(
            names = "--what",
            paramLabel = "WHO",
            defaultValue = "both",
            description =
                    "worker, blade, or both: a blade every fourth time; or network: nobody is killed, but packets"
                            + " are lost, delayed, or held up for longer than the lease, in a network namespace (default: both).")
    private CrashScript.What what;

    @Option(
            names = "--fabric",
            paramLabel = "FABRIC",
            defaultValue = "local",
            description =
                    "How workers reach the blade: local, or tcp, where they connect again after its death and ask what"
                            + " became of the step that was interrupted (default: local).")
    private CrashScript.FabricKind fabric;

    @Option(names = "--workers", paramLabel = "N", defaultValue = "2", description = "How many (default: 2).")
    private int workers;

    @Option(
            names = "--blades",
            paramLabel = "N",
            defaultValue = "1",
            description = "Over how many blades the heap is (default: 1).")
    private int blades;

    @Option(
            names = "--seed",
            paramLabel = "NUMBER",
            description = "Repeats the choices of an earlier run; the moments still differ.")
    private Long seed;

    @Option(
            names = "--dir",
            paramLabel = "FOLDER",
            description = "Where to put the pool and the logs (default: /dev/shm, or the temporary folder).")
    private Path folder;

    @Option(names = "--json", description = "Print the result as one JSON object; what happens goes to stderr.")
    private boolean json;

    @Override
    public Integer call() throws IOException, InterruptedException {
        require("--kills", kills, 1_000_000);
        require("--workers", workers, 32);
        require("--blades", blades, 8);
        if (what == CrashScript.What.NETWORK && fabric != CrashScript.FabricKind.TCP) {
            throw new ParameterException(spec.commandLine(), "--what network needs --fabric tcp");
        }
        final PrintWriter out = spec.commandLine().getOut();
        final PrintWriter tell = json ? spec.commandLine().getErr() : out;
        final long chosen = seed == null ? System.nanoTime() : seed;
        tell.println("seed " + chosen);
        final Path work = WorkFolder.create(folder, "crash-test", blades * CrashScript.POOL_BYTES);
        final Map<String, Object> result =
                ProcessScript.play(new CrashScript(work, workers, blades, kills, what, fabric, chosen, tell));
        if (json) {
            Json.print(out, result);
        } else {
            result.forEach((name, value) -> out.println("  " + name + ": " + value));
            out.flush();
        }
        return Boolean.TRUE.equals(result.get("passed")) ? 0 : Failures.FAILED;
    }

    private void require(final String option, final int value, final int most) {
        if (value < 1 || value > most) {
            throw new ParameterException(spec.commandLine(), option + " is " + value + ", it must be 1 … " + most);
        }
    }
}
