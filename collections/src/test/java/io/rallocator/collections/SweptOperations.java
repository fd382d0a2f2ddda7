package io.rallocator.collections;

import static io.rallocator.collections.SweptOperation.Rule.ATOMIC;
import static io.rallocator.collections.SweptOperation.Rule.EACH;
import static io.rallocator.collections.SweptOperation.Rule.WORD;
import static io.rallocator.collections.SweptWorker.COMPOSITE;
import static io.rallocator.collections.SweptWorker.LARGE;
import static io.rallocator.collections.SweptWorker.key;

import io.rallocator.collections.SweptOperation.Action;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Every public operation that changes something, in the forms in which it takes different ways through the protocols. What
 * changes nothing is listed too, so that what is in neither list is noticed.
 */
final class SweptOperations {
    private static final Duration SHORT = Duration.ofMillis(5);
    private static final Duration LONG = Duration.ofHours(1);
    private static final int MANY = 12;
    private static final int SLOTS = SimulatedWorker.SLOTS;

    /** Long enough for some epochs to pass, and for the blade to take a dropped structure apart. */
    private static final int AFTERMATH = 1_500;

    /** Methods without an effect on the pool, or such as only throw. Some are there in newer JDKs only. */
    static final Map<Class<?>, Set<String>> HARMLESS = Map.of(
            RemoteMap.class,
            Set.of(
                    "containsKey(Object)",
                    "containsValue(Object)",
                    "entrySet()",
                    "equals(Object)",
                    "forEach(BiConsumer)",
                    "get(Object)",
                    "getAll(Collection)",
                    "getOrDefault(Object,Object)",
                    "hashCode()",
                    "isEmpty()",
                    "keySet()",
                    "read(Object,ValueReader)",
                    "scan(long,int,BiConsumer)",
                    "size()",
                    "sizeLong()",
                    "timeToLive(Object)",
                    "values()"),
            RemoteQueue.class,
            Set.of(
                    "contains(Object)",
                    "containsAll(Collection)",
                    "element()",
                    "equals(Object)",
                    "forEach(Consumer)",
                    "hashCode()",
                    "isEmpty()",
                    "iterator()",
                    "parallelStream()",
                    "peek()",
                    "remainingCapacity()",
                    "size()",
                    "sizeLong()",
                    "spliterator()",
                    "stream()",
                    "toArray()",
                    "toArray(IntFunction)",
                    "toArray(Object[])"),
            Lease.class,
            Set.of("deliveryCount()", "element()"),
            RemoteArray.class,
            Set.of(
                    "add(Object)", // from here on: the length is fixed
                    "add(int,Object)",
                    "addAll(Collection)",
                    "addAll(int,Collection)",
                    "addFirst(Object)",
                    "addLast(Object)",
                    "clear()",
                    "remove(Object)",
                    "remove(int)",
                    "removeAll(Collection)",
                    "removeFirst()",
                    "removeIf(Predicate)",
                    "removeLast()",
                    "retainAll(Collection)",
                    "contains(Object)", // and these read
                    "containsAll(Collection)",
                    "equals(Object)",
                    "forEach(Consumer)",
                    "get(int)",
                    "get(long)",
                    "getAll(long,int)",
                    "getFirst()",
                    "getLast()",
                    "hashCode()",
                    "indexOf(Object)",
                    "isEmpty()",
                    "iterator()",
                    "lastIndexOf(Object)",
                    "listIterator()",
                    "listIterator(int)",
                    "longLength()",
                    "parallelStream()",
                    "reversed()",
                    "size()",
                    "spliterator()",
                    "stream()",
                    "subList(int,int)",
                    "toArray()",
                    "toArray(IntFunction)",
                    "toArray(Object[])"),
            RemoteLongArray.class,
            Set.of(
                    "get(long)",
                    "getAcquire(long)",
                    "getAll(long,long[],int,int)",
                    "getAll(long[],long[])",
                    "getOpaque(long)",
                    "getPlain(long)",
                    "length()",
                    "longLength()"),
            RemoteByteArray.class,
            Set.of(
                    "get(long)",
                    "length()",
                    "longLength()",
                    "read(Ranges,MutableDirectBuffer,int)",
                    "read(long,MutableDirectBuffer,int,int)",
                    "read(long,byte[],int,int)"),
            RemoteHeap.class,
            Set.of(
                    "allocatorStatistics()",
                    "array(String,Codec)", // from here on: opens what exists
                    "blades()",
                    "byteArray(String)",
                    "longArray(String)",
                    "drain(int,IntConsumer)", // of a heap over one blade: see BladeDrainTest
                    "count(String,Figure)",
                    "equals(Object)",
                    "geometry()",
                    "hasEnded(SessionId)",
                    "hashCode()",
                    "isOpen()",
                    "names()",
                    "outcome(OperationId)",
                    "session()",
                    "statistics(String)",
                    "structures()",
                    "toString()"),
            MapViews.Keys.class,
            Set.of(
                    "contains(Object)",
                    "equals(Object)",
                    "hashCode()",
                    "isEmpty()",
                    "iterator()",
                    "size()",
                    "spliterator()"),
            MapViews.Values.class,
            Set.of("contains(Object)", "isEmpty()", "iterator()", "size()", "spliterator()"),
            MapViews.Entries.class,
            Set.of(
                    "contains(Object)",
                    "equals(Object)",
                    "hashCode()",
                    "isEmpty()",
                    "iterator()",
                    "size()",
                    "spliterator()"));

