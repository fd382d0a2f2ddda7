package io.rallocator.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM of its own that runs another command of this program, with the flags of this one; its answers are JSON lines. */
final class BenchProcess implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Process process;
    private final BufferedReader lines;
    private final long startedNs;

    private BenchProcess(final Process process, final long startedNs) {
        this.process = process;
        this.startedNs = startedNs;
        this.lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static BenchProcess start(final String classPath, final List<String> arguments) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!flag.startsWith("-agentlib") && !flag.startsWith("-javaagent")) {
                command.add(flag);
            }
        }
        command.addAll(List.of("-cp", classPath, BenchCli.class.getName()));
        command.addAll(arguments);
        final long now = System.nanoTime();
        return new BenchProcess(
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start(),
                now);
    }

    /** The next line it prints; {@code null} at its end. What is no JSON, others' banners say on standard output. */
    JsonNode next() throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("{")) {
                return MAPPER.readTree(line);
            }
        }
        return null;
    }

    /** As {@link #next()}, of a process that has not done yet. */
    JsonNode require(final String field) throws IOException, InterruptedException {
        final JsonNode line = next();
        if (line == null) {
            throw new IllegalStateException("the process ended with exit code " + process.waitFor() + " before it said "
                    + field + "; its messages are above");
        }
        return line;
    }

    /** Nanoseconds since before it was started. */
    long ageNs() {
        return System.nanoTime() - startedNs;
    }

    long pid() {
        return process.pid();
    }

    /** Sends SIGKILL and waits until it is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    int await() throws InterruptedException {
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
