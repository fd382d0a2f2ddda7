package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.OutcomeUnknownException;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A worker dies before each verb of a short history in turn (I5, I8 … I12): afterwards no other worker is blocked, the
 * bitmaps are what links reach, slabs are accounted for, sizes are exact, what was acknowledged is there, and what became
 * of the interrupted operation is known.
 */
class CrashRecoveryTest {
    private static final int ROOT = 3;
    private static final int CELLS = 16;
    private static final int KILOBYTE = 1000;

    private static World world;

    @BeforeAll
    static void makeWorld() {
        world = World.small();
    }

    @AfterAll
    static void closeWorld() {
        world.close();
    }

    /** What a run does until its worker dies, and what must be there afterwards. */
    private static final class Run {
        final long[] model = new long[CELLS];
        final WorkerSession other = world.open("other");
        final Cells theirs = world.cells(other, ROOT, CELLS);
        final CrashPoint crash;
        final boolean tear;
        WorkerSession victim;
        Cells cells;
        private int pendingCell = -1;
        private long pendingValue;
        private long pendingSequence;
        private long next = 1;

        Run(final CrashPoint crash, final boolean tear) {
            this.crash = crash;
            this.tear = tear;
            Arrays.fill(model, Cells.ABSENT);
        }

        void open() {
            victim = world.open("victim", crash, tear);
            victim.emptyUnitsThreshold(1);
            cells = world.cells(victim, ROOT, CELLS);
        }

        void put(final int cell, final int bytes) {
            pend(cell, next++);
            cells.put(cell, pendingValue, bytes);
            acknowledge(pendingValue);
        }

        void remove(final int cell) {
            pend(cell, Cells.ABSENT);
            cells.remove(cell);
            acknowledge(pendingValue);
        }

        private void pend(final int cell, final long value) {
            world.agentTurn(); // there are slabs: nobody has to wait
            pendingCell = cell;
            pendingValue = value;
            // one thread alone always gets the same lane
            final Lane[] lanes = victim.lanes();
            pendingSequence = lanes[(int) (Thread.currentThread().getId() % lanes.length)]
                    .commit()
                    .sequence();
        }

        private void acknowledge(final long value) {
            model[pendingCell] = value;
            pendingCell = -1;
        }

        void theyPut(final int cell, final int bytes) {
            world.agentTurn();
            model[cell] = -next++;
            theirs.put(cell, model[cell], bytes);
        }

        void verify(final String what) {
            for (int cell = 0; cell < CELLS; cell++) {
                final long value = theirs.get(cell);
                if (cell == pendingCell && pendingValue != model[cell]) {
                    assertThat(value).as("%s, cell %d", what, cell).isIn(model[cell], pendingValue);
                    assertThat(outcomeOfPending())
                            .as(
                                    "%s: recorded outcome of operation %d, which changes cell %d from %d to %d",
                                    what, pendingSequence, cell, model[cell], pendingValue)
                            .isEqualTo(value == pendingValue);
                    acknowledge(value);
                } else {
                    assertThat(value).as("%s, cell %d", what, cell).isEqualTo(model[cell]);
                }
            }
        }

        /** I10: an operation of which there is no intent did not happen. */
        private boolean outcomeOfPending() {
            final UnsafeBuffer slot = Lane.direct(IntentDescriptor.BYTES);
            for (int lane = 0; lane < world.geometry.lanes(); lane++) {
                for (int i = 0; i < 2; i++) {
                    world.region.read(
                            world.geometry.intentOffset(victim.index(), lane, i), slot, 0, IntentDescriptor.BYTES);
                    if (IntentDescriptor.isValid(slot, 0)
                            && slot.getInt(IntentDescriptor.INCARNATION_OFFSET) == victim.incarnation()
                            && slot.getLong(IntentDescriptor.SEQUENCE_OFFSET) == pendingSequence) {
                        final int outcome = IntentDescriptor.outcome(slot, 0);
                        assertThat(outcome).isNotZero();
                        return (outcome & IntentDescriptor.HAPPENED) != 0;
                    }
                }
            }
            return false;
        }
    }

    private interface History {
        void play(Run run);
    }

