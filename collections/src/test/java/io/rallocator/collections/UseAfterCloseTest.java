package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.collections.PublicCalls.PublicCall;
import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A heap that is closed, before, in the middle of and after operations: each is done, or throws; nothing is torn. */
@Timeout(120)
class UseAfterCloseTest {
    /** They make a view, or answer without a look into the pool. */
    private static final Set<String> NEED_NO_POOL = Set.of(
            "RemoteHeap.close()",
            "RemoteHeap.allocatorStatistics()",
            "RemoteHeap.count(String, Figure)",
            "RemoteHeap.geometry()",
            "RemoteHeap.isOpen()",
            "RemoteHeap.session()",
            "RemoteHeap.toString()",
            "RemoteMap.equals(Object)", // another type
            "RemoteMap.keySet()",
            "RemoteMap.values()",
            "RemoteMap.entrySet()",
            "keySet.add(Object)", // not supported
            "keySet.addAll(Collection)",
            "keySet.equals(Object)",
            "values.add(Object)",
            "values.addAll(Collection)",
            "values.equals(Object)",
            "values.hashCode()",
            "entrySet.add(Object)",
            "entrySet.addAll(Collection)",
            "entrySet.contains(Object)", // no entry
            "entrySet.containsAll(Collection)",
            "entrySet.equals(Object)",
            "entrySet.remove(Object)",
            "entrySet.removeAll(Collection)",
            "RemoteQueue.equals(Object)",
            "RemoteQueue.hashCode()",
            "RemoteQueue.remainingCapacity()", // without a bound
            "RemoteLongArray.length()",
            "RemoteLongArray.longLength()",
            "RemoteByteArray.length()",
            "RemoteByteArray.longLength()",
            "RemoteArray.length()",
            "RemoteArray.longLength()",
            "RemoteArray.size()",
            "RemoteArray.isEmpty()",
            "RemoteArray.equals(Object)",
            "RemoteArray.listIterator()", // makes one
            "RemoteArray.listIterator(int)",
            "RemoteArray.subList(int, int)",
            "RemoteArray.add(Object)",
            "RemoteArray.add(int, Object)",
            "RemoteArray.addAll(Collection)",
            "RemoteArray.addAll(int, Collection)",
            "RemoteArray.remove(int)",
            "RemoteArray.addFirst(Object)", // these from JDK 21 on
            "RemoteArray.addLast(Object)",
            "RemoteArray.removeFirst()",
            "RemoteArray.removeLast()",
            "RemoteArray.reversed()");

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
        pool = newPool();
        heap = pool.embedded();
        open(heap);
    }

    /** Another test has another pool. */
    TestPool newPool() {
        return TestPool.ofMebibytes(32);
    }

    private void open(final RemoteHeap from) {
        map = from.map("map", Codecs.string(), Codecs.string());
        queue = from.queue("queue", Codecs.string());
        bounded = from.boundedQueue("bounded", Codecs.string(), 1);
        longs = from.longArray("longs", 8);
        bytes = from.byteArray("bytes", 8);
        array = from.array("array", Codecs.string(), 400);
    }

    @AfterEach
    void check() {
        heap.close();
        pool.check();
        pool.close();
    }

    private static void assertClosed(final ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(HeapClosedException.class)
                .hasMessageMatching("the heap on .* is closed; open another");
    }

    @Test
    void shouldThrowAtEveryMethodThatNeedsThePoolWhenTheHeapIsClosed() {
        map.put("1", "one");
        queue.add("1");
        bounded.add("1");
        array.set(1, "1");
        final Map<Class<?>, List<Object>> byType = new LinkedHashMap<>();
        byType.put(RemoteHeap.class, List.of(heap));
        byType.put(RemoteMap.class, List.of(map));
        byType.put(RemoteQueue.class, List.of(queue, bounded));
        byType.put(RemoteLongArray.class, List.of(longs));
        byType.put(RemoteByteArray.class, List.of(bytes));
        byType.put(RemoteArray.class, List.of(array));
        final Set<String> keys = map.keySet();
        final Collection<String> values = map.values();
        final Set<Map.Entry<String, String>> entries = map.entrySet();
        heap.close();
        int closed = assertClosed("keySet", Set.class, keys)
                + assertClosed("values", Collection.class, values)
                + assertClosed("entrySet", Set.class, entries);
        for (final Map.Entry<Class<?>, List<Object>> of : byType.entrySet()) {
            for (final Object target : of.getValue()) {
                closed += assertClosed(of.getKey().getSimpleName(), of.getKey(), target);
            }
        }
        assertThat(closed).isGreaterThan(150);
        assertClosed(() -> bounded.remainingCapacity());
        assertClosed(() -> values.toString());
        assertClosed(() -> entries.remove(Map.entry("1", "one")));
        heap = pool.embedded();
        open(heap);
        assertThat(map).containsOnly(Map.entry("1", "one"));
        assertThat(queue).containsExactly("1");
        assertThat(array.get(1)).isEqualTo("1");
    }

    private static int assertClosed(final String name, final Class<?> type, final Object target) {
        int closed = 0;
        for (final PublicCall call : PublicCalls.of(type)) {
            if (!NEED_NO_POOL.contains(name + "." + call.signature())) {
                assertThat(call.failure(target))
                        .as(name + "." + call.signature())
                        .isInstanceOf(HeapClosedException.class)
                        .hasMessageContaining("is closed; open another");
                closed++;
            }
        }
        return closed;
    }

    @Test
    void shouldShowWhatWasReadAndThenThrowWhenAnIteratorOutlivesTheHeap() {
        for (int i = 0; i < 400; i++) {
            map.put("key " + i, "v");
            queue.add("element " + i);
            array.set(i, "element " + i);
        }
        final List<Iterator<?>> iterators =
                List.of(map.keySet().iterator(), map.entrySet().iterator(), queue.iterator(), array.iterator());
        final Iterator<Map.Entry<String, String>> entries = map.entrySet().iterator();
        final Map.Entry<String, String> entry = entries.next();
        final ListIterator<String> list = array.listIterator();
        list.next();
        iterators.forEach(Iterator::next);
        heap.close();
        for (final Iterator<?> iterator : iterators) {
            if (iterator != iterators.get(3)) {
                assertClosed(iterator::remove);
            }
            int more = 0;
            while (more < 128 && hasOneMore(iterator)) {
                more++;
            }
            assertClosed(() -> iterator.forEachRemaining(element -> {}));
            assertThat(more).isBetween(1, 200);
        }
        assertClosed(() -> entry.setValue("w"));
        assertClosed(entries::remove);
        assertClosed(() -> list.set("w"));
        assertThat(entry.getValue()).isEqualTo("v");
    }

    private static boolean hasOneMore(final Iterator<?> iterator) {
        try {
            iterator.next();
            return true;
        } catch (final HeapClosedException e) {
            return false;
        }
    }

    @Test
    void shouldCloseAsOftenAsAskedWhenSeveralCloseAtOnce() throws InterruptedException {
        map.put("1", "one");
        final List<Callable<Boolean>> closers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            closers.add(() -> {
                heap.close();
                assertClosed(() -> map.get("1")); // whoever returns first: it is over
                return true;
            });
        }
        Workers.run(closers);
        heap.close();
    }

    /** A function or codec runs while nothing is held: even it may close the heap, then its own operation throws. */
    @Test
    void shouldThrowFromTheOperationWhenItsOwnFunctionClosesTheHeap() {
        final Map<String, LongConsumer> callers = new LinkedHashMap<>();
        callers.put("compute", i -> map.compute("1", (key, old) -> closeAnd("new")));
        callers.put("merge", i -> map.merge("1", "x", (old, value) -> closeAnd("new")));
        callers.put("computeIfAbsent", i -> map.computeIfAbsent("absent", key -> closeAnd("new")));
        callers.put("write", i -> map.write("1", 3, (buffer, offset, length) -> closeAnd("")));
        callers.put("replaceAll", i -> map.replaceAll((key, old) -> closeAnd("new")));
        callers.put("removeIf", i -> map.values().removeIf(value -> closeAnd("").isEmpty()));
        callers.put("queue removeIf", i -> queue.removeIf(value -> closeAnd("").isEmpty()));
        callers.put("array replaceAll", i -> array.replaceAll(value -> closeAnd("new")));
        map.put("1", "old");
        queue.add("old");
        array.set(0, "old");
        callers.forEach((name, caller) -> {
            assertClosed(() -> caller.accept(0));
            heap = pool.embedded();
            open(heap);
            assertThat(map).as(name).containsOnly(Map.entry("1", "old"));
            assertThat(queue).as(name).containsExactly("old");
            assertThat(array.get(0)).as(name).isEqualTo("old");
        });
        map.read("1", (buffer, offset, length) -> {
            heap.close();
            assertThat(buffer.getStringWithoutLengthAscii(offset, length)).isEqualTo("old"); // what was read is ours
        });
    }

    private String closeAnd(final String result) {
        heap.close();
        return result;
    }

    @Test
    void shouldThrowInThreadsThatWaitWhenTheHeapIsClosed() throws InterruptedException {
        bounded.put("full");
        final RemoteQueue<String> empty = heap.queue("empty", Codecs.string());
        final List<ThrowingCallable> waiters = List.of(
                () -> bounded.put("never"),
                () -> bounded.offer("never", 1, TimeUnit.DAYS),
                empty::take,
                () -> empty.poll(1, TimeUnit.DAYS));
        final CountDownLatch started = new CountDownLatch(waiters.size());
        final List<Callable<Boolean>> tasks = new ArrayList<>();
        for (final ThrowingCallable waiter : waiters) {
            tasks.add(() -> {
                started.countDown();
                assertClosed(waiter);
                return true;
            });
        }
        tasks.add(() -> {
            started.await();
            heap.close();
            return true;
        });
        Workers.run(tasks);
        heap = pool.embedded();
        open(heap);
        assertThat(bounded).containsExactly("full");
    }

    /** What a thread did until the heap was closed. */
    private static final class Log {
        private final int me;
        private final Set<String> keys = new HashSet<>();
        private final List<String> offered = new ArrayList<>();
        private long added;
        private Throwable end;

        Log(final int me) {
            this.me = me;
        }
    }

    /** Closed at any moment of any operation: what returned is there, what threw is there or not, and nothing else. */
    @RepeatedTest(8)
    void shouldHaveAllThatReturnedWhenTheHeapIsClosedInTheMiddleOfOperations(final RepetitionInfo repetition)
            throws InterruptedException {
        final int threads = 4;
        final AtomicLong done = new AtomicLong();
        final ConcurrentLinkedQueue<Log> logs = new ConcurrentLinkedQueue<>();
        final long until = 400L * (repetition.getCurrentRepetition() - 1);
        final List<Callable<Boolean>> tasks = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            final int me = i;
            tasks.add(() -> logs.add(work(me, done)));
        }
        tasks.add(() -> logs.add(look(done)));
        tasks.add(() -> {
            while (done.get() < until) {
                Thread.onSpinWait();
            }
            heap.close();
            return true;
        });
        Workers.run(tasks);
        heap = pool.embedded();
        open(heap);
        final Set<String> keys = new HashSet<>(map.keySet());
        long added = 0;
        for (final Log log : logs) {
            assertThat(log.end).isInstanceOf(HeapClosedException.class);
            assertThat(keys.containsAll(log.keys)).isTrue();
            final String mine = log.me + "/";
            final List<String> stored =
                    queue.stream().filter(each -> each.startsWith(mine)).toList();
            assertThat(stored.size() - log.offered.size()).isIn(0, 1);
            assertThat(stored.subList(0, log.offered.size()).equals(log.offered))
                    .isTrue();
            added += log.added;
        }
        assertThat(longs.get(3)).isBetween(added, added + threads);
        final long acknowledged =
                logs.stream().mapToLong(log -> log.keys.size()).sum();
        assertThat(map.sizeLong()).isBetween(acknowledged, acknowledged + threads + 1); // and the common one
    }

    private Log work(final int me, final AtomicLong done) {
        final Log log = new Log(me);
        try {
            for (int i = 0; ; i++) {
                final String text = me + "/" + i + "x".repeat(i % 700);
                switch (i % 4) {
                    case 0 -> {
                        map.put(text, text);
                        log.keys.add(text);
                    }
                    case 1 -> {
                        queue.add(text);
                        log.offered.add(text);
                    }
                    case 2 -> {
                        longs.getAndAdd(3, 1);
                        log.added++;
                    }
                    default -> {
                        array.set(i % 400, text);
                        map.put("common", "v".repeat(i % 5_000), Duration.ofHours(1));
                    }
                }
                done.incrementAndGet();
            }
        } catch (final HeapClosedException | OutOfRemoteMemoryException e) {
            log.end = e;
        }
        return log;
    }

    /** Iterates, opens structures and asks, until the heap is closed. */
    private Log look(final AtomicLong done) {
        final Log log = new Log(-1);
        try {
            for (int i = 0; ; i++) {
                map.forEach((key, value) -> {});
                queue.forEach(element -> {});
                array.getAll(0, 400);
                heap.structures();
                heap.statistics("map");
                heap.map("common " + i % 10, Codecs.string(), Codecs.string()).set("key", "value");
                heap.drop("common " + i % 10);
                done.incrementAndGet();
            }
        } catch (final HeapClosedException e) {
            log.end = e;
        }
        return log;
    }

    /** The blade goes first: the attached worker goes on with what it has, and its session is recovered by the next blade. */
    @Test
    void shouldLoseNothingWhenTheHeapThatServesThePoolIsClosedBeforeTheOthers() {
        final RemoteHeap attached = pool.local();
        final RemoteMap<String, String> other = attached.map("map", Codecs.string(), Codecs.string());
        other.put("before", "v");
        heap.close();
        other.put("after", "v");
        assertThat(other).containsOnlyKeys("before", "after");
        attached.close();
        heap = pool.embedded();
        open(heap);
        assertThat(map).containsOnlyKeys("before", "after");
    }
}
