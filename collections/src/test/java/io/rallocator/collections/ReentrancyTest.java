package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.StructureDroppedException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions, visitors and codecs that use the heap which called them: right where that can work, a clear error elsewhere. */
@Timeout(60)
class ReentrancyTest {
    private TestPool pool;
    private RemoteHeap heap;
    private RemoteMap<String, Long> map;

    @BeforeEach
    void create() {
        pool = TestPool.missing();
        heap = pool.embedded("size=16m", "lanes=2");
        map = heap.map("map", Codecs.string(), Codecs.longs());
        map.put("key", 1L);
    }

    @AfterEach
    void check() {
        heap.close();
        pool.check();
        pool.close();
    }

    /** Each would be called for ever otherwise, as each of its calls makes its own result one of the past. */
    private List<Consumer<RemoteMap<String, Long>>> changesOfTheSameKey() {
        final long[] other = {100};
        return List.of(
                m -> m.put("key", other[0]++),
                m -> m.set("key", other[0]++),
                m -> m.remove("key"),
                m -> m.delete("key"),
                m -> m.remove("key", 1L),
                m -> m.replace("key", other[0]++),
                m -> m.replace("key", 1L, other[0]++),
                m -> m.putIfAbsent("key", other[0]++),
                m -> m.compute("key", (k, old) -> other[0]++),
                m -> m.computeIfPresent("key", (k, old) -> other[0]++),
                m -> m.computeIfAbsent("key", k -> other[0]++),
                m -> m.merge("key", 1L, Long::sum),
                m -> m.putAll(Map.of("other", 1L, "key", other[0]++)),
                m -> m.deleteAll(List.of("other", "key")),
                m -> m.keySet().removeAll(Set.of("key")),
                m -> m.values().removeIf(value -> true),
                m -> m.replaceAll((k, old) -> other[0]++),
                m -> m.write("key", 8, (buffer, index, length) -> buffer.putLong(index, other[0]++)),
                m -> {
                    final var keys = m.keySet().iterator();
                    while (keys.hasNext()) {
                        keys.next();
                        keys.remove();
                    }
                });
    }

    private static void assertRecursive(final Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("recursive update of map 'map', key hash 0x")
                .hasMessageContaining("return the value instead");
    }

    @Test
    void shouldSayThatAnUpdateIsRecursiveWhenAFunctionChangesItsOwnKey() {
        final RemoteMap<String, Long> same = heap.map("map", Codecs.string(), Codecs.longs());
        for (final Consumer<RemoteMap<String, Long>> change : changesOfTheSameKey()) {
            assertRecursive(() -> map.compute("key", (key, old) -> {
                change.accept(same); // another object of the same map
                return old + 1;
            }));
            assertRecursive(() -> map.merge("key", 5L, (old, value) -> {
                change.accept(map);
                return old + value;
            }));
            assertThat(map.get("key")).isEqualTo(1);
        }
        map.remove("key");
        for (final Consumer<RemoteMap<String, Long>> change : List.<Consumer<RemoteMap<String, Long>>>of(
                m -> m.put("key", 2L), m -> m.computeIfAbsent("key", key -> 3L))) {
            assertRecursive(() -> map.computeIfAbsent("key", key -> {
                change.accept(map);
                return 5L;
            }));
            assertThat(map.containsKey("key")).isFalse();
        }
        map.put("key", 1L); // as ever: the thread computes nothing any more
        assertThat(map.merge("key", 1L, Long::sum)).isEqualTo(2);
    }