    private SweptOperations() {}

    static List<SweptOperation> all() {
        final List<SweptOperation> all = new ArrayList<>();
        all.addAll(entries());
        all.addAll(expiry());
        all.addAll(manyEntries());
        all.addAll(views());
        all.addAll(queue());
        all.addAll(boundedQueue());
        all.addAll(elements());
        all.addAll(longs());
        all.addAll(bytes());
        all.addAll(lifeCycle());
        all.addAll(slabs());
        return List.copyOf(all);
    }

    private static SweptOperation map(
            final String how, final SweptOperation.Rule rule, final String method, final Action action) {
        return new SweptOperation("map." + method + how, rule, action, "RemoteMap." + method);
    }

    private static Action put(final int n, final String value) {
        return worker -> worker.map.put(key(n), value);
    }

    private static List<SweptOperation> entries() {
        return List.of(
                map(", new", ATOMIC, "put(Object,Object)", put(3, "d")),
                map(", over", ATOMIC, "put(Object,Object)", put(0, "new")),
                map(", splits, adds an extent", ATOMIC, "put(Object,Object)", put(4, "e"))
                        .after(put(3, "d")),
                map(", splits", ATOMIC, "put(Object,Object)", put(7, "h")).after(worker -> {
                    for (int n = 3; n < 7; n++) {
                        worker.map.put(key(n), "crowd");
                    }
                }),
                map(", large over large", ATOMIC, "put(Object,Object)", put(2, LARGE + "!")),
                map(", composite", ATOMIC, "put(Object,Object)", put(3, COMPOSITE)),
                map(", composite over composite", ATOMIC, "put(Object,Object)", put(0, COMPOSITE + "!"))
                        .after(put(0, COMPOSITE)),
                map(", short over composite", ATOMIC, "put(Object,Object)", put(0, "short"))
                        .after(put(0, COMPOSITE)),
                map("", ATOMIC, "putIfAbsent(Object,Object)", w -> w.map.putIfAbsent(key(3), "d")),
                map("", ATOMIC, "remove(Object)", w -> w.map.remove(key(0))),
                map(", large", ATOMIC, "remove(Object)", w -> w.map.remove(key(2))),
                map(", composite", ATOMIC, "remove(Object)", w -> w.map.remove(key(0)))
                        .after(put(0, COMPOSITE)),
                map(", the last one", ATOMIC, "remove(Object)", w -> w.map.remove(key(0)))
                        .after(w -> w.map.keySet().removeIf(key -> key != key(0))),
                map("", ATOMIC, "remove(Object,Object)", w -> w.map.remove(key(0), "a")),
                map("", ATOMIC, "replace(Object,Object)", w -> w.map.replace(key(0), "new")),
                map("", ATOMIC, "replace(Object,Object,Object)", w -> w.map.replace(key(0), "a", LARGE + "!")),
                map("", ATOMIC, "compute(Object,BiFunction)", w -> w.map.compute(key(0), (key, old) -> old + "!")),
                map(", to nothing", ATOMIC, "compute(Object,BiFunction)", w -> w.map.compute(key(0), (k, old) -> null)),
                map("", ATOMIC, "computeIfAbsent(Object,Function)", w -> w.map.computeIfAbsent(key(3), k -> "d")),
                map(
                        "",
                        ATOMIC,
                        "computeIfPresent(Object,BiFunction)",
                        w -> w.map.computeIfPresent(key(2), (k, old) -> "!")),
                map("", ATOMIC, "merge(Object,Object,BiFunction)", w -> w.map.merge(key(0), "!", String::concat)),
                map("", ATOMIC, "set(Object,Object)", w -> w.map.set(key(0), "new")),
                map("", ATOMIC, "delete(Object)", w -> w.map.delete(key(0))),
                map(
                        "",
                        ATOMIC,
                        "write(Object,int,ValueWriter)",
                        w -> w.map.write(
                                key(0), 100, (buffer, at, length) -> buffer.setMemory(at, length, (byte) 'w'))),
                map(
                        ", composite",
                        ATOMIC,
                        "write(Object,int,ValueWriter)",
                        w -> w.map.write(
                                key(2), 9_000, (buffer, at, length) -> buffer.setMemory(at, length, (byte) 'w'))));
    }

