package io.rallocator.examples.cli;

import io.rallocator.persistence.PoolUnavailableException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A process started as a user would start it, and what it printed. */
final class ChildProcess implements AutoCloseable {
    private static final long START_SECONDS = 60;

    private final String name;
    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private volatile long progress;
    private volatile boolean isEnded;

    private ChildProcess(final String name, final Process process) {
        this.name = name;
        this.process = process;
        final Thread reader = new Thread(this::read, "output-of-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    static ChildProcess start(final String name, final Path errors, final List<String> arguments) {
        final List<String> command = new ArrayList<>();
        final String launcher = System.getProperty("rallocator.launcher");
        if (launcher != null) {
            command.add(launcher);
        } else {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            for (final String flag :
                    System.getProperty("rallocator.jvmFlags", "").split("\\s+")) {
                if (!flag.isEmpty()) {
                    command.add(flag);
                }
            }
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), RallocatorCli.class.getName()));
        }
        command.addAll(arguments);
        try {
            return new ChildProcess(
                    name,
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
                            .start());
        } catch (final IOException e) {
            throw new PoolUnavailableException("cannot start " + command.get(0) + ": " + e.getMessage(), e);
        }
    }

    private void read() {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith("progress ")) {
                    progress = Long.parseLong(line.substring("progress ".length()));
                } else {
                    lines.add(line);
                }
            }
        } catch (final IOException e) {
            if (!isEnded) { // to destroy a process closes its output
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Waits for the first line that is no progress: the process is ready. */
    String awaitReady() throws InterruptedException {
        for (long waited = 0; waited < START_SECONDS * 10; waited++) {
            final String line = lines.poll(100, TimeUnit.MILLISECONDS);
            if (line != null) {
                return line;
            }
            requireAlive();
        }
        throw new PoolUnavailableException(name + " did not get ready within " + START_SECONDS + " s");
    }

    void requireAlive() {
        if (!process.isAlive()) {
            throw new PoolUnavailableException(
                    name + " ended with exit code " + process.exitValue() + "; its messages are above");
        }
    }

    /** Lines of the corpus that it said it is through with. */
    long progress() {
        return progress;
    }

    long pid() {
        return process.pid();
    }

    /** Sends SIGSTOP, SIGCONT and the like. */
    void signal(final String signal) throws InterruptedException {
        try {
            final int code = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .redirectErrorStream(true)
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new PoolUnavailableException("kill -" + signal + " of " + name + " ended with exit code " + code);
            }
        } catch (final IOException e) {
            throw new PoolUnavailableException("cannot send SIG" + signal + " to " + name, e);
        }
    }

    void kill() throws InterruptedException {
        isEnded = true;
        process.destroyForcibly().waitFor();
    }

    /** Asks it to end and waits. */
    int end() throws InterruptedException {
        isEnded = true;
        process.destroy();
        return process.waitFor();
    }

    int await() throws InterruptedException {
        return process.waitFor();
    }

    @Override
    public void close() {
        isEnded = true;
        process.destroyForcibly();
    }
}