    /** What goes round: a computes b computes a. */
    @Test
    void shouldSayThatAnUpdateIsRecursiveWhenTwoKeysComputeEachOther() {
        assertRecursive(() ->
                map.compute("key", (key, old) -> map.compute("b", (b, none) -> map.merge("key", 1L, Long::sum))));
        assertThat(map).containsExactly(Map.entry("key", 1L));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 50})
    void shouldComputeWhenAFunctionUsesOtherKeysAndStructures(final int depth) {
        final RemoteQueue<Long> queue = heap.queue("queue", Codecs.longs());
        final RemoteLongArray longs = heap.longArray("longs", 10);
        final RemoteMap<String, Long> others = heap.map("others", Codecs.string(), Codecs.longs());
        final long sum = sumTo(depth);
        assertThat(sum).isEqualTo((long) depth * (depth + 1) / 2);
        map.compute("key", (key, old) -> {
            others.put("key", 7L); // the same key of another map
            queue.add(old);
            longs.addAndGet(3, 5);
            assertThat(map.get("key")).isEqualTo(1);
            assertThat(map.keySet()).contains("key");
            map.forEach((k, v) -> assertThat(map.get(k)).isEqualTo(v));
            heap.map("made inside", Codecs.string(), Codecs.string()).put("a", "b");
            return old + queue.remove() + longs.get(3);
        });
        assertThat(map.get("key")).isEqualTo(7);
        assertThat(others.get("key")).isEqualTo(7);
        assertThat(map).hasSize(depth + 2);
    }

    private long sumTo(final int n) {
        return map.computeIfAbsent("sum " + n, key -> n == 0 ? 0 : n + sumTo(n - 1));
    }

    @Test
    void shouldEndARecursionWithoutEndAndGoOn() {
        for (int round = 0; round < 3; round++) {
            final int from = round * 10_000;
            assertThatThrownBy(() -> recurse(from))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("they recurse without end");
            assertThat(map).containsExactly(Map.entry("key", 1L));
            assertThat(map.merge("key", 0L, Long::sum)).isEqualTo(1);
        }
    }

    private long recurse(final int key) {
        return map.computeIfAbsent("key " + key, k -> recurse(key + 1));
    }

    @Test
    void shouldVisitEachEntryOnceWhenVisitorsChangeTheMap() {
        for (int i = 0; i < 500; i++) {
            map.put("key " + i, 1L);
        }
        map.forEach((key, value) -> map.merge(key, 1L, Long::sum));
        assertThat(map.values()).containsOnly(2L);
        map.replaceAll((key, old) -> {
            map.delete("no such key");
            return old + map.getOrDefault(key, 0L);
        });
        assertThat(map.values()).containsOnly(4L);
        map.keySet().removeIf(key -> {
            map.put("other " + key, 9L);
            return !key.startsWith("other");
        });
        assertThat(map.keySet()).hasSizeGreaterThanOrEqualTo(501).allMatch(key -> key.startsWith("other"));
        map.forEach((key, value) -> map.forEach((innerKey, innerValue) -> map.delete(key)));
        assertThat(map).isEmpty();
    }

    @Test
    void shouldComputeWhenAFunctionClearsTheMap() {
        map.put("other", 5L);
        final int[] calls = {0};
        map.compute("key", (key, old) -> {
            calls[0]++;
            map.clear();
            return old == null ? 10L : old + 1;
        });
        assertThat(calls[0]).isEqualTo(2);
        assertThat(map).containsExactly(Map.entry("key", 10L));
    }

    @Test
    void shouldSayThatTheHeapIsClosedWhenAFunctionClosesIt() {
        assertThatThrownBy(() -> map.compute("key", (key, old) -> {
                    heap.close();
                    return 5L;
                }))
                .isInstanceOf(HeapClosedException.class);
        heap = pool.embedded();
        assertThat(heap.map("map", Codecs.string(), Codecs.longs())).containsExactly(Map.entry("key", 1L));
    }

    @Test
    void shouldSayThatTheMapWasDroppedWhenAFunctionDropsIt() {
        assertThatThrownBy(() -> map.merge("key", 2L, (old, value) -> {
                    assertThat(heap.drop("map")).isTrue();
                    return 5L;
                }))
                .isInstanceOf(StructureDroppedException.class)
                .hasMessageContaining("'map' was dropped");
        assertThat(heap.map("map", Codecs.string(), Codecs.longs())).isEmpty();
    }

    @Test
    void shouldReadAndPutWhenReadersAndWritersUseTheMap() {
        map.read("key", (buffer, index, length) -> {
            assertThat(map.merge("key", 1L, Long::sum)).isEqualTo(2);
            assertThat(buffer.getLong(index)).isEqualTo(1); // as it was when it was read
        });
        map.write("key", 8, (buffer, index, length) -> buffer.putLong(index, map.get("key") + 10));
        assertThat(map.get("key")).isEqualTo(12);
    }

    /** Interns texts: a codec whose every call uses the heap. */
    private static final class Interning implements Codec<String> {
        private final RemoteMap<String, Long> numbers;
        private final RemoteMap<Long, String> texts;

        Interning(final RemoteHeap heap) {
            numbers = heap.map("numbers", Codecs.string(), Codecs.longs());
            texts = heap.map("texts", Codecs.longs(), Codecs.string());
        }

        @Override
        public String id() {
            return "interning";
        }

        @Override
        public int encode(final String value, final MutableDirectBuffer target, final int index) {
            final long number = numbers.computeIfAbsent(value, text -> {
                final long next = numbers.sizeLong();
                texts.put(next, text);
                return next;
            });
            return Codecs.longs().encode(number, target, index);
        }

        @Override
        public String decode(final DirectBuffer source, final int index, final int length) {
            return texts.get(Codecs.longs().decode(source, index, length));
        }
    }

    @Test
    void shouldEncodeAndDecodeWhenACodecUsesTheHeap() {
        final Codec<String> codec = new Interning(heap);
        final RemoteMap<String, String> interned = heap.map("interned", codec, codec);
        final RemoteQueue<String> queue = heap.queue("queue", codec);
        final RemoteArray<String> array = heap.array("array", codec, 3);
        for (int i = 0; i < 200; i++) {
            interned.put("key " + i, "value " + i % 10);
        }
        interned.replaceAll((key, old) -> old + "!");
        for (int i = 0; i < 200; i++) {
            assertThat(interned.get("key " + i)).isEqualTo("value " + i % 10 + "!");
        }
        assertThat(interned.keySet()).hasSize(200).contains("key 17");
        queue.addAll(List.of("key 1", "new"));
        assertThat(queue).containsExactly("key 1", "new");
        assertThat(array.set(1, queue.poll())).isNull();
        assertThat(array).containsExactly(null, "key 1", null);
        assertThat(heap.map("numbers", Codecs.string(), Codecs.longs())).hasSize(200 + 10 + 10 + 1);
    }
}
