package io.rallocator.examples.cli;

import io.rallocator.persistence.RallocatorException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Turns a failure into one plain line and an exit code; with {@code --json} also into an object. */
final class Failures implements IExecutionExceptionHandler {
    /** Something was found, or the command failed in a way that has no code of its own. */
    static final int FAILED = 1;

    /** The command line is wrong. */
    static final int USAGE = 2;

    @Override
    public int handleExecutionException(
            final Exception failure, final CommandLine commandLine, final ParseResult parsed) throws Exception {
        if (!(failure instanceof RallocatorException) && !(failure instanceof IllegalArgumentException)) {
            throw failure;
        }
        commandLine.getErr().println("rallocator: " + failure.getMessage());
        commandLine.getErr().flush();
        final boolean known = failure instanceof RallocatorException;
        if (innermost(parsed).hasMatchedOption("--json")) {
            final Map<String, Object> error = new LinkedHashMap<>();
            error.put(
                    "category",
                    known ? ((RallocatorException) failure).category().name() : "INVALID");
            error.put("message", failure.getMessage());
            Json.print(commandLine.getOut(), Map.of("error", error));
        }
        return known ? exitCode(((RallocatorException) failure).category()) : USAGE;
    }

    private static ParseResult innermost(final ParseResult parsed) {
        return parsed.hasSubcommand() ? innermost(parsed.subcommand()) : parsed;
    }

    private static int exitCode(final RallocatorException.Category category) {
        return switch (category) {
            case INVALID -> USAGE;
            case BUSY -> 3;
            case EXHAUSTED -> 4;
            case CORRUPTED -> 5;
            case VERSION -> 6;
            case UNAVAILABLE -> 7;
            case FENCED, CLOSED -> 8;
        };
    }
}
