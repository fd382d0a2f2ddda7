package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters.Figure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many keys at once, and iteration: the right answers, in few chains. */
@Timeout(120)
class MapBatchTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_102);
    private static final String LARGE = "large ".repeat(300);

    private TestPool pool;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(64);
    }

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    private static RemoteMap<Integer, String> open(final RemoteHeap heap) {
        return heap.map("batch", Codecs.ints(), Codecs.string());
    }

    private static void fill(final Map<Integer, String> map, final int count) {
        for (int key = 0; key < count; key++) {
            map.put(key, "value " + key);
        }
    }

    private static long chains(final RemoteHeap heap, final String operation, final Runnable action) {
        final long before = heap.count(operation, Figure.CHAINS);
        action.run();
        return heap.count(operation, Figure.CHAINS) - before;
    }

    private static List<Integer> range(final int from, final int to) {
        final List<Integer> keys = new ArrayList<>();
        for (int key = from; key < to; key++) {
            keys.add(key);
        }
        return keys;
    }

    // ---- getAll

    @Test
    void shouldGetAllThatArePresentWhenSomeKeysAreNot() {
        final Random random = new Random(SEED);
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            final Map<Integer, String> model = new HashMap<>();
            for (int round = 0; round < 60; round++) {
                for (int i = 0; i < 100; i++) {
                    final int key = random.nextInt(3_000);
                    final String value = random.nextInt(10) == 0 ? LARGE + round : "value " + round;
                    assertThat(map.put(key, value)).isEqualTo(model.put(key, value));
                }
                final Map<Integer, String> expected = new LinkedHashMap<>();
                final List<Integer> keys = new ArrayList<>();
                for (int i = random.nextInt(400); i > 0; i--) {
                    final int key = random.nextInt(3_000);
                    keys.add(key);
                    if (model.containsKey(key)) {
                        expected.put(key, model.get(key));
                    }
                }
                assertThat(map.getAll(keys)).as("seed %d", SEED).isEqualTo(expected);
            }
            assertThat(map.getAll(List.of())).isEmpty();
            assertThatThrownBy(() -> map.getAll(Arrays.asList(1, null))).isInstanceOf(NullPointerException.class);
        }
    }

    @Test
    void shouldGetAllInThreeChainsForEach128WhenNothingIsCached() {
        try (RemoteHeap heap = pool.embedded()) {
            fill(open(heap), 10_000);
        }
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            assertThat(chains(
                            heap,
                            "map.getAll",
                            () -> assertThat(map.getAll(range(0, 128))).hasSize(128)))
                    .as("words, words again as the table is larger than thought, blocks")
                    .isLessThanOrEqualTo(3);
            assertThat(chains(
                            heap,
                            "map.getAll",
                            () -> assertThat(map.getAll(range(1_000, 1_128))).hasSize(128)))
                    .isEqualTo(2);
            assertThat(chains(
                            heap,
                            "map.getAll",
                            () -> assertThat(map.getAll(range(0, 10_240))).hasSize(10_000)))
                    .isLessThanOrEqualTo(2 * 80);
            assertThat(chains(heap, "map.getAll", () -> map.getAll(List.of(17))))
                    .isEqualTo(2);
        }
    }

    @Test
    void shouldGetLargeValuesInOneMoreChainWhenTheyHaveBlocksOfTheirOwn() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            for (int key = 0; key < 200; key++) {
                map.put(key, LARGE + key);
            }
            assertThat(chains(
                            heap,
                            "map.getAll",
                            () -> assertThat(map.getAll(range(0, 100))).containsEntry(99, LARGE + 99)))
                    .isLessThanOrEqualTo(3);
            final String huge = "h".repeat(300_000);
            for (int key = 0; key < 20; key++) {
                map.put(key, huge + key);
            }
            final Map<Integer, String> found = map.getAll(range(0, 200));
            assertThat(found).hasSize(200).containsEntry(0, huge + 0).containsEntry(199, LARGE + 199);
        }
    }

    // ---- putAll, deleteAll

    @Test
    void shouldAnswerLikeTheModelWhenManyKeysAreChangedAtOnce() {
        final Random random = new Random(SEED);
        final Map<Integer, String> model = new HashMap<>();
        final String huge = "h".repeat(1_500_000);
        for (final String cache : List.of("cache=0", "cache=64k")) {
            try (RemoteHeap heap = pool.embedded(cache)) {
                final RemoteMap<Integer, String> map = open(heap);
                for (int round = 0; round < 40; round++) {
                    final Map<Integer, String> put = new HashMap<>();
                    for (int i = random.nextInt(600); i > 0; i--) {
                        final String value = random.nextInt(8) == 0 ? LARGE + i : "value " + round + i;
                        put.put(random.nextInt(4_000), value);
                    }
                    if (round % 8 == 0) {
                        put.put(random.nextInt(4_000), huge + round);
                    }
                    map.putAll(put);
                    model.putAll(put);
                    final List<Integer> deleted = new ArrayList<>();
                    for (int i = random.nextInt(400); i > 0; i--) {
                        deleted.add(random.nextInt(4_000));
                    }
                    final long present = deleted.stream()
                            .distinct()
                            .filter(model::containsKey)
                            .count();
                    assertThat(map.deleteAll(deleted)).as("seed %d", SEED).isEqualTo(present);
                    model.keySet().removeAll(deleted);
                    assertThat(map.sizeLong()).as("seed %d", SEED).isEqualTo(model.size());
                    if (round % 8 == 7) {
                        assertThat(map).isEqualTo(model);
                    }
                }
                map.clear();
                model.clear();
                assertThat(map).isEmpty();
                assertThat(map.sizeLong()).isZero();
            }
        }
    }

    @Test
    void shouldRefuseNullsAndChangeWhatCameBeforeOnly() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            final Map<Integer, String> withNull = new LinkedHashMap<>();
            withNull.put(1, "one");
            withNull.put(2, null);
            assertThatThrownBy(() -> map.putAll(withNull)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.deleteAll(Arrays.asList(1, null))).isInstanceOf(NullPointerException.class);
            map.putAll(Map.of());
            assertThat(map.deleteAll(List.of())).isZero();
        }
    }

    @Test
    void shouldCommitEachBucketOnceWhenManyKeysAreChanged() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            fill(map, 10_000);
            final Map<Integer, String> changed = new HashMap<>();
            range(2_000, 2_128).forEach(key -> changed.put(key, "changed"));
            assertThat(chains(heap, "map.putAll", () -> map.putAll(changed)))
                    .as("2 to read, 1 a bucket at most")
                    .isLessThanOrEqualTo(2 + 128);
            assertThat(map.getAll(changed.keySet())).isEqualTo(changed);
            assertThat(chains(
                            heap,
                            "map.removeAll",
                            () -> assertThat(map.deleteAll(changed.keySet())).isEqualTo(128)))
                    .isLessThanOrEqualTo(2 + 128);
            assertThat(chains(
                            heap,
                            "map.removeAll",
                            () -> assertThat(map.deleteAll(changed.keySet())).isZero()))
                    .isEqualTo(2);
        }
    }

    @Test
    void shouldCommitOnceWhenAllKeysAreInOneBucket() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            final Map<Integer, String> crowd = new HashMap<>();
            for (int i = 0; i < 8; i++) {
                crowd.put(SimulatedWorker.crowdedKey(i), "value " + i);
            }
            assertThat(chains(heap, "map.putAll", () -> map.putAll(crowd)))
                    .as("words, no block yet, one commit")
                    .isEqualTo(1 + 1);
            assertThat(chains(heap, "map.removeAll", () -> map.deleteAll(crowd.keySet())))
                    .as("words, blocks, one commit for each bucket after the splits")
                    .isLessThanOrEqualTo(2 + 4);
            map.putAll(crowd);
            assertThat(map).isEqualTo(crowd);
        }
    }

    @Test
    void shouldCountRightWhenManyChangeTheSameKeysAtOnce() throws Exception {
        try (RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local("cache=64k")) {
            final List<CompletableFuture<Void>> workers = new ArrayList<>();
            for (int worker = 0; worker < 4; worker++) {
                final RemoteMap<Integer, String> map = open(worker % 2 == 0 ? heap : other);
                final Random random = new Random(SEED + worker);
                workers.add(CompletableFuture.runAsync(() -> {
                    for (int round = 0; round < 60; round++) {
                        final Map<Integer, String> put = new HashMap<>();
                        for (int i = 0; i < 100; i++) {
                            put.put(random.nextInt(500), i % 9 == 0 ? LARGE : "value " + i);
                        }
                        map.putAll(put);
                        map.deleteAll(range(random.nextInt(400), 500));
                        map.set(random.nextInt(500), "single", Duration.ofMillis(1));
                        if (round % 20 == 0) {
                            map.removeExpired();
                        }
                    }
                }));
            }
            for (final CompletableFuture<Void> worker : workers) {
                worker.get();
            }
            final RemoteMap<Integer, String> map = open(heap);
            while (map.keySet().stream().anyMatch(key -> map.timeToLive(key).isPresent())) {
                Thread.onSpinWait();
            }
            map.removeExpired();
            assertThat(map.sizeLong()).isEqualTo(map.keySet().stream().count());
        }
    }

    // ---- views

    @Test
    void shouldAnswerLikeTheModelWhenViewsRemoveManyAtOnce() {
        final Random random = new Random(SEED);
        try (RemoteHeap heap = pool.embedded("cache=256k")) {
            final RemoteMap<Integer, String> map = open(heap);
            final Map<Integer, String> model = new HashMap<>();
            for (int round = 0; round < 100; round++) {
                for (int i = 0; i < 300; i++) {
                    final int key = random.nextInt(1_000);
                    final String value = random.nextInt(5) == 0 ? LARGE + key % 7 : "value " + key % 7;
                    map.put(key, value);
                    model.put(key, value);
                }
                final int way = random.nextInt(8);
                assertThat(removeMany(map, way, new Random(SEED + round)))
                        .as("seed %d, round %d", SEED, round)
                        .isEqualTo(removeMany(model, way, new Random(SEED + round)));
            }
        }
    }

    /** Returns whether anything was removed, and what is left. */
    private static Map.Entry<Boolean, Map<Integer, String>> removeMany(
            final Map<Integer, String> map, final int way, final Random random) {
        final List<Integer> keys = range(random.nextInt(1_000), 1_000);
        final int kind = random.nextInt(7);
        final String large = LARGE + kind;
        final List<String> values = List.of("value " + kind, large);
        final Map<Integer, String> entries = new HashMap<>();
        keys.forEach(key -> entries.put(key, key % 2 == 0 ? large : "value " + kind));
        final boolean changed = switch (way) {
            case 0 -> map.keySet().removeAll(keys);
            case 1 -> map.keySet().retainAll(keys);
            case 2 -> map.keySet().removeIf(key -> key % 7 == kind);
            case 3 -> map.entrySet().removeAll(entries.entrySet());
            case 4 -> map.entrySet().retainAll(entries.entrySet());
            case 5 -> map.values().removeAll(values);
            case 6 -> map.values().retainAll(values);
            default -> map.values().removeIf(value -> value.endsWith("" + kind));
        };
        return Map.entry(changed, new HashMap<>(map));
    }

    @Test
    void shouldKeepWhatWasChangedSinceAFilterSawIt() {
        try (RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local()) {
            final RemoteMap<Integer, String> map = open(heap);
            fill(map, 100);
            map.put(5, LARGE);
            assertThat(map.values().removeIf(value -> {
                        open(other).put(3, "changed");
                        open(other).put(5, LARGE + "changed");
                        return true;
                    }))
                    .isTrue();
            assertThat(map).containsOnlyKeys(3, 5).containsEntry(3, "changed");
            assertThat(map.sizeLong()).isEqualTo(2);
        }
    }

    @Test
    void shouldCommitEachBucketOnceWhenViewsRemoveManyAtOnce() {
        final int count = 2_000;
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            for (int way = 0; way < 8; way++) {
                fill(map, count);
                final long before = heap.count("map.remove", Figure.CHAINS) + heap.count("map.put", Figure.CHAINS);
                final int chosen = way;
                final Map<Integer, String> all = new HashMap<>(map);
                assertThat(chains(heap, "map.removeAll", () -> removeAll(map, all, chosen)))
                        .as("way %d: a chain for each of %d buckets, and some to read them", way, count / 2)
                        .isLessThan(count * 3 / 4);
                assertThat(heap.count("map.remove", Figure.CHAINS) + heap.count("map.put", Figure.CHAINS))
                        .as("none goes alone")
                        .isEqualTo(before);
                assertThat(map).isEmpty();
            }
        }
    }

    private static void removeAll(final Map<Integer, String> map, final Map<Integer, String> all, final int way) {
        final boolean changed = switch (way) {
            case 0 -> map.keySet().removeAll(all.keySet());
            case 1 -> map.keySet().retainAll(List.of());
            case 2 -> map.keySet().removeIf(key -> true);
            case 3 -> map.entrySet().removeAll(all.entrySet());
            case 4 -> map.entrySet().retainAll(List.of());
            case 5 -> map.values().removeAll(new HashSet<>(all.values()));
            case 6 -> map.values().retainAll(List.of());
            default -> map.values().removeIf(value -> true);
        };
        assertThat(changed).isTrue();
    }

    // ---- iteration

    @Test
    void shouldIterateInFewChainsWhenBucketsAreReadAhead() {
        final int count = 20_000;
        try (RemoteHeap heap = pool.embedded()) {
            fill(open(heap), count);
        }
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            final long most = count / 64 + 16; // two chains for 128 buckets of 1.8 entries would be count / 115
            assertThat(chains(
                            heap,
                            "map.scan",
                            () -> assertThat(map.keySet().stream().distinct().count())
                                    .isEqualTo(count)))
                    .isLessThan(most);
            assertThat(chains(heap, "map.scan", () -> map.forEach((key, value) -> {})))
                    .isLessThan(most);
            assertThat(chains(heap, "map.scan", () -> assertThat(map.values()).hasSize(count)))
                    .isLessThan(most);
        }
    }

    @Test
    void shouldIterateOverEveryKeyOnceWhenTheMapGrowsMeanwhile() throws Exception {
        final int stayed = 2_000;
        try (RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local()) {
            final RemoteMap<Integer, String> map = open(heap);
            fill(map, stayed);
            final AtomicBoolean done = new AtomicBoolean();
            final CompletableFuture<Void> growth = CompletableFuture.runAsync(() -> {
                final RemoteMap<Integer, String> same = open(other);
                for (int key = stayed; key < 60_000 && !done.get(); key++) {
                    same.set(key, "new " + key);
                }
            });
            for (int round = 0; round < 20; round++) {
                final List<Integer> seen = new ArrayList<>();
                for (final Integer key : map.keySet()) {
                    seen.add(key);
                }
                final Set<Integer> distinct = new HashSet<>(seen);
                assertThat(distinct).as("shown twice").hasSameSizeAs(seen);
                assertThat(distinct.containsAll(range(0, stayed))).as("missed").isTrue();
                assertThat(map.getAll(range(0, stayed))).hasSize(stayed);
            }
            done.set(true);
            growth.get();
        }
    }

    // ---- what the caller does not ask for

    @Test
    void shouldNotReadTheOldValueWhenTheCallerDoesNotWantIt() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            final String huge = "h".repeat(100_000);
            assertThat(map.set(1, huge)).isTrue();
            final long before = heap.count("map.put", Figure.BYTES_IN);
            assertThat(map.set(1, "small")).isFalse();
            assertThat(map.set(1, huge)).isFalse();
            assertThat(heap.count("map.put", Figure.BYTES_IN) - before).isLessThan(4_096);
            assertThat(map.delete(1)).isTrue();
            assertThat(map.delete(1)).isFalse();
            assertThat(heap.count("map.remove", Figure.BYTES_IN)).isLessThan(4_096);
        }
    }

    @Test
    void shouldReadTheOldLargeValueInTheCommitsChainWhenTheCallerWantsIt() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            map.put(1, LARGE + 1);
            assertThat(chains(
                            heap,
                            "map.put",
                            () -> assertThat(map.put(1, LARGE + 2)).isEqualTo(LARGE + 1)))
                    .isLessThanOrEqualTo(3);
            assertThat(chains(
                            heap, "map.remove", () -> assertThat(map.remove(1)).isEqualTo(LARGE + 2)))
                    .isLessThanOrEqualTo(3);
        }
    }

    @Test
    void shouldWriteNothingWhenAFunctionReturnsAnEqualValue() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = open(heap);
            fill(map, 100);
            assertThat(chains(
                            heap,
                            "map.compute",
                            () -> assertThat(map.compute(5, (key, old) -> old)).isEqualTo("value 5")))
                    .isEqualTo(2);
            assertThat(heap.count("map.compute", Figure.PERSISTS)).isZero();
            assertThat(map).containsEntry(5, "value 5");
        }
    }
}
