package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.OutcomeUnknownException;
import io.rallocator.persistence.SessionFencedException;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What stays in the intent slots, and what recovery makes of it (I10, I11, traps 5 and 12). */
@Timeout(60)
class IntentTest {
    private static final int ROOT = 1;
    private static final int ONE_A_SLAB = 3000;

    private static long offset(final World world, final Cells cells, final int cell) {
        return LinkWord.offset(world.region.readLong(cells.link(cell)));
    }

    private static boolean isMarked(final World world, final long offset, final int blockClass, final int generation) {
        final long ref = BlockRef.of(offset, blockClass, 0, generation);
        return world.region.buffer().getByte((int) BlockLife.freedByteOffset(world.geometry, ref)) == (byte) generation;
    }

    private static int outcome(final World world, final WorkerSession session, final long sequence) {
        final UnsafeBuffer slot = Lane.direct(IntentDescriptor.BYTES);
        for (int lane = 0; lane < world.geometry.lanes(); lane++) {
            world.region.read(
                    world.geometry.intentOffset(session.index(), lane, (int) sequence & 1),
                    slot,
                    0,
                    IntentDescriptor.BYTES);
            if (IntentDescriptor.isValid(slot, 0) && slot.getLong(IntentDescriptor.SEQUENCE_OFFSET) == sequence) {
                return IntentDescriptor.outcome(slot, 0);
            }
        }
        return 0;
    }

    /**
     * An idle session's last intent names a block that has long been somebody else's, with the same address and generation:
     * its recovery must leave that one alone although no link leads to it yet.
     */
    @Test
    void shouldNotFreeABlockThatAnOldIntentNamedInAnEarlierLife() {
        try (World world = World.small()) {
            final WorkerSession idle = world.open("idle");
            idle.emptyUnitsThreshold(0);
            final Cells theirs = world.cells(idle, ROOT, 4);
            final WorkerSession other = world.open("other");
            other.emptyUnitsThreshold(0);
            final Cells cells = world.cells(other, ROOT, 4);
            world.agentTurn();
            theirs.put(0, 1, ONE_A_SLAB);
            final long offset = offset(world, theirs, 0);
            world.agentTurn();
            theirs.put(1, 1, ONE_A_SLAB); // so that the first slab is not the current one
            world.turns(2);
            cells.remove(0);
            world.turns(10);
            final Lane sweeping = idle.acquire(); // the slab becomes empty, and goes back to the blade
            sweeping.allocator().harvestAll();
            idle.release(sweeping);
            world.turns(20);
            // the other session takes every slab until it has that one, and writes into it
            final Lane lane = other.acquire();
            long ref = 0;
            int tries = 0;
            while (BlockRef.offset(ref) != offset && tries++ < 3 * world.geometry.units()) {
                world.agentTurn();
                ref = lane.allocate(ONE_A_SLAB);
            }
            assertThat(BlockRef.offset(ref)).as("the same block").isEqualTo(offset);
            assertThat(BlockRef.generation(ref)).as("in the same generation").isEqualTo(1);
            linkWhile(world, cells, lane, ref, () -> {
                world.kill(idle);
                world.agentTurn();
                world.agentTurn();
            });
            assertThat(isMarked(world, offset, BlockRef.blockClass(ref), 1)).isFalse();
            other.release(lane);
            world.turns(20);
            assertThat(cells.get(3)).isEqualTo(33);
            world.checkAll("old intent");
        }
    }

    /** Writes the block of a reference, lets others do something, then links it. */
    private static void linkWhile(
            final World world, final Cells cells, final Lane lane, final long ref, final Runnable meanwhile) {
        final UnsafeBuffer block = cells.encode(lane, 3, 33, ONE_A_SLAB, ref);
        lane.chain().write(BlockRef.offset(ref), block, 0, ONE_A_SLAB);
        lane.allocator().writer().addHeaders(lane.chain());
        lane.chain().post(Cells.PUT);
        lane.allocator().writer().headersAreWritten();
        meanwhile.run();
        final long old = world.region.readLong(cells.link(3));
        assertThat(lane.commit()
                        .begin(1, ROOT, cells.link(3), old, LinkWord.pointTo(old, ref))
                        .allocate(ref, block, 0, ONE_A_SLAB)
                        .stripe(cells.stripe(lane), 1)
                        .post(Cells.PUT))
                .isTrue();
    }

