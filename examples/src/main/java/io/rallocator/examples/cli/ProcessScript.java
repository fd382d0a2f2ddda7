package io.rallocator.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A course of events with blades and workers in processes of their own, which are all gone at its end. */
abstract class ProcessScript implements AutoCloseable {
    final Path folder;
    final Path errors;
    final List<BladeProcess> blades = new ArrayList<>();
    final ChildProcess[] workers;
    final List<Long> recoveryMs = new ArrayList<>();
    final long started = System.nanoTime();
    final Consumer<String> tell;

    ProcessScript(final Path folder, final int workers, final PrintWriter tell) {
        this.folder = folder;
        this.errors = folder.resolve("errors");
        this.workers = new ChildProcess[workers];
        this.tell = text -> {
            tell.println(text);
            tell.flush();
        };
    }

    /** Runs a script to its end; if it fails, what its processes wrote to stderr is told first. */
    static Map<String, Object> play(final ProcessScript script) throws IOException, InterruptedException {
        try (script) {
            return script.run();
        } catch (final RuntimeException e) {
            script.tell.accept(Files.exists(script.errors) ? Files.readString(script.errors) : "");
            throw e;
        }
    }

    /** Returns the figures to report. */
    abstract Map<String, Object> run() throws IOException, InterruptedException;

    void say(final String text) {
        tell.accept(String.format("[%4.1f s] %s", seconds(), text));
    }

    double seconds() {
        return (System.nanoTime() - started) / 1e9;
    }

    /** Starts a blade, or starts it again, and notes how long it recovered. */
    void start(final BladeProcess blade) throws IOException, InterruptedException {
        blade.launch();
        blade.awaitReady().ifPresent(recoveryMs::add);
    }

    @Override
    public void close() {
        for (final ChildProcess worker : workers) {
            if (worker != null) {
                worker.close();
            }
        }
        blades.forEach(BladeProcess::close);
    }
}
