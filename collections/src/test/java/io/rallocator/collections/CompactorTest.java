package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.RallocatorException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** After most entries are gone, the memory that the others hold comes back, while the heap is open and others write. */
class CompactorTest {
    private static final int ENTRIES = 20_000;
    private static final double AIM = 1.3;
    private static final long SEED = Long.getLong("rallocator.seed", new Random().nextLong());
    private static final String NOT_BY_ITSELF = "compact=false";

    @AfterEach
    void bury() {
        DyingFabricProvider.bury();
    }

    private static RemoteMap<Integer, byte[]> map(final RemoteHeap heap) {
        return heap.map("map", Codecs.ints(), Codecs.bytes());
    }

    private static byte[] value(final int key, final int bytes) {
        final byte[] value = new byte[bytes];
        new Random(key).nextBytes(value);
        return value;
    }

    /** Fills a map and removes a random nine tenths. Returns what is left. */
    private static Map<Integer, byte[]> scatter(final RemoteHeap heap, final int entries, final int bytes) {
        final RemoteMap<Integer, byte[]> map = map(heap);
        final Map<Integer, byte[]> left = new HashMap<>();
        final Random random = new Random(SEED);
        for (int key = 0; key < entries; key++) {
            map.put(key, value(key, bytes));
        }
        for (int key = 0; key < entries; key++) {
            if (random.nextInt(10) == 0) {
                left.put(key, value(key, bytes));
            } else {
                map.remove(key);
            }
        }
        return left;
    }

    private static void requireEntries(final RemoteHeap heap, final Map<Integer, byte[]> expected) {
        final RemoteMap<Integer, byte[]> map = map(heap);
        assertThat(map.sizeLong()).as("seed %d", SEED).isEqualTo(expected.size());
        expected.forEach((key, value) ->
                assertThat(map.get(key)).as("key %d, seed %d", key, SEED).isEqualTo(value));
    }