    /** Fills, seals, replaces, frees, reuses, gives slabs back, frees what another session allocated. */
    private static void mixed(final Run run) {
        for (int cell = 0; cell < 4; cell++) {
            run.put(cell, KILOBYTE);
        }
        run.theyPut(8, KILOBYTE);
        run.theyPut(9, KILOBYTE);
        world.turns(2);
        run.put(8, KILOBYTE);
        run.put(9, 100);
        run.put(0, KILOBYTE);
        run.remove(1);
        run.theyPut(2, KILOBYTE);
        world.turns(5);
        for (int cell = 0; cell < 5; cell++) {
            run.put(cell, KILOBYTE);
        }
        run.put(5, 3000);
        run.remove(5);
        world.turns(5);
        for (int cell = 0; cell < 9; cell++) {
            run.remove(cell);
        }
        world.turns(6);
        run.put(6, KILOBYTE);
        run.put(7, KILOBYTE);
        run.put(0, KILOBYTE);
        run.put(1, KILOBYTE);
        world.turns(6);
        run.put(2, KILOBYTE);
        assertThat(run.cells.size()).isPositive();
    }

    /** Takes over what a closed session left, uses it, empties it. */
    private static void adopting(final Run run) {
        for (int cell = 0; cell < 6; cell++) {
            run.put(cell, KILOBYTE);
        }
        run.remove(0);
        run.remove(3);
        world.turns(5);
        run.put(7, KILOBYTE);
        for (int cell = 0; cell < 6; cell++) {
            run.put(cell, KILOBYTE);
        }
        run.theyPut(1, KILOBYTE);
        world.turns(6);
        for (int cell = 8; cell < 14; cell++) {
            run.put(cell, KILOBYTE);
        }
    }

    private static void prepareOrphans(final Run run) {
        final WorkerSession earlier = world.open("earlier");
        final Cells cells = world.cells(earlier, ROOT, CELLS);
        for (int cell = 0; cell < 8; cell++) {
            world.agentTurn();
            run.model[cell] = 1_000L + cell;
            cells.put(cell, 1_000L + cell, KILOBYTE);
        }
        for (int cell = 0; cell < 8; cell += 2) {
            run.model[cell] = Cells.ABSENT;
            cells.remove(cell);
        }
        world.close(earlier);
        world.turns(10);
    }

    @Test
    void shouldRecoverWhereverAWorkerDiesWhileItFillsAndEmptiesSlabs() {
        crashEverywhere(run -> {}, CrashRecoveryTest::mixed);
    }

    @Test
    void shouldRecoverWhereverAWorkerDiesWhileItUsesWhatAnotherLeft() {
        crashEverywhere(CrashRecoveryTest::prepareOrphans, CrashRecoveryTest::adopting);
    }

    @Test
    void shouldSealAndGiveBackWhenTheHistoryOfTheCrashTestsIsPlayed() {
        world.restart();
        final Run run = new Run(new CrashPoint(CrashPoint.NEVER), false);
        run.open();
        mixed(run);
        assertThat(run.victim.count(Operation.named("slab.free"), FabricCounters.Figure.CHAINS))
                .isPositive();
        assertThat(run.crash.steps()).isPositive();
        run.verify("no crash");
        world.checkAll("no crash");
    }

    private static void crashEverywhere(final History before, final History history) {
        CrashPoint crash;
        long k = 0;
        do {
            crash = new CrashPoint(k);
            crashAt(crash, before, history, false);
            if (crash.isTearable()) {
                crashAt(new CrashPoint(k), before, history, true);
            }
            k++;
        } while (crash.isReached());
        assertThat(k).isGreaterThan(300);
    }

    private static void crashAt(
            final CrashPoint crash, final History before, final History history, final boolean tear) {
        final String what = "crash before verb " + crash.crashAt() + ", torn " + tear;
        world.restart();
        final Run run = new Run(crash, tear);
        before.play(run);
        try {
            run.open();
            history.play(run);
        } catch (final Crash | OutcomeUnknownException e) {
            assertThat(crash.isReached()).isTrue();
        }
        if (run.victim != null) {
            world.kill(run.victim);
        }
        run.theyPut(15, KILOBYTE); // nobody waits for the dead
        if (crash.crashAt() % 2 == 0) {
            run.theyPut(run.pendingCell < 0 ? 14 : run.pendingCell, KILOBYTE);
            run.pendingCell = -1;
        }
        world.turns(2);
        run.verify(what);
        run.pendingCell = -1;
        for (int cell = 0; cell < CELLS; cell++) {
            run.theyPut(cell, KILOBYTE);
        }
        world.turns(6);
        run.verify(what);
        world.checkAll(what);
    }
}
