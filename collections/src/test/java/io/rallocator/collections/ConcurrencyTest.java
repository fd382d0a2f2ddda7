package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Threads of two sessions with one pool, each session over a mapping of its own. */
@Timeout(120)
class ConcurrencyTest {
    private static final int THREADS_EACH = 3;

    /** Two heaps on one pool. */
    private record Pair(RemoteHeap first, RemoteHeap second) implements AutoCloseable {
        static Pair open(final TestPool pool, final String cache) {
            final RemoteHeap first = pool.embedded(cache);
            return new Pair(first, pool.local(cache));
        }

        List<RemoteHeap> each() {
            final List<RemoteHeap> heaps = new ArrayList<>();
            for (int i = 0; i < THREADS_EACH; i++) {
                heaps.add(first);
                heaps.add(second);
            }
            return heaps;
        }

        @Override
        public void close() {
            second.close();
            first.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache=0", "cache=1m"})
    void shouldLoseNoIncrementWhenManyComputeTheSameKeys(final String cache) throws InterruptedException {
        final int keys = 20;
        final int increments = 4_000;
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            try (Pair heaps = Pair.open(pool, cache)) {
                final List<Callable<Void>> tasks = new ArrayList<>();
                for (final RemoteHeap heap : heaps.each()) {
                    final RemoteMap<Integer, Long> map = heap.map("counters", Codecs.ints(), Codecs.longs());
                    tasks.add(() -> {
                        for (int i = 0; i < increments; i++) {
                            if (i % 2 == 0) {
                                map.merge(i % keys, 1L, Long::sum);
                            } else {
                                map.compute(i % keys, (key, old) -> old == null ? 1 : old + 1);
                            }
                        }
                        return null;
                    });
                }
                Workers.run(tasks);
                final RemoteMap<Integer, Long> map = heaps.first.map("counters", Codecs.ints(), Codecs.longs());
                assertThat(map.values().stream().mapToLong(Long::longValue).sum())
                        .isEqualTo((long) increments * tasks.size());
                assertThat(map.sizeLong()).isEqualTo(keys);
            }
            pool.check();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache=0", "cache=1m"})
    void shouldLetOneWinWhenManyPutTheSameKeyIfAbsent(final String cache) throws InterruptedException {
        final int keys = 5_000;
        final Map<Integer, Integer> winners = new ConcurrentHashMap<>();
        final AtomicLong wins = new AtomicLong();
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            try (Pair heaps = Pair.open(pool, cache)) {
                final List<Callable<Void>> tasks = new ArrayList<>();
                int id = 0;
                for (final RemoteHeap heap : heaps.each()) {
                    final RemoteMap<Integer, Integer> map = heap.map("once", Codecs.ints(), Codecs.ints());
                    final int me = id++;
                    tasks.add(() -> {
                        for (int key = 0; key < keys; key++) {
                            if (map.putIfAbsent(key, me) == null) {
                                wins.incrementAndGet();
                                winners.put(key, me);
                            }
                        }
                        return null;
                    });
                }
                Workers.run(tasks);
                final RemoteMap<Integer, Integer> map = heaps.second.map("once", Codecs.ints(), Codecs.ints());
                assertThat(wins).hasValue(keys);
                assertThat(map).isEqualTo(winners);
                assertThat(map.sizeLong()).isEqualTo(keys);
                assertThat(heaps.first.map("once", Codecs.ints(), Codecs.ints()).sizeLong())
                        .isEqualTo(keys);
            }
            pool.check();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache=0", "cache=256k"})
    void shouldKeepEveryThreadsOwnKeysWhenTheMapGrowsUnderAll(final String cache) throws InterruptedException {
        final int each = 8_000;
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            try (Pair heaps = Pair.open(pool, cache)) {
                final List<Callable<Void>> tasks = new ArrayList<>();
                int id = 0;
                for (final RemoteHeap heap : heaps.each()) {
                    final RemoteMap<String, String> map = heap.map("own", Codecs.string(), Codecs.string());
                    final int me = id++;
                    tasks.add(() -> ownKeys(map, me, each));
                }
                Workers.run(tasks);
                final RemoteMap<String, String> map = heaps.first.map("own", Codecs.string(), Codecs.string());
                assertThat(map.sizeLong()).isEqualTo((long) tasks.size() * each / 2);
            }
            pool.check();
        }
    }

    private static Void ownKeys(final RemoteMap<String, String> map, final int me, final int count) {
        for (int i = 0; i < count; i++) {
            final String key = me + "/" + i;
            assertThat(map.put(key, "a" + i)).isNull();
            assertThat(map.get(key)).isEqualTo("a" + i);
            assertThat(map.replace(key, "a" + i, "b".repeat(i % 700))).isTrue();
            if (i % 2 == 1) {
                assertThat(map.remove(me + "/" + (i - 1))).isEqualTo("b".repeat((i - 1) % 700));
            }
        }
        for (int i = 1; i < count; i += 2) {
            assertThat(map.get(me + "/" + i)).isEqualTo("b".repeat(i % 700));
            assertThat(map.containsKey(me + "/" + (i - 1))).isFalse();
        }
        return null;
    }

    @Test
    void shouldShowEveryEntryThatStaysExactlyOnceWhenAScanMeetsGrowth() throws InterruptedException {
        final int staying = 3_000;
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            try (Pair heaps = Pair.open(pool, "cache=0")) {
                final RemoteMap<Integer, Integer> map = heaps.first.map("scanned", Codecs.ints(), Codecs.ints());
                for (int key = 0; key < staying; key++) {
                    map.put(key, key);
                }
                final RemoteMap<Integer, Integer> other = heaps.second.map("scanned", Codecs.ints(), Codecs.ints());
                final AtomicBoolean done = new AtomicBoolean();
                final Callable<Integer> grower = () -> {
                    int key = staying;
                    while (!done.get() && key < 60_000) {
                        other.put(key, key);
                        if (key % 2 == 0) {
                            other.remove(key);
                        }
                        key++;
                    }
                    return key;
                };
                final Callable<Integer> scanner = () -> {
                    try {
                        for (int round = 0; round < 30; round++) {
                            scanOnce(map, staying, 1 + round * 7);
                        }
                    } finally {
                        done.set(true);
                    }
                    return 0;
                };
                Workers.run(Arrays.asList(grower, scanner));
            }
            pool.check();
        }
    }

    private static void scanOnce(final RemoteMap<Integer, Integer> map, final int staying, final int atLeast) {
        final Set<Integer> seen = new HashSet<>();
        final AtomicLong shown = new AtomicLong();
        long cursor = 0;
        do {
            shown.set(0);
            cursor = map.scan(cursor, atLeast, (key, value) -> {
                assertThat(value).isEqualTo(key);
                assertThat(seen.add(key)).as("key %d is shown once", key).isTrue();
                shown.incrementAndGet();
            });
            assertThat(cursor == 0 || shown.get() >= atLeast).isTrue();
        } while (cursor != 0);
        for (int key = 0; key < staying; key++) {
            assertThat(seen).contains(key);
        }
    }

    @Test
    void shouldDeliverEachElementOnceAndInItsProducersOrderWhenManyOfferAndPoll() throws InterruptedException {
        final int each = 10_000;
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            try (Pair heaps = Pair.open(pool, "cache=0")) {
                final List<Callable<List<Long>>> tasks = new ArrayList<>();
                final AtomicLong left = new AtomicLong((long) each * THREADS_EACH * 2);
                long id = 0;
                for (final RemoteHeap heap : heaps.each()) {
                    final RemoteQueue<Long> queue = heap.queue("orders", Codecs.longs());
                    final long me = id++ << 32;
                    tasks.add(() -> {
                        for (int i = 0; i < each; i++) {
                            queue.offer(me | i);
                        }
                        return List.of();
                    });
                    tasks.add(() -> consume(queue, left));
                }
                verifyDelivery(Workers.run(tasks), id, each);
                assertThat(heaps.first.queue("orders", Codecs.longs()).sizeLong())
                        .isZero();
            }
            pool.check();
        }
    }

    private static List<Long> consume(final RemoteQueue<Long> queue, final AtomicLong left) {
        final List<Long> taken = new ArrayList<>();
        while (left.get() > 0) {
            final Long element = queue.poll();
            if (element != null) {
                taken.add(element);
                left.decrementAndGet();
            }
        }
        return taken;
    }

    private static void verifyDelivery(final List<List<Long>> taken, final long producers, final int each) {
        final Set<Long> all = new HashSet<>();
        for (final List<Long> one : taken) {
            final long[] last = new long[(int) producers];
            Arrays.fill(last, -1);
            for (final long element : one) {
                assertThat(all.add(element))
                        .as("element %x is taken once", element)
                        .isTrue();
                final int producer = (int) (element >>> 32);
                assertThat(element & 0xFFFF_FFFFL).isGreaterThan(last[producer]);
                last[producer] = element & 0xFFFF_FFFFL;
            }
        }
        assertThat(all).hasSize((int) producers * each);
    }
}
