package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.Operation;
import io.rallocator.collections.PublicCalls.PublicCall;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolFile;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Arguments that are null, negative, too large, too long or senseless, for every public method: the exception that is
 * documented, with figures and what to do, and nothing is changed.
 */
@Timeout(120)
@SuppressWarnings("ReturnValueIgnored") // what counts is what they throw
class BadArgumentsTest {
    /** Null is an answer here, or something that is never there. */
    private static final Set<String> NULL_IS_ALLOWED = Set.of(
            "Object.equals(Object) #0",
            "RemoteMap.equals(Object) #0",
            "RemoteMap.remove(Object, Object) #1",
            "RemoteMap.getOrDefault(Object, Object) #1",
            "entrySet.contains(Object) #0",
            "entrySet.remove(Object) #0",
            "entrySet.equals(Object) #0",
            "keySet.equals(Object) #0",
            "values.remove(Object) #0",
            "values.equals(Object) #0",
            "RemoteQueue.contains(Object) #0",
            "RemoteQueue.remove(Object) #0",
            "RemoteQueue.equals(Object) #0",
            "RemoteArray.contains(Object) #0",
            "RemoteArray.equals(Object) #0",
            "RemoteArray.remove(Object) #0",
            "RemoteArray.indexOf(Object) #0",
            "RemoteArray.lastIndexOf(Object) #0",
            "RemoteArray.set(int, Object) #1",
            "RemoteArray.set(long, Object) #1",
            "RemoteArray.getAndSet(long, Object) #1",
            "RemoteArray.compareAndSet(long, Object, Object) #1",
            "RemoteArray.compareAndSet(long, Object, Object) #2",
            "RemoteArray.sort(Comparator) #0"); // the natural order

    /** Not ours: the JDK says itself what is null. */
    private static final Set<String> SAID_BY_THE_JDK = Set.of(
            "addAll(Collection)",
            "addAll(int, Collection)",
            "containsAll(Collection)",
            "removeAll(Collection)",
            "retainAll(Collection)",
            "removeIf(Predicate)",
            "replaceAll(UnaryOperator)",
            "forEach(Consumer)",
            "toArray(Object[])",
            "toArray(IntFunction)");

    private static final Set<String> NOT_SUPPORTED = Set.of(
            "add(Object)", "add(int, Object)", "addFirst(Object)", "addLast(Object)", "remove(int)", "remove(Object)");

