package io.rallocator.benchmarks;

import io.rallocator.persistence.RallocatorException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The entry of {@code bin/rallocator bench}. */
@Command(
        name = "rallocator bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures. A result is a median with its range; comparisons run ours and the other alternately, because",
            "absolute times drift with whatever else the machine does."
        },
        subcommands = {
            RecoveryCommand.class,
            PeersCommand.class,
            TcpCommand.class,
            VerbsCommand.class,
            AllocatorsCommand.class,
            KvBenchCommand.class,
            RecoveryWorkerCommand.class,
            PeerPairCommand.class
        },
        footer = {"", "docs/benchmarks/README.md has results."})
public final class BenchCli implements Runnable {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    @Spec
    private CommandSpec spec;

    /** Made by picocli. */
    public BenchCli() {}

    /**
     * Runs a benchmark and ends the process with its exit code.
     *
     * @param args command and its options
     */
    public static void main(final String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new BenchCli()).setExecutionExceptionHandler((failure, commandLine, parsed) -> {
            if (!(failure instanceof RallocatorException) && !(failure instanceof IllegalArgumentException)) {
                throw failure;
            }
            commandLine.getErr().println("rallocator: " + failure.getMessage());
            return failure instanceof IllegalArgumentException ? USAGE : FAILED;
        });
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "Say what to measure: recovery, peers, tcp, verbs, allocators or kv.");
    }
}
