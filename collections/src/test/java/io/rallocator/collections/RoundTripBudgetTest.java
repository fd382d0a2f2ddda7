package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an uncontended operation on inline values costs in chains, from the counters (DESIGN section 7). */
@Timeout(60)
class RoundTripBudgetTest {
    private static final int KEYS = 400;

    private TestPool pool;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(32);
    }

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    /** Chains of one operation. */
    private static long chains(final RemoteHeap heap, final String operation, final Runnable action) {
        final long before = heap.count(operation, Figure.CHAINS);
        action.run();
        return heap.count(operation, Figure.CHAINS) - before;
    }

    private static RemoteMap<Integer, String> filled(final RemoteHeap heap) {
        final RemoteMap<Integer, String> map = heap.map("budget", Codecs.ints(), Codecs.string());
        for (int key = 0; key < KEYS; key++) {
            map.put(key, "value " + key);
        }
        return map;
    }

    /** An epoch may end between two operations, which makes the second one colder; most of the time it does not. */
    private static void assertMostly(final long usual, final long most, final List<Long> counts) {
        assertThat(counts).allMatch(count -> count <= most);
        assertUsually(usual, counts);
    }

    /** Of a queue: at the border of a segment, the first operation of an epoch costs one more. */
    private static void assertMostlyButAtBorders(final long usual, final long most, final List<Long> counts) {
        assertThat(counts).allMatch(count -> count <= most + 1);
        assertThat(counts.stream().filter(count -> count > most).count()).isLessThanOrEqualTo(counts.size() / 100);
        assertUsually(usual, counts);
    }

    private static void assertUsually(final long usual, final List<Long> counts) {
        assertThat(counts.stream().filter(count -> count <= usual).count()).isGreaterThan(counts.size() * 8L / 10);
    }

    @Test
    void shouldTakeTwoChainsToGetAndThreeToChangeWhenNothingIsCached() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = filled(heap);
            final List<Long> computes = new ArrayList<>();
            for (int i = 0; i < KEYS; i++) {
                final int key = i;
                assertThat(chains(heap, "map.get", () -> map.get(key))).isLessThanOrEqualTo(2);
                assertThat(chains(
                                heap,
                                "map.get",
                                () -> assertThat(map.containsKey(-key - 1)).isFalse()))
                        .isLessThanOrEqualTo(2);
                assertThat(chains(heap, "map.put", () -> map.put(key, "another")))
                        .isLessThanOrEqualTo(3);
                assertThat(chains(heap, "map.put", () -> map.replace(key, "another", "third")))
                        .isLessThanOrEqualTo(3);
                computes.add(chains(heap, "map.compute", () -> map.merge(key, ".", String::concat)));
                computes.add(chains(heap, "map.compute", () -> map.compute(key, (k, old) -> old + ".")));
                computes.add(chains(heap, "map.compute", () -> map.computeIfPresent(key, (k, old) -> old + ".")));
                assertThat(chains(heap, "map.put", () -> map.put(KEYS + key, "new")))
                        .isLessThanOrEqualTo(3);
                assertThat(chains(heap, "map.remove", () -> map.remove(key))).isLessThanOrEqualTo(3);
            }
            assertMostly(3, 4, computes);
        }
    }

    @Test
    void shouldTakeOneChainWhenTheBucketIsCached() {
        try (RemoteHeap heap = pool.embedded("cache=4m")) {
            final RemoteMap<Integer, String> map = filled(heap);
            final List<Long> gets = new ArrayList<>();
            final List<Long> puts = new ArrayList<>();
            final List<Long> removes = new ArrayList<>();
            final List<Long> computes = new ArrayList<>();
            final List<Long> refusals = new ArrayList<>();
            for (int i = 0; i < KEYS; i++) {
                final int key = i;
                map.get(key);
                gets.add(chains(heap, "map.get", () -> map.get(key)));
                puts.add(chains(heap, "map.put", () -> map.put(key, "another")));
                puts.add(chains(heap, "map.put", () -> map.put(key, "third")));
                refusals.add(chains(heap, "map.put", () -> map.putIfAbsent(key, "no")));
                computes.add(chains(heap, "map.compute", () -> map.merge(key, ".", String::concat)));
                computes.add(chains(heap, "map.compute", () -> map.compute(key, (k, old) -> old + ".")));
                computes.add(chains(heap, "map.compute", () -> map.computeIfAbsent(key, k -> "no")));
                removes.add(chains(heap, "map.remove", () -> map.remove(key)));
                refusals.add(chains(heap, "map.remove", () -> map.remove(key)));
            }
            assertThat(gets).allMatch(count -> count == 1);
            assertMostly(1, 2, puts);
            assertMostly(1, 2, removes);
            assertMostly(1, 2, refusals);
            assertMostly(1, 3, computes);
        }
    }

    @Test
    void shouldReadTheWordAloneWhenTheBlockIsCachedInThisEpoch() {
        try (RemoteHeap heap = pool.embedded("cache=4m")) {
            final RemoteMap<Integer, String> map = filled(heap);
            final List<Long> bytes = new ArrayList<>();
            for (int i = 0; i < KEYS; i++) {
                map.get(7);
                final long before = heap.count("map.get", Figure.BYTES_IN);
                map.get(7);
                bytes.add(heap.count("map.get", Figure.BYTES_IN) - before);
            }
            assertMostly(8, 1024, bytes);
        }
    }

    @Test
    void shouldTakeOneChainToOfferAndAtMostTwoToPollWhenTheSegmentIsKnown() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<Integer> queue = heap.queue("budget", Codecs.ints());
            queue.add(0);
            queue.poll();
            final List<Long> offers = new ArrayList<>();
            final List<Long> polls = new ArrayList<>();
            final List<Long> polledAtOnce = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                offers.add(chains(heap, "queue.offer", () -> queue.add(1)));
                polledAtOnce.add(chains(heap, "queue.poll", queue::poll));
            }
            for (int i = 0; i < 3_000; i++) {
                offers.add(chains(heap, "queue.offer", () -> queue.add(1)));
            }
            for (int i = 0; i < 3_000; i++) {
                polls.add(chains(heap, "queue.poll", queue::poll));
            }
            assertMostlyButAtBorders(1, 2, offers);
            assertMostlyButAtBorders(2, 2, polledAtOnce);
            assertMostlyButAtBorders(1, 2, polls);
            assertThat(heap.count("queue.segment", Figure.CHAINS)).isLessThan(300);
        }
    }

    @Test
    void shouldTakeOneChainToOfferToABoundedQueueWhenThisHeapPolledBefore() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<Integer> queue = heap.boundedQueue("bounded", Codecs.ints(), 10);
            queue.add(0);
            final List<Long> offers = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                offers.add(chains(heap, "queue.offer", () -> queue.add(1)));
                if (i >= 8) {
                    queue.poll();
                }
            }
            assertMostlyButAtBorders(1, 2, offers);
            assertThat(heap.count("queue.size", Figure.CHAINS)).isLessThan(300);
        }
    }

    @Test
    void shouldTakeAtMostTwoChainsToDrainWhatFitsIntoOneCommit() {
        final int elements = 3_300;
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<Integer> queue = heap.queue("drained", Codecs.ints());
            for (int i = 0; i < 2 * elements; i++) {
                queue.add(i);
            }
            final List<Integer> drained = new ArrayList<>();
            final List<Long> drains = new ArrayList<>();
            for (int i = 0; i < elements; i += 11) {
                drains.add(chains(
                        heap,
                        "queue.drain",
                        () -> assertThat(queue.drainTo(drained, 11)).isEqualTo(11)));
            }
            assertUsually(2, drains);
            assertThat(drains.stream().mapToLong(Long::longValue).sum()).isLessThanOrEqualTo(2L * drains.size());
            assertThat(chains(heap, "queue.drain", () -> queue.drainTo(drained)))
                    .isLessThanOrEqualTo(2L * elements / 22);
            assertThat(drained).hasSize(2 * elements).isSorted();
        }
    }

    @Test
    void shouldTakeAtMostTwoChainsToAddABatchAndToDrainIt() {
        final int rounds = 300;
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<Integer> queue = heap.queue("batches", Codecs.ints());
            final List<Integer> batch = IntStream.range(0, 16).boxed().toList();
            final long before = heap.count("queue.offer", Figure.CHAINS) + heap.count("queue.segment", Figure.CHAINS);
            for (int i = 0; i < rounds; i++) {
                queue.addAll(batch);
            }
            assertThat(heap.count("queue.offer", Figure.CHAINS) + heap.count("queue.segment", Figure.CHAINS) - before)
                    .isLessThanOrEqualTo(2L * rounds);
            assertThat(queue.sizeLong()).isEqualTo(16L * rounds);
            final List<Integer> drained = new ArrayList<>();
            assertThat(chains(heap, "queue.drain", () -> queue.drainTo(drained, 16 * rounds / 2)))
                    .isLessThanOrEqualTo(2L * rounds / 2);
            final List<Long> parts = new ArrayList<>();
            for (int i = 0; i < rounds / 2; i++) {
                parts.add(chains(heap, "queue.drain", () -> queue.drainTo(drained, 16)));
            }
            assertMostlyButAtBorders(2, 3, parts);
            assertThat(drained).hasSize(16 * rounds);
            assertThat(drained.subList(0, 16)).isEqualTo(batch);
        }
    }

    @Test
    void shouldReadManyElementsInOneChainWhenAQueueIsWalkedOver() {
        final int elements = 4_000;
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<Integer> queue = heap.queue("walked", Codecs.ints());
            for (int i = 0; i < elements; i++) {
                queue.add(i);
            }
            final int segments = 1 + elements / 500;
            assertThat(chains(
                            heap,
                            "queue.scan",
                            () -> assertThat(queue.contains(-1)).isFalse()))
                    .isLessThan(elements / 8 + 20L * segments);
            assertThat(chains(heap, "queue.size", () -> assertThat(queue.size()).isEqualTo(elements)))
                    .isLessThanOrEqualTo(1 + segments);
            final long before = heap.count("queue.remove", Figure.CHAINS);
            assertThat(queue.removeIf(element -> element % 2 == 0)).isTrue();
            assertThat(heap.count("queue.remove", Figure.CHAINS) - before).isLessThan(elements);
            assertThat(queue.size()).isEqualTo(elements / 2);
        }
    }

    @Test
    void shouldAllocateAndFreeWithoutChainsWhenBlocksAreInHand() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = filled(heap);
            final long before = heap.count("slab.acquire", Figure.CHAINS);
            for (int i = 0; i < 10_000; i++) {
                map.put(i % KEYS, "another " + i);
            }
            // of 10,000 blocks allocated and freed
            assertThat(heap.count("slab.acquire", Figure.CHAINS) - before).isLessThan(200);
        }
    }

    @Test
    void shouldReadALargeValueWithOneMoreChainWhenItHasABlockOfItsOwn() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = filled(heap);
            final String large = "x".repeat(100_000);
            assertThat(chains(heap, "map.put", () -> map.put(1, large))).isLessThanOrEqualTo(3);
            assertThat(chains(heap, "map.get", () -> map.get(1))).isLessThanOrEqualTo(3);
        }
    }

    @Test
    void shouldTakeOneChainForALongAndForManyWhenTheirExtentsAreKnown() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteLongArray longs = heap.longArray("longs", 100_000);
            final long[] indexes = new long[128];
            final long[] values = new long[128];
            for (int i = 0; i < 128; i++) {
                indexes[i] = 700L * i;
                values[i] = i + 1L;
            }
            assertThat(chains(heap, "longs.add", () -> longs.addAll(indexes, values)))
                    .isEqualTo(1);
            final long extents = heap.count("array.extent", Figure.CHAINS);
            for (int i = 0; i < 128; i++) {
                final long at = indexes[i];
                final long value = values[i];
                assertThat(chains(
                                heap,
                                "longs.get",
                                () -> assertThat(longs.get(at)).isEqualTo(value)))
                        .isEqualTo(1);
                assertThat(chains(heap, "longs.set", () -> longs.set(at, 5))).isEqualTo(1);
                assertThat(chains(heap, "longs.add", () -> longs.getAndAdd(at, 3)))
                        .isEqualTo(1);
                assertThat(chains(heap, "longs.swap", () -> longs.compareAndSet(at, 8, 9)))
                        .isEqualTo(1);
                assertThat(chains(heap, "longs.get", () -> longs.getAndSet(at, value)))
                        .isEqualTo(1); // and one of longs.swap
            }
            assertThat(chains(heap, "longs.get", () -> longs.getAll(indexes, new long[128])))
                    .isEqualTo(1);
            assertThat(chains(heap, "longs.set", () -> longs.setAll(indexes, values)))
                    .isEqualTo(1);
            assertThat(chains(heap, "longs.get", () -> longs.getAll(0, new long[80_000], 0, 80_000)))
                    .isEqualTo(1);
            assertThat(heap.count("array.extent", Figure.CHAINS)).isEqualTo(extents);
        }
    }

    @Test
    void shouldTakeOneChainToGatherOrScatterWhenTheRangesAreNotTooMany() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteByteArray bytes = heap.byteArray("bytes", 4 << 20);
            bytes.fill(0, 4 << 20, (byte) 1);
            final Ranges ranges = new Ranges();
            for (int i = 0; i < 40; i++) {
                ranges.add(100_001L * i, 300);
            }
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[12_000]);
            assertThat(chains(heap, "bytes.read", () -> bytes.read(ranges, buffer, 0)))
                    .isEqualTo(1);
            assertThat(chains(heap, "bytes.write", () -> bytes.write(ranges, buffer, 0)))
                    .isLessThanOrEqualTo(2);
            final byte[] mebibyte = new byte[1 << 20];
            assertThat(chains(heap, "bytes.read", () -> bytes.read(1 << 20, mebibyte, 0, mebibyte.length)))
                    .isEqualTo(1);
            assertThat(chains(heap, "bytes.write", () -> bytes.write(7, mebibyte, 0, 1_000)))
                    .isEqualTo(1);
        }
    }

    @Test
    void shouldTakeTwoChainsForAnElementAndTwoForABatchOfThem() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteArray<String> array = heap.array("elements", Codecs.string(), 1_000);
            for (int i = 0; i < 1_000; i++) {
                array.set(i, "element " + i);
            }
            for (int i = 0; i < 300; i++) {
                final int at = i;
                assertThat(chains(heap, "array.get", () -> array.get(at))).isEqualTo(2);
                assertThat(chains(heap, "array.set", () -> array.set(at, "other")))
                        .isEqualTo(2);
                assertThat(chains(heap, "array.swap", () -> array.compareAndSet(at, "other", "third")))
                        .isEqualTo(3);
            }
            assertThat(chains(heap, "array.scan", () -> array.getAll(100, 128))).isEqualTo(2);
            assertThat(chains(
                            heap,
                            "array.scan",
                            () -> assertThat(array).hasSize(1_000).doesNotContain("none")))
                    .isLessThanOrEqualTo(2 * 2 * 10);
            array.set(5, null);
            assertThat(chains(heap, "array.get", () -> array.get(5))).isEqualTo(1);
        }
    }
}
