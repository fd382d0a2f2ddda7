package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.persistence.CheckReport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** After mass removal nothing but the table takes blocks: an emptied bucket has none. */
@Timeout(60)
class MapShrinkTest {
    private static final int COUNT = 20_000;

    private static void use(final TestPool pool, final Consumer<RemoteMap<Long, byte[]>> action) {
        try (RemoteHeap heap = pool.embedded()) {
            action.accept(heap.map("shrink", Codecs.longs(), Codecs.bytes()));
        }
    }

    private static void fill(final RemoteMap<Long, byte[]> map) {
        final byte[] value = new byte[600];
        for (long key = 0; key < COUNT; key++) {
            map.set(key, value);
        }
    }

    private static void assertTableOnly(final TestPool pool, final CheckReport full) {
        final CheckReport report = pool.check();
        assertThat(report.structures().get(0).elements()).isZero();
        assertThat(report.liveBlocks()).as("root and extents").isLessThan(20);
        assertThat(report.liveBytes()).isLessThan(full.liveBytes() / 10);
    }

    @Test
    void shouldKeepTheTableOnlyWhenAllEntriesAreRemovedOneByOne() {
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            use(pool, MapShrinkTest::fill);
            final CheckReport full = pool.check();
            use(pool, map -> {
                for (long key = 0; key < COUNT; key++) {
                    assertThat(map.delete(key)).isTrue();
                }
            });
            assertTableOnly(pool, full);
        }
    }

    /** While the worker lives and its session stays open; turn by turn, so that no time matters. */
    @Test
    void shouldGiveSlabsBackToTheBladeWhenMostEntriesAreRemoved() {
        try (SimulatedPool pool = new SimulatedPool()) {
            final SimulatedWorker worker = new SimulatedWorker(pool.open("worker"), pool::agentTurn, false);
            final int empty = pool.look().usedUnits();
            final int entries = 2_500;
            for (int key = 0; key < entries; key++) {
                pool.agentTurn();
                worker.map.put(key, "x".repeat(600));
                pool.turns(1);
            }
            final int full = pool.look().usedUnits();
            assertThat(full).isGreaterThan(empty + entries / 6);
            for (int key = 0; key < entries; key++) {
                pool.agentTurn();
                assertThat(worker.map.delete(key)).isTrue();
                pool.turns(1);
            }
            pool.turns(20);
            assertThat(pool.look().usedUnits())
                    .as("of %d units in use when the map was full, and %d before", full, empty)
                    .isLessThan(empty + (full - empty) / 4);
            pool.check("the shrunk map");
        }
    }

    @Test
    void shouldKeepTheTableOnlyWhenTheMapIsCleared() {
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            use(pool, MapShrinkTest::fill);
            final CheckReport full = pool.check();
            use(pool, RemoteMap::clear);
            assertTableOnly(pool, full);
        }
    }
}
