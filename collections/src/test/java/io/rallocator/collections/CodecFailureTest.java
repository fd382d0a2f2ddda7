package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Codecs that throw at any of their calls, or write something else than they say: the structure stays whole and usable. */
@Timeout(120)
@SuppressWarnings("ReturnValueIgnored") // what counts is what they throw
class CodecFailureTest {
    /** More than lanes: if one stayed held after a failure, the test would hang. */
    private static final int ENTRIES = 6;

    private TestPool pool;

    @BeforeEach
    void create() {
        pool = TestPool.missing();
    }

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    private RemoteHeap open() {
        return pool.embedded("size=16m", "lanes=2", "cache=64k");
    }

    /** What a codec throws. */
    private enum Failure {
        EXCEPTION {
            @Override
            Throwable make() {
                return new IllegalStateException("the codec's exception");
            }
        },
        ERROR {
            @Override
            Throwable make() {
                return new AssertionError("the codec's error");
            }
        };

        abstract Throwable make();
    }

    /** Integers, until the call that it is told to fail at. */
    private static final class Faulty implements Codec<Integer> {
        private final Trigger trigger;
        private final int bytesOfGarbage;

        Faulty(final Trigger trigger, final int bytesOfGarbage) {
            this.trigger = trigger;
            this.bytesOfGarbage = bytesOfGarbage;
        }

        @Override
        public String id() {
            return "faulty";
        }

        @Override
        public int encode(final Integer value, final MutableDirectBuffer target, final int index) {
            target.setMemory(index, bytesOfGarbage, (byte) 0x5A);
            trigger.call();
            return Codecs.ints().encode(value, target, index);
        }

        @Override
        public Integer decode(final DirectBuffer source, final int index, final int length) {
            trigger.call();
            return Codecs.ints().decode(source, index, length);
        }
    }

    /** Counts the calls of several codecs, and fails at one of them. */
    private static final class Trigger {
        private final Failure failure;
        private int left = Integer.MAX_VALUE;
        private Throwable thrown;

        Trigger(final Failure failure) {
            this.failure = failure;
        }

        void failAt(final int call) {
            left = call;
            thrown = null;
        }

        void disarm() {
            left = Integer.MAX_VALUE;
        }

        void call() {
            if (--left == 0) {
                thrown = failure.make();
                if (thrown instanceof Error) {
                    throw (Error) thrown;
                }
                throw (RuntimeException) thrown;
            }
        }
    }

    /**
     * Lets an action fail at its first codec call, its second, and so on until it makes no more.
     *
     * @param trigger of the codecs
     * @param reset puts the structure into the same state each time
     * @param action fails
     * @param look verifies the structure after a failure
     * @return at how many calls it failed
     */
    private static int failEverywhere(
            final Trigger trigger, final Runnable reset, final Runnable action, final Runnable look) {
        for (int call = 1; ; call++) {
            reset.run();
            trigger.failAt(call);
            Throwable caught = null;
            try {
                action.run();
            } catch (final RuntimeException | Error e) {
                caught = e;
            }
            trigger.disarm();
            if (trigger.thrown == null) {
                assertThat(caught).isNull();
                return call - 1;
            }
            assertThat(caught).isNotNull();
            assertThat(rootCause(caught)).isSameAs(trigger.thrown);
            look.run();
        }
    }

    private static Throwable rootCause(final Throwable thrown) {
        return thrown.getCause() == null ? thrown : rootCause(thrown.getCause());
    }

    /** A change of a map, which a model does too. */
    private record MapAction(String name, Consumer<Map<Integer, Integer>> change) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Map<Integer, Integer> model() {
        final Map<Integer, Integer> model = new TreeMap<>();
        for (int key = 0; key < ENTRIES; key++) {
            model.put(key, 10 * key);
        }
        return model;
    }