    /**
     * An idle session's last intent replaced a block that its owner now uses again for the same link. The owner dies
     * before the swap: that the old intent names the block as replaced says nothing about its new life.
     */
    @Test
    void shouldNotTakeAnOldIntentForEvidenceOfANewOperation() {
        try (World world = World.small()) {
            CrashPoint crash;
            long k = 0;
            int undone = 0;
            do {
                crash = new CrashPoint(k);
                world.restart();
                final WorkerSession replacer = world.open("replacer");
                final Cells theirs = world.cells(replacer, ROOT, 4);
                final CrashPoint[] armed = {new CrashPoint(CrashPoint.NEVER)};
                final WorkerSession owner = world.open("owner", new Armed(armed), false);
                final Cells cells = world.cells(owner, ROOT, 4);
                world.agentTurn();
                cells.put(0, 1, ONE_A_SLAB);
                final long offset = offset(world, cells, 0);
                world.turns(2);
                theirs.remove(0);
                world.turns(10);
                armed[0] = crash;
                boolean done = true;
                try {
                    for (int i = 0; i < 3 && (i == 0 || offset(world, cells, 0) != offset); i++) {
                        cells.put(0, 10 + i, ONE_A_SLAB);
                    }
                } catch (final Crash | OutcomeUnknownException e) {
                    done = false;
                }
                undone += done ? 0 : 1;
                world.kill(owner);
                world.turns(4);
                world.checkAll("crash before verb " + k); // sizes come from outcomes
                k++;
            } while (crash.isReached());
            assertThat(undone).isGreaterThan(10);
        }
    }

    /** Stands for a crash point that is exchanged later. */
    private static final class Armed extends CrashPoint {
        private final CrashPoint[] point;

        Armed(final CrashPoint[] point) {
            super(NEVER);
            this.point = point;
        }

        @Override
        boolean next() {
            return point[0].next();
        }

        @Override
        void tearable() {
            point[0].tearable();
        }
    }

