package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The end of a queue where elements enter: finds the first empty slot, every earlier one having been seen filled, and swaps
 * the element in. The last segment full, it appends one.
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class QueueTail {
    private static final Operation OFFER = Operation.named("queue.offer");
    private static final Operation SEGMENT = Operation.named("queue.segment");

    private final QueueTable table;
    private final QueueLayout layout;
    private final PositionHint hint = new PositionHint();

    QueueTail(final QueueTable table) {
        this.table = table;
        this.layout = table.layout();
    }

    /**
     * Goes to the first empty slot, or behind the last segment.
     *
     * @param lane held
     * @param position is set
     */
    void find(final Lane lane, final Position position) {
        table.reader().open(lane, OFFER, table.tailOffset(), hint, position, false);
        for (; ; ) {
            final long next;
            if (position.slot < layout.slots()) {
                final int before = position.slot;
                next = table.reader().look(lane, OFFER, position, false);
                if (position.slot == before) {
                    return;
                }
            } else {
                next = lane.readLink(OFFER, position.segment + QueueLayout.NEXT_OFFSET);
            }
            if (position.slot == layout.slots()) {
                if (next == LinkWord.UNINIT) {
                    return;
                }
                table.reader().enterNext(lane, OFFER, next, position, false);
            }
        }
    }

    /**
     * Adds a batch of elements, or a single one, by one swap of one slot.
     *
     * @param lane held
     * @param scratch has them as its offered batch
     * @return false if the queue was full
     */
    boolean offer(final Lane lane, final Scratch scratch) {
        final OfferedBatch batch = scratch.offered;
        final int bytes = batch.bytes();
        final Position position = scratch.position;
        if (!hint.load(position) || position.epoch != lane.epoch()) {
            table.reader().open(lane, OFFER, table.tailOffset(), hint, position, false);
        }
        long ref = 0;
        try {
            while (table.head().admits(lane, scratch.otherEnd, place(position))) {
                if (position.slot == layout.slots()) {
                    toNextSegment(lane, position);
                    continue;
                }
                final long allocated = ref == 0 ? lane.allocate(bytes) : ref;
                ref = 0; // if the fabric fails, whether it is linked is for recovery to find out
                if (post(lane, batch, allocated, position)) {
                    position.advance();
                    hint.store(position);
                    return true;
                }
                ref = allocated;
                position.advance();
                if (position.slot < layout.slots()) {
                    table.reader().look(lane, OFFER, position, false);
                }
            }
            return false;
        } finally {
            if (ref != 0) {
                lane.discard(ref);
            }
        }
    }

    private long place(final Position position) {
        return position.ordinal * layout.slots() + position.slot;
    }

    private boolean post(final Lane lane, final OfferedBatch batch, final long ref, final Position position) {
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        final long word = batch.seal(table.structure(), slotOffset, ref);
        return lane.commit()
                .begin(OperationCode.QUEUE_OFFER, table.structure(), slotOffset, QueueLayout.EMPTY, word)
                .allocate(ref, batch.image(), batch.index(), batch.bytes())
                .post(OFFER);
    }

    // ---- segments

    /** From a full segment to the next, which is appended if there is none. */
    private void toNextSegment(final Lane lane, final Position position) {
        long next = lane.readLink(SEGMENT, position.segment + QueueLayout.NEXT_OFFSET);
        if (next == LinkWord.UNINIT) {
            next = append(lane, position);
        }
        advance(lane, position.segment, next);
        table.reader().enterNext(lane, SEGMENT, next, position, false);
    }

    /** Returns the link to the next segment, whoever appended it. */
    private long append(final Lane lane, final Position position) {
        final int bytes = layout.segmentBytes();
        final long ref = lane.allocate(bytes);
        final UnsafeBuffer block = lane.writeBuffer(bytes);
        block.setMemory(0, bytes, (byte) 0);
        QueueLayout.sealSegment(block, 0, table.structure(), position.ordinal + 1, ref);
        final long link = LinkWord.pointTo(LinkWord.UNINIT, BlockRef.pointer(ref));
        final Commit commit = lane.commit()
                .begin(
                        OperationCode.QUEUE_SEGMENT,
                        table.structure(),
                        position.segment + QueueLayout.NEXT_OFFSET,
                        LinkWord.UNINIT,
                        link)
                .asHelp()
                .allocate(ref, block, 0, bytes);
        if (commit.post(SEGMENT)) {
            return link;
        }
        lane.discard(ref);
        return commit.witness();
    }

    /**
     * Moves the root's tail off a segment that is full. Anyone does it: a tail that lags is only slower, but head must not
     * leave a segment while tail is on it.
     *
     * @param lane held
     * @param segment offset of the full one
     * @param next link to the one after it
     */
    void advance(final Lane lane, final long segment, final long next) {
        final Chain chain = lane.chain();
        final long word = lane.readLink(SEGMENT, table.tailOffset());
        if (LinkWord.offset(word) == segment) {
            chain.swapLink(table.tailOffset(), word, LinkWord.pointTo(word, BlockRef.pointer(next)));
            chain.persist().post(SEGMENT);
        }
    }
}
