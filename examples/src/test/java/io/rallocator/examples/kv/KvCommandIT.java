package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rallocator.persistence.RallocatorException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import redis.clients.jedis.Jedis;

@Timeout(120)
class KvCommandIT {

    private static final int SIGTERM_STATUS = 143;

    @TempDir
    private Path directory;

    private String pool() {
        return directory.resolve("pool").toString();
    }

    @Test
    void shouldServeUntilTerminatedAndKeepTheKeys() throws Exception {
        try (ServerProcess server = ServerProcess.kv("--pool", pool(), "--size", "64m", "--port", "0")) {
            assertThat(server.readyLine())
                    .isEqualTo("ready on 127.0.0.1:" + server.port() + ", pool " + pool() + ", 0 keys");
            try (Jedis jedis = server.newClient()) {
                jedis.mset("a", "1", "b", "2");
            }
            assertThat(server.terminate()).isEqualTo(SIGTERM_STATUS);
        }
        try (ServerProcess server = ServerProcess.kv("--pool", pool(), "--port", "0", "--json")) {
            JsonNode ready = new ObjectMapper().readTree(server.readyLine());
            assertThat(ready.get("status").asText()).isEqualTo("ready");
            assertThat(ready.get("keys").asLong()).isEqualTo(2);
            assertThat(ready.get("pool").asText()).isEqualTo(pool());
            try (Jedis jedis = TestClients.connect(ready.get("port").asInt())) {
                assertThat(jedis.get("b")).isEqualTo("2");
            }
            assertThat(server.terminate()).isEqualTo(SIGTERM_STATUS);
        }
    }

    @Test
    void shouldSayWhyItCannotStart() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = String.valueOf(taken.getLocalPort());

            Exception failure = failureOf("--pool", pool(), "--size", "64m", "--port", port);

            assertThat(failure)
                    .hasMessageStartingWith("cannot listen on 127.0.0.1:" + port + ": ")
                    .hasMessageContaining("choose another port");
            assertThat(((RallocatorException) failure).category()).isEqualTo(RallocatorException.Category.BUSY);
        }
        assertThat(failureOf(
                        "--pool", directory.resolve("no/such/directory/pool").toString(), "--port", "0"))
                .isInstanceOf(RallocatorException.class);
        assertThat(failureOf("--pool", pool(), "--port", "70000"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("port is 70000, must be 0 to 65535");
        assertThat(failureOf("--pool", pool(), "--size", "128m", "--port", "0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("leave the parameter out");
    }

    private static Exception failureOf(String... arguments) {
        List<Exception> failures = new ArrayList<>();
        CommandLine line = new CommandLine(new KvCommand())
                .setExecutionExceptionHandler((failure, commandLine, parsed) -> {
                    failures.add(failure);
                    return 1;
                });
        assertThat(line.execute(arguments)).isEqualTo(1);
        return failures.get(0);
    }
}
