package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.collections.RemoteHeap;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

@Timeout(120)
class KvServerTest {

    private Path file;
    private String pool;

    @BeforeEach
    void choosePool(@TempDir Path directory) {
        file = directory.resolve("pool");
        pool = "embedded:" + file + "?size=64m";
    }

    @AfterEach
    void checkPool() {
        if (Files.exists(file)) {
            PoolCheck.assertClean(file);
        }
    }

    private KvOptions.Builder options() {
        return KvOptions.builder().pool(pool).bind("127.0.0.1", 0);
    }

    private static Jedis clientOf(KvServer server) {
        return TestClients.connect(server.port());
    }

    @Test
    void shouldKeepEverythingOverARestart() throws IOException {
        try (KvServer server = KvServer.start(options().build());
                Jedis jedis = clientOf(server)) {
            for (int i = 0; i < 2000; i++) {
                jedis.set("key" + i, "value" + i);
            }
            jedis.incrBy("n", 42);
            jedis.lpush("list", "a", "b", "c");
            jedis.rpop("list");
            jedis.lpush("gone", "x");
            jedis.del("gone");
            jedis.set("volatile", "v");
            jedis.expire("volatile", 1000);
        }
        try (KvServer server = KvServer.start(options().build());
                Jedis jedis = clientOf(server)) {
            assertThat(jedis.dbSize()).isEqualTo(2003);
            assertThat(server.keyCount()).isEqualTo(2003);
            for (int i = 0; i < 2000; i++) {
                assertThat(jedis.get("key" + i)).isEqualTo("value" + i);
            }
            assertThat(jedis.incr("n")).isEqualTo(43);
            assertThat(jedis.rpop("list", 10)).containsExactly("b", "c");
            assertThat(jedis.exists("gone")).isFalse();
            assertThat(jedis.ttl("volatile")).isBetween(900L, 1000L);
        }
    }

