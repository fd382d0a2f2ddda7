package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.SizeClasses;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Takes elements of consecutive slots in one chain: it reads them, swaps TAKEN into each slot, and reads on behind them, so that the
 * next run is known. A swap that fails found the slot taken by another, for good; so those behind it may succeed, and the elements
 * that were taken are in order. The elements are single ones: nothing of a run is left in a slot that others could still take.
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class RunTaker {
    private final QueueTable table;

    RunTaker(final QueueTable table) {
        this.table = table;
    }

    /**
     * Takes the elements whose words are known.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param scratch its run gets what was taken, whose bytes are its result
     * @param position at the first element; goes on
     * @param most elements
     */
    void take(
            final Lane lane,
            final Operation operation,
            final Scratch scratch,
            final Position position,
            final int most) {
        final int count = addReads(lane, scratch, position, Math.min(Math.min(position.known, most), Run.MOST));
        final SegmentReader reader = table.reader();
        final boolean readsOn = count == position.known && reader.addWindow(lane, position, position.slot + count);
        final Commit commit = addSwaps(lane, position, count);
        commit.postUnconfirmed(operation);
        final boolean passes = collect(scratch, position, commit, count);
        commit.confirm();
        if (readsOn && passes) {
            reader.passWindow(lane, position);
        }
    }

    /** Returns how many elements it reads: fewer than asked for if their bytes are many, or a word behind the first is impossible. */
    private int addReads(final Lane lane, final Scratch scratch, final Position position, final int most) {
        int count = 0;
        int used = 0;
        while (count < most && (count == 0 || used < Run.FULL_BYTES)) {
            final long word = position.word(count);
            if (count > 0 && !SegmentReader.isPossibleSlot(lane.geometry(), word)) {
                break;
            }
            final long ref = SegmentReader.elementRef(lane.geometry(), word, slotOffset(position, count));
            final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
            lane.chain().read(BlockRef.offset(ref), scratch.result.ensure(used + bytes), used, bytes);
            used += bytes;
            count++;
        }
        return count;
    }

    private Commit addSwaps(final Lane lane, final Position position, final int count) {
        final Commit commit = lane.commit();
        final long first = slotOffset(position, 0);
        final long taken = QueueLayout.takenWord(table.session().index(), lane.index(), commit.sequence());
        commit.begin(OperationCode.QUEUE_DRAIN, table.structure(), first, position.word(), taken)
                .free(QueueLayout.slotRef(position.word()));
        for (int i = 1; i < count; i++) {
            commit.andNext(position.word(i), QueueLayout.slotRef(position.word(i)));
        }
        return commit;
    }

    /** Behind a slot whose word is damaged nothing is passed: it stays the first of the queue. */
    private boolean collect(final Scratch scratch, final Position position, final Commit commit, final int count) {
        final UnsafeBuffer buffer = scratch.result.buffer();
        int index = 0;
        boolean passes = true;
        for (int i = 0; i < count; i++) {
            final long word = position.word();
            final long slotOffset = slotOffset(position, 0);
            final int bytes = SizeClasses.bytes(BlockRef.blockClass(QueueLayout.slotRef(word)));
            if (commit.isSwapped(i)) {
                collect(scratch.run, buffer, index, bytes, slotOffset, word, commit, i);
            } else if (!QueueLayout.isTaken(commit.witness(i))) {
                scratch.run.addDamage(Blocks.damagedWord(commit.witness(i), slotOffset));
                passes = false;
            }
            index += bytes;
            position.advance();
        }
        if (!passes) {
            position.advanceTo(position.slot - count); // polls will find it
        }
        return passes;
    }

    /** A damaged element is out of the queue, which goes on; its block stays for the checker. */
    private void collect(
            final Run run,
            final UnsafeBuffer buffer,
            final int index,
            final int bytes,
            final long slotOffset,
            final long word,
            final Commit commit,
            final int i) {
        if (SegmentReader.isElement(buffer, index, bytes, table.structure(), slotOffset, word)) {
            run.add(buffer, index, slotOffset);
        } else {
            commit.keep(i);
            run.addDamage(Blocks.damagedBlock(
                    BlockDescriptor.ELEMENT,
                    BlockRef.offset(QueueLayout.slotRef(word)),
                    slotOffset,
                    table.where() + " " + slotOffset));
        }
    }

    private static long slotOffset(final Position position, final int distance) {
        return QueueLayout.slotOffset(position.segment, position.slot + distance);
    }
}
