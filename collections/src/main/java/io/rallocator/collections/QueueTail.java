package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The end of a queue where elements enter: finds the first empty slot, every earlier one having been seen filled or covered, and swaps
 * the element in. The last segment full, it appends one.
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class QueueTail {
    private static final Operation OFFER = Operation.named("queue.offer");
    private static final Operation SEGMENT = Operation.named("queue.segment");
    private static final Operation COVER = Operation.named("queue.cover");

    private final QueueTable table;
    private final QueueLayout layout;
    private final PositionHint hint = new PositionHint();

    QueueTail(final QueueTable table) {
        this.table = table;
        this.layout = table.layout();
    }

    /**
     * Goes to the first slot that is neither filled nor covered, or behind the last segment.
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
                    position.advanceTo(endOfBatch(lane, position));
                    if (position.slot < layout.slots()) {
                        return;
                    }
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
     * Adds elements by one swap of one slot: all that there is room for, which is all of them in a queue without a bound.
     *
     * @param lane held
     * @param scratch has them as its offered batch
     * @return how many of the first ones were added; 0 if the queue was full
     */
    int offer(final Lane lane, final Scratch scratch) {
        final OfferedBatch batch = scratch.offered;
        final Position position = scratch.position;
        if (!hint.load(position) || position.epoch != lane.epoch()) {
            table.reader().open(lane, OFFER, table.tailOffset(), hint, position, false);
        }
        long ref = 0;
        int elements = batch.count();
        try {
            for (; ; ) {
                coverLastBatch(lane, position);
                elements = table.head().room(lane, scratch.otherEnd, place(position), elements);
                if (elements == 0) {
                    return 0;
                }
                if (position.slot == layout.slots()) {
                    toNextSegment(lane, position);
                    continue;
                }
                final int slots = layout.isBounded() ? Math.min(elements, layout.slots() - position.slot) : 1;
                elements = layout.isBounded() ? slots : elements;
                final long allocated = ref == 0 ? lane.allocate(batch.bytes(elements)) : ref;
                ref = 0; // if the fabric fails, whether it is linked is for recovery to find out
                if (post(lane, batch, elements, slots, allocated, position)) {
                    passOwn(lane, position, slots);
                    return elements;
                }
                ref = allocated;
                position.advance();
                position.before = lane.commit().witness();
                if (position.slot < layout.slots()) {
                    table.reader().look(lane, OFFER, position, false);
                }
            }
        } finally {
            if (ref != 0) {
                lane.discard(ref);
            }
        }
    }

    private long place(final Position position) {
        return position.ordinal * layout.slots() + position.slot;
    }

    private boolean post(
            final Lane lane,
            final OfferedBatch batch,
            final int elements,
            final int slots,
            final long ref,
            final Position position) {
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        final long word = batch.seal(elements, slots, table.structure(), slotOffset, ref);
        return lane.commit()
                .begin(OperationCode.QUEUE_OFFER, table.structure(), slotOffset, QueueLayout.EMPTY, word)
                .allocate(ref, batch.image(), OfferedBatch.index(elements), batch.bytes(elements))
                .post(OFFER);
    }

    // ---- slots that a batch covers

    private void passOwn(final Lane lane, final Position position, final int slots) {
        if (slots > 1) {
            addCovers(lane, QueueLayout.slotOffset(position.segment, position.slot), 1, slots);
            lane.chain().persist().post(COVER);
        }
        position.advanceTo(position.slot + slots);
        position.before = 0;
        hint.store(position);
    }

    /**
     * Adds swaps of the slots that a batch covers from empty to COVERED to the lane's chain. Whoever did it before did the same.
     *
     * @param lane held
     * @param slotOffset of the batch
     * @param from first to be covered, counted from the batch
     * @param slots that it covers, its own included
     */
    void addCovers(final Lane lane, final long slotOffset, final int from, final int slots) {
        for (int i = from; i < slots; i++) {
            lane.chain().swapLink(slotOffset + (long) i * Long.BYTES, QueueLayout.EMPTY, SlotWord.COVERED);
        }
    }

    /** Before anything is put behind a batch whose producer may have stopped before it covered all its slots. */
    private void coverLastBatch(final Lane lane, final Position position) {
        final int end = endOfBatch(lane, position);
        if (end > position.slot) {
            final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
            addCovers(lane, slotOffset, 0, end - position.slot);
            lane.chain().persist().post(COVER);
            position.advanceTo(end);
        }
        position.before = 0;
    }

    /** The slot behind those of the batch that may be the last thing before a position; the position's own if there is none. */
    private int endOfBatch(final Lane lane, final Position position) {
        if (!layout.isBounded() || position.slot == layout.slots() || !QueueLayout.mayCover(position.before)) {
            return position.slot;
        }
        final int from = Math.max(0, position.slot - BatchBlock.MOST_ELEMENTS);
        final int count = position.slot - from;
        final UnsafeBuffer words = lane.readBuffer(count * Long.BYTES);
        lane.chain().readLinks(QueueLayout.slotOffset(position.segment, from), words, 0, count * Long.BYTES);
        lane.chain().post(COVER);
        int last = count - 1;
        while (last > 0 && words.getLong(last * Long.BYTES) == SlotWord.COVERED) {
            last--;
        }
        final long word = words.getLong(last * Long.BYTES);
        return BatchBlock.isBatch(word)
                ? Math.max(position.slot, from + last + table.head().slotsOf(lane, COVER, word))
                : position.slot; // taken, so all that it covered was covered before
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
