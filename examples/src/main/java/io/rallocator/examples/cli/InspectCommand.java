package io.rallocator.examples.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code inspect}: what is in a pool, served or not. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Shows geometry, structures, sessions, slabs and rings of a pool, also while it is served.")
final class InspectCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", description = "The pool's file.")
    private Path pool;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(
            names = "--scan",
            description =
                    "Count elements, blocks and bytes of each structure. Reads all of it; while the pool is served"
                            + " the figures are about right.")
    private boolean scan;

    @Override
    public Integer call() {
        final Map<String, Object> view = PoolView.read(pool, scan);
        final PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(out, view);
        } else {
            view.forEach((name, value) -> print(out, name, value));
            out.flush();
        }
        return 0;
    }

    private static void print(final PrintWriter out, final String name, final Object value) {
        if (!(value instanceof Collection)) {
            out.println(name + ": " + value);
            return;
        }
        out.println(name + ": " + ((Collection<?>) value).size());
        for (final Object element : (Collection<?>) value) {
            out.println("  " + element);
        }
    }
}
