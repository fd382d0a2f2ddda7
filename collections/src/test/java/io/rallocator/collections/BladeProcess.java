package io.rallocator.collections;

import io.rallocator.allocator.Blade;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A blade in a process of its own, which a test may stop, resume or kill. */
final class BladeProcess implements AutoCloseable {
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(30);

    private final Process process;

    private BladeProcess(final Process process) {
        this.process = process;
    }

    /** Starts it and waits until it serves the pool. */
    static BladeProcess serve(final Path pool) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(System.getProperty("rallocator.jvmFlags").split("\\s+")));
        command.addAll(List.of("-ea", "-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.add(pool.toString());
        final Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        if (!"serving".equals(out.readLine())) {
            process.destroyForcibly();
            throw new IOException("the blade ended before it served: " + command);
        }
        return new BladeProcess(process);
    }

    /** Sends SIGSTOP, and waits until the kernel says that no thread of it runs. */
    void stop() throws IOException, InterruptedException {
        signal("STOP");
        final long deadline = System.nanoTime() + DEADLINE_NS;
        while (!state().startsWith("T")) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("the blade is in state " + state() + " after SIGSTOP");
            }
            LockSupport.parkNanos(100_000);
        }
    }

    boolean isStopped() throws IOException {
        return state().startsWith("T");
    }

    /** The state behind the name of the process, which is in parentheses. */
    private String state() throws IOException {
        final String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
        return stat.substring(stat.lastIndexOf(')') + 2);
    }

    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(final String name) throws IOException, InterruptedException {
        final int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("kill -" + name + " ended with " + status);
        }
    }

    /** Ends it with SIGKILL, stopped or not. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** What runs in the process. */
    static final class Main {
        private Main() {}

        public static void main(final String[] args) throws IOException {
            try (Blade blade = Blade.open(Path.of(args[0]))) {
                System.out.println(blade == null ? "not serving" : "serving");
                while (System.in.read() >= 0) {
                    // until the test ends, or kills it
                }
            }
        }
    }
}
