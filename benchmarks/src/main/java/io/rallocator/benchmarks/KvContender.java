package io.rallocator.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.rallocator.persistence.RallocatorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A server that speaks RESP, in a process of its own. */
final class KvContender implements AutoCloseable {
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Process process;
    private final int port;

    private KvContender(final Process process, final int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts {@code rallocator kv} on a new pool. */
    static KvContender ours(final Path folder, final String size, final boolean synced) throws IOException {
        final ProcessBuilder builder = new ProcessBuilder(
                        launcher(),
                        "kv",
                        "--json",
                        "--port=0",
                        "--size=" + size,
                        "--pool=" + folder.resolve("kv.pool"),
                        "--durability=" + (synced ? "power" : "process"))
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().remove("RALLOCATOR_NO_BUILD"); // its module may not have been built yet
        final Process process = builder.start();
        final BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        final String ready = lines.readLine();
        if (ready == null) {
            throw new RallocatorException(
                    RallocatorException.Category.UNAVAILABLE,
                    "`rallocator kv` ended before it was ready; its messages are above");
        }
        return new KvContender(
                process, new ObjectMapper().readTree(ready).get("port").asInt());
    }

    private static String launcher() {
        final String launcher = System.getProperty("rallocator.launcher");
        if (launcher == null) {
            throw new RallocatorException(
                    RallocatorException.Category.UNAVAILABLE,
                    "start this by `bin/rallocator bench kv`, which can start" + " `rallocator kv` too");
        }
        return launcher;
    }

    /** Starts {@code redis-server} with an append-only file. */
    static KvContender redis(final Path folder, final boolean synced) throws IOException {
        final int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        final Path log = folder.resolve("redis.log");
        final Process process = new ProcessBuilder(
                        "redis-server",
                        "--port",
                        String.valueOf(port),
                        "--bind",
                        "127.0.0.1",
                        "--dir",
                        folder.toString(),
                        "--save",
                        "",
                        "--appendonly",
                        "yes",
                        "--appendfsync",
                        synced ? "always" : "everysec")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        final KvContender redis = new KvContender(process, port);
        redis.awaitListening(log);
        return redis;
    }

    private void awaitListening(final Path log) throws IOException {
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (!isListening()) {
            if (!process.isAlive() || System.nanoTime() - deadline > 0) {
                close();
                throw new RallocatorException(
                        RallocatorException.Category.UNAVAILABLE,
                        "redis-server does not listen: " + Files.readString(log));
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    private boolean isListening() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (final IOException e) {
            return false; // not yet
        }
    }

    int port() {
        return port;
    }

    /** Verifies that commands can be run, so that a missing one is told before anything is measured. */
    static void requireInstalled(final List<String> commands) {
        for (final String command : commands) {
            try {
                new ProcessBuilder(command, "--version")
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor();
            } catch (final IOException e) {
                throw new RallocatorException(
                        RallocatorException.Category.UNAVAILABLE,
                        "there is no " + command + " on PATH: install Debian's package redis, or another that has it",
                        e);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while asking for " + command, e);
            }
        }
    }

    @Override
    public void close() {
        process.destroyForcibly(); // the launcher has become the server
    }
}