    /** A short-lived entry that has expired. */
    private static void expire(final SweptWorker worker) {
        worker.map.put(key(3), LARGE, SHORT);
        worker.clock.addAndGet(10);
    }

    private static List<SweptOperation> expiry() {
        return List.of(
                map("", ATOMIC, "put(Object,Object,Duration)", w -> w.map.put(key(0), "new", LONG)),
                map("", ATOMIC, "putIfAbsent(Object,Object,Duration)", w -> w.map.putIfAbsent(key(3), "d", LONG)),
                map("", ATOMIC, "set(Object,Object,Duration)", w -> w.map.set(key(0), "new", LONG)),
                map("", ATOMIC, "expire(Object,Duration)", w -> w.map.expire(key(0), LONG)),
                map("", ATOMIC, "persist(Object)", w -> w.map.persist(key(0))).after(w -> w.map.expire(key(0), LONG)),
                map(", among expired ones", ATOMIC, "put(Object,Object)", put(5, "new"))
                        .after(SweptOperations::expire),
                map(", expired", ATOMIC, "putIfAbsent(Object,Object)", w -> w.map.putIfAbsent(key(3), "new"))
                        .after(SweptOperations::expire),
                map(" and a put", EACH, "removeExpired()", w -> {
                            w.map.removeExpired();
                            w.map.put(key(0), "new");
                        })
                        .after(SweptOperations::expire));
    }

    private static List<SweptOperation> manyEntries() {
        final Map<Integer, String> two = Map.of(key(0), "x", key(1), "y");
        final Map<Integer, String> many = new HashMap<>();
        for (int n = 0; n < MANY; n++) {
            many.put(key(n), "many " + n);
            many.put(1_000_000 + n, n % 3 == 0 ? LARGE : "many " + n);
        }
        return List.of(
                map(", one bucket", EACH, "putAll(Map)", w -> w.map.putAll(two)),
                map(", growing", EACH, "putAll(Map)", w -> w.map.putAll(many)),
                map("", EACH, "deleteAll(Collection)", w -> w.map.deleteAll(List.of(key(0), key(2), 77))),
                map("", EACH, "clear()", w -> w.map.clear()),
                map("", EACH, "replaceAll(BiFunction)", w -> w.map.replaceAll((key, old) -> "all")));
    }

    private static SweptOperation view(
            final String view, final SweptOperation.Rule rule, final String method, final Action action) {
        return new SweptOperation(view + "." + method, rule, action, view + "." + method);
    }

