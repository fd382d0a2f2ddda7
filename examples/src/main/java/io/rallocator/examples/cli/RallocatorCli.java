package io.rallocator.examples.cli;

import io.rallocator.examples.kv.KvCommand;
import io.rallocator.examples.simulate.SimulateCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line's entry: {@code bin/rallocator COMMAND}. */
@Command(
        name = "rallocator",
        mixinStandardHelpOptions = true,
        version = "RAllocator 0.1.0",
        sortOptions = false,
        description = "Java collections in the non-volatile memory of a blade.",
        subcommands = {
            DemoCommand.class,
            KvCommand.class,
            BladeCommand.class,
            BladesCommand.class,
            DrainCommand.class,
            InspectCommand.class,
            CheckCommand.class,
            CrashTestCommand.class,
            SimulateCommand.class,
            DemoWorkerCommand.class,
            CrashWorkerCommand.class
        },
        footer = {
            "",
            "rallocator bench is a program of its own: see rallocator bench --help.",
            "",
            "Exit codes: 0 success, 1 findings or failure, 2 wrong usage, 3 in use, 4 out of memory,",
            "            5 damaged pool, 6 other layout version, 7 unavailable, 8 session ended.",
            "",
            "Examples:",
            "  rallocator demo",
            "  rallocator blade --pool /dev/shm/pool --size 1g",
            "  rallocator check /dev/shm/pool"
        })
public final class RallocatorCli implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Made by picocli. */
    public RallocatorCli() {}

    /**
     * Runs a command and ends the process with its exit code.
     *
     * @param args command and its options
     */
    public static void main(final String[] args) {
        System.exit(commandLine().execute(args));
    }

    /**
     * The command line, ready to execute.
     *
     * @return with our handling of failures
     */
    static CommandLine commandLine() {
        return new CommandLine(new RallocatorCli())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(new Failures());
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to do: a command is missing.");
    }
}
