package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.collections.RemoteHeap;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** A server over a pool of its own, a client, and a clock that the test moves; every test starts without keys. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class KvServerTestCase {

    static final int MAX_VALUE_BYTES = 200_000;

    final TestClock clock = new TestClock();
    Path directory;
    RemoteHeap heap;
    KvServer server;
    Jedis jedis;

    @BeforeAll
    void startServer(@TempDir Path temporary) throws IOException {
        directory = temporary;
        heap = RemoteHeap.open("embedded:" + temporary.resolve("pool") + "?size=64m");
        server = KvServer.start(options(heap).build());
    }

    @AfterAll
    void stopServer() {
        if (server != null) {
            server.close();
        }
        heap.close();
        PoolCheck.assertClean(directory.resolve("pool"));
    }

    @BeforeEach
    void connect() {
        jedis = newClient();
        jedis.flushAll();
    }

    @AfterEach
    void disconnect() {
        jedis.close();
    }

    KvOptions.Builder options(RemoteHeap served) {
        return KvOptions.builder()
                .heap(served)
                .bind("127.0.0.1", 0)
                .clock(clock)
                .maxValueBytes(MAX_VALUE_BYTES)
                .maxRequest(1 << 20, 10_000)
                .sweep(Duration.ofDays(1), Duration.ofMillis(50));
    }

    Jedis newClient() {
        return TestClients.connect(server.port());
    }

    /** Sends any command; bulk strings in the reply become strings. */
    Object send(String command, String... arguments) {
        Object reply = jedis.sendCommand(() -> command.getBytes(UTF_8), arguments);
        return readable(reply);
    }

    void assertError(String message, String command, String... arguments) {
        assertThatThrownBy(() -> send(command, arguments))
                .isInstanceOf(JedisDataException.class)
                .hasMessage(message);
    }

    void assertWrongType(String command, String... arguments) {
        assertError("WRONGTYPE Operation against a key holding the wrong kind of value", command, arguments);
    }

    private static Object readable(Object reply) {
        if (reply instanceof byte[] bytes) {
            return new String(bytes, UTF_8);
        }
        if (reply instanceof List<?> elements) {
            List<Object> readable = new ArrayList<>();
            elements.forEach(element -> readable.add(readable(element)));
            return readable;
        }
        return reply;
    }
}