    private static <T> void removeFirst(final Iterator<T> iterator) {
        iterator.next();
        iterator.remove();
    }

    private static List<SweptOperation> views() {
        final List<Map.Entry<Integer, String>> first = List.of(Map.entry(key(0), "a"));
        return List.of(
                view("Keys", ATOMIC, "remove(Object)", w -> w.map.keySet().remove(key(0))),
                view("Keys", EACH, "removeAll(Collection)", w -> w.map.keySet().removeAll(List.of(key(0), key(2)))),
                view("Keys", EACH, "retainAll(Collection)", w -> w.map.keySet().retainAll(List.of(key(0)))),
                view("Keys", EACH, "removeIf(Predicate)", w -> w.map.keySet().removeIf(key -> key != key(1))),
                view("Keys", EACH, "clear()", w -> w.map.keySet().clear()),
                view(
                        "Keys",
                        ATOMIC,
                        "iterator().remove",
                        w -> removeFirst(w.map.keySet().iterator())),
                view("Values", ATOMIC, "remove(Object)", w -> w.map.values().remove("a")),
                view(
                        "Values",
                        EACH,
                        "removeAll(Collection)",
                        w -> w.map.values().removeAll(List.of("a", LARGE))),
                view(
                        "Values",
                        EACH,
                        "retainAll(Collection)",
                        w -> w.map.values().retainAll(List.of("a"))),
                view("Values", EACH, "removeIf(Predicate)", w -> w.map.values().removeIf(v -> !v.equals("b"))),
                view("Values", EACH, "clear()", w -> w.map.values().clear()),
                view(
                        "Values",
                        ATOMIC,
                        "iterator().remove",
                        w -> removeFirst(w.map.values().iterator())),
                view("Entries", ATOMIC, "remove(Object)", w -> w.map.entrySet().remove(first.get(0))),
                view(
                        "Entries",
                        EACH,
                        "removeAll(Collection)",
                        w -> w.map.entrySet().removeAll(first)),
                view(
                        "Entries",
                        EACH,
                        "retainAll(Collection)",
                        w -> w.map.entrySet().retainAll(first)),
                view(
                        "Entries",
                        EACH,
                        "removeIf(Predicate)",
                        w -> w.map.entrySet()
                                .removeIf(entry -> !entry.getValue().equals("b"))),
                view("Entries", EACH, "clear()", w -> w.map.entrySet().clear()),
                view(
                        "Entries",
                        ATOMIC,
                        "iterator().remove",
                        w -> removeFirst(w.map.entrySet().iterator())),
                view(
                        "Entries",
                        ATOMIC,
                        "iterator().setValue",
                        w -> w.map.entrySet().iterator().next().setValue("!")));
    }

    private static SweptOperation queue(
            final String how, final SweptOperation.Rule rule, final String method, final Action action) {
        return new SweptOperation("queue." + method + how, rule, action, "RemoteQueue." + method);
    }

    /** The image has 4 elements in slots 0 … 3. */
    private static Action offers(final int count) {
        return worker -> {
            for (int i = 0; i < count; i++) {
                worker.queue.add("more " + i);
            }
        };
    }

    private static List<String> elements(final int count) {
        return IntStream.range(0, count).mapToObj(i -> "batch " + i).toList();
    }

    private static Action batch(final int count) {
        return worker -> {
            worker.queue.clear();
            worker.queue.addAll(elements(count));
        };
    }

