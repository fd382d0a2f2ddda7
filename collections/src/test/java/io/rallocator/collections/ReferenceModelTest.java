package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random operations on map and queue answer like the JDK's own collections, for every codec: while the structure grows, is
 * emptied in bulk, and grows again, and after closing and opening between these, with and without cache. A failure says the
 * seed; {@code -Drallocator.seed=N} repeats it and {@code -Drallocator.iterations=N} makes histories longer.
 */
@Timeout(300)
class ReferenceModelTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_104);
    private static final int STEPS = Integer.getInteger("rallocator.iterations", 1_500);
    private static final int KEYS = 1_000;
    private static final int VALUES = 100;

    /** How likely a step adds, out of ten. */
    private enum Phase {
        GROW(8),
        CHURN(5),
        SHRINK(2);

        private final int adds;

        Phase(final int adds) {
            this.adds = adds;
        }
    }

    private static final List<Phase> HISTORY = List.of(
            Phase.GROW, Phase.CHURN, Phase.SHRINK, Phase.GROW, Phase.SHRINK, Phase.SHRINK, Phase.CHURN, Phase.GROW);

    static Stream<Sample<?>> codecs() {
        return Sample.ALL.stream();
    }

    @Test
    void shouldHaveASampleOfEveryCodec() throws ReflectiveOperationException {
        final Set<Object> sampled = Sample.ALL.stream().map(Sample::codec).collect(Collectors.toSet());
        for (final Method method : Codecs.class.getMethods()) {
            if (Modifier.isStatic(method.getModifiers()) && method.getParameterCount() == 0) {
                assertThat(sampled).as(method.getName()).contains(method.invoke(null));
            }
        }
    }

    /** Another test has another pool. */
    TestPool newPool() {
        return TestPool.ofMebibytes(64);
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void shouldKeepAMapLikeTheModel(final Sample<?> keys) {
        final List<Sample<?>> all = Sample.ALL;
        mapHistory(keys, all.get((all.indexOf(keys) + 1) % all.size()));
    }

    private <K, V> void mapHistory(final Sample<K> keys, final Sample<V> values) {
        final MapModel<K, V> model = new MapModel<>(keys, values);
        try (TestPool pool = newPool()) {
            for (int i = 0; i < HISTORY.size(); i++) {
                try (RemoteHeap heap = pool.embedded("cache=" + (i % 2 == 0 ? "256k" : "0"))) {
                    model.map = heap.map("map", keys.codec(), values.codec());
                    model.verify();
                    model.run(HISTORY.get(i));
                    model.verify();
                }
                pool.check();
            }
        }
    }

    /** A map and what it must be. */
    private static final class MapModel<K, V> {
        private final Random random = new Random(SEED);
        private final Map<Object, Object> expected = new HashMap<>();
        private final Sample<K> keys;
        private final Sample<V> values;
        private RemoteMap<K, V> map;

        MapModel(final Sample<K> keys, final Sample<V> values) {
            this.keys = keys;
            this.values = values;
        }

        void run(final Phase phase) {
            for (int step = 0; step < STEPS; step++) {
                final K key = keys.of(random.nextInt(KEYS));
                final V value = values.of(random.nextInt(VALUES));
                if (random.nextInt(20) == 0) {
                    look(key, value);
                } else if (random.nextInt(10) < phase.adds) {
                    add(key, Sample.comparable(key), value, Sample.comparable(value));
                } else {
                    remove(key, Sample.comparable(key), value, Sample.comparable(value));
                }
            }
            if (phase == Phase.SHRINK) {
                removeMany();
            }
        }

        private void same(final Object actual, final Object wanted, final String what) {
            assertThat(Sample.comparable(actual)).as("%s, seed %d", what, SEED).isEqualTo(wanted);
        }

        private void look(final K key, final V value) {
            final Object k = Sample.comparable(key);
            same(map.get(key), expected.get(k), "get");
            same(map.containsKey(key), expected.containsKey(k), "containsKey");
            same(map.getOrDefault(key, value), expected.getOrDefault(k, Sample.comparable(value)), "getOrDefault");
            same(map.sizeLong(), (long) expected.size(), "size");
            same(map.isEmpty(), expected.isEmpty(), "isEmpty");
            same(map.containsValue(value), expected.containsValue(Sample.comparable(value)), "containsValue");
        }

        private void add(final K key, final Object k, final V value, final Object v) {
            switch (random.nextInt(7)) {
                case 0 -> same(map.putIfAbsent(key, value), expected.putIfAbsent(k, v), "putIfAbsent");
                case 1 -> same(map.replace(key, value), expected.replace(k, v), "replace");
                case 2 -> same(map.compute(key, (x, old) -> value), expected.compute(k, (x, old) -> v), "compute");
                case 3 ->
                    same(map.computeIfAbsent(key, x -> value), expected.computeIfAbsent(k, x -> v), "computeIfAbsent");
                case 4 ->
                    same(
                            map.merge(key, value, (old, given) -> old),
                            expected.merge(k, v, (old, given) -> old),
                            "merge");
                case 5 -> addMany();
                default -> same(map.put(key, value), expected.put(k, v), "put");
            }
        }

        private void addMany() {
            final Map<Object, Object> wanted = new HashMap<>();
            final List<Map.Entry<K, V>> entries = new ArrayList<>();
            final int from = random.nextInt(KEYS);
            for (int i = from; i < from + 5; i++) {
                final Map.Entry<K, V> entry = Map.entry(keys.of(i), values.of(random.nextInt(VALUES)));
                entries.add(entry);
                wanted.put(Sample.comparable(entry.getKey()), Sample.comparable(entry.getValue()));
            }
            map.putAll(Map.ofEntries(entries.toArray(MapModel::newEntries)));
            expected.putAll(wanted);
            final List<K> asked = entries.stream().map(Map.Entry::getKey).toList();
            assertThat(comparable(map.getAll(asked)))
                    .as("getAll, seed %d", SEED)
                    .isEqualTo(wanted);
        }

        @SuppressWarnings({"unchecked", "rawtypes"})
        private static <K, V> Map.Entry<K, V>[] newEntries(final int length) {
            return new Map.Entry[length];
        }

        private void remove(final K key, final Object k, final V value, final Object v) {
            switch (random.nextInt(5)) {
                case 0 -> same(map.remove(key, value), expected.remove(k, v), "remove if equal");
                case 1 ->
                    same(
                            map.computeIfPresent(key, (x, old) -> null),
                            expected.computeIfPresent(k, (x, old) -> null),
                            "computeIfPresent");
                case 2 -> same(map.keySet().remove(key), expected.keySet().remove(k), "keySet.remove");
                case 3 -> same(map.delete(key), expected.remove(k) != null, "delete");
                default -> same(map.remove(key), expected.remove(k), "remove");
            }
        }

        /** Most of the entries, in one of the ways of doing that. */
        private void removeMany() {
            switch (random.nextInt(3)) {
                case 0 -> {
                    map.clear();
                    expected.clear();
                }
                case 1 -> {
                    for (final Iterator<K> iterator = map.keySet().iterator(); iterator.hasNext(); ) {
                        final Object k = Sample.comparable(iterator.next());
                        if (isToGo()) {
                            iterator.remove();
                            expected.remove(k);
                        }
                    }
                }
                default ->
                    map.entrySet().removeIf(entry -> {
                        final boolean goes = isToGo();
                        if (goes) {
                            expected.remove(Sample.comparable(entry.getKey()));
                        }
                        return goes;
                    });
            }
        }

        private boolean isToGo() {
            return random.nextInt(8) != 0;
        }

        private static Map<Object, Object> comparable(final Map<?, ?> map) {
            final Map<Object, Object> copy = new HashMap<>();
            map.forEach((key, value) -> assertThat(copy.put(Sample.comparable(key), Sample.comparable(value)))
                    .as("a key is shown once")
                    .isNull());
            return copy;
        }

        void verify() {
            assertThat(comparable(map)).as("entries, seed %d", SEED).isEqualTo(expected);
            same(map.sizeLong(), (long) expected.size(), "size");
            final Set<Object> iterated = new HashSet<>();
            map.keySet().forEach(key -> iterated.add(Sample.comparable(key)));
            assertThat(iterated).as("keys, seed %d", SEED).isEqualTo(expected.keySet());
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void shouldKeepAQueueLikeTheModel(final Sample<?> elements) {
        queueHistory(elements, false);
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void shouldKeepABoundedQueueLikeTheModel(final Sample<?> elements) {
        queueHistory(elements, true);
    }

    private <E> void queueHistory(final Sample<E> elements, final boolean bounded) {
        final QueueModel<E> model = new QueueModel<>(elements);
        try (TestPool pool = newPool()) {
            for (final Phase phase : HISTORY) {
                try (RemoteHeap heap = pool.embedded()) {
                    model.queue = bounded
                            ? heap.boundedQueue("queue", elements.codec(), 100_000)
                            : heap.queue("queue", elements.codec());
                    model.verify();
                    model.run(phase);
                    model.verify();
                    model.close();
                }
                pool.check();
            }
        }
    }

    /** A queue and what it must be. */
    private static final class QueueModel<E> {
        private final Random random = new Random(SEED);
        private final ArrayDeque<Object> expected = new ArrayDeque<>();

        /** Received and not acknowledged, by this heap; and what others may receive again. */
        private final List<Object> leased = new ArrayList<>();

        private final List<Object> given = new ArrayList<>();
        private final Sample<E> elements;
        private RemoteQueue<E> queue;
        private int next;

        QueueModel(final Sample<E> elements) {
            this.elements = elements;
        }

        void run(final Phase phase) {
            for (int step = 0; step < STEPS; step++) {
                if (random.nextInt(20) == 0) {
                    look();
                } else if (random.nextInt(10) < phase.adds) {
                    add();
                } else {
                    remove();
                }
            }
            if (phase == Phase.SHRINK) {
                if (random.nextBoolean()) {
                    queue.clear();
                    expected.clear();
                } else {
                    drain(expected.size() * 7 / 8);
                }
            }
        }

        private void same(final Object actual, final Object wanted, final String what) {
            assertThat(Sample.comparable(actual)).as("%s, seed %d", what, SEED).isEqualTo(wanted);
        }

        private void look() {
            same(queue.peek(), expected.peek(), "peek");
            same(queue.isEmpty(), expected.isEmpty(), "isEmpty");
            same(queue.sizeLong(), (long) expected.size(), "size");
        }

        private void add() {
            final int count = random.nextInt(10) == 0 ? 5 : 1;
            final List<E> added = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                added.add(elements.of(next++));
                expected.add(Sample.comparable(added.get(i)));
            }
            same(count == 1 ? queue.offer(added.get(0)) : queue.addAll(added), true, "offer");
        }

        /** Of a heap that is closed meanwhile: what it had on lease is delivered to the next one, sooner or later. */
        private void receive() {
            final Lease<E> lease = queue.tryReceive();
            if (lease == null) {
                assertThat(expected).as("seed %d", SEED).isEmpty();
                assertThat(given).as("seed %d", SEED).isEmpty();
                return;
            }
            final Object element = Sample.comparable(lease.element());
            if (lease.deliveryCount() == 1) {
                assertThat(element).as("received, seed %d", SEED).isEqualTo(expected.poll());
            } else {
                assertThat(given.remove(element))
                        .as("%s was given back, seed %d", element, SEED)
                        .isTrue();
            }
            switch (random.nextInt(3)) {
                case 0 -> {
                    assertThat(lease.release()).isTrue();
                    given.add(element);
                }
                case 1 -> leased.add(element);
                default -> assertThat(lease.acknowledge()).isTrue();
            }
        }

        /** The heap is closed: its leases are anybody's. */
        void close() {
            given.addAll(leased);
            leased.clear();
        }

        private void remove() {
            if (random.nextInt(5) == 0) {
                receive();
            } else if (random.nextInt(10) == 0) {
                drain(5);
            } else {
                same(queue.poll(), expected.poll(), "poll");
            }
        }

        private void drain(final int most) {
            final List<E> drained = new ArrayList<>();
            same(queue.drainTo(drained, most), Math.min(most, expected.size()), "drainTo");
            drained.forEach(element -> same(element, expected.poll(), "drained"));
        }

        void verify() {
            final List<Object> shown = new ArrayList<>();
            queue.forEach(element -> shown.add(Sample.comparable(element)));
            assertThat(shown).as("elements, seed %d", SEED).isEqualTo(Arrays.asList(expected.toArray()));
            look();
        }
    }
}