    private static double awaitRatio(final RemoteHeap heap, final double aim, final Runnable pass) {
        final long from = System.nanoTime();
        double ratio = heap.allocatorStatistics().heldPerLive();
        while (ratio > aim && System.nanoTime() - from < TimeUnit.SECONDS.toNanos(60)) {
            pass.run();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20)); // some epochs
            ratio = heap.allocatorStatistics().heldPerLive();
        }
        return ratio;
    }

    /** As many that the slabs that are begun, one of 64 KiB for each size of block, are not much of it. */
    @ParameterizedTest
    @CsvSource({"100, 40", "600, 8", "3000, 1"})
    void shouldHoldLittleMoreThanIsInUseAfterNineTenthsWereRemovedAtRandom(final int bytes, final int factor) {
        final TestPool pool = TestPool.ofMebibytes(192);
        try (RemoteHeap heap = pool.embedded(NOT_BY_ITSELF)) {
            final Map<Integer, byte[]> left = scatter(heap, ENTRIES * factor, bytes);
            map(heap).put(-1, value(-1, bytes), Duration.ofDays(1));
            left.put(-1, value(-1, bytes));
            final double before = heap.allocatorStatistics().heldPerLive();
            final double after = awaitRatio(heap, AIM, ((PoolHeap) heap).compactor()::run);
            assertThat(after).as("before it was %f, seed %d", before, SEED).isLessThanOrEqualTo(AIM);
            requireEntries(heap, left);
            assertThat(map(heap).timeToLive(-1)).isPresent();
        }
        pool.check();
        pool.close();
    }

    @Test
    void shouldDoSoByItselfWhileOthersWrite() throws Exception {
        final TestPool pool = TestPool.ofMebibytes(256);
        try (RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local()) {
            final Map<Integer, byte[]> left = scatter(heap, 8 * ENTRIES, 600);
            final AtomicBoolean ended = new AtomicBoolean();
            final ExecutorService threads = Executors.newFixedThreadPool(2);
            final List<Future<Map<Integer, byte[]>>> writers = List.of(
                    threads.submit(() -> write(heap, 0, new HashMap<>(left), ENTRIES / 20, ended)),
                    threads.submit(() -> write(other, 1, new HashMap<>(left), ENTRIES / 20, ended)));
            final double ratio = awaitRatio(heap, 2 * AIM, () -> {});
            ended.set(true);
            final Map<Integer, byte[]> expected = new HashMap<>();
            for (final Future<Map<Integer, byte[]>> each : writers) {
                expected.putAll(each.get());
            }
            threads.shutdown();
            assertThat(ratio)
                    .as("seed %d", SEED)
                    .isLessThanOrEqualTo(2 * AIM); // each lane that works keeps empty slabs for what comes
            requireEntries(heap, expected);
            requireEntries(other, expected);
        }
        pool.check();
        pool.close();
    }

    /** Changes keys that are odd, or even; returns what is under them then. */
    private static Map<Integer, byte[]> write(
            final RemoteHeap heap,
            final int parity,
            final Map<Integer, byte[]> known,
            final int keys,
            final AtomicBoolean ended) {
        known.keySet().removeIf(key -> key % 2 != parity);
        final RemoteMap<Integer, byte[]> map = map(heap);
        final Random random = new Random(SEED + parity);
        while (!ended.get()) {
            final int key = 2 * random.nextInt(keys) + parity;
            if (random.nextInt(3) == 0) {
                assertThat(map.remove(key)).as("key %d, seed %d", key, SEED).isEqualTo(known.remove(key));
            } else {
                final byte[] value = value(random.nextInt(), 600);
                assertThat(map.put(key, value)).as("key %d, seed %d", key, SEED).isEqualTo(known.put(key, value));
            }
        }
        return known;
    }

    /** Moves everything again and again, so that it often meets who changes the same key. */
    @Test
    void shouldNeverUndoWhatAnotherWrites() throws Exception {
        final TestPool pool = TestPool.ofMebibytes(32);
        try (RemoteHeap heap = pool.embedded(NOT_BY_ITSELF);
                RemoteHeap other = pool.local(NOT_BY_ITSELF)) {
            final AtomicBoolean ended = new AtomicBoolean();
            final ExecutorService threads = Executors.newFixedThreadPool(2);
            final List<Future<Map<Integer, byte[]>>> writers = List.of(
                    threads.submit(() -> write(heap, 0, new HashMap<>(), 25, ended)),
                    threads.submit(() -> write(other, 1, new HashMap<>(), 25, ended)));
            final MapTable table = (MapTable) ((PersistentMap<?, ?>) map(heap)).table();
            final BucketCompactor compactor = new BucketCompactor(table, new BucketWalker(table), ref -> true);
            final ScanBatch keys = new ScanBatch();
            final Scratch scratch = Scratch.enter();
            try {
                for (int walk = 0; walk < 3_000; walk++) {
                    long cursor = 0;
                    do {
                        cursor = compactor.step(cursor, keys, scratch);
                    } while (cursor != 0);
                }
            } finally {
                scratch.exit();
                ended.set(true);
            }
            final Map<Integer, byte[]> expected = new HashMap<>();
            for (final Future<Map<Integer, byte[]>> each : writers) {
                expected.putAll(each.get());
            }
            threads.shutdown();
            requireEntries(other, expected);
        }
        pool.check();
        pool.close();
    }

    @Test
    void shouldLoseNothingWhenItDiesBeforeAnyOfItsChains() {
        int chain = new Random(SEED).nextInt(7);
        int deaths = 0;
        while (diesBefore(chain)) {
            chain += 7;
            deaths++;
        }
        assertThat(deaths).isGreaterThan(2);
    }

    /** Returns false if it lived until the end. */
    private static boolean diesBefore(final int chain) {
        final TestPool pool = TestPool.ofMebibytes(32);
        boolean died = false;
        try (RemoteHeap blade = pool.embedded(NOT_BY_ITSELF)) {
            DyingFabricProvider.liveFor(Integer.MAX_VALUE);
            final RemoteHeap dying = RemoteHeap.open("dying:" + pool.files().get(0) + "?" + NOT_BY_ITSELF);
            final Map<Integer, byte[]> left = scatter(dying, 1_000, 600);
            DyingFabricProvider.liveFor(chain);
            try {
                ((PoolHeap) dying).compactor().run();
                dying.close();
            } catch (final DyingFabricProvider.Death | RallocatorException e) {
                assertThat(DyingFabricProvider.isDead()).isTrue();
                died = true;
            }
            DyingFabricProvider.bury();
            requireEntries(blade, left);
        }
        pool.check();
        pool.close();
        return died;
    }
}