    @Test
    void shouldSayWhatToDoWhenThePortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                RemoteHeap heap = RemoteHeap.open(pool)) {
            KvOptions options =
                    options().heap(heap).bind("127.0.0.1", taken.getLocalPort()).build();

            assertThatThrownBy(() -> KvServer.start(options))
                    .isInstanceOf(BindException.class)
                    .hasMessageContaining("cannot listen on 127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("in use")
                    .hasMessageContaining("choose another port");
            assertThat(heap.names()).contains(KvServer.MAP_NAME);
        }
    }

    @Test
    void shouldReleaseThePoolWhenThePortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            KvOptions options =
                    options().bind("127.0.0.1", taken.getLocalPort()).build();
            assertThatThrownBy(() -> KvServer.start(options)).isInstanceOf(BindException.class);
        }
        try (KvServer server = KvServer.start(options().build());
                Jedis jedis = clientOf(server)) {
            assertThat(jedis.ping()).isEqualTo("PONG");
        }
    }

    @Test
    void shouldListenOnLoopbackOnly() throws IOException {
        try (KvServer server = KvServer.start(options().build())) {
            assertThat(server.host()).isEqualTo("127.0.0.1");
            assertThat(server.port()).isPositive();
        }
    }

    @Test
    void shouldCloseItsConnectionsAndFreeThePort() throws Exception {
        KvServer server = KvServer.start(options().build());
        int port = server.port();
        try (Jedis jedis = clientOf(server)) {
            jedis.set("key", "value");
            server.close();
            server.close();
            server.awaitClose();
            assertThatThrownBy(jedis::ping).isInstanceOf(RuntimeException.class);
        }
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(IOException.class);
        try (KvServer again = KvServer.start(options().bind("127.0.0.1", port).build());
                Jedis jedis = clientOf(again)) {
            assertThat(jedis.get("key")).isEqualTo("value");
        }
    }

    @Test
    void shouldLeaveTheCallersHeapOpen() throws IOException {
        try (RemoteHeap heap = RemoteHeap.open(pool)) {
            KvServer.start(options().heap(heap).build()).close();
            try (KvServer server = KvServer.start(options().heap(heap).build());
                    Jedis jedis = clientOf(server)) {
                assertThat(jedis.ping()).isEqualTo("PONG");
            }
        }
    }

    @Test
    void shouldTurnAwayTooManyClients() throws IOException {
        try (KvServer server = KvServer.start(options().maxConnections(1).build());
                Jedis first = clientOf(server)) {
            first.ping();
            try (RawClient second = new RawClient(server.port())) {
                assertThat(second.readLine()).isEqualTo("-ERR max number of clients reached");
                assertThat(second.readLine()).isNull();
            }
            assertThat(first.ping()).isEqualTo("PONG");
        }
    }

    @Test
    void shouldSweepByItself() throws Exception {
        TestClock clock = new TestClock();
        KvOptions options = options()
                .clock(clock)
                .sweep(Duration.ofMillis(2), Duration.ofMillis(1))
                .build();
        try (KvServer server = KvServer.start(options);
                Jedis jedis = clientOf(server)) {
            for (int i = 0; i < 1000; i++) {
                jedis.sendCommand(() -> "PSETEX".getBytes(UTF_8), "key" + i, String.valueOf(10 + i), "v");
            }
            clock.advance(Duration.ofSeconds(10));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (server.keyCount() > 0) {
                assertThat(System.nanoTime() - deadline)
                        .as("%d keys are left", server.keyCount())
                        .isNegative();
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void shouldRefuseWritesAndServeReadsWhenThePoolIsFull() throws IOException {
        try (KvServer server = KvServer.start(options().build());
                Jedis jedis = clientOf(server)) {
            jedis.set("first", "value");
            String big = "x".repeat(100_000);
            int stored = 0;
            String error = null;
            while (error == null && stored < 10_000) {
                try {
                    jedis.set("key" + stored, big);
                    stored++;
                } catch (JedisDataException e) {
                    error = e.getMessage();
                }
            }
            assertThat(error).startsWith("OOM command not allowed when used memory > 'maxmemory'. ");
            assertThat(stored).isPositive();
            assertThat(jedis.get("first")).isEqualTo("value");
            assertThat(jedis.get("key" + (stored - 1))).isEqualTo(big);
            assertThat(jedis.exists("key" + stored)).isFalse();
            assertThat(jedis.ping()).isEqualTo("PONG");
        }
    }

    @Test
    void shouldTellTheClientWhenThePoolTakesNoMoreLists() throws IOException {
        try (KvServer server = KvServer.start(options().build());
                Jedis jedis = clientOf(server)) {
            int made = 0;
            String error = null;
            while (error == null && made < 5000) {
                try {
                    jedis.lpush("list" + made, "x");
                    made++;
                } catch (JedisDataException e) {
                    error = e.getMessage();
                }
            }
            assertThat(error).matches("(ERR|OOM) .*");
            assertThat(made).isGreaterThan(1000);
            assertThat(jedis.exists("list" + made)).isFalse();
            assertThat(jedis.lpush("list0", "y")).isEqualTo(2);
            assertThat(jedis.dbSize()).isEqualTo(made);
        }
    }

    @Test
    void shouldRefuseOptionsThatMakeNoSense() {
        KvOptions.Builder builder = KvOptions.builder();

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("call heap(...) or pool(...)");
        assertThatThrownBy(() -> builder.bind("127.0.0.1", 70_000)).hasMessage("port is 70000, must be 0 to 65535");
        assertThatThrownBy(() -> builder.ioThreads(0)).hasMessageContaining("ioThreads is 0");
        assertThatThrownBy(() -> builder.maxConnections(0)).hasMessageContaining("maxConnections is 0");
        assertThatThrownBy(() -> builder.maxValueBytes(0)).hasMessageContaining("maxValueBytes is 0");
        assertThatThrownBy(() -> builder.maxRequest(0, 1)).hasMessageContaining("0 bytes");
        assertThatThrownBy(() -> builder.sweep(Duration.ZERO, Duration.ZERO)).hasMessageContaining("PT0S");
    }
}
