package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
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
        try (KvProcess server = KvProcess.start("--pool", pool(), "--size", "64m", "--port", "0")) {
            assertThat(server.readyLine())
                    .isEqualTo("ready on 127.0.0.1:" + server.port() + ", pool " + pool() + ", 0 keys");
            try (Jedis jedis = server.newClient()) {
                jedis.mset("a", "1", "b", "2");
            }
            assertThat(server.terminate()).isEqualTo(SIGTERM_STATUS);
        }
        try (KvProcess server = KvProcess.start("--pool", pool(), "--port", "0", "--json")) {
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

            assertThat(failure("--pool", pool(), "--size", "64m", "--port", port))
                    .startsWith("kv: cannot listen on 127.0.0.1:" + port + ": ")
                    .contains("choose another port");
        }
        assertThat(failure("--pool", directory.resolve("no/such/directory/pool").toString(), "--port", "0"))
                .startsWith("kv: ")
                .hasLineCount(1);
        assertThat(failure("--pool", pool(), "--size", "64m", "--port", "70000"))
                .isEqualToIgnoringNewLines("kv: port is 70000, must be 0 to 65535");
    }

    private static String failure(String... arguments) {
        StringWriter err = new StringWriter();
        CommandLine line = new CommandLine(new KvCommand()).setErr(new PrintWriter(err));
        assertThat(line.execute(arguments)).isEqualTo(1);
        return err.toString();
    }
}
