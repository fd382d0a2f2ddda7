package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.OutcomeUnknownException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A worker that dies before any of its chains, while blades become one heap, and structures over them are made, filled, renamed and dropped:
 * what it acknowledged is there, what it was about is there or not, and nothing of it stays behind.
 */
class StripedCrashTest {
    private static final int BLADES = 2;

    /** What a worker does, one after the other. All of it can be done again. */
    private static final List<Consumer<RemoteHeap>> STEPS = List.of(
            heap -> {},
            heap -> map(heap).put(0, 0),
            heap -> map(heap).put(1, 1),
            heap -> map(heap).put(2, 2),
            heap -> heap.longArray("longs", 2_000).set(1_900, 7),
            heap -> heap.queue("queue", Codecs.ints()),
            heap -> rename(heap, "map", "renamed"),
            heap -> heap.drop("renamed"),
            heap -> map(heap).put(3, 3));

    @AfterEach
    void bury() {
        DyingFabricProvider.bury();
    }

    private static RemoteMap<Integer, Integer> map(final RemoteHeap heap) {
        return heap.map("map", Codecs.ints(), Codecs.ints());
    }

    private static void rename(final RemoteHeap heap, final String from, final String to) {
        if (heap.names().contains(from)) {
            heap.rename(from, to);
        }
    }

    @Test
    void shouldKeepWhatWasAcknowledgedAndLeaveNothingBehindWhenItDiesBeforeAnyChain() {
        int deaths = 0;
        while (diesBefore(deaths)) {
            deaths++;
        }
        assertThat(deaths).isGreaterThan(150);
    }

    /** Returns false if it lived until the end. */
    private static boolean diesBefore(final int chain) {
        try (TestPool pool = TestPool.ofBlades(BLADES, 16)) {
            final boolean died;
            try (Served served = new Served(pool)) {
                DyingFabricProvider.liveFor(chain);
                final int done = run(served.dying());
                died = done < STEPS.size();
                DyingFabricProvider.bury();
                try (RemoteHeap heap = pool.local()) {
                    verify(heap, done - 1, chain);
                    for (int step = Math.max(0, done); step < STEPS.size(); step++) {
                        STEPS.get(step).accept(heap);
                    }
                    verify(heap, STEPS.size() - 1, chain);
                }
                pool.local().close(); // whatever was left behind goes
                served.requireParts(chain);
            }
            pool.check();
            return died;
        }
    }

    /** Returns how many steps were done. */
    private static int run(final String address) {
        int done = 0;
        RemoteHeap heap = null;
        try {
            heap = RemoteHeap.open(address);
            for (final Consumer<RemoteHeap> step : STEPS) {
                step.accept(heap);
                done++;
            }
        } catch (final DyingFabricProvider.Death | OutcomeUnknownException e) {
            assertThat(DyingFabricProvider.isDead()).isTrue();
        }
        if (heap != null) {
            closeDead(heap);
        }
        return done;
    }

    private static void closeDead(final RemoteHeap heap) {
        try {
            heap.close();
        } catch (final DyingFabricProvider.Death e) {
            assertThat(DyingFabricProvider.isDead()).isTrue();
        }
    }

    /** The last step was done; the one behind it may be. */
    private static void verify(final RemoteHeap heap, final int last, final int chain) {
        final List<String> names = heap.names();
        if (last >= 1 && last < 5) {
            assertThat(map(heap).get(last == 4 ? 2 : last - 1))
                    .as("died before chain %d", chain)
                    .isNotNull();
        }
        if (last >= 4) {
            assertThat(heap.longArray("longs").get(1_900))
                    .as("died before chain %d", chain)
                    .isEqualTo(7);
        }
        if (last >= 7) {
            assertThat(names).as("died before chain %d", chain).doesNotContain("renamed");
        }
        if (last == 8) {
            assertThat(map(heap)).as("died before chain %d", chain).hasSize(1).containsEntry(3, 3);
        }
    }

    /** Serves each blade for itself. */
    private static final class Served implements AutoCloseable {
        private final TestPool pool;
        private final List<RemoteHeap> blades = new ArrayList<>();

        Served(final TestPool pool) {
            this.pool = pool;
            pool.files().forEach(file -> blades.add(RemoteHeap.open("embedded:" + file)));
        }

        String dying() {
            return "dying:" + pool.files().get(0) + "," + pool.files().get(1);
        }

        /** Every part belongs to a placement that is there. */
        void requireParts(final int chain) {
            final List<String> ids = new ArrayList<>();
            final List<String> parts = new ArrayList<>();
            for (final RemoteHeap blade : blades) {
                ((PoolHeap) blade).catalog().structures().forEach(each -> ids.add(Placement.idOf(each)));
                parts.addAll(blade.names());
            }
            parts.removeIf(name -> Placement.PartName.of(name) == null);
            assertThat(parts)
                    .as("died before chain %d", chain)
                    .isNotEmpty()
                    .allMatch(name -> ids.contains(Placement.PartName.of(name).id()));
        }

        @Override
        public void close() {
            blades.forEach(RemoteHeap::close);
        }
    }
}
