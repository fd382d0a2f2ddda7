package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.SlabTableDescriptor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nothing is reused while somebody may still read it, whoever is stopped (DESIGN section 6). */
@Timeout(60)
class EpochTest {
    private static final int ROOT = 1;
    private static final int BYTES = 1000;

    private static long blockOf(final World world, final Cells cells, final int cell) {
        return LinkWord.offset(world.region.readLong(cells.link(cell)));
    }

    /** Replaces a cell until its block is where another one once was, a hundred times at most. */
    private static boolean isReused(final World world, final Cells cells, final long offset) {
        for (int i = 0; i < 100; i++) {
            world.turn();
            cells.put(1, i, BYTES);
            if (blockOf(world, cells, 1) == offset) {
                return true;
            }
        }
        return false;
    }

    @Test
    void shouldNotReuseABlockWhileALaneOfAnotherSessionPinsAnOlderEpoch() {
        try (World world = World.small()) {
            final WorkerSession reader = world.open("reader");
            final Cells cells = world.cells(world.open("writer"), ROOT, 4);
            world.agentTurn();
            cells.put(0, 1, BYTES);
            final long offset = blockOf(world, cells, 0);
            final Lane pin = reader.acquire();
            world.agentTurn();
            cells.put(0, 2, BYTES);
            assertThat(isReused(world, cells, offset)).as("while pinned").isFalse();
            reader.release(pin);
            assertThat(isReused(world, cells, offset)).as("afterwards").isTrue();
            world.checkAll("pinned");
        }
    }