    @Test
    void shouldRecordWhatBecameOfAnOperationBeforeTheEpochIsLetGo() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("one");
            final Cells cells = world.cells(session, ROOT, 4);
            world.agentTurn();
            final Lane lane = session.acquire();
            final long sequence = lane.commit().sequence();
            cells.write(lane, 0, 1, 100, Cells.PUT);
            session.release(lane);
            assertThat(outcome(world, session, sequence)).isZero();
            world.turns(2);
            assertThat(outcome(world, session, sequence))
                    .isEqualTo(IntentDescriptor.HAPPENED | IntentDescriptor.SETTLED);
            final Lane again = session.acquire();
            final long next = again.commit().sequence();
            final long ref = again.allocate(100);
            final long wrong = LinkWord.pointTo(0, ref);
            assertThat(again.commit()
                            .begin(1, ROOT, cells.link(0), wrong, LinkWord.pointTo(wrong, ref))
                            .allocate(ref, cells.encode(again, 0, 5, 100, ref), 0, 100)
                            .post(Cells.PUT))
                    .isFalse();
            again.discard(ref);
            session.release(again);
            world.turns(2);
            assertThat(outcome(world, session, next))
                    .isEqualTo(IntentDescriptor.DID_NOT_HAPPEN | IntentDescriptor.SETTLED);
            world.checkAll("outcomes");
        }
    }

    /** The fabric broke while a commit was under way: nobody but recovery may decide, so nothing is done any more. */
    @Test
    void shouldEndTheSessionWhenTheFabricInterruptsACommit() {
        try (World world = World.small()) {
            final CrashPoint[] armed = {new CrashPoint(CrashPoint.NEVER)};
            final WorkerSession session = world.open("interrupted", new Armed(armed), false);
            final Cells cells = world.cells(session, ROOT, 4);
            world.agentTurn();
            cells.put(0, 1, 100);
            world.turns(3);
            final int lane = (int) (Thread.currentThread().getId() % session.lanes().length);
            final long sequence = session.lanes()[lane].commit().sequence();
            armed[0] = new CrashPoint(6); // after the swap
            final OperationId id =
                    new OperationId(session.poolId(), session.index(), session.incarnation(), lane, sequence);
            assertThatThrownBy(() -> cells.put(0, 2, 100))
                    .isInstanceOfSatisfying(
                            OutcomeUnknownException.class,
                            e -> assertThat(e.operationId()).isEqualTo(id))
                    .hasMessageContaining(id.toString())
                    .hasCauseInstanceOf(Crash.class);
            armed[0] = new CrashPoint(CrashPoint.NEVER); // the fabric is back, the session is not
            assertThatThrownBy(() -> cells.put(0, 3, 100)).isInstanceOf(SessionFencedException.class);
            final long epoch = world.globalEpoch();
            world.turns(10);
            assertThat(world.globalEpoch()).as("the epoch waits for recovery").isLessThanOrEqualTo(epoch + 1);
            assertThat(outcome(world, session, sequence)).isZero();
            world.close(session);
            world.turns(3);
            assertThat(outcome(world, session, sequence)).isEqualTo(IntentDescriptor.HAPPENED);
            world.checkAll("interrupted");
        }
    }

    private static long ref(final World world, final Cells cells, final int cell) {
        final long word = world.region.readLong(cells.link(cell));
        final UnsafeBuffer block = Lane.direct(BlockDescriptor.HEADER_BYTES);
        world.region.read(LinkWord.offset(word), block, 0, BlockDescriptor.HEADER_BYTES);
        return BlockDescriptor.refOf(word, block, 0);
    }

    private static boolean isMarked(final World world, final long ref) {
        return !new BlockLife(world.region, world.geometry).isUnfreed(ref);
    }

    /** The first word of the run was another; that the second was taken proves that whoever had put its block there did. */
    @Test
    void shouldFindOutWhatBecameOfARunAndOfWhatItTook() {
        try (World world = World.small()) {
            final WorkerSession owner = world.open("owner");
            final Cells cells = world.cells(owner, ROOT, 4);
            final WorkerSession taker = world.open("taker");
            world.agentTurn();
            cells.put(0, 11, 100);
            final Lane putting = owner.acquire();
            final long put = putting.commit().sequence();
            cells.write(putting, 1, 12, 100, Cells.PUT);
            owner.release(putting);
            final long first = ref(world, cells, 0);
            final long second = ref(world, cells, 1);
            final Lane lane = taker.acquire();
            final Commit commit = lane.commit();
            final long run = commit.sequence();
            commit.begin(1, ROOT, cells.link(0), LinkWord.UNINIT, LinkWord.special(0, 77))
                    .free(first)
                    .andNext(world.region.readLong(cells.link(1)), second);
            assertThat(commit.postUnconfirmed(Cells.REMOVE)).isTrue();
            assertThat(commit.isSwapped(0)).isFalse();
            assertThat(commit.witness(0)).isEqualTo(world.region.readLong(cells.link(0)));
            assertThat(commit.isSwapped(1)).isTrue();
            taker.release(lane);
            world.kill(owner);
            world.kill(taker);
            world.turns(4);
            assertThat(outcome(world, owner, put)).isEqualTo(IntentDescriptor.HAPPENED);
            assertThat(outcome(world, taker, run)).isEqualTo(IntentDescriptor.HAPPENED);
            assertThat(isMarked(world, first)).isFalse();
            assertThat(isMarked(world, second)).isTrue();
        }
    }

    /** Another worker dropped the structure and made another one, whose stripes are where the old one's were. */
    @Test
    void shouldReadStripesAnewWhenAStructureIsOpened() {
        try (World world = World.small()) {
            final WorkerSession session = world.open("one");
            final Cells cells = world.cells(session, ROOT, 4);
            world.agentTurn();
            cells.put(0, 1, 100);
            cells.put(1, 1, 100);
            assertThat(cells.size()).isEqualTo(2);
            world.turns(3);
            final Lane lane = session.acquire();
            final long stripe = cells.stripe(lane);
            session.release(lane);
            world.region.writeLong(stripe, 0); // what the new structure would have there
            session.forgetStripes();
            cells.put(2, 1, 100);
            assertThat(cells.size()).isEqualTo(1);
        }
    }
}
