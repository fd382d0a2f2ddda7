package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.collections.Call.Action;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What workers of two sessions observe of one structure is explained by some order of their calls (invariant I8). Many short
 * races, each judged by {@link Linearizability}; {@code -Drallocator.iterations=N} sets how many.
 *
 * <p>Not Lincheck: it rewrites every loaded class even in its stress mode, those of the mapping library included, takes 30 s
 * and more for 10,000 races of tiny maps, and would share the JVM with the other tests.
 */
@Timeout(300)
@SuppressWarnings("JdkObsolete") // a LinkedList is a queue that defines equals, as a specification must
class LinearizabilityTest {
    private static final int RACES = Integer.getInteger("rallocator.iterations", 2_000);
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_103);
    private static final int CALLS = 6;
    private static final int RACED_KEYS = 3;
    private static final int VALUES = 3;
    private static final String LARGE = "v0".repeat(300);

    /** So many other keys are in the raced keys' bucket that the first insertion splits it. */
    private static final int BALLAST = 2;

    /** Two heaps on one pool, and the workers that use them in turn. */
    private static final class Arena implements AutoCloseable {
        private final TestPool pool = TestPool.ofMebibytes(64);
        private final RemoteHeap first;
        private final RemoteHeap second;
        private final int workers;
        private final Race race;
        private final Random random = new Random(SEED);

        Arena(final int workers, final String cache) {
            this.workers = workers;
            first = pool.embedded(cache);
            second = pool.local(cache);
            race = new Race(workers);
        }

        <S> List<S> views(final Function<RemoteHeap, S> opener) {
            final List<S> views = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                views.add(opener.apply(i % 2 == 0 ? first : second));
            }
            return views;
        }

        <S> List<Call<S>> race(final List<S> views, final Function<Random, Action<S>> script)
                throws InterruptedException {
            final List<List<Action<S>>> scripts = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                final List<Action<S>> actions = new ArrayList<>();
                for (int call = 0; call < CALLS; call++) {
                    actions.add(script.apply(random));
                }
                scripts.add(actions);
            }
            return race.run(views, scripts);
        }

        long splitChains() {
            return first.count("map.split", Figure.CHAINS) + second.count("map.split", Figure.CHAINS);
        }

        @Override
        public void close() {
            race.close();
            second.close();
            first.close();
            pool.check();
            pool.close();
        }
    }

    private static <S> String describe(final List<Call<S>> calls) {
        return calls.stream()
                .sorted(Comparator.comparingLong(Call::begin))
                .map(Call::toString)
                .collect(Collectors.joining("\n", "no order explains, seed " + SEED + ":\n", ""));
    }

    // ---- maps

    private static final Linearizability<ConcurrentMap<Integer, String>> MAPS =
            new Linearizability<>(ConcurrentHashMap::new);

    private static final Action<ConcurrentMap<Integer, String>> ALL_ENTRIES = new Action<>("entries", HashMap::new);

    private static Action<ConcurrentMap<Integer, String>> mapAction(final Random random) {
        final int key = SimulatedWorker.crowdedKey(random.nextInt(RACED_KEYS));
        final String value = value(random);
        final String other = value(random);
        return switch (random.nextInt(14)) {
            case 0, 10 -> new Action<>("get " + key, map -> map.get(key));
            case 11 ->
                new Action<>(
                        "computeIfAbsent " + key + " " + value,
                        map -> map.computeIfAbsent(key, k -> value.equals("v1") ? null : value));
            case 12 ->
                new Action<>(
                        "computeIfPresent " + key + " " + value,
                        map -> map.computeIfPresent(key, (k, old) -> old.equals(value) ? old : value));
            case 1, 2 -> new Action<>("put " + key + " " + value, map -> map.put(key, value));
            case 3 -> new Action<>("putIfAbsent " + key + " " + value, map -> map.putIfAbsent(key, value));
            case 4, 5 -> new Action<>("remove " + key, map -> map.remove(key));
            case 6 -> new Action<>("replace " + key + " " + value, map -> map.replace(key, value));
            case 7 -> new Action<>("replace " + key + " " + other + " " + value, map -> map.replace(key, other, value));
            case 8 -> new Action<>("remove " + key + " " + value, map -> map.remove(key, value));
            case 9 -> new Action<>("merge " + key + " " + value, map -> map.merge(key, value, String::concat));
            default ->
                new Action<>(
                        "compute " + key,
                        map -> map.compute(key, (k, old) -> old == null ? "c" : old.length() > 4 ? null : old + "c"));
        };
    }

    /** One of them has a block of its own. */
    private static String value(final Random random) {
        final int value = random.nextInt(VALUES);
        return value == 0 ? LARGE : "v" + value;
    }

    /** A new map of which the raced keys' bucket is about to split. */
    private static ConcurrentMap<Integer, String> crowded(final RemoteHeap heap, final String name) {
        final RemoteMap<Integer, String> map = heap.map(name, Codecs.ints(), Codecs.string());
        for (int i = 0; i < BALLAST; i++) {
            map.put(SimulatedWorker.crowdedKey(RACED_KEYS + i), "ballast");
        }
        return map;
    }

    @ParameterizedTest
    @CsvSource({"2, cache=0", "2, cache=1m", "4, cache=1m"})
    void shouldExplainEveryHistoryOfAMapWhoseBucketsSplit(final int workers, final String cache)
            throws InterruptedException {
        try (Arena arena = new Arena(workers, cache)) {
            for (int i = 0; i < RACES; i++) {
                final String name = "map " + i;
                final ConcurrentMap<Integer, String> before = new ConcurrentHashMap<>(crowded(arena.first, name));
                final List<ConcurrentMap<Integer, String>> views =
                        arena.views(heap -> heap.map(name, Codecs.ints(), Codecs.string()));
                final List<Call<ConcurrentMap<Integer, String>>> calls =
                        arena.race(views, LinearizabilityTest::mapAction);
                calls.add(Call.observe(workers, ALL_ENTRIES, views.get(1)));
                assertThat(MAPS.explains(before, calls))
                        .as(() -> describe(calls))
                        .isTrue();
                arena.first.drop(name);
            }
            assertThat(arena.splitChains()).isGreaterThan(RACES);
        }
    }

    // ---- queues

    private static final Linearizability<Queue<Integer>> QUEUES = new Linearizability<>(LinkedList::new);

    private static final Action<Queue<Integer>> ALL_ELEMENTS = new Action<>("elements", ArrayList::new);

    private static Action<Queue<Integer>> queueAction(final Random random) {
        final int element = random.nextInt(10);
        return switch (random.nextInt(9)) {
            case 0, 1, 2 -> new Action<>("offer " + element, queue -> queue.offer(element));
            case 8 -> new Action<>("addAll " + element, queue -> queue.addAll(List.of(element, element + 10)));
            case 3 -> new Action<>("peek", Queue::peek);
            case 4 -> new Action<>("remove " + element, queue -> queue.remove((Object) element));
            default -> new Action<>("poll", Queue::poll);
        };
    }

    /** One queue for all races, so that they go over the borders of segments; it is nearly empty most of the time. */
    @ParameterizedTest
    @CsvSource({"2", "4"})
    void shouldExplainEveryHistoryOfAQueue(final int workers) throws InterruptedException {
        try (Arena arena = new Arena(workers, "cache=0")) {
            final List<Queue<Integer>> views = arena.views(heap -> heap.queue("queue", Codecs.ints()));
            for (int i = 0; i < 2 * RACES; i++) {
                final Queue<Integer> before = new LinkedList<>(views.get(0));
                final List<Call<Queue<Integer>>> calls = arena.race(views, LinearizabilityTest::queueAction);
                calls.add(Call.observe(workers, ALL_ELEMENTS, views.get(1)));
                assertThat(QUEUES.explains(before, calls))
                        .as(() -> describe(calls))
                        .isTrue();
            }
        }
    }

    /** A specification of a queue with a bound. */
    private static final class BoundedModel extends LinkedList<Integer> {
        private static final long serialVersionUID = 1L;

        BoundedModel(final Collection<Integer> elements) {
            super(elements);
        }

        @Override
        public boolean offer(final Integer element) {
            return size() < BOUND && super.offer(element);
        }
    }

    private static final int BOUND = 4;

    private static final Linearizability<Queue<Integer>> BOUNDED_QUEUES = new Linearizability<>(BoundedModel::new);

    /** Who receives on lease, and acknowledges, has polled. */
    private static Integer receive(final Queue<Integer> queue) {
        if (!(queue instanceof RemoteQueue)) {
            return queue.poll();
        }
        final Lease<Integer> lease = ((RemoteQueue<Integer>) queue).tryReceive();
        if (lease == null) {
            return null;
        }
        assertThat(lease.acknowledge()).isTrue();
        return lease.element();
    }

    private static Action<Queue<Integer>> boundedAction(final Random random) {
        final int element = random.nextInt(10);
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> new Action<>("offer " + element, queue -> queue.offer(element));
            case 3 -> new Action<>("peek", Queue::peek);
            case 4, 5 -> new Action<>("receive", LinearizabilityTest::receive);
            default -> new Action<>("poll", Queue::poll);
        };
    }

    /** Each race finds a batch in the queue, whose elements leave by leases and polls while others are offered behind it. */
    @ParameterizedTest
    @CsvSource({"2", "4"})
    void shouldExplainEveryHistoryOfABoundedQueueWithBatchesAndLeases(final int workers) throws InterruptedException {
        try (Arena arena = new Arena(workers, "cache=0")) {
            final List<Queue<Integer>> views = arena.views(heap -> heap.boundedQueue("bounded", Codecs.ints(), BOUND));
            for (int i = 0; i < RACES; i++) {
                final List<Integer> batch = new ArrayList<>();
                while (views.get(0).size() + batch.size() < BOUND - i % 2) {
                    batch.add(10 + batch.size());
                }
                views.get(i % workers).addAll(batch);
                final Queue<Integer> before = new BoundedModel(views.get(0));
                final List<Call<Queue<Integer>>> calls = arena.race(views, LinearizabilityTest::boundedAction);
                calls.add(Call.observe(workers, ALL_ELEMENTS, views.get(1)));
                assertThat(BOUNDED_QUEUES.explains(before, calls))
                        .as(() -> describe(calls))
                        .isTrue();
            }
        }
    }

    // ---- arrays

    private static final int LENGTH = 2;

    private static final Linearizability<List<String>> LISTS = new Linearizability<>(ArrayList::new);

    private static final Action<List<String>> ALL_PLACES = new Action<>("places", ArrayList::new);

    private static Action<List<String>> arrayAction(final Random random) {
        final int index = random.nextInt(LENGTH);
        final String element = "e" + random.nextInt(VALUES);
        final String other = "e" + random.nextInt(VALUES);
        return switch (random.nextInt(4)) {
            case 0 -> new Action<>("get " + index, list -> list.get(index));
            case 1 -> new Action<>("set " + index + " " + element, list -> list.set(index, element));
            default ->
                new Action<>(
                        "compareAndSet " + index + " " + other + " " + element,
                        list -> compareAndSet(list, index, other, element));
        };
    }

    private static boolean compareAndSet(
            final List<String> list, final int index, final String expected, final String element) {
        if (list instanceof RemoteArray) {
            return ((RemoteArray<String>) list).compareAndSet(index, expected, element);
        }
        final boolean equal = expected.equals(list.get(index));
        if (equal) {
            list.set(index, element);
        }
        return equal;
    }

    @ParameterizedTest
    @CsvSource({"2", "4"})
    void shouldExplainEveryHistoryOfAnArray(final int workers) throws InterruptedException {
        try (Arena arena = new Arena(workers, "cache=0")) {
            final List<List<String>> views = arena.views(heap -> heap.array("array", Codecs.string(), LENGTH));
            for (int i = 0; i < RACES; i++) {
                final List<String> before = new ArrayList<>(views.get(0));
                final List<Call<List<String>>> calls = arena.race(views, LinearizabilityTest::arrayAction);
                calls.add(Call.observe(workers, ALL_PLACES, views.get(1)));
                assertThat(LISTS.explains(before, calls))
                        .as(() -> describe(calls))
                        .isTrue();
            }
        }
    }

    // ---- arrays of longs

    private static final Linearizability<RemoteLongArray> LONG_ARRAYS = new Linearizability<>(LongArrayModel::of);

    private static final Action<RemoteLongArray> ALL_LONGS =
            new Action<>("longs", longs -> List.of(longs.get(0), longs.get(1)));

    private static Action<RemoteLongArray> longArrayAction(final Random random) {
        final int index = random.nextInt(LENGTH);
        final long value = random.nextInt(VALUES);
        final long other = random.nextInt(VALUES);
        return switch (random.nextInt(8)) {
            case 0, 1 -> new Action<>("get " + index, longs -> longs.get(index));
            case 2 ->
                new Action<>("set " + index + " " + value, longs -> {
                    longs.set(index, value);
                    return null;
                });
            case 3 -> new Action<>("getAndAdd " + index + " " + value, longs -> longs.getAndAdd(index, value));
            case 4 -> new Action<>("getAndSet " + index + " " + value, longs -> longs.getAndSet(index, value));
            case 5 -> new Action<>("updateAndGet " + index, longs -> longs.updateAndGet(index, seen -> 2 * seen + 1));
            default ->
                new Action<>(
                        "compareAndExchange " + index + " " + other + " " + value,
                        longs -> longs.compareAndExchange(index, other, value));
        };
    }

    @ParameterizedTest
    @CsvSource({"2", "4"})
    void shouldExplainEveryHistoryOfAnArrayOfLongs(final int workers) throws InterruptedException {
        try (Arena arena = new Arena(workers, "cache=0")) {
            final List<RemoteLongArray> views = arena.views(heap -> heap.longArray("longs", LENGTH));
            for (int i = 0; i < 2 * RACES; i++) {
                final RemoteLongArray before = LongArrayModel.of(views.get(0));
                final List<Call<RemoteLongArray>> calls = arena.race(views, LinearizabilityTest::longArrayAction);
                calls.add(Call.observe(workers, ALL_LONGS, views.get(1)));
                assertThat(LONG_ARRAYS.explains(before, calls))
                        .as(() -> describe(calls))
                        .isTrue();
            }
        }
    }

    // ---- arrays of bytes: what is atomic are words that a call covers wholly, and single bytes

    private static final Linearizability<RemoteByteArray> BYTE_ARRAYS = new Linearizability<>(ByteArrayModel::of);

    private static final Action<RemoteByteArray> ALL_WORDS =
            new Action<>("words", bytes -> List.of(word(bytes, 0), word(bytes, 1)));

    private static ByteBuffer word(final RemoteByteArray bytes, final int word) {
        final byte[] target = new byte[Long.BYTES];
        bytes.read((long) word * Long.BYTES, target, 0, Long.BYTES);
        return ByteBuffer.wrap(target);
    }

    private static Action<RemoteByteArray> byteArrayAction(final Random random) {
        final int word = random.nextInt(LENGTH);
        final int index = word * Long.BYTES + random.nextInt(Long.BYTES);
        final byte value = (byte) random.nextInt(VALUES);
        final byte[] filled = new byte[Long.BYTES];
        Arrays.fill(filled, value);
        return switch (random.nextInt(6)) {
            case 0 -> new Action<>("get " + index, bytes -> bytes.get(index));
            case 1 ->
                new Action<>("set " + index + " " + value, bytes -> {
                    bytes.set(index, value);
                    return null;
                });
            case 2, 3 -> new Action<>("read word " + word, bytes -> word(bytes, word));
            case 4 ->
                new Action<>("fill word " + word + " " + value, bytes -> {
                    bytes.fill((long) word * Long.BYTES, Long.BYTES, value);
                    return null;
                });
            default ->
                new Action<>("write word " + word + " " + value, bytes -> {
                    bytes.write((long) word * Long.BYTES, filled, 0, Long.BYTES);
                    return null;
                });
        };
    }

    @ParameterizedTest
    @CsvSource({"2", "4"})
    void shouldExplainEveryHistoryOfWordsAndBytesOfAnArrayOfBytes(final int workers) throws InterruptedException {
        try (Arena arena = new Arena(workers, "cache=0")) {
            final List<RemoteByteArray> views =
                    arena.views(heap -> heap.byteArray("bytes", (long) LENGTH * Long.BYTES));
            for (int i = 0; i < 2 * RACES; i++) {
                final RemoteByteArray before = ByteArrayModel.of(views.get(0));
                final List<Call<RemoteByteArray>> calls = arena.race(views, LinearizabilityTest::byteArrayAction);
                calls.add(Call.observe(workers, ALL_WORDS, views.get(1)));
                assertThat(BYTE_ARRAYS.explains(before, calls))
                        .as(() -> describe(calls))
                        .isTrue();
            }
        }
    }

    // ---- the check itself

    /** A map that computes as a careless program would: it gets, and then puts. */
    private static final class CarelessMap extends ConcurrentHashMap<Integer, String> {
        private static final long serialVersionUID = 1L;

        @Override
        public String merge(
                final Integer key,
                final String value,
                final BiFunction<? super String, ? super String, ? extends String> function) {
            final String old = get(key);
            Thread.yield();
            final String merged = old == null ? value : function.apply(old, value);
            put(key, merged);
            return merged;
        }
    }

    @Test
    void shouldFindTheLostUpdateWhenAMapDoesNotMergeAtomically() throws InterruptedException {
        final Action<ConcurrentMap<Integer, String>> merge =
                new Action<>("merge", map -> map.merge(1, "x", String::concat));
        final List<Action<ConcurrentMap<Integer, String>>> script = List.of(merge, merge, merge, merge);
        boolean found = false;
        try (Race race = new Race(2)) {
            for (int i = 0; i < 100_000 && !found; i++) {
                final ConcurrentMap<Integer, String> map = new CarelessMap();
                found = !MAPS.explains(new ConcurrentHashMap<>(), race.run(List.of(map, map), List.of(script, script)));
            }
        }
        assertThat(found).isTrue();
    }

    private static <S> Call<S> call(
            final long begin, final long end, final Object result, final Function<S, Object> body) {
        return new Call<>(0, new Action<>("", body), begin, end, result);
    }

    private static boolean explained(final List<Call<Queue<Integer>>> calls) {
        return QUEUES.explains(new LinkedList<>(), calls);
    }

    @Test
    void shouldJudgeHistoriesByTheOrderOfCallsThatDoNotOverlap() {
        final Function<Queue<Integer>, Object> offerOne = queue -> queue.offer(1);
        final Function<Queue<Integer>, Object> offerTwo = queue -> queue.offer(2);
        // overlapping offers may come in any order
        assertThat(explained(List.of(
                        call(1, 5, true, offerOne),
                        call(2, 6, true, offerTwo),
                        call(7, 8, 2, Queue::poll),
                        call(9, 10, 1, Queue::poll))))
                .isTrue();
        // offers one after the other may not
        assertThat(explained(
                        List.of(call(1, 2, true, offerOne), call(3, 4, true, offerTwo), call(7, 8, 2, Queue::poll))))
                .isFalse();
        // one element is taken once
        assertThat(explained(
                        List.of(call(1, 2, true, offerOne), call(3, 6, 1, Queue::poll), call(4, 5, 1, Queue::poll))))
                .isFalse();
        // a poll may miss an offer under way, and an offer that returned it may not
        assertThat(explained(List.of(call(1, 4, true, offerOne), call(2, 3, null, Queue::poll))))
                .isTrue();
        assertThat(explained(List.of(call(1, 2, true, offerOne), call(3, 4, null, Queue::poll))))
                .isFalse();
    }
}