    private TestPool pool;
    private RemoteHeap heap;
    private RemoteMap<String, String> map;
    private RemoteQueue<String> queue;
    private RemoteQueue<String> bounded;
    private RemoteLongArray longs;
    private RemoteByteArray bytes;
    private RemoteArray<String> array;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(16);
        heap = pool.embedded();
        map = heap.map("map", Codecs.string(), Codecs.string());
        queue = heap.queue("queue", Codecs.string());
        bounded = heap.boundedQueue("bounded", Codecs.string(), 2);
        longs = heap.longArray("longs", 8);
        bytes = heap.byteArray("bytes", 8);
        array = heap.array("array", Codecs.string(), 3);
        map.put("1", "one");
        queue.add("1");
        bounded.add("1");
        for (int i = 0; i < 8; i++) {
            longs.set(i, 10 + i);
            bytes.set(i, (byte) (20 + i));
        }
        array.set(0, "0");
        array.set(1, "1");
        array.set(2, "2");
    }

    @AfterEach
    void check() {
        heap.close();
        pool.check();
        pool.close();
    }

    /** All that is in the pool. */
    private List<Object> content() {
        final List<Object> content = new ArrayList<>();
        content.add(heap.names());
        content.add(new HashMap<>(map));
        content.add(map.timeToLive("1"));
        content.add(List.copyOf(queue));
        content.add(List.copyOf(bounded));
        content.add(Arrays.asList(array.toArray()));
        final long[] values = new long[8];
        longs.getAll(0, values, 0, 8);
        content.add(Arrays.toString(values));
        final byte[] stored = new byte[8];
        bytes.read(0, stored, 0, 8);
        content.add(Arrays.toString(stored));
        return content;
    }

    private void assertRefused(
            final ThrowingCallable call, final Class<? extends Throwable> type, final String... message) {
        final List<Object> before = content();
        assertThatThrownBy(call).isInstanceOf(type).hasMessageContainingAll(message);
        assertThat(content()).isEqualTo(before);
    }

    // ---- null

    private Map<String, Object> targets() {
        final Map<String, Object> targets = new LinkedHashMap<>();
        targets.put("RemoteHeap", heap);
        targets.put("RemoteMap", map);
        targets.put("keySet", map.keySet());
        targets.put("values", map.values());
        targets.put("entrySet", map.entrySet());
        targets.put("RemoteQueue", queue);
        targets.put("RemoteQueue bounded", bounded);
        targets.put("RemoteLongArray", longs);
        targets.put("RemoteByteArray", bytes);
        targets.put("RemoteArray", array);
        targets.put("Ranges", new Ranges());
        return targets;
    }

    /** The public type of an object. */
    private static Class<?> typeOf(final Object target) {
        return List.of(
                        RemoteHeap.class,
                        RemoteMap.class,
                        RemoteQueue.class,
                        RemoteLongArray.class,
                        RemoteByteArray.class,
                        RemoteArray.class,
                        Ranges.class,
                        Set.class,
                        Collection.class)
                .stream()
                .filter(type -> type.isInstance(target))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldSayWhatIsNullAndChangeNothingWhenAnyArgumentOfAnyMethodIsNull() {
        final List<Object> before = content();
        int refused = 0;
        for (final Map.Entry<String, Object> target : targets().entrySet()) {
            final String name = target.getKey().replace(" bounded", "");
            for (final PublicCall call : PublicCalls.of(typeOf(target.getValue()))) {
                for (int i = 0; i < call.parameterTypes().size(); i++) {
                    final String what = name + "." + call.signature() + " #" + i;
                    if (!call.parameterTypes().get(i).isPrimitive() && !NULL_IS_ALLOWED.contains(what)) {
                        assertSaysWhatIsNull(what, call, call.with(i, null).failure(target.getValue()));
                        assertThat(content()).as(what).isEqualTo(before);
                        refused++;
                    }
                }
            }
        }
        assertThat(refused).isGreaterThan(100);
    }

    private static void assertSaysWhatIsNull(final String what, final PublicCall call, final Throwable failure) {
        final String signature = call.signature();
        if (failure instanceof UnsupportedOperationException && NOT_SUPPORTED.contains(signature)) {
            return;
        }
        assertThat(failure).as(what).isInstanceOf(NullPointerException.class);
        if (!SAID_BY_THE_JDK.contains(signature)) {
            assertThat(failure).as(what).hasMessageMatching("the .* (is|are) null");
        }
    }

    @Test
    void shouldAnswerNothingWhenNullIsAllowed() {
        assertThat(map.remove("1", null)).isFalse();
        assertThat(map.getOrDefault("absent", null)).isNull();
        assertThat(map.entrySet().contains(null)).isFalse();
        assertThat(map.values().remove(null)).isFalse();
        assertThat(queue.contains(null)).isFalse();
        assertThat(queue.remove(null)).isFalse();
        assertThat(array.contains(null)).isFalse();
        assertThat(map).containsOnlyKeys("1");
        assertThat(array.set(1, null)).isEqualTo("1");
        assertThat(array.indexOf(null)).isEqualTo(1);
        assertThat(array.compareAndSet(1L, null, "1")).isTrue();
    }

    @Test
    void shouldChangeNothingWhenAnElementOfACollectionIsNull() {
        final List<String> withNull = Arrays.asList("1", null);
        assertRefused(() -> map.getAll(withNull), NullPointerException.class, "the key is null");
        assertRefused(() -> map.deleteAll(withNull), NullPointerException.class, "the key is null");
        final Map<String, String> nullValue = new HashMap<>();
        nullValue.put("2", null);
        assertRefused(() -> map.putAll(nullValue), NullPointerException.class, "the value is null");
        assertRefused(() -> queue.addAll(withNull), NullPointerException.class, "the element is null");
        assertRefused(
                () -> map.entrySet().iterator().next().setValue(null), NullPointerException.class, "the value is null");
    }

    // ---- maps

    @Test
    void shouldRefuseAKeyThatIsTooLongWhenItWouldBeStoredAndNotFindItOtherwise() {
        final String key = "k".repeat(4096);
        final String message = "the key has 4096 bytes in codec utf8, at most 4095 fit";
        final List<ThrowingCallable> changes = List.of(
                () -> map.put(key, "v"),
                () -> map.put(key, "v", Duration.ofHours(1)),
                () -> map.set(key, "v"),
                () -> map.set(key, "v", Duration.ofHours(1)),
                () -> map.putIfAbsent(key, "v"),
                () -> map.putIfAbsent(key, "v", Duration.ofHours(1)),
                () -> map.putAll(Map.of(key, "v")),
                () -> map.replace(key, "v"),
                () -> map.replace(key, "v", "w"),
                () -> map.merge(key, "v", String::concat),
                () -> map.compute(key, (k, v) -> "v"),
                () -> map.computeIfAbsent(key, k -> "v"),
                () -> map.computeIfPresent(key, (k, v) -> "v"),
                () -> map.write(key, 1, (buffer, offset, length) -> {}));
        for (final ThrowingCallable change : changes) {
            assertRefused(change, IllegalArgumentException.class, message, "shorten it");
        }
        assertThat(map.get(key)).isNull();
        assertThat(map.containsKey(key)).isFalse();
        assertThat(map.getOrDefault(key, "fallback")).isEqualTo("fallback");
        assertThat(map.getAll(List.of(key, "1"))).containsOnlyKeys("1");
        assertThat(map.remove(key)).isNull();
        assertThat(map.remove(key, "v")).isFalse();
        assertThat(map.delete(key)).isFalse();
        assertThat(map.deleteAll(List.of(key))).isZero();
        assertThat(map.expire(key, Duration.ofHours(1))).isFalse();
        assertThat(map.persist(key)).isFalse();
        assertThat(map.timeToLive(key)).isEmpty();
        assertThat(map.read(key, (buffer, offset, length) -> {})).isFalse();
        assertThat(map.keySet().contains(key)).isFalse();
        map.put("k".repeat(4095), "longest");
        assertThat(map.get("k".repeat(4095))).isEqualTo("longest");
    }

    @Test
    void shouldRefuseALengthOfAValueWhenItIsNegativeOrOverTheLimit() {
        final ValueWriter never = (buffer, offset, length) -> {
            throw new AssertionError("the writer was called");
        };
        for (final int length : new int[] {-1, Integer.MIN_VALUE, (1 << 30) + 1, Integer.MAX_VALUE, 16 << 20}) {
            assertRefused(
                    () -> map.write("1", length, never),
                    IllegalArgumentException.class,
                    "the value has " + length + " bytes, 0 to ",
                    "can be stored in this pool; split it");
        }
    }

    @Test
    void shouldRefuseATimeToLiveWhenItIsNotPositive() {
        for (final Duration none : List.of(Duration.ZERO, Duration.ofNanos(-1), Duration.ofSeconds(Long.MIN_VALUE))) {
            final String message = "the time to live must be positive, not " + none;
            assertRefused(() -> map.put("1", "v", none), IllegalArgumentException.class, message);
            assertRefused(() -> map.putIfAbsent("2", "v", none), IllegalArgumentException.class, message);
            assertRefused(() -> map.set("1", "v", none), IllegalArgumentException.class, message);
            assertRefused(() -> map.expire("1", none), IllegalArgumentException.class, message);
        }
        map.put("for ever", "v", Duration.ofSeconds(Long.MAX_VALUE));
        assertThat(map.timeToLive("for ever")).isEmpty();
    }

    @Test
    void shouldEndAnyScanWhenTheCursorComesFromNowhere() {
        for (int i = 0; i < 500; i++) {
            map.put("key " + i, "v");
        }
        final Random random = new Random(7);
        final List<Long> cursors = new ArrayList<>(List.of(-1L, Long.MAX_VALUE, Long.MIN_VALUE, 1L));
        for (int i = 0; i < 50; i++) {
            cursors.add(random.nextLong());
        }
        for (final long first : cursors) {
            final Set<String> seen = new HashSet<>();
            long cursor = first;
            do {
                cursor = map.scan(
                        cursor, 10, (key, value) -> assertThat(seen.add(key)).isTrue());
            } while (cursor != 0);
            assertThat(map.keySet()).containsAll(seen);
        }
        for (final int atLeast : new int[] {0, -1, Integer.MIN_VALUE}) {
            assertRefused(
                    () -> map.scan(0, atLeast, (key, value) -> {}),
                    IllegalArgumentException.class,
                    "at least 1 entry, not " + atLeast);
        }
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes", "CollectionIncompatibleType", "EqualsIncompatibleType"
    }) // what callers without generics do
    void shouldThrowClassCastExceptionWhenAnObjectIsNotOfTheCodecsType() {
        final Map raw = map;
        assertRefused(() -> raw.put(1, "v"), ClassCastException.class, "Integer");
        assertRefused(() -> raw.put("1", 1), ClassCastException.class, "Integer");
        assertRefused(() -> map.get(1), ClassCastException.class, "Integer");
        assertRefused(() -> map.containsValue(1), ClassCastException.class, "Integer");
        assertRefused(() -> map.remove("1", 1), ClassCastException.class, "Integer");
        assertRefused(() -> ((Collection) queue).add(1), ClassCastException.class, "Integer");
        assertRefused(() -> ((List) array).set(0, 1), ClassCastException.class, "Integer");
        assertThat(queue.contains(1)).isFalse();
        assertThat(map.equals(Map.of(1, "one"))).isFalse();
        assertThat(map.keySet().equals(Set.of(1))).isFalse();
    }

    // ---- queues

    @Test
    void shouldRefuseAnElementWhenNoBlockHoldsIt() {
        final String tooLong = "e".repeat(1 << 20);
        final String[] message = {"the element has 1048576 bytes in codec utf8, at most ", "put it into a map"};
        assertRefused(() -> queue.add(tooLong), IllegalArgumentException.class, message);
        assertRefused(() -> queue.offer(tooLong), IllegalArgumentException.class, message);
        assertRefused(() -> queue.put(tooLong), IllegalArgumentException.class, message);
        assertRefused(() -> queue.offer(tooLong, 1, TimeUnit.DAYS), IllegalArgumentException.class, message);
        assertRefused(() -> queue.addAll(List.of("ok", tooLong)), IllegalArgumentException.class, message);
        assertRefused(() -> bounded.put(tooLong), IllegalArgumentException.class, message);
        assertRefused(
                () -> array.set(1, tooLong),
                IllegalArgumentException.class,
                "1048576 bytes",
                "put it into a byte array");
        assertRefused(() -> array.compareAndSet(1L, "1", tooLong), IllegalArgumentException.class, "1048576 bytes");
    }

    @Test
    void shouldNeitherWaitNorTakeWhenATimeoutOrACountIsNotPositive() throws InterruptedException {
        bounded.add("2");
        assertThat(bounded.offer("3", -1, TimeUnit.DAYS)).isFalse();
        assertThat(bounded.offer("3", Long.MIN_VALUE, TimeUnit.DAYS)).isFalse();
        final List<String> drained = new ArrayList<>();
        assertThat(bounded.drainTo(drained, 0)).isZero();
        assertThat(bounded.drainTo(drained, -1)).isZero();
        assertThat(bounded.drainTo(drained, Integer.MIN_VALUE)).isZero();
        assertThat(bounded).containsExactly("1", "2");
        bounded.clear();
        assertThat(bounded.poll(-1, TimeUnit.DAYS)).isNull();
    }

    @Test
    void shouldRefuseAQueueWhenItIsAddedToOrDrainedIntoItself() {
        for (final RemoteQueue<String> each : List.of(queue, bounded)) {
            final Collection<String> itself = each;
            final Class<IllegalArgumentException> wrong = IllegalArgumentException.class;
            assertRefused(() -> each.addAll(itself), wrong, "cannot be added to itself");
            assertRefused(() -> each.drainTo(itself), wrong, "cannot be drained into itself");
            assertRefused(() -> each.drainTo(itself, 1), wrong, "cannot be drained into itself");
        }
        bounded.add("2");
        assertRefused(() -> bounded.add("3"), IllegalStateException.class, "full");
    }

    // ---- arrays

    @Test
    void shouldRefuseAnIndexWhenItIsNotInTheArray() {
        for (final long index : new long[] {-1, 8, 9, Long.MIN_VALUE, Long.MAX_VALUE}) {
            for (final ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> longs.get(index),
                    () -> longs.set(index, 1),
                    () -> longs.set(index, 0),
                    () -> longs.getAndSet(index, 1),
                    () -> longs.getAndAdd(index, 1),
                    () -> longs.getAndAdd(index, 0),
                    () -> longs.compareAndSet(index, 0, 1),
                    () -> longs.compareAndExchange(index, 1, 0),
                    () -> longs.updateAndGet(index, seen -> seen + 1),
                    () -> longs.setAll(new long[] {0, index}, new long[2]),
                    () -> longs.addAll(new long[] {0, index}, new long[] {1, 1}),
                    () -> longs.getAll(new long[] {0, index}, new long[2]),
                    () -> bytes.get(index),
                    () -> bytes.set(index, (byte) 1),
                    () -> array.get(index),
                    () -> array.set(index, "x"),
                    () -> array.getAndSet(index, "x"),
                    () -> array.compareAndSet(index, null, "x"))) {
                assertRefused(call, IndexOutOfBoundsException.class, "" + index, "out of bounds for length");
            }
        }
        for (final int index : new int[] {-1, 3, Integer.MAX_VALUE}) {
            assertRefused(() -> array.get(index), IndexOutOfBoundsException.class, "" + index, "length 3");
            assertRefused(() -> array.set(index, "x"), IndexOutOfBoundsException.class, "" + index, "length 3");
        }
        assertRefused(() -> array.listIterator(4), IndexOutOfBoundsException.class, "4");
        assertRefused(() -> array.listIterator(-1), IndexOutOfBoundsException.class, "-1");
        assertRefused(() -> array.subList(0, 4), IndexOutOfBoundsException.class, "4");
        assertRefused(() -> array.subList(2, 1), IllegalArgumentException.class, "2", "1");
    }

    @Test
    void shouldRefuseARangeWhenItIsNotInArrayAndBuffer() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[8]);
        final byte[] local = new byte[8];
        final long[] values = new long[8];
        for (final ThrowingCallable call : List.<ThrowingCallable>of(
                () -> bytes.read(-1, local, 0, 1),
                () -> bytes.read(8, local, 0, 1),
                () -> bytes.read(1, local, 0, 8),
                () -> bytes.read(0, local, 1, 8),
                () -> bytes.read(0, local, -1, 1),
                () -> bytes.read(0, local, 0, -1),
                () -> bytes.read(Long.MAX_VALUE, local, 0, Integer.MAX_VALUE),
                () -> bytes.read(0, buffer, Integer.MAX_VALUE, 8),
                () -> bytes.read(0, new ExpandableArrayBuffer(4), 0, 8),
                () -> bytes.read(new Ranges().add(0, 1).add(8, 1), buffer, 0),
                () -> bytes.read(new Ranges().add(-1, 1), buffer, 0),
                () -> bytes.read(new Ranges().add(0, 5).add(0, 5), buffer, 0),
                () -> bytes.read(new Ranges().add(0, 5), buffer, -1),
                () -> bytes.write(-1, local, 0, 1),
                () -> bytes.write(8, local, 0, 1),
                () -> bytes.write(1, local, 0, 8),
                () -> bytes.write(0, local, 1, 8),
                () -> bytes.write(0, local, 0, -1),
                () -> bytes.write(Long.MIN_VALUE, buffer, 0, 1),
                () -> bytes.write(0, buffer, 0, 9),
                () -> bytes.write(new Ranges().add(0, 1).add(8, 1), buffer, 0),
                () -> bytes.write(new Ranges().add(0, 5).add(0, 5), buffer, 0),
                () -> bytes.fill(0, 9, (byte) 1),
                () -> bytes.fill(0, 9, (byte) 0),
                () -> bytes.fill(0, -1, (byte) 1),
                () -> bytes.fill(1, Long.MAX_VALUE, (byte) 1),
                () -> longs.getAll(1, values, 0, 8),
                () -> longs.getAll(-1, values, 0, 1),
                () -> longs.getAll(0, values, 1, 8),
                () -> longs.getAll(0, values, 0, -1),
                () -> longs.setAll(1, values, 0, 8),
                () -> longs.setAll(0, values, 1, 8),
                () -> longs.setAll(Long.MAX_VALUE, values, 0, 1),
                () -> array.getAll(0, 4),
                () -> array.getAll(-1, 1),
                () -> array.getAll(0, -1),
                () -> array.getAll(Long.MAX_VALUE, Integer.MAX_VALUE))) {
            assertRefused(call, IndexOutOfBoundsException.class, "out of bounds for length");
        }
        assertRefused(
                () -> new Ranges().add(0, -1), IllegalArgumentException.class, "cannot have -1 bytes", "0 or more");
        for (final ThrowingCallable call : List.<ThrowingCallable>of(
                () -> longs.getAll(new long[2], new long[1]),
                () -> longs.setAll(new long[2], new long[1]),
                () -> longs.addAll(new long[2], new long[1]))) {
            assertRefused(call, IllegalArgumentException.class, "2 indexes, but only 1 places", "equally long");
        }
    }

    /** Whoever changes the ranges behind our back gets a mixture of them, and never leaves the array. */
    @Test
    void shouldStayInTheArrayWhenRangesAreChangedWhileTheyAreUsed() {
        final Ranges ranges = new Ranges().add(0, 4).add(4, 4);
        final ExpandableArrayBuffer source = new ExpandableArrayBuffer(8) {
            @Override
            public int capacity() { // asked between the check and the use
                ranges.clear().add(0, 4).add(1L << 40, 4);
                return super.capacity();
            }
        };
        assertThatThrownBy(() -> bytes.write(ranges, source, 0))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("out of bounds for length 8");
        ranges.clear().add(0, 4).add(4, 4);
        assertThatThrownBy(() -> bytes.read(ranges, source, 0))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("out of bounds for length 8");
    }

    @Test
    void shouldRefuseToChangeTheLengthWhenAnArrayIsUsedAsAList() {
        for (final ThrowingCallable call : List.<ThrowingCallable>of(
                () -> array.add("x"),
                () -> array.add(0, "x"),
                () -> array.addAll(List.of("x")),
                () -> array.remove(0),
                () -> array.remove("1"),
                () -> array.removeIf("1"::equals),
                () -> array.listIterator().add("x"))) {
            assertRefused(call, UnsupportedOperationException.class, "the length of a remote array, 3, is fixed");
        }
    }

    // ---- names and codecs

    @Test
    void shouldRefuseANameWhenItIsEmptyTooLongOrNoText() {
        final Map<String, String> wrong = new LinkedHashMap<>();
        wrong.put("", "the name has 0 bytes in UTF-8, it must have 1 … 200; choose another");
        wrong.put("n".repeat(201), "the name has 201 bytes in UTF-8, it must have 1 … 200; choose another");
        wrong.put("ü".repeat(101), "the name has 202 bytes");
        wrong.put("half \uD83D", "half a surrogate pair, which UTF-8 cannot hold; choose another");
        wrong.forEach((name, message) -> {
            for (final ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> heap.map(name, Codecs.string(), Codecs.string()),
                    () -> heap.queue(name, Codecs.string()),
                    () -> heap.boundedQueue(name, Codecs.string(), 1),
                    () -> heap.longArray(name),
                    () -> heap.longArray(name, 1),
                    () -> heap.byteArray(name),
                    () -> heap.byteArray(name, 1),
                    () -> heap.array(name, Codecs.string()),
                    () -> heap.array(name, Codecs.string(), 1),
                    () -> heap.rename("map", name))) {
                assertRefused(call, IllegalArgumentException.class, message);
            }
            assertThat(heap.drop(name)).isFalse();
            assertRefused(() -> heap.statistics(name), NoSuchElementException.class, "there is no structure '");
            assertRefused(() -> heap.rename(name, "other"), NoSuchElementException.class, "there is no structure '");
        });
        assertRefused(() -> heap.rename("map", "queue"), IllegalStateException.class, "'queue'", "drop or rename it");
    }

    @Test
    void shouldFindEachStructureAgainWhenItsNameIsOdd() {
        final List<String> odd = List.of(
                " ",
                "\n",
                "a\0b",
                "\0",
                "../../etc/passwd",
                "~1",
                "%s%n",
                "\u202Etxt",
                "e\u0301",
                "é",
                "\uD83D\uDE00",
                "'; drop",
                "MAP",
                "Map");
        for (final String name : odd) {
            heap.map(name, Codecs.string(), Codecs.string()).put("name", name);
        }
        assertThat(heap.names()).containsAll(odd);
        heap.close();
        heap = pool.embedded();
        for (final String name : odd) {
            assertThat(heap.map(name, Codecs.string(), Codecs.string())).containsOnly(Map.entry("name", name));
            assertThat(heap.drop(name)).isTrue();
        }
    }

    /** Texts, with an id of one's own. */
    private static final class Named implements Codec<String> {
        private final String id;

        Named(final String id) {
            this.id = id;
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public int encode(final String value, final MutableDirectBuffer target, final int index) {
            return Codecs.string().encode(value, target, index);
        }

        @Override
        public String decode(final DirectBuffer source, final int index, final int length) {
            return Codecs.string().decode(source, index, length);
        }
    }

    @Test
    void shouldRefuseACodecWhenItsIdCannotBeStored() {
        final Map<String, String> wrong = new LinkedHashMap<>();
        wrong.put("", "the codec's id has 0 bytes in UTF-8, it must have 1 … 60");
        wrong.put("i".repeat(61), "the codec's id has 61 bytes in UTF-8, it must have 1 … 60");
        wrong.put("\uDE00", "half a surrogate pair");
        wrong.forEach((id, message) -> assertCodecRefused(new Named(id), IllegalArgumentException.class, message));
        assertCodecRefused(
                new Named(null), NullPointerException.class, "the codec's id is null; it must name the format");
        final String longest = "i".repeat(60);
        heap.queue("longest", new Named(longest)).add("e");
        assertThat(heap.queue("longest", new Named(longest)).peek()).isEqualTo("e");
    }

    private void assertCodecRefused(
            final Codec<String> codec, final Class<? extends Throwable> type, final String message) {
        assertRefused(() -> heap.map("new", codec, Codecs.string()), type, message);
        assertRefused(() -> heap.map("new", Codecs.string(), codec), type, message);
        assertRefused(() -> heap.map("map", Codecs.string(), codec), type, message);
        assertRefused(() -> heap.queue("new", codec), type, message);
        assertRefused(() -> heap.boundedQueue("new", codec, 1), type, message);
        assertRefused(() -> heap.array("new", codec, 1), type, message);
        assertRefused(() -> heap.array("array", codec), type, message);
    }

    @Test
    void shouldSayWhatIsThereWhenAStructureIsOpenedAsSomethingElse() {
        final Class<IllegalArgumentException> wrong = IllegalArgumentException.class;
        final String advice = "; open it as what it is";
        final Codec<String> text = Codecs.string();
        assertRefused(
                () -> heap.map("map", text, Codecs.longs()), wrong, "'map' is a map with codecs utf8 → utf8", advice);
        assertRefused(() -> heap.queue("map", text), wrong, "'map' is a map", "asked for was a queue", advice);
        assertRefused(() -> heap.map("queue", text, text), wrong, "'queue' is a queue with codec utf8", advice);
        assertRefused(() -> heap.queue("queue", Codecs.uuid()), wrong, "with codec utf8", "codec uuid", advice);
        assertRefused(
                () -> heap.boundedQueue("queue", text, 2), wrong, "'queue' has no bound", "capacity of 2", advice);
        assertRefused(() -> heap.queue("bounded", text), wrong, "has a capacity of 2", "has no bound", advice);
        assertRefused(() -> heap.boundedQueue("bounded", text, 3), wrong, "capacity of 2", "capacity of 3", advice);
        for (final int capacity : new int[] {0, -1, Integer.MIN_VALUE}) {
            assertRefused(
                    () -> heap.boundedQueue("new", text, capacity), wrong, "capacity " + capacity, "is less than 1");
        }
        assertRefused(() -> heap.longArray("bytes"), wrong, "'bytes' is a byte array", "asked for was a long array");
        assertRefused(() -> heap.longArray("longs", 9), wrong, "of 8 elements, asked for was one of 9");
        assertRefused(() -> heap.byteArray("bytes", 7), wrong, "of 8 elements, asked for was one of 7");
        assertRefused(() -> heap.array("array", text, 4), wrong, "of 3 elements, asked for was one of 4");
        assertRefused(() -> heap.array("array", Codecs.uuid()), wrong, "with codec utf8", "codec uuid", advice);
        for (final ThrowingCallable call : List.<ThrowingCallable>of(
                () -> heap.longArray("absent"), () -> heap.byteArray("absent"), () -> heap.array("absent", text))) {
            assertRefused(call, wrong, "there is no ", "'absent'; say its length to create it");
        }
        for (final ThrowingCallable call : List.<ThrowingCallable>of(
                () -> heap.longArray("new", -1),
                () -> heap.byteArray("new", -1),
                () -> heap.array("new", text, -1),
                () -> heap.longArray("longs", -1))) {
            assertRefused(call, wrong, "the length of an array cannot be -1");
        }
        for (final long length : new long[] {Long.MAX_VALUE, 1L << 44, (16 << 20) + 1}) {
            assertRefused(() -> heap.longArray("new", length), wrong, "16777216 bytes is 0 … 2097152, not " + length);
            assertRefused(() -> heap.byteArray("new", length), wrong, "is 0 … 16777216, not " + length);
            assertRefused(() -> heap.array("new", text, length), wrong, "is 0 … 2097152, not " + length);
        }
    }

    @Test
    void shouldRefuseBytesWhenACodecsFormatHasAnotherLength() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[32]);
        final Map<Codec<?>, Integer> lengths = Map.of(Codecs.longs(), 8, Codecs.ints(), 4, Codecs.uuid(), 16);
        lengths.forEach((codec, bytesOfOne) -> {
            for (final int length : new int[] {0, bytesOfOne - 1, bytesOfOne + 1}) {
                assertThatThrownBy(() -> codec.decode(buffer, 0, length))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("codec " + codec.id() + " needs " + bytesOfOne + " bytes, there are " + length);
            }
        });
        for (final Codec<?> codec : List.of(Codecs.string(), Codecs.bytes(), Codecs.byteBuffer(), Codecs.longs())) {
            assertThatThrownBy(() -> codec.decode(buffer, 30, 8)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> codec.encode(null, buffer, 0)).isInstanceOf(NullPointerException.class);
        }
        final UnsafeBuffer small = new UnsafeBuffer(new byte[3]);
        assertThatThrownBy(() -> Codecs.string().encode("four", small, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Codecs.uuid().encode(new UUID(1, 2), small, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Codecs.byteBuffer().encode(ByteBuffer.allocate(4), small, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    // ---- outcomes and counters

    @Test
    void shouldRefuseOrNotKnowAnOperationWhenItsIdIsOfNoneThatWas() {
        final UUID id = PoolFile.readSuperblock(pool.file()).poolId();
        for (final OperationId none : List.of(
                new OperationId(id, -1, 1, 0, 1),
                new OperationId(id, 64, 1, 0, 1),
                new OperationId(id, 0, 1, -1, 1),
                new OperationId(id, 0, 1, 16, 1),
                new OperationId(id, Integer.MIN_VALUE, 1, Integer.MAX_VALUE, 1))) {
            assertRefused(
                    () -> heap.outcome(none),
                    IllegalArgumentException.class,
                    "there is no operation " + none + ": this pool has 64 sessions of 16 lanes");
        }
        for (final OperationId unknown : List.of(
                new OperationId(id, 9, 1, 0, 0),
                new OperationId(id, 9, 1, 0, -1),
                new OperationId(id, 9, -1, 0, Long.MAX_VALUE),
                new OperationId(id, 9, Integer.MAX_VALUE, 0, Long.MIN_VALUE))) {
            assertThat(heap.outcome(unknown)).isNotEqualTo(Outcome.HAPPENED);
        }
        for (final String text : List.of("", "op", "op-1-2-3", "op-1-2-3-x", "op--1-2-3-4", "op-12345-1-1-1")) {
            assertThatThrownBy(() -> OperationId.parse(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'" + text + "' is no id of an operation, which looks like op-3-17-0-42");
        }
    }

    @Test
    void shouldCountNothingAndRememberNothingWhenThereIsNoSuchOperation() {
        final int known = Operation.all().size();
        assertThat(heap.count("no such operation", FabricCounters.Figure.CHAINS))
                .isZero();
        assertThat(Operation.all()).hasSize(known);
    }
}
