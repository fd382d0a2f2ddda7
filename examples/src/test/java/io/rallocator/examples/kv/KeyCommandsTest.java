package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

class KeyCommandsTest extends KvServerTestCase {

    @Test
    void shouldDeleteAndCountWhatWasThere() {
        jedis.mset("a", "1", "b", "2", "c", "3");

        assertThat(jedis.del("a", "nothing", "b", "a")).isEqualTo(2);
        assertThat(jedis.unlink("c")).isOne();
        assertThat(jedis.dbSize()).isZero();
    }

    @Test
    void shouldCountAKeyAsOftenAsItIsNamed() {
        jedis.set("a", "1");

        assertThat(jedis.exists("a", "a", "nothing")).isEqualTo(2);
    }

    @Test
    void shouldNameTheType() {
        jedis.set("s", "1");
        jedis.lpush("l", "1");

        assertThat(jedis.type("s")).isEqualTo("string");
        assertThat(jedis.type("l")).isEqualTo("list");
        assertThat(jedis.type("nothing")).isEqualTo("none");
    }

    @Test
    void shouldExpireInTime() {
        jedis.set("key", "v");
        assertThat(jedis.ttl("key")).isEqualTo(-1);
        assertThat(jedis.expire("key", 10)).isOne();
        assertThat(jedis.ttl("key")).isEqualTo(10);
        clock.advance(Duration.ofMillis(9400));
        assertThat(jedis.pttl("key")).isEqualTo(600);
        assertThat(jedis.ttl("key")).isOne();
        assertThat(jedis.get("key")).isEqualTo("v");
        clock.advance(Duration.ofMillis(600));
        assertThat(jedis.get("key")).isNull();
        assertThat(jedis.ttl("key")).isEqualTo(-2);
        assertThat(jedis.pttl("key")).isEqualTo(-2);
        assertThat(jedis.dbSize()).isZero();
    }

    @Test
    void shouldPersist() {
        send("PSETEX", "key", "500", "v");
        assertThat(jedis.persist("key")).isOne();
        assertThat(jedis.persist("key")).isZero();
        assertThat(jedis.persist("nothing")).isZero();
        clock.advance(Duration.ofHours(1));
        assertThat(jedis.get("key")).isEqualTo("v");
    }

    @Test
    void shouldDeleteAtOnceWhenTheExpiryIsPast() {
        jedis.mset("a", "1", "b", "2", "c", "3");

        assertThat(jedis.expire("a", 0)).isOne();
        assertThat(jedis.pexpire("b", -5)).isOne();
        assertThat(jedis.expireAt("c", 1)).isOne();
        assertThat(jedis.expire("nothing", 10)).isZero();
        assertThat(jedis.dbSize()).isZero();
    }

    @Test
    void shouldHonourTheConditionsOfExpire() {
        jedis.set("key", "v");
        assertThat(send("EXPIRE", "key", "10", "XX")).isEqualTo(0L);
        assertThat(send("EXPIRE", "key", "10", "GT")).isEqualTo(0L);
        assertThat(send("EXPIRE", "key", "10", "NX")).isEqualTo(1L);
        assertThat(send("EXPIRE", "key", "20", "NX")).isEqualTo(0L);
        assertThat(send("EXPIRE", "key", "5", "GT")).isEqualTo(0L);
        assertThat(send("EXPIRE", "key", "20", "GT")).isEqualTo(1L);
        assertThat(send("EXPIRE", "key", "30", "LT")).isEqualTo(0L);
        assertThat(send("EXPIRE", "key", "7", "LT")).isEqualTo(1L);
        assertThat(jedis.ttl("key")).isEqualTo(7);
        assertError(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
                "EXPIRE",
                "key",
                "1",
                "NX",
                "XX");
        assertError("ERR GT and LT options at the same time are not compatible", "EXPIRE", "key", "1", "GT", "LT");
        assertError("ERR Unsupported option what", "EXPIRE", "key", "1", "what");
        assertError("ERR invalid expire time in 'expire' command", "EXPIRE", "key", "9223372036854775807");
        assertError("ERR value is not an integer or out of range", "EXPIRE", "key", "x");
    }