    private static List<SweptOperation> queue() {
        return List.of(
                queue("", ATOMIC, "offer(Object)", w -> w.queue.offer("new")),
                queue(", large", ATOMIC, "offer(Object)", w -> w.queue.offer(LARGE)),
                queue(", new segment", ATOMIC, "offer(Object)", w -> w.queue.offer("new"))
                        .after(offers(SLOTS - 4)),
                queue("", ATOMIC, "offer(Object,long,TimeUnit)", w -> w.queue.offer("new", 1, TimeUnit.HOURS)),
                queue("", ATOMIC, "add(Object)", w -> w.queue.add("new")),
                queue("", ATOMIC, "put(Object)", w -> w.queue.put("new")),
                queue(", a batch", ATOMIC, "addAll(Collection)", w -> w.queue.addAll(elements(5))),
                queue(", two batches", EACH, "addAll(Collection)", w -> w.queue.addAll(elements(70))),
                queue("", ATOMIC, "poll()", w -> w.queue.poll()),
                queue(", leaves a segment", ATOMIC, "poll()", w -> w.queue.poll())
                        .after(w -> {
                            offers(SLOTS - 2).on(w);
                            w.queue.drainTo(new ArrayList<>(), SLOTS);
                        }),
                queue(", of a batch", ATOMIC, "poll()", w -> w.queue.poll()).after(batch(4)),
                queue("", ATOMIC, "poll(long,TimeUnit)", w -> w.queue.poll(1, TimeUnit.HOURS)),
                queue("", ATOMIC, "take()", w -> w.queue.take()),
                queue("", ATOMIC, "tryReceive()", w -> w.queue.tryReceive()),
                queue(", leaves a segment", EACH, "tryReceive()", w -> {
                            w.queue.tryReceive();
                            w.queue.tryReceive();
                        })
                        .after(w -> {
                            offers(SLOTS - 2).on(w);
                            w.queue.drainTo(new ArrayList<>(), SLOTS - 1);
                        }),
                queue(", of a batch", EACH, "tryReceive()", w -> {
                            w.queue.tryReceive();
                            w.queue.tryReceive();
                            w.queue.poll();
                        })
                        .after(w -> {
                            w.queue.clear();
                            batch(4).on(w);
                        }),
                queue("", ATOMIC, "receive()", w -> w.queue.receive()),
                queue("", ATOMIC, "receive(long,TimeUnit)", w -> w.queue.receive(1, TimeUnit.HOURS)),
                new SweptOperation(
                        "lease.acknowledge", EACH, w -> w.queue.tryReceive().acknowledge(), "Lease.acknowledge()"),
                new SweptOperation(
                        "lease.release, and received again",
                        EACH,
                        w -> {
                            w.queue.tryReceive().release();
                            w.queue.tryReceive().close();
                        },
                        "Lease.release()",
                        "Lease.close()"),
                queue("", ATOMIC, "remove()", w -> w.queue.remove()),
                queue(", in the middle", ATOMIC, "remove(Object)", w -> w.queue.remove("element 2")),
                queue(", of a batch", ATOMIC, "remove(Object)", w -> w.queue.remove("batch 2"))
                        .after(batch(4)),
                queue("", EACH, "removeIf(Predicate)", w -> w.queue.removeIf(e -> !e.equals("element 2"))),
                queue(", of a batch", EACH, "removeIf(Predicate)", w -> w.queue.removeIf(e -> !e.equals("batch 1")))
                        .after(batch(4)),
                queue("", EACH, "removeAll(Collection)", w -> w.queue.removeAll(List.of("element 1", "element 4"))),
                queue("", EACH, "retainAll(Collection)", w -> w.queue.retainAll(List.of("element 3"))),
                queue("", EACH, "drainTo(Collection)", w -> w.queue.drainTo(new ArrayList<>()))
                        .after(offers(SLOTS)),
                queue("", EACH, "drainTo(Collection,int)", w -> w.queue.drainTo(new ArrayList<>(), 3)),
                queue(", of a batch", EACH, "drainTo(Collection,int)", w -> w.queue.drainTo(new ArrayList<>(), 3))
                        .after(batch(5)),
                queue("", EACH, "clear()", w -> w.queue.clear()).after(offers(SLOTS)),
                new SweptOperation("queue.iterator().remove", ATOMIC, w -> {
                    final Iterator<String> iterator = w.queue.iterator();
                    iterator.next();
                    removeFirst(iterator);
                }));
    }

    private static SweptOperation bounded(final String name, final SweptOperation.Rule rule, final Action action) {
        return new SweptOperation("bounded." + name, rule, action);
    }

    private static Action boundedBatch(final int count) {
        return worker -> {
            worker.bounded.clear();
            worker.bounded.addAll(elements(count));
        };
    }

