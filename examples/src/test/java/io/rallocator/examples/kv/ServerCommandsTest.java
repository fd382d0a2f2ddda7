package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;

class ServerCommandsTest extends KvServerTestCase {

    @Test
    void shouldAnswerTheSimpleOnes() {
        assertThat(jedis.ping()).isEqualTo("PONG");
        assertThat(jedis.ping("hello")).isEqualTo("hello");
        assertThat(jedis.echo("hello")).isEqualTo("hello");
        assertThat(jedis.select(0)).isEqualTo("OK");
        assertError("ERR DB index is out of range", "SELECT", "1");
        assertError("ERR value is not an integer or out of range", "SELECT", "one");
        assertError("ERR wrong number of arguments for 'ping' command", "PING", "a", "b");
    }

    @Test
    void shouldReportRealFigures() {
        jedis.mset("a", "1", "b", "2");
        long hits = figure("keyspace_hits");
        long misses = figure("keyspace_misses");
        jedis.get("a");
        jedis.get("nothing");
        jedis.get("nothing");

        Map<String, String> info = info();
        assertThat(figure("keyspace_hits")).isEqualTo(hits + 1);
        assertThat(figure("keyspace_misses")).isEqualTo(misses + 2);
        assertThat(info)
                .containsEntry("db0", "keys=2")
                .containsEntry("tcp_port", String.valueOf(server.port()))
                .containsEntry(
                        "process_id", String.valueOf(ProcessHandle.current().pid()))
                .containsEntry("connected_clients", "1")
                .containsEntry("pool_structures", String.valueOf(heap.names().size()));
        assertThat(info.get("multiplexing_api")).isIn("epoll", "nio");
        assertThat(Long.parseLong(info.get("used_memory"))).isPositive();
    }

    @Test
    void shouldReportOnlyTheSectionsAskedFor() {
        assertThat(jedis.info("clients")).startsWith("# Clients\r\n").doesNotContain("# Server");
        assertThat((String) send("INFO", "server", "STATS"))
                .contains("# Server", "# Stats")
                .doesNotContain("# Memory");
        assertThat(jedis.info("all")).isNotEmpty().contains("# Memory", "# Keyspace");
        assertThat(jedis.info("nothing")).isEmpty();
    }

    @Test
    void shouldAnswerWhatToolsAskFor() {
        assertThat(send("CONFIG", "GET", "save")).isEqualTo(List.of("save", ""));
        assertThat(send("CONFIG", "GET", "APPENDONLY")).isEqualTo(List.of("appendonly", "yes"));
        assertThat(send("CONFIG", "GET", "maxmemory")).isEqualTo(List.of("maxmemory", String.valueOf(64 << 20)));
        assertThat((List<?>) send("CONFIG", "GET", "maxmem*", "save")).hasSize(6);
        assertThat(send("CONFIG", "GET", "nothing")).isEqualTo(List.of());
        assertError(
                "ERR CONFIG SET failed (possibly related to argument 'save') - can't set immutable config",
                "CONFIG",
                "SET",
                "save",
                "1");
        assertThat(send("CONFIG", "RESETSTAT")).isEqualTo("OK");
        assertThat((Long) send("COMMAND", "COUNT")).isGreaterThan(40);
        assertThat(send("COMMAND", "DOCS")).isEqualTo(List.of());
        assertThat(send("COMMAND")).isEqualTo(List.of());
        assertThat((List<?>) send("COMMAND", "LIST")).anyMatch("getset"::equals);
    }

    @Test
    void shouldKnowTheClient() {
        assertThat(send("CLIENT", "GETNAME")).isNull();
        assertThat(send("CLIENT", "SETNAME", "worker-1")).isEqualTo("OK");
        assertThat(send("CLIENT", "GETNAME")).isEqualTo("worker-1");
        assertThat(send("CLIENT", "SETINFO", "LIB-NAME", "test")).isEqualTo("OK");
        assertThat((Long) send("CLIENT", "ID")).isPositive();
        assertError(
                "ERR Client names cannot contain spaces, newlines or special characters.", "CLIENT", "SETNAME", "a b");
        assertError("ERR unknown subcommand 'KILL'. Try CLIENT HELP.", "CLIENT", "KILL");
        assertError("ERR wrong number of arguments for 'client|setname' command", "CLIENT", "SETNAME");
        assertError("ERR wrong number of arguments for 'client' command", "CLIENT");
    }

    @Test
    void shouldSpeakResp2Only() {
        assertThat(((List<?>) send("HELLO")).subList(0, 2)).isEqualTo(List.of("server", "rallocator-kv"));
        assertThat(((List<?>) send("HELLO", "2", "SETNAME", "me")).subList(4, 6))
                .isEqualTo(List.of("proto", 2L));
        assertThat(send("CLIENT", "GETNAME")).isEqualTo("me");
        assertError("NOPROTO unsupported protocol version", "HELLO", "3");
        assertError("ERR Protocol version is not an integer or out of range", "HELLO", "two");
        assertError("ERR Syntax error in HELLO option 'WHAT'", "HELLO", "2", "WHAT");
        assertThatThrownBy(() -> send("AUTH", "secret")).hasMessageStartingWith("ERR AUTH <password> called without");
    }

    @Test
    void shouldNameUnknownCommandsAndWrongCounts() {
        assertError("ERR unknown command 'NOPE', with args beginning with: 'a' 'b' ", "NOPE", "a", "b");
        assertError("ERR unknown command 'NOPE', with args beginning with: ", "NOPE");
        assertError("ERR unknown command 'a  b', with args beginning with: ", "a\r\nb");
        assertError("ERR wrong number of arguments for 'get' command", "GET");
        assertError("ERR wrong number of arguments for 'get' command", "gEt", "a", "b");
        assertThat(jedis.ping()).isEqualTo("PONG");
    }

    @Test
    void shouldCloseAfterQuit() {
        assertThat(send("QUIT")).isEqualTo("OK");
        assertThatThrownBy(() -> send("PING")).isInstanceOf(RuntimeException.class);
    }

    @Test
    void shouldCountClients() {
        try (Jedis other = newClient()) {
            other.ping();
            assertThat(info()).containsEntry("connected_clients", "2");
        }
    }

    @Test
    void shouldServeAClientThatNegotiatesTheProtocol() {
        try (RedisClient client = RedisClient.builder()
                .hostAndPort(TestClients.address(server.port()))
                .build()) {
            client.set("key", "value");

            assertThat(client.get("key")).isEqualTo("value");
        }
    }

    private long figure(String name) {
        return Long.parseLong(info().get(name));
    }

    private Map<String, String> info() {
        Map<String, String> figures = new HashMap<>();
        for (String line : jedis.info().split("\r\n")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                figures.put(line.substring(0, colon), line.substring(colon + 1));
            }
        }
        return figures;
    }
}
