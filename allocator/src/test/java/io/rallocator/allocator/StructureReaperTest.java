package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import org.junit.jupiter.api.Test;

/** Dropped structures are taken apart, wherever the blade dies meanwhile, and while others use what was freed. */
class StructureReaperTest {
    private static final int DROPPED = 3;
    private static final int OTHER = 4;
    private static final int AGAIN = 5;
    private static final int CELLS = 12;
    private static final int MANY_TURNS = 80;

    private static boolean isGone(final World world) {
        return LinkWord.isSpecial(world.region.readLong(world.geometry.rootOffset(DROPPED)));
    }

    private static long hold(final World world) {
        return world.region.readLong(PoolGeometry.epochHoldOffset());
    }

    private static void fill(final World world, final Cells cells, final int round) {
        for (int cell = 0; cell < CELLS; cell++) {
            world.agentTurn();
            cells.put(cell, 100L * round + cell, cell % 3 == 0 ? 2_000 : 700);
        }
    }

    private static Cells createAndDrop(final World world) {
        final Cells owner = world.cells(world.open("owner"), DROPPED, CELLS);
        fill(world, owner, 1);
        final Cells half = world.cells(world.open("half the owner"), DROPPED, CELLS);
        for (int cell = 0; cell < CELLS; cell += 2) {
            world.agentTurn();
            half.put(cell, cell, 700);
        }
        world.agentTurn();
        half.drop();
        return owner;
    }

    @Test
    void shouldFreeEverythingOfADroppedStructure() {
        try (World world = World.small()) {
            createAndDrop(world);
            world.turns(MANY_TURNS);
            assertThat(isGone(world)).isTrue();
            assertThat(hold(world)).isZero();
            final CheckReport report = world.check("dropped");
            assertThat(report.liveBlocks()).isZero();
        }
    }

    @Test
    void shouldWaitForASessionThatHasNotHeardOfTheDrop() {
        try (World world = World.small()) {
            final Cells owner = createAndDrop(world);
            final Lane pinned = owner.session().acquire();
            world.turns(MANY_TURNS);
            assertThat(isGone(world))
                    .as("while an operation of before the drop runs")
                    .isFalse();
            assertThat(owner.session().geometry().rootOffset(DROPPED)).isPositive();
            owner.session().release(pinned);
            world.turns(MANY_TURNS);
            assertThat(isGone(world)).isTrue();
            world.check("waited");
        }
    }

    @Test
    void shouldTellEverySessionBeforeItUsesTheNextEpoch() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("listener");
            final long[] enteredBefore = {0};
            final boolean[] saw = {false};
            session.dropListener(words -> {
                enteredBefore[0] = enteredBefore[0] == 0 ? session.localEpoch() : enteredBefore[0];
                final long word = words.applyAsLong(world.geometry.rootOffset(DROPPED));
                saw[0] |= RootDescriptor.isPending(word);
            });
            createAndDrop(world);
            while (hold(world) == 0 && !isGone(world)) {
                world.othersTurn(null);
                world.agentTurn();
            }
            world.turns(MANY_TURNS);
            assertThat(isGone(world)).isTrue();
            assertThat(saw[0]).as("the listener saw that it was dropped").isTrue();
            assertThat(enteredBefore[0])
                    .as("an epoch that was used before the session knew")
                    .isBetween(1L, world.globalEpoch() - 3);
            world.check("told");
        }
    }

    @Test
    void shouldGoOnWhereverTheBladeDies() {
        try (World world = World.small()) {
            CrashPoint crash;
            long k = 0;
            do {
                crash = new CrashPoint(k);
                final CrashPoint second = new CrashPoint(k * 7 % 31);
                final String what = "blade dies before change " + k + ", the next before " + second.crashAt();
                world.restart();
                final Cells owner = createAndDrop(world);
                world.crashAgent(crash, second);
                final Cells other = world.cells(world.open("other"), OTHER, CELLS);
                final Cells again = world.cells(owner.session(), AGAIN, CELLS);
                for (int round = 1; round < 5; round++) {
                    fill(world, other, round);
                    fill(world, again, round); // uses what was freed of its own slabs
                    world.turns(5);
                }
                world.turns(2 * MANY_TURNS);
                assertThat(isGone(world)).as(what).isTrue();
                assertThat(hold(world)).as(what).isZero();
                for (int cell = 0; cell < CELLS; cell++) {
                    assertThat(other.get(cell)).as(what).isEqualTo(400 + cell);
                    assertThat(again.get(cell)).as(what).isEqualTo(400 + cell);
                }
                assertThat(world.check(what).structures()).as(what).hasSize(2);
                k++;
            } while (crash.isReached());
            assertThat(k).isGreaterThan(100);
        }
    }

    @Test
    void shouldFindAndHealADamagedHold() {
        try (World world = World.small()) {
            createAndDrop(world);
            world.turns(MANY_TURNS);
            world.region.writeLong(PoolGeometry.epochHoldOffset(), 1L << 20);
            final long epoch = world.globalEpoch();
            world.turns(MANY_TURNS);
            assertThat(hold(world)).isZero();
            assertThat(world.globalEpoch()).isGreaterThan(epoch);
        }
    }

    @Test
    void shouldLeaveAStructureThatIsNotDropped() {
        try (World world = World.small()) {
            final Cells cells = world.cells(world.open("owner"), OTHER, CELLS);
            fill(world, cells, 5);
            world.region.fetchAndAdd(PoolGeometry.dropsOffset(), 1);
            world.turns(MANY_TURNS);
            for (int cell = 0; cell < CELLS; cell++) {
                assertThat(cells.get(cell)).isEqualTo(500 + cell);
            }
            final long word = world.region.readLong(world.geometry.rootOffset(OTHER));
            assertThat(BlockDescriptor.kind(world.region.buffer(), (int) LinkWord.offset(word)))
                    .isEqualTo(BlockDescriptor.ROOT);
            world.check("not dropped");
        }
    }
}