    private static List<SweptOperation> boundedQueue() {
        return List.of(
                bounded("offer", ATOMIC, w -> w.bounded.offer("third")),
                bounded("put", ATOMIC, w -> w.bounded.put("third")),
                bounded("addAll", ATOMIC, w -> w.bounded.addAll(List.of("one", "two", "three")))
                        .after(w -> w.bounded.clear()),
                bounded("poll, of a batch", ATOMIC, w -> w.bounded.poll()).after(boundedBatch(3)),
                bounded("poll, the last of a batch", ATOMIC, w -> w.bounded.poll())
                        .after(boundedBatch(2))
                        .after(w -> w.bounded.poll()),
                bounded("drainTo, a batch", ATOMIC, w -> w.bounded.drainTo(new ArrayList<>()))
                        .after(boundedBatch(3)),
                bounded("poll", ATOMIC, w -> w.bounded.poll()),
                bounded("poll, full", ATOMIC, w -> w.bounded.poll()).after(w -> w.bounded.add("third")),
                bounded("remove from the middle", ATOMIC, w -> w.bounded.remove("second"))
                        .after(w -> w.bounded.add("third")),
                bounded("drainTo", EACH, w -> w.bounded.drainTo(new ArrayList<>())));
    }

    private static SweptOperation array(
            final String how, final SweptOperation.Rule rule, final String method, final Action action) {
        return new SweptOperation("array." + method + how, rule, action, "RemoteArray." + method);
    }

    private static List<SweptOperation> elements() {
        return List.of(
                array("", ATOMIC, "set(long,Object)", w -> w.array.set(2L, "new")),
                array(", over", ATOMIC, "set(long,Object)", w -> w.array.set(0L, "new")),
                array(", large over large", ATOMIC, "set(long,Object)", w -> w.array.set(1L, LARGE + "!")),
                array(", null", ATOMIC, "set(long,Object)", w -> w.array.set(1L, null)),
                array(", first in its extent", ATOMIC, "set(long,Object)", w -> w.array.set(999L, "new")),
                array("", ATOMIC, "set(int,Object)", w -> w.array.set(0, "new")),
                array("", ATOMIC, "getAndSet(long,Object)", w -> w.array.getAndSet(0, "new")),
                array("", ATOMIC, "compareAndSet(long,Object,Object)", w -> w.array.compareAndSet(0, "x", "new")),
                array(
                        ", from null",
                        ATOMIC,
                        "compareAndSet(long,Object,Object)",
                        w -> w.array.compareAndSet(2, null, "new")),
                array(
                        ", to null",
                        ATOMIC,
                        "compareAndSet(long,Object,Object)",
                        w -> w.array.compareAndSet(0, "x", null)),
                array("", EACH, "replaceAll(UnaryOperator)", w -> w.few.replaceAll(element -> element + "!")),
                array("", EACH, "sort(Comparator)", w -> w.few.sort(Comparator.naturalOrder())),
                new SweptOperation("array.listIterator().set", ATOMIC, w -> {
                    final ListIterator<String> iterator = w.few.listIterator();
                    iterator.next();
                    iterator.set("new");
                }),
                new SweptOperation(
                        "array.subList().set", ATOMIC, w -> w.few.subList(1, 3).set(1, "new")));
    }

    private static SweptOperation longs(final String method, final Action action) {
        return longs("", WORD, method, action);
    }

    private static SweptOperation longs(
            final String how, final SweptOperation.Rule rule, final String method, final Action action) {
        return new SweptOperation("longs." + method + how, rule, action, "RemoteLongArray." + method);
    }

