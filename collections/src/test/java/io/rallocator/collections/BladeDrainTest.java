package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.StructureDroppedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A blade is drained and retired: while nobody works, while all do, while its mover dies anywhere, and while several move the same. */
class BladeDrainTest {
    private static final int ENTRIES = 3_000;
    private static final int DRAINED = 1;
    private static final int STRIDE = 17;
    private static final long SEED = Long.getLong("rallocator.seed", new Random().nextLong());

    @AfterEach
    void bury() {
        DyingFabricProvider.bury();
    }

    private static RemoteMap<Integer, String> map(final RemoteHeap heap) {
        return heap.map("map", Codecs.ints(), Codecs.string());
    }

    /** Structures of all types, with something in them, and what must be in them. */
    private static final class Model {
        final Map<Integer, String> entries = new HashMap<>();
        final List<Integer> queued = IntStream.range(0, 700).boxed().toList();
        final long[] longs = new long[5_000];
        final byte[] bytes = new byte[100_000];
        final List<String> elements = new ArrayList<>();

        Model(final RemoteHeap heap) {
            for (int i = 0; i < ENTRIES; i++) {
                entries.put(i, "value " + "x".repeat(i % 1_000 == 0 ? 20_000 : i % 50));
            }
            map(heap).putAll(entries);
            map(heap).put(-1, "lives on", Duration.ofDays(1));
            entries.put(-1, "lives on");
            map(heap).keySet().removeIf(key -> key % 3 == 2); // the copy will have fewer buckets
            entries.keySet().removeIf(key -> key % 3 == 2);
            heap.queue("queue", Codecs.ints()).addAll(queued);
            heap.boundedQueue("bounded", Codecs.ints(), 1_000).addAll(queued);
            Arrays.setAll(longs, i -> i % 7 == 0 ? i : 0);
            heap.longArray("longs", longs.length).setAll(0, longs, 0, longs.length);
            new Random(1).nextBytes(bytes);
            heap.byteArray("bytes", bytes.length).write(0, bytes, 0, bytes.length);
            final RemoteArray<String> array = heap.array("elements", Codecs.string(), 2_000);
            for (int i = 0; i < 2_000; i++) {
                elements.add(i % 5 == 0 ? null : "element " + i);
                if (elements.get(i) != null) {
                    array.set(i, elements.get(i));
                }
            }
        }

        void requireIn(final RemoteHeap heap) {
            assertThat(map(heap)).isEqualTo(entries);
            assertThat(map(heap).timeToLive(-1))
                    .hasValueSatisfying(left -> assertThat(left).isBetween(Duration.ofHours(23), Duration.ofDays(1)));
            assertThat(map(heap).timeToLive(0)).isEmpty();
            assertThat(map(heap).getAll(List.of(0, 1, 3, -7)).keySet()).containsExactlyInAnyOrder(0, 1, 3);
            assertThat(heap.queue("queue", Codecs.ints())).containsExactlyElementsOf(queued);
            assertThat(heap.boundedQueue("bounded", Codecs.ints(), 1_000)).containsExactlyElementsOf(queued);
            final long[] found = new long[longs.length];
            heap.longArray("longs").getAll(0, found, 0, found.length);
            assertThat(found).isEqualTo(longs);
            final byte[] read = new byte[bytes.length];
            heap.byteArray("bytes").read(0, read, 0, read.length);
            assertThat(read).isEqualTo(bytes);
            assertThat(heap.array("elements", Codecs.string())).containsExactlyElementsOf(elements);
        }
    }

    private static String withoutBlade(final TestPool pool, final String place) {
        return "embedded:"
                + pool.files().stream()
                        .map(Path::toString)
                        .filter(path -> !place.endsWith(":" + path))
                        .collect(Collectors.joining(","));
    }

    private static List<String> partsAt(final String place) {
        try (RemoteHeap one = RemoteHeap.open(place)) {
            return one.names().stream()
                    .filter(name -> Placement.PartName.of(name) != null)
                    .toList();
        }
    }

    // ---- while nobody works

