package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StringCommandsTest extends KvServerTestCase {

    private static final String NOT_AN_INTEGER = "ERR value is not an integer or out of range";

    @Test
    void shouldGiveBackWhatWasSet() {
        assertThat(jedis.set("key", "value")).isEqualTo("OK");
        assertThat(jedis.get("key")).isEqualTo("value");
        assertThat(jedis.get("other")).isNull();
    }

    @Test
    void shouldTakeAnyBytes() {
        byte[] key = {0, 13, 10, -1, 32};
        byte[] value = {10, 13, 0, -128, 127};

        jedis.set(key, value);

        assertThat(jedis.get(key)).isEqualTo(value);
        jedis.set("empty", "");
        assertThat(jedis.get("empty")).isEmpty();
        assertThat(jedis.exists("empty")).isTrue();
        jedis.set("", "value of the empty key");
        assertThat(jedis.get("")).isEqualTo("value of the empty key");
    }

    @Test
    void shouldSetOnlyIfAbsentWithNx() {
        assertThat(send("SET", "key", "1", "NX")).isEqualTo("OK");
        assertThat(send("SET", "key", "2", "nx")).isNull();
        assertThat(send("SET", "key", "2", "NX", "GET")).isEqualTo("1");
        assertThat(jedis.get("key")).isEqualTo("1");
        assertThat(send("SETNX", "key", "3")).isEqualTo(0L);
        assertThat(send("SETNX", "fresh", "3")).isEqualTo(1L);
        assertThat(jedis.get("fresh")).isEqualTo("3");
    }

    @Test
    void shouldSetOnlyIfPresentWithXx() {
        assertThat(send("SET", "key", "1", "XX")).isNull();
        assertThat(jedis.get("key")).isNull();
        jedis.set("key", "1");
        assertThat(send("SET", "key", "2", "XX")).isEqualTo("OK");
        assertThat(jedis.get("key")).isEqualTo("2");
    }

    @Test
    void shouldReturnTheOldValueWithGet() {
        assertThat(send("SET", "key", "1", "GET")).isNull();
        assertThat(send("SET", "key", "2", "GET", "PX", "5000")).isEqualTo("1");
        assertThat(jedis.get("key")).isEqualTo("2");
        assertThat(jedis.pttl("key")).isEqualTo(5000);
    }

    @Test
    void shouldSetEveryKindOfExpiry() {
        long nowMs = clock.millis();
        send("SET", "ex", "v", "EX", "10");
        send("SET", "px", "v", "PX", "1500");
        send("SET", "exat", "v", "EXAT", String.valueOf(nowMs / 1000 + 20));
        send("SET", "pxat", "v", "PXAT", String.valueOf(nowMs + 70));
        send("SETEX", "setex", "3", "v");
        send("PSETEX", "psetex", "4", "v");

        assertThat(jedis.pttl("ex")).isEqualTo(10_000);
        assertThat(jedis.pttl("px")).isEqualTo(1500);
        assertThat(jedis.pttl("exat")).isEqualTo(20_000 - nowMs % 1000);
        assertThat(jedis.pttl("pxat")).isEqualTo(70);
        assertThat(jedis.pttl("setex")).isEqualTo(3000);
        assertThat(jedis.pttl("psetex")).isEqualTo(4);
        assertThat(jedis.get("psetex")).isEqualTo("v");
    }

    @Test
    void shouldDropTheExpiryUnlessKeepTtl() {
        send("SETEX", "key", "100", "1");
        send("SET", "key", "2", "KEEPTTL");
        assertThat(jedis.get("key")).isEqualTo("2");
        assertThat(jedis.ttl("key")).isEqualTo(100);
        jedis.set("key", "3");
        assertThat(jedis.ttl("key")).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NX XX", "EX", "EX 1 PX 2", "KEEPTTL EX 1", "EX 1 KEEPTTL", "WHAT", "GET EX"})
    void shouldCallNonsenseASyntaxError(String options) {
        String[] arguments = ("key value " + options).split(" ");

        assertError("ERR syntax error", "SET", arguments);
        assertThat(jedis.exists("key")).isFalse();
    }

    @Test
    void shouldRefuseExpiriesThatAreNone() {
        assertError("ERR invalid expire time in 'set' command", "SET", "key", "v", "EX", "0");
        assertError("ERR invalid expire time in 'set' command", "SET", "key", "v", "PX", "-5");
        assertError("ERR invalid expire time in 'set' command", "SET", "key", "v", "EX", "9223372036854775807");
        assertError(NOT_AN_INTEGER, "SET", "key", "v", "EX", "soon");
        assertError("ERR invalid expire time in 'setex' command", "SETEX", "key", "0", "v");
        assertError("ERR invalid expire time in 'psetex' command", "PSETEX", "key", "-1", "v");
        assertError(NOT_AN_INTEGER, "SETEX", "key", "1.5", "v");
    }

    @Test
    void shouldExchangeValues() {
        assertThat(send("GETSET", "key", "1")).isNull();
        assertThat(send("GETSET", "key", "2")).isEqualTo("1");
        assertThat(jedis.getDel("key")).isEqualTo("2");
        assertThat(jedis.getDel("key")).isNull();
        assertThat(jedis.exists("key")).isFalse();
    }

    @Test
    void shouldSetAndGetMany() {
        assertThat(jedis.mset("a", "1", "b", "2", "a", "3")).isEqualTo("OK");
        jedis.lpush("list", "x");
        assertThat(jedis.mget("a", "nothing", "b", "list")).isEqualTo(Arrays.asList("3", null, "2", null));
        assertError("ERR wrong number of arguments for 'mset' command", "MSET", "a", "1", "b");
    }

    @Test
    void shouldCount() {
        assertThat(jedis.incr("n")).isEqualTo(1);
        assertThat(jedis.incrBy("n", 41)).isEqualTo(42);
        assertThat(jedis.decr("n")).isEqualTo(41);
        assertThat(jedis.decrBy("n", 50)).isEqualTo(-9);
        assertThat(jedis.incrBy("n", -1)).isEqualTo(-10);
        assertThat(jedis.get("n")).isEqualTo("-10");
    }

    @Test
    void shouldKeepTheExpiryWhenCountingAndAppending() {
        send("SETEX", "n", "100", "7");
        jedis.incr("n");
        jedis.append("n", "0");
        assertThat(jedis.get("n")).isEqualTo("80");
        assertThat(jedis.ttl("n")).isEqualTo(100);
    }

    @Test
    void shouldRefuseToCountWhatIsNoNumberOrOverflows() {
        jedis.set("text", "1x");
        assertError(NOT_AN_INTEGER, "INCR", "text");
        assertError(NOT_AN_INTEGER, "INCRBY", "n", "one");
        jedis.set("big", "9223372036854775807");
        assertError("ERR increment or decrement would overflow", "INCR", "big");
        assertThat(jedis.get("big")).isEqualTo("9223372036854775807");
        jedis.set("small", "-9223372036854775808");
        assertError("ERR increment or decrement would overflow", "DECR", "small");
        assertError("ERR decrement would overflow", "DECRBY", "n", "-9223372036854775808");
        assertThat(jedis.exists("n")).isFalse();
    }

    @Test
    void shouldAppendAndMeasure() {
        assertThat(jedis.append("key", "Hello")).isEqualTo(5);
        assertThat(jedis.append("key", " World")).isEqualTo(11);
        assertThat(jedis.get("key")).isEqualTo("Hello World");
        assertThat(jedis.strlen("key")).isEqualTo(11);
        assertThat(jedis.strlen("nothing")).isZero();
    }

    @Test
    void shouldRefuseToAppendBeyondTheLimit() {
        jedis.set("key", "x".repeat(MAX_VALUE_BYTES - 10));

        assertError(
                "ERR string exceeds maximum allowed size (" + MAX_VALUE_BYTES + " bytes)",
                "APPEND",
                "key",
                "y".repeat(11));
        assertThat(jedis.append("key", "y".repeat(10))).isEqualTo(MAX_VALUE_BYTES);
    }

    @Test
    void shouldAnswerWrongTypeForLists() {
        jedis.lpush("list", "x");

        List.of("GET", "INCR", "DECR", "STRLEN", "GETDEL").forEach(command -> assertWrongType(command, "list"));
        List.of("APPEND", "GETSET", "INCRBY", "DECRBY").forEach(command -> assertWrongType(command, "list", "1"));
        assertWrongType("SET", "list", "v", "GET");
        assertThat(jedis.llen("list")).isOne();
    }

    @Test
    void shouldReplaceAListWithSet() {
        jedis.lpush("list", "x", "y");
        assertThat(send("SETNX", "list", "v")).isEqualTo(0L);
        assertThat(send("SET", "list", "v", "NX")).isNull();
        assertThat(send("SET", "list", "v", "XX")).isEqualTo("OK");
        assertThat(jedis.get("list")).isEqualTo("v");
        assertThat(jedis.del("list")).isOne();
        assertThat(jedis.lpush("list", "new")).isOne();
        assertThat(jedis.rpop("list")).isEqualTo("new");
    }

    @Test
    void shouldStoreBigValues() {
        byte[] big = new byte[MAX_VALUE_BYTES];
        Arrays.fill(big, (byte) 'b');

        jedis.set("big".getBytes(UTF_8), big);

        assertThat(jedis.get("big".getBytes(UTF_8))).isEqualTo(big);
    }

    @Test
    void shouldRefuseValuesAndKeysThatAreTooLong() {
        assertError(
                "ERR string exceeds maximum allowed size: it has 200001 bytes, at most 200000 are allowed",
                "SET",
                "key",
                "x".repeat(MAX_VALUE_BYTES + 1));
        assertError("ERR the key has 4096 bytes, at most 4095 are allowed", "SET", "k".repeat(4096), "v");
        assertError("ERR the key has 4096 bytes, at most 4095 are allowed", "GET", "k".repeat(4096));
        jedis.set("k".repeat(4095), "v");
        assertThat(jedis.get("k".repeat(4095))).isEqualTo("v");
    }

    @Test
    void shouldTreatExpiredValuesAsAbsent() {
        for (String key : List.of("get", "getset", "getdel", "append", "incr", "nx", "xx", "keep", "mget", "strlen")) {
            send("PSETEX", key, "100", "12");
        }
        clock.advance(Duration.ofMillis(100));

        assertThat(jedis.get("get")).isNull();
        assertThat(send("GETSET", "getset", "v")).isNull();
        assertThat(jedis.getDel("getdel")).isNull();
        assertThat(jedis.append("append", "v")).isOne();
        assertThat(jedis.ttl("append")).isEqualTo(-1);
        assertThat(jedis.incr("incr")).isOne();
        assertThat(send("SETNX", "nx", "v")).isEqualTo(1L);
        assertThat(send("SET", "xx", "v", "XX")).isNull();
        assertThat(send("SET", "keep", "v", "KEEPTTL")).isEqualTo("OK");
        assertThat(jedis.ttl("keep")).isEqualTo(-1);
        assertThat(jedis.mget("mget")).containsExactly((String) null);
        assertThat(jedis.strlen("strlen")).isZero();
    }
}