    @Test
    void shouldNotReuseABlockWhileAnotherLaneOfTheSameSessionPinsAnOlderEpoch() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("both");
            final Cells cells = world.cells(session, ROOT, 4);
            world.agentTurn();
            cells.put(0, 1, BYTES);
            final long offset = blockOf(world, cells, 0);
            final Lane pin = session.acquire();
            world.agentTurn();
            cells.put(0, 2, BYTES);
            assertThat(isReused(world, cells, offset)).as("while pinned").isFalse();
            session.release(pin);
            assertThat(isReused(world, cells, offset)).as("afterwards").isTrue();
            world.checkAll("pinned");
        }
    }

    @Test
    void shouldNotFreeASlabWhileALanePinsAnOlderEpoch() {
        try (World world = World.small()) {
            final WorkerSession reader = world.open("reader");
            final WorkerSession giver = world.open("giver");
            giver.emptyUnitsThreshold(0);
            final Cells cells = world.cells(giver, ROOT, 8);
            world.agentTurn();
            cells.put(0, 1, 3000);
            final int unit = world.geometry.slabUnitAt(blockOf(world, cells, 0), 0);
            cells.remove(0);
            world.turns(6);
            final Lane pin = reader.acquire();
            cells.put(1, 1, 3000); // reuses the slab, or gives it back and takes another
            cells.remove(1);
            final Lane lane = giver.acquire();
            lane.allocator().reclaim();
            giver.release(lane);
            world.turns(2);
            int limbo = 0;
            for (int i = 0; i < world.geometry.units(); i++) {
                limbo += state(world, i) == SlabTableDescriptor.LIMBO ? 1 : 0;
            }
            world.turns(20);
            int still = 0;
            for (int i = 0; i < world.geometry.units(); i++) {
                still += state(world, i) == SlabTableDescriptor.LIMBO ? 1 : 0;
            }
            assertThat(still).as("slabs in limbo").isEqualTo(limbo);
            reader.release(pin);
            world.turns(20);
            for (int i = 0; i < world.geometry.units(); i++) {
                assertThat(state(world, i)).isNotEqualTo(SlabTableDescriptor.LIMBO);
            }
            assertThat(unit).isNotNegative();
            assertThat(limbo).isPositive();
            world.checkAll("limbo");
        }
    }

    /**
     * The blade sleeps before each of its steps in turn, while the epochs go on, a reader sees a block, another worker removes it
     * and dies: what the blade last knew of the epoch says nothing about who reads now.
     */
    @Test
    void shouldNotFreeASlabOfTheDeadWhileALaneReadsInItWhereverTheBladeSlept() {
        try (World world = World.small()) {
            boolean slept = true;
            long k = 0;
            for (; slept; k++) {
                world.restart();
                final WorkerSession reader = world.open("reader");
                final WorkerSession dead = world.open("dead");
                final Cells cells = world.cells(dead, ROOT, 4);
                world.agentTurn();
                cells.put(0, 1, BYTES);
                final int unit = world.geometry.slabUnitAt(blockOf(world, cells, 0), 0);
                final Lane[] pin = new Lane[1];
                final PausePoint pause = new PausePoint(k, () -> {
                    for (int i = 0; i < 20; i++) {
                        world.conductorTurns();
                    }
                    pin[0] = reader.acquire();
                    cells.remove(0);
                    world.kill(dead);
                });
                world.crashAgent(pause);
                world.agentTurn();
                slept = pause.isReached();
                if (slept) {
                    world.turns(20);
                    assertThat(state(world, unit))
                            .as("sleeping before step %d", k)
                            .isEqualTo(SlabTableDescriptor.LIMBO);
                    reader.release(pin[0]);
                    world.turns(20);
                    assertThat(state(world, unit)).as("afterwards").isNotEqualTo(SlabTableDescriptor.LIMBO);
                    world.checkAll("slept");
                }
            }
            assertThat(k).isGreaterThan(5);
        }
    }

    private static int state(final World world, final int unit) {
        return SlabTableDescriptor.state(world.region.readLong(world.geometry.slabEntryOffset(unit)));
    }

    /** The mark, the stripe and the outcome of an operation are there before its session announces a newer epoch. */
    @Test
    void shouldWriteWhatIsOwedBeforeANewerEpochIsAnnounced() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("debtor");
            final Cells cells = world.cells(session, ROOT, 4);
            int late = 0;
            for (int i = 0; i < 20; i++) {
                world.turns(i % 3);
                world.agentTurn();
                cells.put(0, i, BYTES);
                final long old = world.region.readLong(cells.link(0));
                final long ref = BlockRef.of(LinkWord.offset(old), LinkWord.blockClass(old), 0, generation(world, old));
                final long epoch = session.localEpoch();
                cells.put(0, -i, BYTES);
                late += isMarked(world, ref) ? 0 : 1;
                while (announced(world, session) <= epoch) {
                    world.turn();
                }
                assertThat(isMarked(world, ref)).as("round %d", i).isTrue();
            }
            assertThat(late)
                    .as("marks that were owed when the operation returned")
                    .isEqualTo(20);
            world.checkAll("owed");
        }
    }

    /** A lane that is taken between two epochs writes what it owes of the older one before it pins the newer one. */
    @Test
    void shouldWriteWhatALaneOwesWhenItIsTakenAfterTheEpochMoved() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("debtor");
            final Cells cells = world.cells(session, ROOT, 4);
            world.agentTurn();
            cells.put(0, 1, BYTES);
            final long old = world.region.readLong(cells.link(0));
            final long ref = BlockRef.of(LinkWord.offset(old), LinkWord.blockClass(old), 0, generation(world, old));
            cells.put(0, 2, BYTES);
            assertThat(isMarked(world, ref)).isFalse();
            session.localEpoch(session.localEpoch() + 1); // as the conductor does, before it looks at the lanes
            final Lane lane = session.acquire();
            assertThat(isMarked(world, ref)).isTrue();
            assertThat(lane.owesNothing()).isTrue();
            session.release(lane);
            session.localEpoch(session.localEpoch() - 1);
        }
    }

    private static int generation(final World world, final long word) {
        return (int) (world.region.readLong(LinkWord.offset(word) + 8) >>> 56);
    }

    private static boolean isMarked(final World world, final long ref) {
        return world.region.buffer().getByte((int) BlockLife.freedByteOffset(world.geometry, ref))
                == (byte) BlockRef.generation(ref);
    }

    private static long announced(final World world, final WorkerSession session) {
        final long offset = world.geometry.sessionOffset(session.index()) + SessionDescriptor.EPOCH_OFFSET;
        return CheckedWord.payload(world.region.readLong(offset), "announced epoch", offset);
    }

    @Test
    void shouldMoveTheEpochsOnWhenTheBladeIsStopped() {
        try (World world = World.small()) {
            world.open("one");
            world.open("other");
            world.conductorTurns();
            final long epoch = world.globalEpoch();
            for (int i = 0; i < 20; i++) {
                world.conductorTurns();
            }
            assertThat(world.globalEpoch()).isGreaterThanOrEqualTo(epoch + 9);
        }
    }

    @Test
    void shouldHoldTheEpochForADeadSessionUntilItIsRecovered() {
        try (World world = World.small()) {
            final WorkerSession dead = world.open("dead");
            world.open("other");
            world.turns(5);
            world.kill(dead);
            final long epoch = world.globalEpoch();
            for (int i = 0; i < 20; i++) {
                world.conductorTurns();
            }
            assertThat(world.globalEpoch()).isLessThanOrEqualTo(epoch + 1);
            world.turns(20);
            assertThat(world.globalEpoch()).isGreaterThan(epoch + 5);
        }
    }

    /** Readers verify every block they reach while a writer replaces them as fast as it can: for real, with threads. */
    @Test
    void shouldNeverShowAReaderABlockThatWasReused() throws Exception {
        final AtomicBoolean done = new AtomicBoolean();
        final ExecutorService executor = Executors.newFixedThreadPool(2);
        try (TestPool pool = TestPool.ofMebibytes(4);
                Blade blade = Blade.open(pool.file);
                WorkerSession writer = WorkerSession.embedded(blade, "writer");
                WorkerSession reader = WorkerSession.attach(pool.file, "reader")) {
            final Cells cells = Cells.open(writer, ROOT, 8);
            final Future<Long> reads = executor.submit(() -> {
                final Cells theirs = Cells.open(reader, ROOT, 8);
                long count = 0;
                for (int i = 0; !done.get(); i++) {
                    theirs.get(i % 8); // throws if the block is not what the link says
                    count++;
                }
                return count;
            });
            try {
                for (int i = 0; i < 60_000; i++) {
                    cells.put(i % 8, i, 100 + i % 400);
                }
            } finally {
                done.set(true);
                executor.shutdown();
            }
            assertThat(reads.get()).isGreaterThan(1_000);
        }
    }
}
