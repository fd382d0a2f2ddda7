package io.rallocator.examples.cli;

import io.rallocator.collections.RemoteHeap;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code drain}: moves everything from one blade of a heap to the others, and retires it. */
@Command(
        name = "drain",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Moves everything from one blade of a heap to the others, while workers go on, and retires it:",
            "it can be switched off then, and addresses need not name it any more.",
            "Whatever fails leaves the rest in use where it is: call it again."
        })
final class DrainCommand implements Callable<Integer> {
    private static final long SILENT_NS = TimeUnit.SECONDS.toNanos(2);

    @Spec
    private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "ADDRESS",
            description =
                    "The heap's address, with all of its blades: tcp://HOST:PORT,HOST:PORT,… or local:PATH,PATH,…")
    private String address;

    @Parameters(index = "1", paramLabel = "BLADE", description = "Number of the blade; `rallocator blades` shows them.")
    private int blade;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private long toldNs;

    @Override
    public Integer call() {
        final PrintWriter out = spec.commandLine().getOut();
        toldNs = System.nanoTime();
        final int moved;
        try (RemoteHeap heap = RemoteHeap.open(address)) {
            moved = heap.drain(blade, this::tell);
        }
        if (json) {
            Json.print(out, Map.of("blade", blade, "moved", moved));
        } else {
            out.printf("blade %d is retired; %d parts of structures were moved%n", blade, moved);
            out.flush();
        }
        return 0;
    }

    private void tell(final int moved) {
        if (System.nanoTime() - toldNs > SILENT_NS) {
            toldNs = System.nanoTime();
            spec.commandLine().getErr().printf("%d parts are moved%n", moved);
            spec.commandLine().getErr().flush();
        }
    }
}
