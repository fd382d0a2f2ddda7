package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A worker sleeps before each verb of a short history in turn. Meanwhile another one replaces everything, takes and gives
 * back so many slabs that every ring goes round, a third one comes and dies, the epochs move as far as they can. Then the
 * sleeper wakes up and goes on: nothing may be lost, leaked or used twice (I4, I9).
 */
@Timeout(120)
class PauseTest {
    private static final int ROOT = 1;
    private static final int CELLS = 10;
    private static final int KILOBYTE = 1000;

    /** One run; the values of both workers are distinct. */
    private static final class Run {
        final long[] model = new long[CELLS];
        final World world;
        final Cells theirs;
        private int pendingCell = -1;
        private boolean overtaken;
        private Cells cells;

        Run(final World world) {
            this.world = world;
            final WorkerSession other = world.open("other");
            other.emptyUnitsThreshold(0);
            theirs = world.cells(other, ROOT, CELLS);
        }

        void meanwhile() {
            for (int round = 0; round < 3; round++) {
                for (int cell = 0; cell < CELLS; cell++) {
                    world.agentTurn();
                    model[cell] = -100L * round - cell - 1;
                    theirs.put(cell, model[cell], cell % 2 == 0 ? 3000 : KILOBYTE);
                    world.othersTurn(cells);
                }
            }
            overtaken = true;
            final WorkerSession third = world.open("third");
            world.cells(third, ROOT, CELLS).put(0, -7, KILOBYTE);
            model[0] = -7;
            world.kill(third);
            for (int i = 0; i < 5; i++) {
                world.othersTurn(cells);
                world.agentTurn();
            }
        }

        private void write(final int cell, final long value) {
            world.agentTurn();
            pendingCell = cell;
            overtaken = false;
            if (value == 0) {
                cells.remove(cell);
            } else {
                cells.put(cell, value, KILOBYTE);
            }
            if (!overtaken) {
                model[cell] = value;
            } else {
                final long found = found(cell);
                assertThat(found).isIn(model[cell], value);
                model[cell] = found;
            }
        }

        private long found(final int cell) {
            final long value = theirs.get(cell);
            return value == Cells.ABSENT ? 0 : value;
        }

        void play(final PausePoint pause) {
            final WorkerSession sleeper = world.open("sleeper", pause, false);
            sleeper.emptyUnitsThreshold(0);
            cells = world.cells(sleeper, ROOT, CELLS);
            for (int cell = 0; cell < 4; cell++) {
                write(cell, 1 + cell);
            }
            world.turns(2);
            write(1, 0);
            write(2, 20);
            world.turns(5);
            for (int cell = 0; cell < 5; cell++) {
                write(cell, 50L + cell);
            }
            world.turns(5);
            write(5, 60);
            assertThat(pendingCell).isEqualTo(5);
        }
    }

    @Test
    void shouldLoseNothingWhereverAWorkerSleeps() {
        try (World world = World.of(4096)) {
            long k = 0;
            boolean slept;
            do {
                world.restart();
                final Run run = new Run(world);
                final PausePoint pause = new PausePoint(k, run::meanwhile);
                run.play(pause);
                slept = pause.isReached();
                pause.disarm();
                for (int cell = 0; cell < CELLS; cell++) {
                    assertThat(run.found(cell))
                            .as("sleeping before verb %d, cell %d", k, cell)
                            .isEqualTo(run.model[cell]);
                }
                world.turns(6);
                world.check("sleeping before verb " + k);
                k++;
            } while (slept);
            assertThat(k).isGreaterThan(150);
        }
    }
}