    private static List<SweptOperation> longs() {
        final long[] across = {0, 125, 127};
        return List.of(
                longs("set(long,long)", w -> w.longs.set(0, 9)),
                longs(", first in its extent", WORD, "set(long,long)", w -> w.longs.set(127, 9)),
                longs("lazySet(long,long)", w -> w.longs.lazySet(0, 9)),
                longs("setPlain(long,long)", w -> w.longs.setPlain(0, 9)),
                longs("setOpaque(long,long)", w -> w.longs.setOpaque(0, 9)),
                longs("setRelease(long,long)", w -> w.longs.setRelease(0, 9)),
                longs("getAndSet(long,long)", w -> w.longs.getAndSet(0, 9)),
                longs("getAndAdd(long,long)", w -> w.longs.getAndAdd(0, 2)),
                longs(", first in its extent", WORD, "getAndAdd(long,long)", w -> w.longs.getAndAdd(127, 2)),
                longs("addAndGet(long,long)", w -> w.longs.addAndGet(0, 2)),
                longs("getAndIncrement(long)", w -> w.longs.getAndIncrement(0)),
                longs("getAndDecrement(long)", w -> w.longs.getAndDecrement(0)),
                longs("incrementAndGet(long)", w -> w.longs.incrementAndGet(0)),
                longs("decrementAndGet(long)", w -> w.longs.decrementAndGet(0)),
                longs("getAndUpdate(long,LongUnaryOperator)", w -> w.longs.getAndUpdate(0, x -> 2 * x)),
                longs("updateAndGet(long,LongUnaryOperator)", w -> w.longs.updateAndGet(0, x -> 2 * x)),
                longs("getAndAccumulate(long,long,LongBinaryOperator)", w -> w.longs.getAndAccumulate(0, 3, Long::sum)),
                longs("accumulateAndGet(long,long,LongBinaryOperator)", w -> w.longs.accumulateAndGet(0, 3, Long::sum)),
                longs("compareAndSet(long,long,long)", w -> w.longs.compareAndSet(0, 5, 9)),
                longs("compareAndExchange(long,long,long)", w -> w.longs.compareAndExchange(0, 5, 9)),
                longs("compareAndExchangeAcquire(long,long,long)", w -> w.longs.compareAndExchangeAcquire(0, 5, 9)),
                longs("compareAndExchangeRelease(long,long,long)", w -> w.longs.compareAndExchangeRelease(0, 5, 9)),
                longs("weakCompareAndSetPlain(long,long,long)", w -> w.longs.weakCompareAndSetPlain(0, 5, 9)),
                longs("weakCompareAndSetVolatile(long,long,long)", w -> w.longs.weakCompareAndSetVolatile(0, 5, 9)),
                longs("weakCompareAndSetAcquire(long,long,long)", w -> w.longs.weakCompareAndSetAcquire(0, 5, 9)),
                longs("weakCompareAndSetRelease(long,long,long)", w -> w.longs.weakCompareAndSetRelease(0, 5, 9)),
                longs("", EACH, "setAll(long,long[],int,int)", w -> w.longs.setAll(0, new long[] {7, 8, 9}, 0, 3)),
                longs(
                        ", across extents",
                        EACH,
                        "setAll(long,long[],int,int)",
                        w -> w.longs.setAll(124, new long[] {7, 8, 9, 10}, 0, 4)),
                longs("", EACH, "setAll(long[],long[])", w -> w.longs.setAll(across, new long[] {7, 8, 9})),
                longs("", EACH, "addAll(long[],long[])", w -> w.longs.addAll(across, new long[] {7, 8, 9})));
    }

    private static SweptOperation bytes(
            final String how, final SweptOperation.Rule rule, final String method, final Action action) {
        return new SweptOperation("bytes." + method + how, rule, action, "RemoteByteArray." + method);
    }

    /** In whole words, each of which is written as a whole; of words in part one byte only. */
    private static List<SweptOperation> bytes() {
        final byte[] some = new byte[32];
        Arrays.fill(some, (byte) 7);
        final UnsafeBuffer buffer = new UnsafeBuffer(some);
        return List.of(
                bytes("", WORD, "set(long,byte)", w -> w.bytes.set(3, (byte) 9)),
                bytes("", EACH, "write(long,byte[],int,int)", w -> w.bytes.write(8, some, 0, 32)),
                bytes(", across extents", EACH, "write(long,byte[],int,int)", w -> w.bytes.write(8 * 124, some, 0, 32)),
                bytes("", EACH, "write(long,DirectBuffer,int,int)", w -> w.bytes.write(8, buffer, 0, 32)),
                bytes(
                        "",
                        EACH,
                        "write(Ranges,DirectBuffer,int)",
                        w -> w.bytes.write(
                                new Ranges().add(0, 8).add(8 * 125, 16).add(16, 8), buffer, 0)),
                bytes("", EACH, "fill(long,long,byte)", w -> w.bytes.fill(8 * 123, 48, (byte) 7)));
    }

