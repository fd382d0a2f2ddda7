package io.rallocator.examples.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** A blade in a process of its own, which may be killed, and started again with the same pool. */
final class BladeProcess implements AutoCloseable {
    private final String name;
    private final Path pool;
    private final Path errors;
    private final List<String> options;
    private ChildProcess process;

    /**
     * Starts nothing yet.
     *
     * @param name for people
     * @param pool the file, which need not exist
     * @param errors where it writes what it has to say
     * @param options of {@code rallocator blade}, but for the pool
     */
    BladeProcess(final String name, final Path pool, final Path errors, final List<String> options) {
        this.name = name;
        this.pool = pool;
        this.errors = errors;
        this.options = options;
    }

    Path pool() {
        return pool;
    }

    void launch() {
        final List<String> command = new ArrayList<>(List.of("blade", "--pool", pool.toString(), "--json"));
        command.addAll(options);
        process = ChildProcess.start(name, errors, command);
    }

    /**
     * Waits until it serves.
     *
     * @return milliseconds for which it recovered, if it is not the first with its pool
     */
    OptionalLong awaitReady() throws IOException, InterruptedException {
        final JsonNode ready = new ObjectMapper().readTree(process.awaitReady());
        return ready.get("incarnation").asInt() > 1
                ? OptionalLong.of(ready.get("recoveryMs").asLong())
                : OptionalLong.empty();
    }

    /** Tells whether the pool has a session of a process. */
    boolean hasSession(final long pid) {
        final List<?> sessions = (List<?>) PoolView.read(pool, false).get("sessions");
        return sessions.stream()
                .anyMatch(session -> ((Map<?, ?>) session).get("pid").equals(pid));
    }

    ChildProcess process() {
        return process;
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
    }
}
