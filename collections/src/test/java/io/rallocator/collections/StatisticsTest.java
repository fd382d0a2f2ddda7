package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.AllocatorStatistics;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.HeapClosedException;
import java.util.HashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A heap counts what its structures hold; the checker counts the same. */
@Timeout(120)
class StatisticsTest {
    private static final int ENTRIES = 2_000;

    private final TestPool pool = TestPool.ofMebibytes(32);

    @AfterEach
    void removePool() {
        pool.close();
    }

    private static RemoteMap<Integer, byte[]> fillMap(final RemoteHeap heap) {
        final RemoteMap<Integer, byte[]> map = heap.map("map", Codecs.ints(), Codecs.bytes());
        for (int key = 0; key < ENTRIES; key++) {
            map.put(key, new byte[key % 10 == 0 ? 5_000 : 50]);
        }
        return map;
    }

    @Test
    void shouldCountWhatTheCheckerCounts() {
        final Map<String, StructureStatistics> statistics = new HashMap<>();
        try (RemoteHeap heap = pool.embedded()) {
            fillMap(heap);
            final RemoteQueue<String> queue = heap.queue("queue", Codecs.string());
            for (int i = 0; i < 100; i++) {
                queue.add("element " + i);
            }
            heap.longArray("longs", 100_000).set(99_999, 1);
            heap.array("array", Codecs.string(), 1_000).set(500, "element");
            heap.rename("queue", "renamed");
            for (final String name : heap.names()) {
                statistics.put(name, heap.statistics(name));
            }
        }
        final CheckReport report = pool.check();
        assertThat(report.structures()).hasSize(4);
        for (final CheckReport.StructureFigures figures : report.structures()) {
            final StructureStatistics counted = statistics.get(figures.name());
            assertThat(counted.info().type()).isEqualTo(figures.type());
            assertThat(counted.elements()).as(figures.name()).isEqualTo(figures.elements());
            assertThat(counted.blocks()).as(figures.name()).isEqualTo(figures.blocks());
            assertThat(counted.bytes()).as(figures.name()).isEqualTo(figures.bytes());
            assertThat(counted.unreadable()).as(figures.name()).isZero();
        }
        assertThat(statistics.get("map").elements()).isEqualTo(ENTRIES);
        assertThat(statistics.get("map").bytes()).isGreaterThan(ENTRIES / 10 * 5_000);
        assertThat(statistics.get("renamed").elements()).isEqualTo(100);
        assertThat(statistics.get("longs").elements()).isEqualTo(100_000);
        assertThat(statistics.get("array").elements()).isEqualTo(1);
    }

    @Test
    void shouldSayThatThereIsNone() {
        final RemoteHeap heap = pool.embedded();
        assertThatThrownBy(() -> heap.statistics("none"))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessageContaining("no structure 'none'");
        heap.close();
        assertThatThrownBy(() -> heap.statistics("none")).isInstanceOf(HeapClosedException.class);
        pool.check();
    }

    @Test
    void shouldCountWhatStaysWhileOthersReplaceIt() throws InterruptedException, ExecutionException {
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        try (RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local()) {
            final RemoteMap<Integer, byte[]> map = fillMap(heap);
            final AtomicBoolean done = new AtomicBoolean();
            final CountDownLatch running = new CountDownLatch(1);
            final Future<?> replacing = executor.submit(() -> {
                for (int i = 0; !done.get(); i++) {
                    map.put(i % ENTRIES, new byte[i % 7 == 0 ? 3_000 : 70]);
                    running.countDown();
                }
            });
            running.await();
            for (int i = 0; i < 10; i++) {
                final StructureStatistics statistics = other.statistics("map");
                assertThat(statistics.elements()).isEqualTo(ENTRIES);
                assertThat(statistics.unreadable()).isZero();
            }
            done.set(true);
            replacing.get();
        } finally {
            executor.shutdownNow();
        }
        pool.check();
    }

    @Test
    void shouldSayWhatTheAllocatorDidAndHolds() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteMap<Long, String> map = heap.map("map", Codecs.longs(), Codecs.string());
                final AllocatorStatistics before = heap.allocatorStatistics();
                final String value = "v".repeat(1_000);
                for (long key = 0; key < 1_000; key++) {
                    map.put(key, value);
                }
                final AllocatorStatistics after = heap.allocatorStatistics();
                assertThat(after.allocations() - before.allocations()).isGreaterThanOrEqualTo(1_000);
                assertThat(after.liveBytes()).isGreaterThan(1_000_000).isLessThan(after.heldBytes());
                assertThat(after.heldPerLive()).isGreaterThan(1).isLessThan(3);
                assertThat(after.roundTripsPerAllocation()).isPositive().isLessThan(0.5);
            }
            pool.check();
        }
    }
}
