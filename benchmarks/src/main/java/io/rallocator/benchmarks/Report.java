package io.rallocator.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Where a benchmark's text and its JSON go. Text gives way to standard error if JSON is on standard output. */
final class Report {
    private static final String STANDARD_OUTPUT = "-";
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final long PROGRESS_NS = TimeUnit.SECONDS.toNanos(2);

    @Option(
            names = "--json",
            arity = "0..1",
            fallbackValue = STANDARD_OUTPUT,
            paramLabel = "FILE",
            description = "Write the result as one JSON object to FILE, or to standard output if none is named.")
    private String json;

    private final long started = System.nanoTime();
    private long lastProgress = started;

    /** Says something that stays true. */
    void say(final CommandSpec spec, final String text) {
        final PrintWriter out = text(spec);
        out.println(text);
        out.flush();
        lastProgress = System.nanoTime();
    }

    /** Says how far it is, if nothing was said for two seconds. */
    void progress(final CommandSpec spec, final String text) {
        if (System.nanoTime() - lastProgress >= PROGRESS_NS) {
            final PrintWriter err = spec.commandLine().getErr();
            err.printf("[%4.0f s] %s%n", (System.nanoTime() - started) / 1e9, text);
            err.flush();
            lastProgress = System.nanoTime();
        }
    }

    private PrintWriter text(final CommandSpec spec) {
        return STANDARD_OUTPUT.equals(json)
                ? spec.commandLine().getErr()
                : spec.commandLine().getOut();
    }

    void finish(final CommandSpec spec, final Map<String, Object> result) throws IOException {
        if (STANDARD_OUTPUT.equals(json)) {
            final PrintWriter out = spec.commandLine().getOut();
            out.println(MAPPER.writeValueAsString(result));
            out.flush();
        } else if (json != null) {
            MAPPER.writer(SerializationFeature.INDENT_OUTPUT)
                    .writeValue(Path.of(json).toFile(), result);
            say(spec, "wrote " + json);
        }
    }
}
