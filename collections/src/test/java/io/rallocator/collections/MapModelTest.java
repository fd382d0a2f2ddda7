package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A map does what {@link ConcurrentHashMap} does, with and without cache, while it grows, and after reopening. */
@Timeout(120)
class MapModelTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_101);

    @ParameterizedTest
    @ValueSource(strings = {"cache=0", "cache=64k", "cache=8m"})
    void shouldAnswerLikeTheModelWhenAnyOperationRuns(final String cache) {
        final Random random = new Random(SEED);
        final ConcurrentMap<String, String> model = new ConcurrentHashMap<>();
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            for (int round = 0; round < 3; round++) {
                try (RemoteHeap heap = pool.embedded(cache)) {
                    final RemoteMap<String, String> map = heap.map("model", Codecs.string(), Codecs.string());
                    assertSame(map, model);
                    for (int i = 0; i < 20_000; i++) {
                        step(map, model, random, 3_000);
                    }
                    assertSame(map, model);
                }
                pool.check();
            }
        }
    }

    /** As the conductor does, which may be stopped at any moment while it settles what a lane owes. */
    @Test
    void shouldCountWhatALaneOwesThatSomebodyElseHolds() {
        try (SimulatedPool pool = new SimulatedPool()) {
            final WorkerSession session = pool.open("worker");
            final RemoteMap<Integer, String> map = new SimulatedWorker(session, pool::agentTurn, false).map;
            for (int key = 0; key < 10; key++) {
                map.put(key, "value");
                final Lane held = session.acquire();
                try {
                    assertThat(map.sizeLong()).isEqualTo(key + 1);
                } finally {
                    session.release(held);
                }
                pool.turn(session);
            }
            assertThat(map.sizeLong()).isEqualTo(10);
        }
    }

    private static void step(
            final ConcurrentMap<String, String> map,
            final ConcurrentMap<String, String> model,
            final Random random,
            final int keys) {
        final String key = "key " + random.nextInt(keys);
        final String value = value(random);
        final String other = random.nextBoolean() && model.get(key) != null ? model.get(key) : value(random);
        final int what = random.nextInt(14);
        final Object expected = apply(what, model, key, value, other);
        final Object actual = apply(what, map, key, value, other);
        assertThat(actual).as("operation %d of %s, seed %d", what, key, SEED).isEqualTo(expected);
    }

    private static Object apply(
            final int what,
            final ConcurrentMap<String, String> map,
            final String key,
            final String value,
            final String other) {
        return switch (what) {
            case 0, 1, 2 -> map.put(key, value);
            case 3 -> map.remove(key);
            case 4 -> map.get(key);
            case 5 -> map.putIfAbsent(key, value);
            case 6 -> map.replace(key, value);
            case 7 -> map.replace(key, other, value);
            case 8 -> map.remove(key, other);
            case 9 -> map.computeIfAbsent(key, k -> k.length() % 3 == 0 ? null : value);
            case 10 -> map.computeIfPresent(key, (k, old) -> old.length() % 2 == 0 ? null : value);
            case 11 -> map.compute(key, (k, old) -> old != null && old.length() % 5 == 0 ? null : value + k);
            case 12 -> map.merge(key, value, (old, given) -> old.length() > 3_000 ? null : old + given);
            default -> map.getOrDefault(key, other) + map.containsKey(key);
        };
    }

    private static String value(final Random random) {
        final int length = random.nextInt(20) == 0 ? random.nextInt(5_000) : random.nextInt(60);
        final StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    private static void assertSame(final RemoteMap<String, String> map, final Map<String, String> model) {
        assertThat(map.sizeLong()).isEqualTo(model.size());
        for (final Map.Entry<String, String> entry : model.entrySet()) {
            assertThat(map.get(entry.getKey())).isEqualTo(entry.getValue());
        }
        assertThat(map).isEqualTo(model);
        assertThat(map.hashCode()).isEqualTo(model.hashCode());
        assertThat(map.isEmpty()).isEqualTo(model.isEmpty());
        assertThat(map.keySet()).isEqualTo(model.keySet());
    }

    @Test
    void shouldKeepOneHundredThousandEntriesWhenItGrowsFromSixteenBuckets() {
        final int count = 100_000;
        try (TestPool pool = TestPool.ofMebibytes(128)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteMap<Long, byte[]> map = heap.map("grown", Codecs.longs(), Codecs.bytes());
                for (long key = 0; key < count; key++) {
                    assertThat(map.put(key, bytes(key))).isNull();
                }
                assertThat(map.sizeLong()).isEqualTo(count);
                verify(map, count);
            }
            pool.check();
            try (RemoteHeap heap = pool.embedded("cache=4m")) {
                final RemoteMap<Long, byte[]> map = heap.map("grown", Codecs.longs(), Codecs.bytes());
                verify(map, count);
                final List<Long> keys = new ArrayList<>();
                map.forEach((key, value) -> keys.add(key));
                assertThat(keys).doesNotHaveDuplicates().hasSize(count);
                for (long key = 0; key < count; key += 2) {
                    assertThat(map.remove(key)).isEqualTo(bytes(key));
                }
                assertThat(map.sizeLong()).isEqualTo(count / 2);
                map.clear();
                assertThat(map.sizeLong()).isZero();
                assertThat(map.isEmpty()).isTrue();
            }
            assertThat(pool.check().structures().get(0).elements()).isZero();
        }
    }

    private static void verify(final RemoteMap<Long, byte[]> map, final int count) {
        for (long key = 0; key < count; key++) {
            assertThat(map.get(key)).isEqualTo(bytes(key));
        }
        assertThat(map.get((long) count)).isNull();
    }

    private static byte[] bytes(final long key) {
        final byte[] bytes = new byte[(int) (key * 31 % 97)];
        java.util.Arrays.fill(bytes, (byte) key);
        return bytes;
    }

    @Test
    void shouldBeAMapLikeAnyOtherWhenSeenThroughItsViews() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteMap<Integer, String> map = heap.map("views", Codecs.ints(), Codecs.string());
                final Map<Integer, String> model = new HashMap<>();
                for (int key = 0; key < 500; key++) {
                    model.put(key, "value " + key % 50);
                }
                map.putAll(model);
                assertThat(map.keySet().removeIf(key -> key % 7 == 0))
                        .isEqualTo(model.keySet().removeIf(key -> key % 7 == 0));
                assertThat(map.values().removeIf(value -> value.endsWith("3")))
                        .isEqualTo(model.values().removeIf(value -> value.endsWith("3")));
                assertThat(map.entrySet().removeIf(entry -> entry.getKey() > 480))
                        .isEqualTo(model.entrySet().removeIf(entry -> entry.getKey() > 480));
                assertThat(map).isEqualTo(model);
                map.entrySet().forEach(entry -> entry.setValue(entry.getValue() + "!"));
                model.replaceAll((key, value) -> value + "!");
                assertThat(map).isEqualTo(model);
                map.replaceAll((key, value) -> key + value);
                model.replaceAll((key, value) -> key + value);
                assertThat(map).isEqualTo(model);
                assertThat(map.containsValue("8value 8!")).isTrue();
                assertThat(map.containsValue("nothing")).isFalse();
                assertThat(map.entrySet().contains(Map.entry(8, "8value 8!"))).isTrue();
                assertThat(map.entrySet().remove(Map.entry(8, "another"))).isFalse();
                assertThat(map.entrySet().remove(Map.entry(8, "8value 8!"))).isTrue();
                assertThat(map.keySet().remove(9)).isTrue();
                assertThat(map.keySet().remove(9)).isFalse();
                model.keySet().removeAll(List.of(8, 9));
                assertThat(map.values().stream().filter(Objects::nonNull).count())
                        .isEqualTo(model.size());
                assertThat(map.toString()).startsWith("{").contains("=");
                map.keySet().retainAll(List.of(10, 11));
                assertThat(map.keySet()).containsExactlyInAnyOrder(10, 11);
                map.values().clear();
                assertThat(map).isEmpty();
            }
            pool.check();
        }
    }
}
