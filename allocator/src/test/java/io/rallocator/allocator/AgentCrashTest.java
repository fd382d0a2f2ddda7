package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.OutOfRemoteMemoryException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * The blade's agent dies before each change of the pool in turn, while it publishes, settles, drains, releases, sweeps and
 * recovers, and the next one dies in its own recovery (I4, I5, I12). Workers go on meanwhile.
 */
class AgentCrashTest {
    private static final int ROOT = 2;
    private static final int CELLS = 16;
    private static final int KILOBYTE = 1000;

    private interface History {
        void play(World world, long[] model);
    }

    /** Slabs are handed out, given back and left by a worker that dies with claims and requests nobody has seen. */
    private static void handOutAndRecover(final World world, final long[] model) {
        final Cells survivor = world.cells(world.open("survivor"), ROOT, CELLS);
        for (int cell = 0; cell < 10; cell++) { // the ring goes round
            world.agentTurn();
            model[cell] = 7L * cell;
            survivor.put(cell, model[cell], 3 * KILOBYTE);
        }
        final WorkerSession victim = world.open("victim");
        victim.emptyUnitsThreshold(1);
        final Cells cells = world.cells(victim, ROOT, CELLS);
        put(world, cells, model, 0, 9);
        for (int cell = 0; cell < 9; cell++) {
            cells.remove(cell);
            model[cell] = Cells.ABSENT;
        }
        world.turns(6);
        put(world, cells, model, 2, 7);
        put(world, survivor, model, 0, 3);
        world.agentTurn();
        for (int cell = 9; cell < 12; cell++) {
            model[cell] = 90L + cell;
            cells.put(cell, model[cell], cell == 11 ? 2000 : KILOBYTE);
        }
        world.kill(victim);
        world.turns(2);
        put(world, survivor, model, 6, 12);
        world.turns(8);
        put(world, survivor, model, 1, 4);
        world.turns(2);
    }

    private static void put(final World world, final Cells cells, final long[] model, final int from, final int to) {
        for (int cell = from; cell < to; cell++) {
            world.agentTurn();
            model[cell] = 1_000L * to + cell;
            cells.put(cell, model[cell], KILOBYTE);
        }
    }

    /** Large slabs run out, tickets are answered with VOID, then memory comes back. */
    private static void exhaust(final World world, final long[] model) {
        final WorkerSession session = world.open("hungry");
        final Cells cells = world.cells(session, ROOT, CELLS);
        int filled = 0;
        try {
            for (; filled < CELLS; filled++) {
                cells.put(filled, filled, 500_000);
                model[filled] = filled;
            }
        } catch (final OutOfRemoteMemoryException e) {
            assertThat(e).isNotInstanceOf(SlabsOverdueException.class);
        }
        assertThat(filled).isBetween(1, 7);
        for (int cell = 0; cell < filled; cell++) {
            cells.remove(cell);
            model[cell] = Cells.ABSENT;
        }
        world.turns(10);
        cells.put(15, 15, 500_000);
        model[15] = 15;
    }

    @Test
    void shouldLoseNothingWhereverTheAgentDiesWhileItHandsOutAndRecovers() {
        try (World world = World.small()) {
            crashEverywhere(world, AgentCrashTest::handOutAndRecover, 150);
        }
    }

    @Test
    void shouldLoseNothingWhereverTheAgentDiesWhileMemoryIsExhausted() {
        try (World world = World.of(4096, 1 << 20)) {
            crashEverywhere(world, AgentCrashTest::exhaust, 50);
        }
    }

    private static void crashEverywhere(final World world, final History history, final int least) {
        CrashPoint crash;
        long k = 0;
        do {
            crash = new CrashPoint(k);
            final CrashPoint second = new CrashPoint(k * 7 % 31);
            final String what = "agent dies before change " + k + ", the next before " + second.crashAt();
            final long[] model = new long[CELLS];
            Arrays.fill(model, Cells.ABSENT);
            world.restart();
            world.crashAgent(crash, second);
            history.play(world, model);
            world.turns(2);
            final Cells cells = world.cells(world.open("reader"), ROOT, CELLS);
            for (int cell = 0; cell < CELLS; cell++) {
                assertThat(cells.get(cell)).as("%s, cell %d", what, cell).isEqualTo(model[cell]);
            }
            world.checkAll(what);
            k++;
        } while (crash.isReached());
        assertThat(k).isGreaterThan(least);
    }

    @Test
    void shouldSayWithFiguresThatThereIsNoMemory() {
        try (World world = World.of(4096, 1 << 20)) {
            final Cells cells = world.cells(world.open("hungry"), ROOT, CELLS);
            assertThatThrownBy(() -> {
                        for (int cell = 0; cell < CELLS; cell++) {
                            cells.put(cell, cell, 900_000);
                        }
                    })
                    .isInstanceOf(OutOfRemoteMemoryException.class)
                    .hasMessageContaining("1048576 bytes left")
                    .hasMessageContaining("capacity " + (4 << 20));
        }
    }
}
