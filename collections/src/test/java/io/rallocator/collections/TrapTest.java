package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.Blade;
import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The traps of DESIGN section 11 that a collection can fall into without a crash. */
@Timeout(120)
class TrapTest {
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

    /** Trap 4: a worker that believes in the old size finds low buckets empty, or without the keys that moved. */
    @Test
    void shouldFindWhatMovedAndAddWhereOthersLookWhenAWorkersTableSizeIsOld() {
        final int keys = 20_000;
        for (final String cache : List.of("cache=0", "cache=4m")) {
            try (RemoteHeap first = pool.embedded(cache);
                    RemoteHeap second = pool.local(cache)) {
                final RemoteMap<Integer, Integer> old = first.map(cache, Codecs.ints(), Codecs.ints());
                final RemoteMap<Integer, Integer> growing = second.map(cache, Codecs.ints(), Codecs.ints());
                for (int key = 0; key < 2_000; key++) {
                    assertThat(old.get(key)).isNull(); // remembers every first bucket as empty
                }
                for (int key = 0; key < keys; key += 2) {
                    growing.put(key, key);
                }
                for (int key = 1; key < keys; key += 2) {
                    assertThat(old.putIfAbsent(key, key)).isNull();
                    assertThat(old.putIfAbsent(key - 1, -1)).isEqualTo(key - 1);
                }
                for (int key = 0; key < keys; key++) {
                    assertThat(growing.get(key)).isEqualTo(key);
                    assertThat(old.remove(key)).isEqualTo(key);
                }
                assertThat(growing).isEmpty();
                assertThat(old.sizeLong()).isZero();
            }
        }
    }

    /** What a thread remembers of a bucket must not be looked for in another pool: there it can lead behind the end. */
    @Test
    void shouldReadTheRightPoolWhenAThreadUsesALargerOneBefore() {
        try (TestPool largePool = TestPool.ofMebibytes(64);
                TestPool smallPool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap large = largePool.embedded();
                    RemoteHeap small = smallPool.embedded()) {
                large.map("filler", Codecs.ints(), Codecs.bytes()).set(0, new byte[40 << 20]);
                small.map("filler", Codecs.ints(), Codecs.bytes()).set(0, new byte[1]);
                final RemoteMap<Integer, String> inLarge = large.map("map", Codecs.ints(), Codecs.string());
                final RemoteMap<Integer, String> inSmall = small.map("map", Codecs.ints(), Codecs.string());
                for (int key = 0; key < 200; key++) {
                    inLarge.set(key, "in large " + key);
                    inSmall.set(key, "in small " + key);
                }
                for (int key = 0; key < 200; key++) {
                    assertThat(inLarge.get(key)).isEqualTo("in large " + key);
                    assertThat(inSmall.get(key)).isEqualTo("in small " + key);
                    assertThat(inLarge.put(key, "new")).isEqualTo("in large " + key);
                    assertThat(inSmall.put(key, "new")).isEqualTo("in small " + key);
                }
            }
            largePool.check();
            smallPool.check();
        }
    }

    /** Trap 10: within an epoch a remembered word is proof, in another epoch it is only a hint where to look. */
    @Test
    void shouldLookAgainBeforeAPutWhenTheRememberedWordIsOfAnOlderEpoch() {
        final Operation put = Operation.named("map.put");
        try (Blade blade = Blade.open(pool.file());
                WorkerSession session = WorkerSession.embedded(blade, "trap")) {
            final StructureRoot root =
                    new StructureCatalog(session).open("map", MapLayout.create(session.geometry()), "int32", "int32");
            final RemoteMap<Integer, Integer> map = new PersistentMap<>(
                    new MapTable(session, root, new BucketCache(1 << 20)), Codecs.ints(), Codecs.ints());
            int sameEpoch = 0;
            for (int i = 0; i < 200 && sameEpoch < 20; i++) {
                map.put(1, i);
                final long epoch = epoch(session);
                final long before = session.count(put, Figure.CHAINS);
                map.put(1, -i);
                final long chains = session.count(put, Figure.CHAINS) - before;
                if (epoch(session) == epoch && chains == 1) {
                    sameEpoch++;
                }
                awaitEpochAfter(session, epoch);
                final long beforeOther = session.count(put, Figure.CHAINS);
                map.put(1, i);
                assertThat(session.count(put, Figure.CHAINS) - beforeOther).isEqualTo(2);
            }
            assertThat(sameEpoch).isGreaterThanOrEqualTo(10);
            assertThat(map).containsOnlyKeys(1);
        }
    }

    private static long epoch(final WorkerSession session) {
        final Lane lane = session.acquire();
        try {
            return lane.epoch();
        } finally {
            session.release(lane);
        }
    }

    private static void awaitEpochAfter(final WorkerSession session, final long epoch) {
        while (epoch(session) == epoch) {
            Thread.onSpinWait();
        }
    }

    /** Trap 10: versions wrap after 2^15 swaps, and a small pool uses the same blocks again and again. */
    @Test
    void shouldLoseNoIncrementWhenVersionsWrapAndBlocksComeBack() throws InterruptedException {
        final int increments = 30_000;
        try (RemoteHeap first = pool.embedded("cache=64k");
                RemoteHeap second = pool.local("cache=64k")) {
            final List<Callable<Void>> tasks = new ArrayList<>();
            for (final RemoteHeap heap : List.of(first, second, first, second)) {
                final RemoteMap<String, Long> map = heap.map("wrapping", Codecs.string(), Codecs.longs());
                tasks.add(() -> {
                    for (int i = 0; i < increments; i++) {
                        map.merge("counter", 1L, Long::sum);
                    }
                    return null;
                });
            }
            Workers.run(tasks);
            assertThat(first.map("wrapping", Codecs.string(), Codecs.longs()))
                    .containsEntry("counter", 4L * increments);
        }
    }

    /** Trap 6: read-ahead only reads; what another consumer saw coming is there for whoever polls. */
    @Test
    void shouldDeliverToOthersWhatAConsumerSawAheadAndDidNotTake() {
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local()) {
            final RemoteQueue<Integer> reader = first.queue("ahead", Codecs.ints());
            final RemoteQueue<Integer> other = second.queue("ahead", Codecs.ints());
            for (int i = 0; i < 100; i++) {
                reader.add(i);
            }
            for (int i = 0; i < 100; i += 2) {
                assertThat(reader.poll()).isEqualTo(i); // knows the next slots
                assertThat(other.poll()).isEqualTo(i + 1);
                assertThat(reader.sizeLong()).isEqualTo(98 - i);
            }
            assertThat(reader.poll()).isNull();
            assertThat(other.poll()).isNull();
        }
    }

    /** Trap 13: sizes of two sessions, each with changes that its stripes do not show yet. */
    @Test
    void shouldCountExactlyWhenStripesAreBehind() {
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local()) {
            final RemoteMap<Integer, Integer> mine = first.map("counted", Codecs.ints(), Codecs.ints());
            final RemoteMap<Integer, Integer> theirs = second.map("counted", Codecs.ints(), Codecs.ints());
            for (int key = 0; key < 200; key++) {
                mine.put(key, key);
                assertThat(theirs.sizeLong()).isEqualTo(key + 1);
                theirs.put(-key - 1, key);
                assertThat(theirs.sizeLong()).isEqualTo(key + 2);
                assertThat(mine.sizeLong()).isEqualTo(key + 2);
                theirs.remove(-key - 1);
                assertThat(mine.sizeLong()).isEqualTo(key + 1);
            }
        }
    }
}