    private static SweptOperation heap(final String how, final String method, final Action action) {
        return new SweptOperation("heap." + method + how, ATOMIC, action, "RemoteHeap." + method);
    }

    private static SweptOperation drop(final String kind, final Action creation) {
        return heap(", " + kind, "drop(String)", w -> w.heap.drop("doomed"))
                .after(creation)
                .andThen(AFTERMATH);
    }

    private static List<SweptOperation> lifeCycle() {
        final Action map = w -> {
            final Map<String, String> doomed = w.heap.map("doomed", Codecs.string(), Codecs.string());
            doomed.put("large", LARGE);
            doomed.put("composite", COMPOSITE);
        };
        final Action queue = w -> w.heap.queue("doomed", Codecs.string()).addAll(List.of("one", "two"));
        return List.of(
                heap("", "map(String,Codec,Codec)", w -> w.heap.map("new", Codecs.string(), Codecs.longs())),
                heap("", "queue(String,Codec)", w -> w.heap.queue("new", Codecs.string())),
                heap("", "boundedQueue(String,Codec,int)", w -> w.heap.boundedQueue("new", Codecs.string(), 2)),
                heap("", "array(String,Codec,long)", w -> w.heap.array("new", Codecs.string(), 10)),
                heap("", "longArray(String,long)", w -> w.heap.longArray("new", 10)),
                heap("", "byteArray(String,long)", w -> w.heap.byteArray("new", 10)),
                heap("", "rename(String,String)", w -> w.heap.rename("doomed", "renamed"))
                        .after(queue),
                drop("map", map),
                drop("queue", queue),
                drop("array", w -> w.heap.array("doomed", Codecs.string(), 10).set(0, LARGE)),
                drop("longs", w -> w.heap.longArray("doomed", 10).set(0, 1)),
                drop("bytes", w -> w.heap.byteArray("doomed", 10).set(0, (byte) 1)),
                heap(
                                ", of a name that was dropped",
                                "map(String,Codec,Codec)",
                                w -> w.heap.map("doomed", Codecs.string(), Codecs.longs()))
                        .after(w -> {
                            map.on(w);
                            w.heap.drop("doomed");
                        }),
                new SweptOperation(
                                "heap.open and a first put",
                                ATOMIC,
                                put(3, LARGE),
                                "RemoteHeap.open(String)",
                                "RemoteHeap.over(WorkerSession)")
                        .fromStart(),
                new SweptOperation(
                                "a put and heap.close",
                                EACH,
                                w -> {
                                    w.map.put(key(2), "short");
                                    w.heap.close();
                                },
                                "RemoteHeap.close()")
                        .closing());
    }

    /** What the allocator does for operations: takes slabs, seals them, empties them and gives them back. */
    private static List<SweptOperation> slabs() {
        final Action fill = w -> {
            for (int n = 0; n < MANY; n++) {
                w.map.set(key(n), LARGE + n);
            }
        };
        return List.of(
                new SweptOperation("slabs are taken and sealed", EACH, fill),
                new SweptOperation("slabs are emptied and given back", EACH, w -> w.map.clear())
                        .after(fill)
                        .andThen(AFTERMATH),
                new SweptOperation("blocks are reused", EACH, w -> {
                            for (int round = 0; round < 3; round++) {
                                for (int n = 0; n < 3; n++) {
                                    w.map.set(key(n), round % 2 == 0 ? LARGE + "!" : LARGE + n);
                                }
                            }
                        })
                        .after(fill)
                        .andThen(AFTERMATH / 3));
    }

    /** The names of all methods that operations cover. */
    static Set<String> covered() {
        return all().stream().flatMap(operation -> operation.covers.stream()).collect(Collectors.toSet());
    }
}
