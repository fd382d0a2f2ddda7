package io.rallocator.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code demo}: the product's promise, shown with real processes and real kills. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Starts a blade and two workers as processes of their own, has them count the words of a text,",
            "kills a worker with SIGKILL in the middle, then the blade, restarts both, and compares the",
            "result with an independent recount of everything that was acknowledged. Takes half a minute."
        },
        footer = {"", "Exit code 0: nothing lost, torn, duplicated or leaked; 1 otherwise."})
final class DemoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--dir",
            paramLabel = "FOLDER",
            description = "Where to put the pool and the logs (default: /dev/shm, or the temporary folder).")
    private Path folder;

    @Option(names = "--json", description = "Print the result as one JSON object; what happens goes to stderr.")
    private boolean json;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter tell =
                json ? spec.commandLine().getErr() : spec.commandLine().getOut();
        final Path work = WorkFolder.create(folder, "demo", DemoScript.POOL_BYTES);
        final DemoScript script = new DemoScript(work, tell);
        final Map<String, Object> result = ProcessScript.play(script);
        if (json) {
            Json.print(spec.commandLine().getOut(), result);
        }
        return script.passed() ? 0 : Failures.FAILED;
    }
}
