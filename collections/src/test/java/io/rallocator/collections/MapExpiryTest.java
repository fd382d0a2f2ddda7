package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.WorkerSession;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Entries that expire, by a clock that the test sets. */
@Timeout(120)
class MapExpiryTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_103);
    private static final String LARGE = "large ".repeat(300);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final AtomicLong clock = new AtomicLong(1_700_000_000_000L);
    private TestPool pool;
    private RemoteHeap heap;
    private WorkerSession session;
    private RemoteMap<Integer, String> map;

    @BeforeEach
    void open() {
        pool = TestPool.ofMebibytes(64);
        heap = pool.embedded();
        attach(0);
    }

    private void attach(final int cacheBytes) {
        session = WorkerSession.attach(pool.file(), "clocked");
        final StructureRoot root = new StructureCatalog(session)
                .open(
                        "expiring",
                        MapLayout.create(session.geometry()),
                        Codecs.ints().id(),
                        Codecs.string().id());
        final BucketCache cache = cacheBytes == 0 ? null : new BucketCache(cacheBytes);
        map = new PersistentMap<>(new MapTable(session, root, cache, clock::get), Codecs.ints(), Codecs.string());
    }

    @AfterEach
    void close() {
        session.close();
        heap.close();
        pool.check();
        pool.close();
    }

    private void pass(final Duration time) {
        clock.addAndGet(time.toMillis());
    }

    @Test
    void shouldBeAbsentForEveryOperationWhenAnEntryExpired() {
        for (int key = 0; key < 20; key++) {
            map.put(key, key % 2 == 0 ? "v" : LARGE, SECOND);
        }
        pass(SECOND.minusMillis(1));
        assertThat(map).hasSize(20).containsEntry(0, "v").containsEntry(1, LARGE);
        pass(Duration.ofMillis(1));
        assertThat(map.get(0)).isNull();
        assertThat(map.getOrDefault(1, "none")).isEqualTo("none");
        assertThat(map.containsKey(0)).isFalse();
        assertThat(map.containsValue("v")).isFalse();
        assertThat(map.isEmpty()).isTrue();
        assertThat(map.keySet().iterator().hasNext()).isFalse();
        assertThat(map.equals(Map.of())).isTrue();
        assertThat(map.entrySet().equals(Map.of().entrySet())).isTrue();
        assertThat(map.getAll(List.of(0, 1, 2))).isEmpty();
        assertThat(map.timeToLive(0)).isEmpty();
        assertThat(map.replace(0, "w")).isNull();
        assertThat(map.replace(2, "v", "w")).isFalse();
        assertThat(map.remove(4)).isNull();
        assertThat(map.remove(6, "v")).isFalse();
        assertThat(map.delete(8)).isFalse();
        assertThat(map.expire(10, SECOND)).isFalse();
        assertThat(map.persist(12)).isFalse();
        assertThat(map.computeIfPresent(14, (key, old) -> "w")).isNull();
        assertThat(map.compute(1, (key, old) -> "was " + old)).isEqualTo("was null");
        assertThat(map.merge(3, "merged", String::concat)).isEqualTo("merged");
        assertThat(map.computeIfAbsent(5, key -> "new")).isEqualTo("new");
        assertThat(map.putIfAbsent(7, "new")).isNull();
        assertThat(map.put(9, "new")).isNull();
        assertThat(map.set(11, "new")).isTrue();
        assertThat(map.keySet()).containsExactlyInAnyOrder(1, 3, 5, 7, 9, 11);
        map.removeExpired();
        assertThat(map.sizeLong()).isEqualTo(6);
    }

    @Test
    void shouldLiveOnWhenTheTimeToLiveIsChanged() {
        map.put(1, "one", SECOND);
        map.put(2, LARGE, SECOND);
        map.put(3, "three");
        assertThat(map.timeToLive(1)).contains(SECOND);
        assertThat(map.timeToLive(3)).isEmpty();
        assertThat(map.persist(1)).isTrue();
        assertThat(map.persist(1)).isFalse();
        assertThat(map.persist(3)).isFalse();
        assertThat(map.persist(4)).isFalse();
        assertThat(map.expire(2, SECOND.multipliedBy(10))).isTrue();
        assertThat(map.expire(3, SECOND.multipliedBy(2))).isTrue();
        assertThat(map.expire(4, SECOND)).isFalse();
        pass(SECOND);
        assertThat(map).containsOnly(Map.entry(1, "one"), Map.entry(2, LARGE), Map.entry(3, "three"));
        pass(SECOND);
        assertThat(map).containsEntry(1, "one").containsEntry(2, LARGE).doesNotContainKey(3);
        pass(SECOND.multipliedBy(8));
        assertThat(map.get(1)).isEqualTo("one");
        assertThat(map.get(2)).isNull();
    }

    @Test
    void shouldEndTheTimeToLiveWhenPutAgainAndKeepItWhenChanged() {
        for (int key = 0; key < 8; key++) {
            map.put(key, "v", SECOND);
        }
        map.put(0, "w");
        map.set(1, "w");
        map.putAll(Map.of(2, "w"));
        map.replace(3, "w");
        map.replace(4, "v", "w");
        map.compute(5, (key, old) -> "w");
        map.merge(6, "w", String::concat);
        assertThat(map.putIfAbsent(7, "w", SECOND.multipliedBy(5))).isEqualTo("v");
        for (int key = 0; key < 3; key++) {
            assertThat(map.timeToLive(key)).isEqualTo(Optional.empty());
        }
        for (int key = 3; key < 8; key++) {
            assertThat(map.timeToLive(key)).contains(SECOND);
        }
        pass(SECOND);
        assertThat(map.keySet()).containsExactlyInAnyOrder(0, 1, 2);
        assertThat(map.putIfAbsent(7, "w", SECOND.multipliedBy(5))).isNull();
        assertThat(map.timeToLive(7)).contains(SECOND.multipliedBy(5));
    }

    @Test
    void shouldRefuseATimeThatIsNotPositive() {
        assertThatThrownBy(() -> map.put(1, "v", Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> map.expire(1, SECOND.negated())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> map.set(1, "v", null)).isInstanceOf(NullPointerException.class);
        map.put(1, "v", Duration.ofNanos(1));
        assertThat(map.get(1)).isEqualTo("v");
        map.put(2, "v", Duration.ofSeconds(Long.MAX_VALUE));
        pass(Duration.ofMillis(1));
        assertThat(map).containsOnlyKeys(2);
        assertThat(map.timeToLive(2)).isEmpty();
    }

    @Test
    void shouldRemoveWhatExpiredWhenSwept() {
        for (int key = 0; key < 5_000; key++) {
            if (key % 3 == 0) {
                map.put(key, key % 2 == 0 ? "v" : LARGE, SECOND);
            } else {
                map.set(key, "stays");
            }
        }
        assertThat(map.removeExpired()).isZero();
        pass(SECOND);
        assertThat(map.sizeLong()).isEqualTo(5_000);
        assertThat(map.removeExpired()).isEqualTo(1_667);
        assertThat(map.sizeLong()).isEqualTo(3_333);
        assertThat(map).hasSize(3_333).doesNotContainKey(3).containsKey(4);
        assertThat(map.removeExpired()).isZero();
        map.put(-1, "v", SECOND);
        pass(SECOND);
        map.clear();
        assertThat(map.sizeLong()).isZero();
    }

    @Test
    void shouldRemoveWhatExpiredInTheSameBucketWhenItIsWritten() {
        final int[] crowd = new int[60];
        for (int i = 0; i < crowd.length; i++) {
            crowd[i] = SimulatedWorker.crowdedKey(i);
        }
        for (final int key : crowd) {
            map.put(key, LARGE, SECOND);
        }
        pass(SECOND);
        map.put(crowd[0], "fresh");
        map.removeExpired();
        assertThat(map.sizeLong()).isEqualTo(1);
        assertThat(map).containsOnly(Map.entry(crowd[0], "fresh"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 64 << 10})
    void shouldAnswerLikeTheModelWhenTimePasses(final int cacheBytes) {
        session.close();
        attach(cacheBytes);
        final Random random = new Random(SEED);
        final Map<Integer, String> values = new HashMap<>();
        final Map<Integer, Long> expiries = new HashMap<>();
        for (int i = 0; i < 30_000; i++) {
            final int key = random.nextInt(800);
            final String value = random.nextInt(12) == 0 ? LARGE + i : "value " + i;
            final Duration time = Duration.ofMillis(1 + random.nextInt(3_000));
            final String what = "step " + i + ", seed " + SEED;
            if (expiries.getOrDefault(key, Long.MAX_VALUE) <= clock.get()) {
                expiries.remove(key);
                values.remove(key);
            }
            switch (random.nextInt(9)) {
                case 0, 1 -> {
                    assertThat(map.put(key, value, time)).as(what).isEqualTo(values.put(key, value));
                    expiries.put(key, clock.get() + time.toMillis());
                }
                case 2 -> {
                    assertThat(map.put(key, value)).as(what).isEqualTo(values.put(key, value));
                    expiries.remove(key);
                }
                case 3 -> {
                    assertThat(map.expire(key, time)).as(what).isEqualTo(values.containsKey(key));
                    if (values.containsKey(key)) {
                        expiries.put(key, clock.get() + time.toMillis());
                    }
                }
                case 4 -> assertThat(map.persist(key)).as(what).isEqualTo(expiries.remove(key) != null);
                case 5 -> {
                    assertThat(map.remove(key)).as(what).isEqualTo(values.remove(key));
                    expiries.remove(key);
                }
                case 6 -> assertThat(map.replace(key, value)).as(what).isEqualTo(values.replace(key, value));
                case 7 -> {
                    assertThat(map.get(key)).as(what).isEqualTo(values.get(key));
                    assertThat(map.timeToLive(key))
                            .as(what)
                            .isEqualTo(Optional.ofNullable(expiries.get(key))
                                    .map(expiry -> Duration.ofMillis(expiry - clock.get())));
                }
                default -> pass(Duration.ofMillis(random.nextInt(20)));
            }
            if (i % 3_000 == 0) {
                values.keySet().removeIf(k -> expiries.getOrDefault(k, Long.MAX_VALUE) <= clock.get());
                expiries.values().removeIf(expiry -> expiry <= clock.get());
                assertThat(map).as(what).isEqualTo(values);
                map.removeExpired();
                assertThat(map.sizeLong()).as(what).isEqualTo(values.size());
            }
        }
    }

    @Test
    void shouldTakeNoMoreChainsThanOtherEntriesWhenNoneExpired() {
        for (int key = 0; key < 300; key++) {
            map.put(key, "v", SECOND);
        }
        final RemoteMap<Integer, String> same = heap.map("expiring", Codecs.ints(), Codecs.string());
        final long before = heap.count("map.expire", Figure.CHAINS);
        for (int key = 0; key < 300; key++) {
            same.expire(key, Duration.ofDays(9_000_000));
        }
        assertThat(heap.count("map.expire", Figure.CHAINS) - before).isLessThanOrEqualTo(3 * 300);
    }
}
