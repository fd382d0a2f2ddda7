package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.collections.Codecs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ListCommandsTest extends KvServerTestCase {

    @Test
    void shouldPopInTheOrderOfThePushes() {
        assertThat(jedis.lpush("q", "a")).isEqualTo(1);
        assertThat(jedis.lpush("q", "b", "c")).isEqualTo(3);
        assertThat(jedis.llen("q")).isEqualTo(3);
        assertThat(jedis.rpop("q")).isEqualTo("a");
        assertThat(jedis.rpop("q")).isEqualTo("b");
        assertThat(jedis.rpop("q")).isEqualTo("c");
        assertThat(jedis.rpop("q")).isNull();
    }

    @Test
    void shouldPopSeveralWithACount() {
        jedis.lpush("q", "a", "b", "c");

        assertThat(send("RPOP", "q", "0")).isEqualTo(List.of());
        assertThat(jedis.rpop("q", 2)).containsExactly("a", "b");
        assertThat(jedis.rpop("q", 10)).containsExactly("c");
        assertThat(jedis.rpop("q", 10)).isNull();
        assertThat(send("RPOP", "q", "0")).isNull();
        assertError("ERR value is out of range, must be positive", "RPOP", "q", "-1");
        assertError("ERR value is out of range, must be positive", "RPOP", "q", "many");
        assertError("ERR wrong number of arguments for 'rpop' command", "RPOP", "q", "1", "2");
    }

    @Test
    void shouldNotExistWhenEmpty() {
        jedis.lpush("q", "a");
        jedis.expire("q", 100);
        jedis.rpop("q");

        assertThat(jedis.exists("q")).isFalse();
        assertThat(jedis.type("q")).isEqualTo("none");
        assertThat(jedis.llen("q")).isZero();
        assertThat(jedis.ttl("q")).isEqualTo(-2);
        assertThat(jedis.dbSize()).isZero();
        assertThat(send("SETNX", "q", "a string now")).isEqualTo(1L);
        jedis.del("q");
        jedis.lpush("q", "b");
        assertThat(jedis.ttl("q")).isEqualTo(-1);
    }

    @Test
    void shouldTakeAnyBytesAsKeyAndElement() {
        byte[] key = {0, -1, '%', ' '};
        byte[] element = {13, 10, 0};

        jedis.lpush(key, element, new byte[0]);

        assertThat(jedis.rpop(key)).isEqualTo(element);
        assertThat(jedis.rpop(key)).isEmpty();
    }

    @Test
    void shouldAnswerWrongTypeForStrings() {
        jedis.set("s", "v");

        assertWrongType("LPUSH", "s", "x");
        assertWrongType("RPOP", "s");
        assertWrongType("RPOP", "s", "2");
        assertWrongType("LLEN", "s");
        assertThat(jedis.get("s")).isEqualTo("v");
        assertThat(heap.names()).doesNotContain("kv.list.s");
    }

    @Test
    void shouldDeleteAListForGood() {
        jedis.lpush("q", "a", "b");
        assertThat(jedis.del("q", "nothing")).isOne();
        assertThat(jedis.exists("q")).isFalse();
        jedis.lpush("q", "c");
        assertThat(jedis.rpop("q")).isEqualTo("c");
        assertThat(jedis.rpop("q")).isNull();
    }

    @Test
    void shouldExpireAList() {
        jedis.lpush("q", "a", "b");
        assertThat(jedis.expire("q", 10)).isOne();
        assertThat(jedis.lpush("q", "c")).isEqualTo(3);
        assertThat(jedis.ttl("q")).isEqualTo(10);
        clock.advance(Duration.ofSeconds(10));

        assertThat(jedis.llen("q")).isZero();
        assertThat(jedis.rpop("q")).isNull();
        assertThat(jedis.lpush("q", "d")).isOne();
        assertThat(jedis.ttl("q")).isEqualTo(-1);
        assertThat(jedis.rpop("q")).isEqualTo("d");
    }

    @Test
    void shouldDrainAnExpiredListThatBecomesAString() {
        jedis.lpush("q", "a", "b");
        jedis.pexpire("q", 5);
        clock.advance(Duration.ofMillis(5));
        assertThat(jedis.incr("q")).isOne();
        jedis.del("q");

        assertThat(jedis.lpush("q", "c")).isOne();
    }

    @Test
    void shouldRemoveExpiredListsInTheSweep() {
        jedis.lpush("q", "a", "b");
        jedis.pexpire("q", 5);
        clock.advance(Duration.ofMillis(5));

        server.sweepNow();

        assertThat(jedis.dbSize()).isZero();
        assertThat(heap.queue("kv.list.q", Codecs.bytes()).isEmpty()).isTrue();
    }

    @Test
    void shouldDrainListsWhenFlushing() {
        jedis.lpush("q", "a", "b");
        jedis.flushAll();

        assertThat(jedis.exists("q")).isFalse();
        assertThat(heap.queue("kv.list.q", Codecs.bytes()).isEmpty()).isTrue();
    }

    @Test
    void shouldIgnoreWhatACrashLeftBehind() {
        byte[] markerOnly = "marker-only".getBytes(StandardCharsets.UTF_8);
        heap.map(KvServer.MAP_NAME, Codecs.bytes(), Codecs.bytes())
                .put(markerOnly, StoredValue.list(StoredValue.NO_EXPIRY).raw());
        heap.queue("kv.list.elements-only", Codecs.bytes()).add(new byte[] {1});

        assertThat(jedis.exists("marker-only", "elements-only")).isZero();
        assertThat(jedis.get("marker-only")).isNull();
        assertThat(jedis.keys("*")).isEmpty();
        assertThat(jedis.rpop("elements-only")).isNull();
        assertThat(jedis.llen("elements-only")).isZero();
        assertThat(jedis.lpush("elements-only", "new")).isOne();
        assertThat(send("SETNX", "marker-only", "v")).isEqualTo(1L);
        assertThat(jedis.get("marker-only")).isEqualTo("v");
    }

    @Test
    void shouldRefuseAKeyThatMakesNoName() {
        assertError(
                "ERR the key of a list is too long: its queue's name would have 201 bytes, at most 200 are "
                        + "allowed; use a shorter key",
                "LPUSH",
                "k".repeat(193),
                "v");
        assertThat(jedis.exists("k".repeat(193))).isFalse();
        assertThat(jedis.lpush("k".repeat(192), "v")).isOne();
    }
}