    private static List<MapAction> mapActions() {
        final Map<Integer, Integer> many = Map.of(1, 91, 2, 92, 101, 93, 102, 94);
        return List.of(
                new MapAction("get", map -> assertThat(map.get(1)).isEqualTo(10)),
                new MapAction(
                        "getOrDefault",
                        map -> assertThat(map.getOrDefault(99, 7)).isEqualTo(7)),
                new MapAction(
                        "containsKey", map -> assertThat(map.containsKey(1)).isTrue()),
                new MapAction(
                        "containsValue",
                        map -> assertThat(map.containsValue(10)).isTrue()),
                new MapAction("put new", map -> map.put(100, 1)),
                new MapAction("put", map -> map.put(1, 2)),
                new MapAction("putIfAbsent", map -> map.putIfAbsent(1, 2)),
                new MapAction("replace", map -> map.replace(1, 2)),
                new MapAction("replace if", map -> map.replace(1, 10, 2)),
                new MapAction("remove", map -> map.remove(1)),
                new MapAction("remove if", map -> map.remove(1, 10)),
                new MapAction("compute", map -> map.compute(1, (key, old) -> old + 1)),
                new MapAction("compute to null", map -> map.compute(1, (key, old) -> null)),
                new MapAction("computeIfAbsent", map -> map.computeIfAbsent(100, key -> 5)),
                new MapAction("computeIfPresent", map -> map.computeIfPresent(1, (key, old) -> old + 1)),
                new MapAction("merge", map -> map.merge(1, 3, Integer::sum)),
                new MapAction("merge new", map -> map.merge(100, 3, Integer::sum)),
                new MapAction("putAll", map -> map.putAll(many)),
                new MapAction("replaceAll", map -> map.replaceAll((key, old) -> old + 1)),
                new MapAction("forEach", map -> map.forEach((key, value) -> {})),
                new MapAction(
                        "iterate keys",
                        map -> assertThat(new ArrayList<>(map.keySet())).hasSize(ENTRIES)),
                new MapAction(
                        "iterate entries",
                        map -> assertThat(List.copyOf(map.entrySet())).hasSize(ENTRIES)),
                new MapAction("removeIf", map -> map.entrySet().removeIf(entry -> entry.getValue() > 20)),
                new MapAction("keys removeIf", map -> map.keySet().removeIf(key -> key > 2)),
                new MapAction("keys removeAll", map -> map.keySet().removeAll(List.of(1, 2, 99))),
                new MapAction("values removeIf", map -> map.values().removeIf(value -> value > 20)),
                new MapAction("values remove", map -> map.values().remove(20)),
                new MapAction("entries remove", map -> map.entrySet().remove(Map.entry(1, 10))),
                new MapAction("entries contains", map -> map.entrySet().contains(Map.entry(1, 10))),
                new MapAction("equals", map -> assertThat(map.equals(model())).isTrue()),
                new MapAction("hashCode", map -> assertThat(map.hashCode()).isEqualTo(model().hashCode())));
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void shouldHaveEachKeyBeforeOrAfterWhenACodecFailsAtAnyCall(final Failure failure) {
        try (RemoteHeap heap = open()) {
            final Trigger trigger = new Trigger(failure);
            final RemoteMap<Integer, Integer> map = heap.map("map", new Faulty(trigger, 20), new Faulty(trigger, 700));
            for (final MapAction action : mapActions()) {
                final Map<Integer, Integer> before = model();
                final Map<Integer, Integer> after = model();
                action.change.accept(after);
                final int failures = failEverywhere(
                        trigger,
                        () -> {
                            map.clear();
                            map.putAll(before);
                        },
                        () -> action.change.accept(map),
                        () -> assertEachBeforeOrAfter(map, before, after));
                assertThat(failures).as(action.name).isPositive();
                assertThat(map).as(action.name).isEqualTo(after);
            }
        }
    }

    private static void assertEachBeforeOrAfter(
            final RemoteMap<Integer, Integer> map,
            final Map<Integer, Integer> before,
            final Map<Integer, Integer> after) {
        int count = 0;
        for (int key = 0; key < 110; key++) {
            final Integer value = map.get(key);
            assertThat(value).as("key %d", key).isIn(before.get(key), after.get(key));
            count += value == null ? 0 : 1;
        }
        assertThat(map.sizeLong()).isEqualTo(count);
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void shouldChangeOrRemoveNothingElseWhenACodecFailsInWhatOnlyRemoteMapsHave(final Failure failure) {
        try (RemoteHeap heap = open()) {
            final Trigger trigger = new Trigger(failure);
            final RemoteMap<Integer, Integer> map = heap.map("map", new Faulty(trigger, 0), new Faulty(trigger, 0));
            final Map<Integer, Integer> before = model();
            final Runnable reset = () -> {
                map.clear();
                map.putAll(before);
            };
            final Runnable same = () -> assertThat(map).isEqualTo(before);
            final List<Integer> keys = List.of(1, 2, 99);
            assertThat(failEverywhere(trigger, reset, () -> map.getAll(keys), same))
                    .isEqualTo(5);
            assertThat(failEverywhere(trigger, reset, () -> map.scan(0, 3, (key, value) -> {}), same))
                    .isGreaterThanOrEqualTo(6);
            assertThat(failEverywhere(trigger, reset, () -> map.deleteAll(keys), same))
                    .isEqualTo(3);
            assertThat(failEverywhere(trigger, reset, () -> map.set(1, 5), same))
                    .isEqualTo(2);
            assertThat(failEverywhere(trigger, reset, () -> map.delete(1), same))
                    .isEqualTo(1);
            assertThat(failEverywhere(trigger, reset, () -> map.timeToLive(1), same))
                    .isEqualTo(1);
        }
    }

    /** An element leaves the queue before it is decoded: then it is in the exception; nothing else is lost. */
    @ParameterizedTest
    @EnumSource(Failure.class)
    void shouldKeepEveryOtherElementInItsOrderWhenACodecFailsAtAnyCallOfAQueue(final Failure failure) {
        try (RemoteHeap heap = open()) {
            final Trigger trigger = new Trigger(failure);
            final RemoteQueue<Integer> queue = heap.queue("queue", new Faulty(trigger, 5_000));
            final RemoteQueue<Integer> bounded = heap.boundedQueue("bounded", new Faulty(trigger, 0), 2 * ENTRIES);
            final List<Integer> six = List.of(0, 1, 2, 3, 4, 5);
            for (final RemoteQueue<Integer> each : List.of(queue, bounded)) {
                final Runnable reset = () -> {
                    each.clear();
                    each.addAll(six);
                };
                final Runnable same = () -> assertThat(each).containsExactlyElementsOf(six);
                final Runnable lessOne = () -> assertThat(each).containsExactly(1, 2, 3, 4, 5);
                assertThat(failEverywhere(trigger, reset, () -> each.add(6), same))
                        .isEqualTo(1);
                assertThat(failEverywhere(trigger, reset, each::peek, same)).isEqualTo(1);
                assertThat(failEverywhere(trigger, reset, each::poll, lessOne)).isEqualTo(1);
                assertThat(failEverywhere(trigger, reset, () -> each.contains(9), same))
                        .isEqualTo(6);
                assertThat(failEverywhere(trigger, reset, () -> each.remove(5), same))
                        .isEqualTo(6);
                assertThat(failEverywhere(trigger, reset, () -> each.toArray(), same))
                        .isEqualTo(6);
                failEverywhere(
                        trigger,
                        reset,
                        () -> each.removeIf(i -> i > 3),
                        () -> assertThat(each).containsSequence(0, 1, 2, 3).isSubsetOf(six));
                failEverywhere(
                        trigger,
                        reset,
                        () -> each.addAll(List.of(6, 7, 8)),
                        () -> assertThat(each).containsSequence(six).isSubsetOf(0, 1, 2, 3, 4, 5, 6, 7));
                assertThat(failEverywhere(trigger, reset, each::clear, same)).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void shouldDeliverTheOthersWhenOneOfADrainCannotBeDecoded(final Failure failure) {
        try (RemoteHeap heap = open()) {
            final Trigger trigger = new Trigger(failure);
            final RemoteQueue<Integer> queue = heap.queue("queue", new Faulty(trigger, 0));
            final List<Integer> target = new ArrayList<>();
            final Runnable reset = () -> {
                target.clear();
                queue.clear();
                queue.addAll(List.of(0, 1, 2, 3, 4, 5));
                queue.add(6);
            };
            final int calls = failEverywhere(trigger, reset, () -> queue.drainTo(target), () -> {
                queue.drainTo(target);
                assertThat(target).hasSize(6).doesNotHaveDuplicates().isSorted();
            });
            assertThat(calls).isEqualTo(7);
        }
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void shouldHaveEachElementBeforeOrAfterWhenACodecFailsAtAnyCallOfAnArray(final Failure failure) {
        try (RemoteHeap heap = open()) {
            final Trigger trigger = new Trigger(failure);
            final RemoteArray<Integer> array = heap.array("array", new Faulty(trigger, 0), 4);
            final Runnable reset = () -> {
                for (int i = 0; i < 4; i++) {
                    array.set(i, i);
                }
            };
            final Runnable same = () -> assertThat(array).containsExactly(0, 1, 2, 3);
            assertThat(failEverywhere(trigger, reset, () -> array.get(1), same)).isEqualTo(1);
            assertThat(failEverywhere(trigger, reset, () -> array.set(1, 7), () -> {
                        assertThat(array.get(1)).isIn(1, 7);
                        assertThat(array.getAll(2, 2)).containsExactly(2, 3);
                    }))
                    .isEqualTo(2);
            assertThat(failEverywhere(trigger, reset, () -> array.compareAndSet(1, 1, 7), same))
                    .isEqualTo(2);
            assertThat(failEverywhere(trigger, reset, () -> array.indexOf(9), same))
                    .isEqualTo(4);
            assertThat(failEverywhere(trigger, reset, () -> array.getAll(0, 4), same))
                    .isEqualTo(4);
            failEverywhere(trigger, reset, () -> array.replaceAll(i -> i + 10), () -> {
                for (int i = 0; i < 4; i++) {
                    assertThat(array.get(i)).isIn(i, i + 10);
                }
            });
        }
    }

    /** Says that it wrote something else than it did. */
    private static final class Liar implements Codec<byte[]> {
        private int announced;
        private int written;

        @Override
        public String id() {
            return "liar";
        }

        void lie(final int newAnnounced, final int newWritten) {
            announced = newAnnounced;
            written = newWritten;
        }

        @Override
        public int encode(final byte[] value, final MutableDirectBuffer target, final int index) {
            target.putBytes(index, value, 0, Math.min(written, value.length));
            return announced;
        }

        @Override
        public byte[] decode(final DirectBuffer source, final int index, final int length) {
            final byte[] value = new byte[length];
            source.getBytes(index, value);
            return value;
        }
    }

    @Test
    void shouldStoreExactlyWhatWasAnnouncedWhenACodecWroteMoreOrLess() {
        final byte[] bytes = new byte[5_000];
        Arrays.fill(bytes, (byte) 7);
        try (RemoteHeap heap = open()) {
            final Liar liar = new Liar();
            final RemoteMap<Integer, byte[]> map = heap.map("map", Codecs.ints(), liar);
            final RemoteQueue<byte[]> queue = heap.queue("queue", liar);
            final RemoteArray<byte[]> array = heap.array("array", liar, 3);
            map.put(-1, new byte[0]);
            for (final int announced : new int[] {0, 3, 100, 600, 5_000}) {
                for (final int written : new int[] {0, 3, 100, 600, 5_000}) {
                    liar.lie(announced, written);
                    map.put(announced, bytes);
                    assertAsAnnounced(map.get(announced), announced, written);
                    queue.add(bytes);
                    assertAsAnnounced(queue.poll(), announced, written);
                    array.set(0, bytes);
                    assertAsAnnounced(array.get(0), announced, written);
                }
            }
            assertThat(map.get(-1)).isEmpty();
            assertThat(map.sizeLong()).isEqualTo(6);
        }
    }

    private static void assertAsAnnounced(final byte[] value, final int announced, final int written) {
        assertThat(value).hasSize(announced);
        for (int i = 0; i < Math.min(announced, written); i++) {
            assertThat(value[i]).isEqualTo((byte) 7);
        }
    }

    @Test
    void shouldRefuseWhenACodecAnnouncesWhatNoBufferHas() {
        try (RemoteHeap heap = open()) {
            final Liar liar = new Liar();
            final RemoteMap<byte[], byte[]> map = heap.map("map", liar, liar);
            final RemoteQueue<byte[]> queue = heap.queue("queue", liar);
            final RemoteArray<byte[]> array = heap.array("array", liar, 3);
            for (final int announced : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 30}) {
                liar.lie(announced, 8);
                final List<Runnable> calls = List.of(
                        () -> map.put(new byte[8], new byte[8]),
                        () -> map.get(new byte[8]),
                        () -> map.remove(new byte[8], new byte[8]),
                        () -> map.putAll(Map.of(new byte[8], new byte[8])),
                        () -> queue.add(new byte[8]),
                        () -> queue.addAll(List.of(new byte[8])),
                        () -> array.set(1, new byte[8]),
                        () -> array.compareAndSet(1, new byte[8], null));
                for (final Runnable call : calls) {
                    assertThatThrownBy(call::run)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("codec liar says that it wrote " + announced + " bytes")
                            .hasMessageContaining("encode must return what it wrote");
                }
            }
            assertThat(map).isEmpty();
            assertThat(queue).isEmpty();
        }
    }

    /** Writes before the index that it was given, where the next block's header will be. */
    @Test
    void shouldStoreAWholeBlockWhenACodecWritesWhereItMustNot() {
        final Codec<Integer> trespasser = new Codec<>() {
            @Override
            public String id() {
                return "trespasser";
            }

            @Override
            public int encode(final Integer value, final MutableDirectBuffer target, final int index) {
                target.setMemory(0, index, (byte) 0xEE);
                assertThat(target).isInstanceOf(ExpandableArrayBuffer.class);
                return Codecs.ints().encode(value, target, index);
            }

            @Override
            public Integer decode(final DirectBuffer source, final int index, final int length) {
                assertThatThrownBy(() -> source.getByte(index + length)).isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> source.getByte(index - 1)).isInstanceOf(IndexOutOfBoundsException.class);
                return Codecs.ints().decode(source, index, length);
            }
        };
        try (RemoteHeap heap = open()) {
            final RemoteMap<Integer, Integer> map = heap.map("map", trespasser, trespasser);
            final RemoteQueue<Integer> queue = heap.queue("queue", trespasser);
            final RemoteArray<Integer> array = heap.array("array", trespasser, 10);
            for (int i = 0; i < 10; i++) {
                map.put(i, -i);
                queue.add(i);
                array.set(i, i);
            }
            for (int i = 0; i < 10; i++) {
                assertThat(map.get(i)).isEqualTo(-i);
                assertThat(queue.poll()).isEqualTo(i);
                assertThat(array.get(i)).isEqualTo(i);
            }
        }
    }
}
