package io.rallocator.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

@Timeout(120)
class KvConcurrencyTest extends KvServerTestCase {

    private static final int CLIENTS = 16;

    /** What one of the clients does. */
    private interface Work<T> {

        T with(Jedis client, int number) throws Exception;
    }

    private <T> List<T> inParallel(Work<T> work) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Callable<T>> tasks = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                tasks.add(() -> {
                    try (Jedis client = newClient()) {
                        return work.with(client, number);
                    }
                });
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : executor.invokeAll(tasks)) {
                results.add(future.get());
            }
            return results;
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void shouldSumExactlyWhenManyCount() throws Exception {
        inParallel((client, number) -> {
            for (int i = 0; i < 500; i++) {
                client.incr("n");
                client.incrBy("m", number);
            }
            return null;
        });

        assertThat(jedis.get("n")).isEqualTo(String.valueOf(CLIENTS * 500));
        assertThat(jedis.get("m")).isEqualTo(String.valueOf(500 * CLIENTS * (CLIENTS - 1) / 2));
    }

    @Test
    void shouldHaveOneWinnerWithSetNx() throws Exception {
        for (int round = 0; round < 50; round++) {
            String key = "lock" + round;
            List<Boolean> won = inParallel((client, number) -> client.set(
                            key,
                            String.valueOf(number),
                            SetParams.setParams().nx().px(10_000))
                    != null);

            assertThat(won).containsOnlyOnce(true);
            assertThat(jedis.get(key)).isEqualTo(String.valueOf(won.indexOf(true)));
        }
    }

    @Test
    void shouldLoseNoByteWhenManyAppend() throws Exception {
        inParallel((client, number) -> {
            for (int i = 0; i < 200; i++) {
                client.append("log", String.valueOf((char) ('a' + number)));
            }
            return null;
        });

        String log = jedis.get("log");
        for (int i = 0; i < CLIENTS; i++) {
            char letter = (char) ('a' + i);
            assertThat(log.chars().filter(c -> c == letter).count()).isEqualTo(200);
        }
    }

    @Test
    void shouldPopEveryElementOnce() throws Exception {
        List<List<String>> popped = inParallel((client, number) -> {
            List<String> mine = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                client.lpush("q", number + "-" + i);
                String element = client.rpop("q");
                if (element != null) {
                    mine.add(element);
                }
            }
            return mine;
        });

        List<String> all = new ArrayList<>();
        popped.forEach(all::addAll);
        String element;
        while ((element = jedis.rpop("q")) != null) {
            all.add(element);
        }
        assertThat(all).hasSize(CLIENTS * 200).doesNotHaveDuplicates();
    }

    @Test
    void shouldKeepSeveralValuesOfOnePushTogether() throws Exception {
        inParallel((client, number) -> {
            for (int i = 0; i < 100; i++) {
                client.lpush("q", number + "a", number + "b", number + "c");
            }
            return null;
        });

        for (int i = 0; i < CLIENTS * 100; i++) {
            String first = jedis.rpop("q");
            String number = first.substring(0, first.length() - 1);
            assertThat(List.of(first, jedis.rpop("q"), jedis.rpop("q")))
                    .containsExactly(number + "a", number + "b", number + "c");
        }
    }

    /** Lists, strings and deletions of one key: a list that was deleted or overwritten must not come back. */
    @Test
    void shouldNeverShowAnElementOfAFormerList() throws Exception {
        AtomicInteger epoch = new AtomicInteger();
        for (int round = 0; round < 200; round++) {
            String key = "k" + round % 4;
            inParallel((client, number) -> {
                try {
                    switch (number % 4) {
                        case 0 -> client.lpush(key, "old-" + epoch.get());
                        case 1 -> client.set(key, "string");
                        case 2 -> client.del(key);
                        default -> client.rpop(key);
                    }
                } catch (JedisDataException e) {
                    assertThat(e).hasMessageStartingWith("WRONGTYPE");
                }
                return null;
            });
            jedis.del(key);
            epoch.incrementAndGet();

            assertThat(jedis.exists(key)).isFalse();
            assertThat(jedis.lpush(key, "new")).isOne();
            assertThat(jedis.rpop(key)).isEqualTo("new");
            assertThat(jedis.rpop(key)).isNull();
        }
    }

    @Test
    void shouldMeetEveryStableKeyInAScanWhileOthersChange() throws Exception {
        Set<String> stable = new HashSet<>();
        for (int i = 0; i < 500; i++) {
            jedis.set("stable" + i, "v");
            stable.add("stable" + i);
        }
        inParallel((client, number) -> {
            if (number > 0) {
                for (int i = 0; i < 300; i++) {
                    client.set("other" + number + "-" + i, "v");
                    client.del("other" + number + "-" + (i - 10));
                }
                return null;
            }
            for (int i = 0; i < 5; i++) {
                assertThat(client.keys("stable*")).containsExactlyInAnyOrderElementsOf(stable);
            }
            return null;
        });
    }

    @Test
    void shouldNotDeleteAFreshValueWhenAnExpiredOneIsMet() throws Exception {
        for (int round = 0; round < 100; round++) {
            send("PSETEX", "key", "10", "old");
            clock.advance(Duration.ofMillis(10));
            List<String> seen =
                    inParallel((client, number) -> number == 0 ? client.set("key", "fresh") : client.get("key"));

            assertThat(seen.subList(1, seen.size())).allMatch(value -> value == null || value.equals("fresh"));
            assertThat(jedis.get("key")).isEqualTo("fresh");
        }
    }
}