    @Test
    void shouldSweepExpiredKeysThatNobodyAsksFor() {
        for (int i = 0; i < 500; i++) {
            send("PSETEX", "short" + i, "100", "v");
            send("PSETEX", "long" + i, "10000", "v");
        }
        server.sweepNow();
        assertThat(jedis.dbSize()).isEqualTo(1000);
        clock.advance(Duration.ofMillis(100));
        sweepAll();
        assertThat(jedis.dbSize()).isEqualTo(500);
        clock.advance(Duration.ofMillis(9900));
        sweepAll();
        assertThat(jedis.dbSize()).isZero();
    }

    private void sweepAll() {
        for (int i = 0; i < 20; i++) {
            server.sweepNow();
        }
    }

    @Test
    void shouldScanEveryKeyOnce() {
        Set<String> expected = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            jedis.set("key" + i, "v");
            expected.add("key" + i);
        }

        List<String> found = scanAll(new ScanParams().count(37));

        assertThat(found).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void shouldFilterWhileScanning() {
        jedis.mset("a1", "v", "a2", "v", "b1", "v");
        jedis.lpush("a3", "v");
        send("PSETEX", "a4", "1", "v");
        clock.advance(Duration.ofMillis(1));

        assertThat(scanAll(new ScanParams().match("a*"))).containsExactlyInAnyOrder("a1", "a2", "a3");
        assertThat(send("SCAN", "0", "TYPE", "list", "COUNT", "1000")).isEqualTo(List.of("0", List.of("a3")));
        assertThat(send("SCAN", "0", "MATCH", "a[12]", "TYPE", "string", "COUNT", "1000"))
                .satisfies(reply ->
                        assertThat(((List<?>) ((List<?>) reply).get(1))).hasSize(2));
        assertThat(send("SCAN", "0", "TYPE", "hash", "COUNT", "1000")).isEqualTo(List.of("0", List.of()));
    }

    @Test
    void shouldRefuseScansThatMakeNoSense() {
        assertError("ERR invalid cursor", "SCAN", "abc");
        assertError("ERR invalid cursor", "SCAN", "-1");
        assertError("ERR syntax error", "SCAN", "0", "COUNT", "0");
        assertError("ERR syntax error", "SCAN", "0", "MATCH");
        assertError("ERR syntax error", "SCAN", "0", "WHAT", "1");
        assertError("ERR value is not an integer or out of range", "SCAN", "0", "COUNT", "x");
    }

    private List<String> scanAll(ScanParams params) {
        List<String> found = new ArrayList<>();
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            ScanResult<String> result = jedis.scan(cursor, params);
            found.addAll(result.getResult());
            cursor = result.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
        return found;
    }

    @Test
    void shouldListKeysByPattern() {
        jedis.mset("user:1", "v", "user:2", "v", "job:1", "v");
        send("PSETEX", "user:3", "1", "v");
        clock.advance(Duration.ofMillis(1));

        assertThat(jedis.keys("user:*")).containsExactlyInAnyOrder("user:1", "user:2");
        assertThat(jedis.keys("*")).hasSize(3);
        assertThat(jedis.keys("none*")).isEmpty();
    }

    @Test
    void shouldFlush() {
        jedis.mset("a", "1", "b", "2");
        assertThat(jedis.dbSize()).isEqualTo(2);
        assertThat(send("FLUSHALL", "ASYNC")).isEqualTo("OK");
        assertThat(jedis.dbSize()).isZero();
        jedis.set("a", "1");
        assertThat(send("FLUSHDB")).isEqualTo("OK");
        assertThat(jedis.exists("a")).isFalse();
        assertError("ERR syntax error", "FLUSHALL", "WHEN");
    }
}
