package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Jedis;

/** A server, or a blade, in a JVM of its own, which a test may kill. */
final class ServerProcess implements AutoCloseable {

    private final Process process;
    private final String readyLine;

    private ServerProcess(Process process, String readyLine) {
        this.process = process;
        this.readyLine = readyLine;
    }

    /** Starts {@code kv} with these arguments and waits until it is ready. */
    static ServerProcess kv(String... arguments) throws IOException {
        return start(KvMain.class.getName(), arguments);
    }

    /** Starts {@code blade} with these arguments and waits until it is ready. */
    static ServerProcess blade(String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("blade"));
        all.addAll(List.of(arguments));
        return start("io.rallocator.examples.cli.RallocatorCli", all.toArray(String[]::new));
    }

    private static ServerProcess start(String mainClass, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        String flags = System.getProperty("rallocator.jvmFlags", "").trim();
        if (!flags.isEmpty()) {
            command.addAll(List.of(flags.split("\\s+")));
        }
        command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        String line = out.readLine();
        if (line == null) {
            process.destroyForcibly();
            throw new IOException("the server ended before it was ready: " + command);
        }
        return new ServerProcess(process, line);
    }

    String readyLine() {
        return readyLine;
    }

    /** The port in a plain ready line. */
    int port() {
        return Integer.parseInt(readyLine.replaceFirst("ready on [^:]*:(\\d+),.*", "$1"));
    }

    Jedis newClient() {
        return TestClients.connect(port());
    }

    /** Ends it with SIGTERM; returns the exit status. */
    int terminate() throws InterruptedException {
        process.destroy();
        return awaitEnd();
    }

    /** Ends it with SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        awaitEnd();
    }

    private int awaitEnd() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("the server did not end within 60 seconds");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