    @Test
    void shouldMoveEverythingAndGoOnWithoutTheBlade() {
        try (TestPool pool = TestPool.ofBlades(3, 32)) {
            final Model model;
            final String drained;
            try (RemoteHeap heap = pool.embedded()) {
                drained = heap.blades().get(DRAINED).place();
                model = new Model(heap);
                final RemoteMap<Integer, String> before = map(heap);
                final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
                final List<Integer> told = new ArrayList<>();
                final int moved = heap.drain(DRAINED, told::add);
                assertThat(told)
                        .isNotEmpty()
                        .containsExactlyElementsOf(
                                IntStream.rangeClosed(1, moved).boxed().toList());
                model.requireIn(heap);
                assertThat(before).as("an object from before").isEqualTo(model.entries);
                assertThat(queue).containsExactlyElementsOf(model.queued);
                assertThat(heap.blades())
                        .extracting(BladeInfo::state)
                        .containsExactly(BladeInfo.State.IN_USE, BladeInfo.State.RETIRED, BladeInfo.State.IN_USE);
                assertThat(heap.drain(DRAINED, told::add)).as("once more").isZero();
                heap.map("later", Codecs.ints(), Codecs.ints()).putAll(Map.of(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6));
            }
            assertThat(partsAt(drained)).isEmpty();
            try (RemoteHeap heap = pool.embedded()) {
                model.requireIn(heap);
            }
            try (RemoteHeap heap = RemoteHeap.open(withoutBlade(pool, drained))) {
                model.requireIn(heap);
                assertThat(heap.map("later", Codecs.ints(), Codecs.ints())).hasSize(6);
                assertThat(heap.blades().get(DRAINED).isHere()).isFalse();
                assertThat(heap.statistics("map").elements()).isEqualTo(model.entries.size());
                assertThat(heap.drop("map")).isTrue();
                assertThat(map(heap)).isEmpty();
            }
            pool.check();
        }
    }

    @Test
    void shouldShowEveryEntryOnceToIteratorsThatBeganBefore() {
        try (TestPool pool = TestPool.ofBlades(2, 32);
                RemoteHeap heap = pool.embedded()) {
            final Model model = new Model(heap);
            final List<Integer> seen = new ArrayList<>();
            final List<String> elements = new ArrayList<>();
            final Iterator<Integer> keys = map(heap).keySet().iterator();
            final Iterator<String> array =
                    heap.array("elements", Codecs.string()).iterator();
            for (int i = 0; i < 900; i++) {
                seen.add(keys.next());
                elements.add(array.next());
            }
            heap.drain(DRAINED, moved -> {});
            keys.forEachRemaining(seen::add);
            array.forEachRemaining(elements::add);
            assertThat(seen).containsExactlyInAnyOrderElementsOf(model.entries.keySet());
            assertThat(elements).isEqualTo(model.elements);
        }
    }

    // ---- what cannot be done

    @Test
    void shouldRefuseWhatCannotBeDrained() {
        try (TestPool pool = TestPool.ofBlades(2, 16)) {
            try (RemoteHeap heap = pool.embedded()) {
                assertThatThrownBy(() -> heap.drain(0, moved -> {}))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("blade 0 has the names");
                assertThatThrownBy(() -> heap.drain(2, moved -> {}))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("0 … 1");
            }
            try (TestPool single = TestPool.ofMebibytes(16);
                    RemoteHeap heap = single.embedded()) {
                assertThat(heap.blades()).hasSize(1);
                assertThatThrownBy(() -> heap.drain(0, moved -> {}))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("one blade");
            }
        }
    }

