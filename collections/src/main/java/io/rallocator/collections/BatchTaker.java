package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.SizeClasses;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Takes elements of a batch by one swap of its slot: to TAKEN if none is left, else to a new batch of the others. So a batch that
 * changes is another word, and who looked at the old one looks again.
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class BatchTaker {
    private final QueueTable table;

    BatchTaker(final QueueTable table) {
        this.table = table;
    }

    /**
     * Takes the first elements of the batch at a position, and reads on behind it if it takes all. One chain if 64 are wanted and the queue has
     * no bound, else two.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param scratch its run gets what was taken, nothing if another was faster; its result has the bytes
     * @param position at the batch; goes on unless some is left
     * @param most elements
     */
    void take(
            final Lane lane,
            final Operation operation,
            final Scratch scratch,
            final Position position,
            final int most) {
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        final long word = position.word();
        final UnsafeBuffer buffer = addRead(lane, scratch.result, slotOffset, word);
        int slots = 1;
        if (most < BatchBlock.MOST_ELEMENTS || table.layout().isBounded()) {
            lane.chain().post(operation);
            final boolean isWhole = isWhole(buffer, slotOffset, word);
            if (isWhole && BatchBlock.count(buffer, 0) > most) {
                confirmLease(lane, operation, slotOffset, word);
                takeSome(lane, operation, scratch, position, most);
                return;
            }
            slots = isWhole ? BatchBlock.slots(buffer, 0) : 1;
        }
        takeAll(lane, operation, scratch, position, slots);
    }

    private void takeAll(
            final Lane lane,
            final Operation operation,
            final Scratch scratch,
            final Position position,
            final int slots) {
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        final long word = position.word();
        confirmLease(lane, operation, slotOffset, word);
        table.tail().addCovers(lane, slotOffset, 1, slots);
        final boolean readsOn = table.reader().addWindow(lane, position, position.slot + slots);
        final Commit commit = lane.commit();
        final long taken = QueueLayout.takenWord(table.session().index(), lane.index(), commit.sequence());
        final boolean won = commit.begin(OperationCode.QUEUE_DRAIN, table.structure(), slotOffset, word, taken)
                .free(ref(lane, slotOffset, word))
                .postUnconfirmed(operation);
        if (!won) {
            lost(lane, commit.witness(), slotOffset, position);
            return;
        }
        position.advanceTo(position.slot + slots);
        if (readsOn) {
            table.reader().passWindow(lane, position);
        }
        final UnsafeBuffer buffer = scratch.result.buffer();
        if (isWhole(buffer, slotOffset, word)) {
            commit.confirm();
            scratch.run.addEntries(buffer, BatchBlock.count(buffer, 0), slotOffset);
        } else {
            // it is out of the queue, which goes on; its block stays for the checker
            scratch.run.addDamage(Blocks.damagedBlock(
                    BlockDescriptor.BATCH, LinkWord.offset(word), slotOffset, table.where() + " " + slotOffset));
        }
    }

    private void takeSome(
            final Lane lane,
            final Operation operation,
            final Scratch scratch,
            final Position position,
            final int most) {
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        final UnsafeBuffer buffer = scratch.result.buffer();
        final long left = swapWithout(lane, operation, buffer, 0, most, slotOffset, position.word());
        if (left == LinkWord.UNINIT) {
            lost(lane, lane.commit().witness(), slotOffset, position);
            return;
        }
        position.replace(left);
        scratch.run.addEntries(buffer, most, slotOffset);
    }

    /** Goes on after a swap that found another word. */
    static void lost(final Lane lane, final long witness, final long slotOffset, final Position position) {
        if (QueueLayout.isTaken(witness)) {
            position.advance();
        } else if (SlotWord.isPossibleBatch(lane.geometry(), witness)) {
            position.replace(witness);
        } else {
            throw Blocks.damagedWord(witness, slotOffset);
        }
    }

    /** Before a batch changes whose last element to leave was leased: the slot was what told that it was. */
    private void confirmLease(final Lane lane, final Operation operation, final long slotOffset, final long word) {
        if (SlotWord.isLeftBatch(word)) {
            lane.chain().post(operation); // what it has: the READ of the batch, which stays as it is
            table.leases().confirm(lane, slotOffset, word);
        }
    }

    /** Puts the elements but those from one on in the place of all; returns the slot's word, UNINIT if it was another. */
    private long swapWithout(
            final Lane lane,
            final Operation operation,
            final UnsafeBuffer batch,
            final int from,
            final int count,
            final long slotOffset,
            final long word) {
        final int length = BlockDescriptor.length(batch, 0) - cutBytes(batch, from, count);
        final long ref = Blocks.allocate(lane, length, lane.geometry().maxBlockBytes());
        final UnsafeBuffer left = without(lane, batch, from, count, slotOffset, ref);
        final long replacement = SlotWord.ofBatch(ref);
        final boolean won = lane.commit()
                .begin(OperationCode.QUEUE_REMOVE, table.structure(), slotOffset, word, replacement)
                .allocate(ref, left, 0, length)
                .free(ref(lane, slotOffset, word))
                .post(operation);
        if (!won) {
            lane.discard(ref);
        }
        return won ? replacement : LinkWord.UNINIT;
    }

    static int cutBytes(final UnsafeBuffer batch, final int from, final int count) {
        return BatchBlock.entry(batch, from + count) - BatchBlock.entry(batch, from);
    }

    /** Makes a batch of all elements but some, in the lane's write buffer. */
    UnsafeBuffer without(
            final Lane lane,
            final UnsafeBuffer batch,
            final int from,
            final int count,
            final long slotOffset,
            final long ref) {
        final int cutFrom = BatchBlock.entry(batch, from);
        final int cutTo = BatchBlock.entry(batch, from + count);
        final int end = BlockDescriptor.length(batch, 0);
        final int length = end - (cutTo - cutFrom);
        final UnsafeBuffer left = lane.writeBuffer(length);
        left.putBytes(0, batch, 0, cutFrom);
        left.putBytes(cutFrom, batch, cutTo, end - cutTo);
        final int others = BatchBlock.count(batch, 0) - count;
        BatchBlock.seal(left, length, others, BatchBlock.slots(batch, 0), table.structure(), slotOffset, ref);
        return left;
    }

    /**
     * Takes one element of a batch, wherever it is in it by now.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param scratch its result is used
     * @param slotOffset of the batch
     * @param number of the element
     * @return false if somebody else took it
     */
    boolean remove(
            final Lane lane,
            final Operation operation,
            final Scratch scratch,
            final long slotOffset,
            final int number) {
        for (; ; ) {
            final long word = lane.readLink(operation, slotOffset);
            if (QueueLayout.isTaken(word)) {
                return false;
            }
            final UnsafeBuffer batch = read(lane, operation, scratch.result, slotOffset, word);
            final int place = BatchBlock.indexOf(batch, number);
            if (place < 0) {
                return false;
            }
            confirmLease(lane, operation, slotOffset, word);
            if (BatchBlock.count(batch, 0) > 1
                    ? swapWithout(lane, operation, batch, place, 1, slotOffset, word) != LinkWord.UNINIT
                    : swapLast(lane, operation, batch, slotOffset, word)) {
                return true;
            }
        }
    }

    private boolean swapLast(
            final Lane lane,
            final Operation operation,
            final UnsafeBuffer batch,
            final long slotOffset,
            final long word) {
        table.tail().addCovers(lane, slotOffset, 1, BatchBlock.slots(batch, 0));
        final Commit commit = lane.commit();
        final long taken = QueueLayout.takenWord(table.session().index(), lane.index(), commit.sequence());
        return commit.begin(OperationCode.QUEUE_REMOVE, table.structure(), slotOffset, word, taken)
                .free(ref(lane, slotOffset, word))
                .post(operation);
    }

    /** Reads a batch that is in a slot, or was under this pin. */
    UnsafeBuffer read(
            final Lane lane,
            final Operation operation,
            final GrowingBuffer target,
            final long slotOffset,
            final long word) {
        final UnsafeBuffer buffer = tryRead(lane, operation, target, slotOffset, word);
        if (buffer == null) {
            throw Blocks.damagedBlock(
                    BlockDescriptor.BATCH, LinkWord.offset(word), slotOffset, table.where() + " " + slotOffset);
        }
        return buffer;
    }

    /** The same; returns null if it is damaged. */
    UnsafeBuffer tryRead(
            final Lane lane,
            final Operation operation,
            final GrowingBuffer target,
            final long slotOffset,
            final long word) {
        final UnsafeBuffer buffer = addRead(lane, target, slotOffset, word);
        lane.chain().post(operation);
        return isWhole(buffer, slotOffset, word) ? buffer : null;
    }

    private UnsafeBuffer addRead(final Lane lane, final GrowingBuffer target, final long slotOffset, final long word) {
        final long ref = ref(lane, slotOffset, word);
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        final UnsafeBuffer buffer = target.ensure(bytes);
        lane.chain().read(BlockRef.offset(ref), buffer, 0, bytes);
        return buffer;
    }

    private boolean isWhole(final UnsafeBuffer buffer, final long slotOffset, final long word) {
        final int bytes = SizeClasses.bytes(LinkWord.blockClass(word));
        return BatchBlock.isWhole(buffer, 0, bytes, table.structure(), slotOffset, word);
    }

    private static long ref(final Lane lane, final long slotOffset, final long word) {
        return SlotWord.requireBatchRef(lane.geometry(), word, slotOffset);
    }
}