    @Test
    void shouldLeaveAQueueWithLeasesInUseUntilTheyHaveEnded() throws InterruptedException {
        final TestPool pool = TestPool.ofBlades(2, 16);
        try (RemoteHeap heap = pool.embedded()) {
            final List<Lease<Integer>> leases = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                final RemoteQueue<Integer> queue = heap.queue("queue " + i, Codecs.ints());
                queue.addAll(List.of(1, 2, 3));
                leases.add(queue.receive());
            }
            assertThatThrownBy(() -> heap.drain(DRAINED, moved -> {}))
                    .isInstanceOf(RallocatorException.class)
                    .hasMessageContaining("on lease")
                    .hasMessageContaining("stays on blade 1");
            for (int i = 0; i < 12; i++) {
                final RemoteQueue<Integer> queue = heap.queue("queue " + i, Codecs.ints());
                assertThat(queue.poll()).isEqualTo(2);
                assertThat(leases.get(i).acknowledge()).isTrue();
                queue.put(4);
            }
            assertThat(heap.blades().get(DRAINED).state()).isEqualTo(BladeInfo.State.DRAINING);
            assertThat(heap.drain(DRAINED, moved -> {})).isPositive();
            for (int i = 0; i < 12; i++) {
                assertThat(heap.queue("queue " + i, Codecs.ints())).containsExactly(3, 4);
            }
        }
        pool.check();
        pool.close();
    }

    @Test
    void shouldPutBackWhatFindsNoRoom() {
        final TestPool pool = TestPool.ofBlades(2, 16);
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteByteArray bytes = heap.byteArray("bytes", 20 << 20);
            final Random random = new Random(1);
            final byte[] some = new byte[1 << 16];
            long written = 0;
            try {
                for (; written < bytes.longLength(); written += some.length) {
                    random.nextBytes(some);
                    bytes.write(written, some, 0, some.length);
                }
            } catch (final OutOfRemoteMemoryException e) {
                assertThat(written).isPositive();
            }
            assertThatThrownBy(() -> heap.drain(DRAINED, moved -> {}))
                    .isInstanceOf(RallocatorException.class)
                    .hasRootCauseInstanceOf(OutOfRemoteMemoryException.class);
            final Random again = new Random(1);
            final byte[] read = new byte[some.length];
            for (long at = 0; at < written; at += some.length) {
                again.nextBytes(some);
                bytes.read(at, read, 0, read.length);
                assertThat(read).isEqualTo(some);
            }
            heap.drop("bytes");
            assertThat(heap.drain(DRAINED, moved -> {})).isZero();
        }
        pool.check();
        pool.close();
    }

    // ---- while all work

    /** Each thread has keys of its own, counts in common, and sends numbers through a queue in their order. */
    @Test
    void shouldLoseAndDoubleNothingOfThoseWhoWorkMeanwhile() throws Exception {
        try (TestPool pool = TestPool.ofBlades(3, 64);
                RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local()) {
            work(heap, other, () -> {
                heap.drain(1, moved -> {});
                other.drain(2, moved -> {});
            });
            assertThat(partsOf(heap, 1)).isEmpty();
            assertThat(partsOf(heap, 2)).isEmpty();
        }
    }

    /** All of them take over what any of them moves, as if it were dead: so all but one are movers that were only asleep. */
    @Test
    void shouldLoseNothingWhenSeveralMoveTheSame() throws Exception {
        try (TestPool pool = TestPool.ofBlades(3, 64);
                RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local()) {
            work(heap, other, () -> {
                final AtomicBoolean ended = new AtomicBoolean();
                final ExecutorService movers = Executors.newFixedThreadPool(2);
                final List<Future<?>> meddling = new ArrayList<>();
                for (final RemoteHeap each : List.of(heap, other)) {
                    meddling.add(movers.submit(() -> meddle((StripedHeap) each, ended)));
                }
                heap.drain(1, moved -> {});
                ended.set(true);
                for (final Future<?> each : meddling) {
                    assertThat((Integer) each.get()).as("moves taken over").isPositive();
                }
                movers.shutdown();
            });
            assertThat(partsOf(heap, 1)).isEmpty();
        }
    }

    private static int meddle(final StripedHeap heap, final AtomicBoolean ended) {
        int taken = 0;
        final List<Placement> placements = heap.placements();
        while (!ended.get()) {
            for (final Placement placement : placements) {
                for (int part = 0; part < Placement.PARTS; part++) {
                    final long word = placement.read(part);
                    if (PartWord.isMoving(word)) {
                        new PartMover(heap.seats(), placement).takeOver(part, word);
                        taken++;
                    }
                }
            }
        }
        return taken;
    }

    private static List<String> partsOf(final RemoteHeap heap, final int blade) {
        return ((StripedHeap) heap)
                .seats().heap(blade).names().stream()
                        .filter(name -> Placement.PartName.of(name) != null)
                        .toList();
    }

    /** Works while something is done, and then looks whether all is as it must be. */
    private static void work(final RemoteHeap heap, final RemoteHeap other, final ThrowingAction action)
            throws Exception {
        final Model model = new Model(heap);
        final AtomicBoolean ended = new AtomicBoolean();
        final ExecutorService threads = Executors.newFixedThreadPool(4);
        final List<Future<Map<Integer, String>>> writers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            final int number = i;
            writers.add(threads.submit(() -> write(number == 0 ? heap : other, number, ended)));
        }
        final Future<Integer> producer = threads.submit(() -> produce(other, ended));
        final Future<Integer> consumer = threads.submit(() -> consume(heap));
        try {
            action.run();
        } finally {
            ended.set(true);
        }
        for (final Future<Map<Integer, String>> writer : writers) {
            model.entries.putAll(writer.get(60, TimeUnit.SECONDS));
        }
        model.entries.values().removeIf(String::isEmpty);
        final int rounds = model.entries.entrySet().stream()
                .filter(entry -> entry.getKey() >= 1_000_000 && entry.getKey() % 1_000_000 == 0)
                .mapToInt(entry -> Integer.parseInt(entry.getValue()))
                .sum();
        assertThat(consumer.get(60, TimeUnit.SECONDS)).as("seed %d", SEED).isEqualTo(producer.get());
        for (final RemoteHeap each : List.of(other, heap)) {
            model.requireIn(each);
            final RemoteLongArray counts = each.longArray("counts", 5_000);
            for (int i = 0; i < 5_000; i += 700) {
                assertThat(counts.get(i)).as("count %d, seed %d", i, SEED).isEqualTo(rounds);
            }
        }
        threads.shutdown();
    }

    /** Returns what must be in the map; empty for what must not. The first key says how often it counted. */
    private static Map<Integer, String> write(final RemoteHeap heap, final int number, final AtomicBoolean ended) {
        final Random random = new Random(SEED + number);
        final Map<Integer, String> expected = new HashMap<>();
        final RemoteMap<Integer, String> map = map(heap);
        final RemoteLongArray counts = heap.longArray("counts", 5_000);
        final long[] indexes = IntStream.range(0, 5_000)
                .filter(i -> i % 700 == 0)
                .asLongStream()
                .toArray();
        final long[] ones = new long[indexes.length];
        Arrays.fill(ones, 1);
        final int first = 1_000_000 * (number + 1);
        int rounds = 0;
        while (!ended.get()) {
            final int key = first + 1 + random.nextInt(500);
            final String before = expected.getOrDefault(key, "");
            switch (random.nextInt(4)) {
                case 0 -> {
                    assertThat(map.put(key, "round " + rounds))
                            .as("seed %d", SEED)
                            .isEqualTo(before.isEmpty() ? null : before);
                    expected.put(key, "round " + rounds);
                }
                case 1 -> {
                    assertThat(map.remove(key)).as("seed %d", SEED).isEqualTo(before.isEmpty() ? null : before);
                    expected.put(key, "");
                }
                case 2 -> expected.put(key, map.merge(key, "m", (old, more) -> old.length() > 100 ? more : old + more));
                default ->
                    assertThat(map.getOrDefault(key, "")).as("seed %d", SEED).isEqualTo(before);
            }
            counts.addAll(indexes, ones);
            rounds++;
        }
        map.put(first, Integer.toString(rounds));
        expected.put(first, Integer.toString(rounds));
        return expected;
    }

    private static int produce(final RemoteHeap heap, final AtomicBoolean ended) throws InterruptedException {
        final RemoteQueue<Integer> queue = heap.boundedQueue("numbers", Codecs.ints(), 100);
        int next = 0;
        while (!ended.get()) {
            queue.put(next++);
        }
        queue.put(-1);
        return next;
    }

    private static int consume(final RemoteHeap heap) throws InterruptedException {
        final RemoteQueue<Integer> queue = heap.boundedQueue("numbers", Codecs.ints(), 100);
        for (int expected = 0; ; expected++) {
            final int found = queue.take();
            if (found == -1) {
                return expected;
            }
            assertThat(found).as("seed %d", SEED).isEqualTo(expected);
        }
    }

    @FunctionalInterface
    private interface ThrowingAction {
        void run() throws Exception;
    }

    // ---- while the mover dies

    /** One of {@value #STRIDE} chains, beginning with any; with {@code -Drallocator.everyDeath=true} all, which takes some minutes. */
    @Test
    void shouldLoseNothingWhenTheMoverDiesBeforeAnyChain() {
        final int stride = Boolean.getBoolean("rallocator.everyDeath") ? 1 : STRIDE;
        int chain = new Random(SEED).nextInt(stride);
        while (diesBefore(chain)) {
            chain += stride;
        }
        assertThat(chain).as("chains of the mover, seed %d", SEED).isGreaterThan(200);
    }

    /** Returns false if it lived until the end. */
    private static boolean diesBefore(final int chain) {
        try (TestPool pool = TestPool.ofBlades(2, 16)) {
            final Map<Integer, Integer> entries = new HashMap<>();
            boolean died = false;
            try (RemoteHeap blade0 = RemoteHeap.open("embedded:" + pool.files().get(0));
                    RemoteHeap blade1 =
                            RemoteHeap.open("embedded:" + pool.files().get(1))) {
                assertThat(List.of(blade0, blade1)).allMatch(RemoteHeap::isOpen);
                try (RemoteHeap heap = pool.local()) {
                    for (int i = 0; i < 5; i++) {
                        entries.put(i, i);
                    }
                    heap.map("map", Codecs.ints(), Codecs.ints()).putAll(entries);
                    heap.queue("queue", Codecs.ints()).addAll(List.of(1, 2, 3));
                }
                DyingFabricProvider.liveFor(Integer.MAX_VALUE);
                final RemoteHeap mover = RemoteHeap.open(
                        "dying:" + pool.files().get(0) + "," + pool.files().get(1));
                DyingFabricProvider.liveFor(chain);
                try {
                    mover.drain(DRAINED, moved -> {});
                    mover.close();
                } catch (final DyingFabricProvider.Death | RallocatorException e) {
                    assertThat(DyingFabricProvider.isDead()).isTrue();
                    died = true;
                }
                DyingFabricProvider.bury();
                try (RemoteHeap heap = pool.local()) {
                    assertThat(heap.map("map", Codecs.ints(), Codecs.ints()))
                            .as("died before chain %d, seed %d", chain, SEED)
                            .isEqualTo(entries);
                    assertThat(heap.queue("queue", Codecs.ints())).containsExactly(1, 2, 3);
                    heap.drain(DRAINED, moved -> {});
                    assertThat(heap.map("map", Codecs.ints(), Codecs.ints()))
                            .as("died before chain %d, seed %d", chain, SEED)
                            .isEqualTo(entries);
                    assertThat(heap.queue("queue", Codecs.ints())).containsExactly(1, 2, 3);
                    assertThat(partsOf(heap, DRAINED)).isEmpty();
                    pool.local().close();
                    assertThat(((StripedHeap) heap).placements())
                            .allSatisfy(placement -> requireOneNameEach(heap, placement));
                }
            }
            pool.check();
            return died;
        }
    }

    private static void requireOneNameEach(final RemoteHeap heap, final Placement placement) {
        final List<String> names = partsOf(heap, 0).stream()
                .filter(name -> Placement.PartName.of(name).id().equals(placement.id()))
                .toList();
        assertThat(names).doesNotHaveDuplicates().noneMatch(name -> name.startsWith("##"));
        assertThat(names.stream().map(name -> Placement.PartName.of(name).part()))
                .doesNotHaveDuplicates();
    }

    @Test
    void shouldTellThoseWhoWalkThroughAQueueThatItHasMoved() {
        try (TestPool pool = TestPool.ofBlades(2, 16);
                RemoteHeap heap = pool.embedded()) {
            for (int i = 0; i < 12; i++) {
                heap.queue("queue " + i, Codecs.ints())
                        .addAll(IntStream.range(0, 500).boxed().toList());
            }
            final List<Iterator<Integer>> walks = IntStream.range(0, 12)
                    .mapToObj(i -> heap.queue("queue " + i, Codecs.ints()).iterator())
                    .toList();
            walks.forEach(Iterator::next);
            final int moved = heap.drain(DRAINED, count -> {});
            int ended = 0;
            for (final Iterator<Integer> walk : walks) {
                try {
                    walk.forEachRemaining(each -> assertThat(each).isNotNull());
                } catch (final StructureDroppedException e) {
                    assertThat(e).hasMessageContaining("has moved to another blade");
                    ended++;
                }
            }
            assertThat(ended).isEqualTo(moved).isPositive();
        }
    }
}
