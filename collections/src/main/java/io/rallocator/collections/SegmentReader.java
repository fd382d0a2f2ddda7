package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads segments and elements. What is read through a link that was read under the same pin cannot have been reused;
 * what a hint from an older epoch leads to is trusted only after the root word, read before it in the same chain, was seen
 * to lead there, and the segment to have the same ordinal.
 *
 * <p>Threads: any; uses the lane's read buffer.
 */
final class SegmentReader {
    /** Slots that are read along with other words. */
    private static final int WINDOW = 64;

    private static final long NO_ORDINAL = -1;

    private final QueueTable table;
    private final QueueLayout layout;

    SegmentReader(final QueueTable table) {
        this.table = table;
        this.layout = table.layout();
    }

    /**
     * Goes to the segment of a root word. One chain if the hint is right, else two.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param rootWord offset of head or tail
     * @param hint where that end was, or null
     * @param position is set to the first slot that is not passed
     * @param passesTaken true to pass taken slots, false to pass filled ones
     */
    void open(
            final Lane lane,
            final Operation operation,
            final long rootWord,
            final PositionHint hint,
            final Position position,
            final boolean passesTaken) {
        final Chain chain = lane.chain();
        final int verb = chain.readLink(rootWord);
        final boolean hinted = hint != null && hint.load(position);
        final int window = hinted ? Math.min(WINDOW, layout.slots() - position.slot) : 0;
        final UnsafeBuffer buffer = lane.readBuffer(layout.segmentBytes());
        if (hinted) {
            chain.read(position.segment, buffer, 0, BlockDescriptor.HEADER_BYTES);
            chain.readLinks(
                    QueueLayout.slotOffset(position.segment, position.slot),
                    buffer,
                    QueueLayout.SLOTS_OFFSET,
                    window * Long.BYTES);
        }
        chain.post(operation);
        final long link = chain.result(verb);
        position.epoch = lane.epoch();
        if (hinted && LinkWord.offset(link) == position.segment && isSegment(buffer, position.ordinal)) {
            position.known = 0;
            pass(position, buffer, QueueLayout.SLOTS_OFFSET, window, passesTaken);
        } else {
            enter(lane, operation, link, rootWord, NO_ORDINAL, position, passesTaken);
        }
        if (!QueueLayout.isRootLink(link, position.ordinal)) {
            throw Blocks.damagedWord(link, rootWord);
        }
    }

    /**
     * Goes from a segment that is passed to the next one, which is read as a whole.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param next link to it
     * @param position is set to its first slot that is not passed
     * @param passesTaken true to pass taken slots, false to pass filled ones
     */
    void enterNext(
            final Lane lane,
            final Operation operation,
            final long next,
            final Position position,
            final boolean passesTaken) {
        final long linkOffset = position.segment + QueueLayout.NEXT_OFFSET;
        enter(lane, operation, next, linkOffset, position.ordinal + 1, position, passesTaken);
    }

    /**
     * The segment that {@link #enterNext}, or {@link #open} without a hint, has read, as a whole.
     *
     * @param lane that read it, and nothing since
     * @return valid until the lane's next operation
     */
    UnsafeBuffer lastSegment(final Lane lane) {
        return lane.readBuffer(layout.segmentBytes());
    }

    private void enter(
            final Lane lane,
            final Operation operation,
            final long link,
            final long linkOffset,
            final long ordinal,
            final Position position,
            final boolean passesTaken) {
        final int bytes = layout.segmentBytes();
        if (Blocks.targetBytes(lane.geometry(), link, linkOffset) < bytes) {
            throw Blocks.damagedWord(link, linkOffset);
        }
        final UnsafeBuffer buffer = lane.readBuffer(bytes);
        final int header = BlockDescriptor.HEADER_BYTES;
        lane.chain()
                .read(LinkWord.offset(link), buffer, 0, header)
                .readLinks(LinkWord.offset(link) + header, buffer, header, bytes - header)
                .post(operation);
        requireSegment(buffer, LinkWord.offset(link), linkOffset);
        if (ordinal != NO_ORDINAL && ordinal != BlockDescriptor.locator(buffer, 0)) {
            throw Blocks.damagedWord(link, linkOffset);
        }
        position.set(LinkWord.offset(link), BlockDescriptor.locator(buffer, 0), 0);
        position.epoch = lane.epoch();
        pass(position, buffer, QueueLayout.SLOTS_OFFSET, layout.slots(), passesTaken);
    }

    /**
     * Verifies the header of a segment.
     *
     * @param buffer holds it
     * @param segment its offset, for the message
     * @param linkOffset where the link to it was, for the message
     * @throws CorruptedPoolException if it is none
     */
    void requireSegment(final UnsafeBuffer buffer, final long segment, final long linkOffset) {
        if (!isSegment(buffer, BlockDescriptor.locator(buffer, 0))) {
            throw Blocks.damagedBlock(BlockDescriptor.SEGMENT, segment, linkOffset, table.where());
        }
    }

    /** Header only: it is where the CRC ends. */
    private boolean isSegment(final UnsafeBuffer buffer, final long ordinal) {
        return Blocks.isExpected(
                buffer, 0, BlockDescriptor.HEADER_BYTES, BlockDescriptor.SEGMENT, table.structure(), ordinal);
    }

    private static void pass(
            final Position position,
            final UnsafeBuffer buffer,
            final int index,
            final int count,
            final boolean passesTaken) {
        int passed = 0;
        while (passed < count && isPassed(buffer.getLong(index + passed * Long.BYTES), passesTaken)) {
            passed++;
        }
        position.advanceTo(position.slot + passed);
        if (passed > 0) {
            position.before = buffer.getLong(index + (passed - 1) * Long.BYTES);
        }
        if (passesTaken) {
            position.learn(buffer, index + passed * Long.BYTES, count - passed);
        }
    }

    private static boolean isPassed(final long word, final boolean passesTaken) {
        return passesTaken ? QueueLayout.isTaken(word) : word != QueueLayout.EMPTY;
    }

    /**
     * Reads the slots from a position on, then the segment's next link, in one chain, and passes what can be passed.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param position in a segment that is not passed completely; goes on
     * @param passesTaken true to pass taken slots, false to pass filled ones
     * @return the next link as it was after the slots were read
     */
    long look(final Lane lane, final Operation operation, final Position position, final boolean passesTaken) {
        final int window = Math.min(WINDOW, layout.slots() - position.slot);
        final UnsafeBuffer buffer = lane.readBuffer(WINDOW * Long.BYTES);
        final Chain chain = lane.chain();
        chain.readLinks(QueueLayout.slotOffset(position.segment, position.slot), buffer, 0, window * Long.BYTES);
        final int next = chain.readLink(position.segment + QueueLayout.NEXT_OFFSET);
        chain.post(operation);
        pass(position, buffer, 0, window, passesTaken);
        return chain.result(next);
    }

    /**
     * Adds a READ of the slots from one on, behind the position, to the lane's chain. The lane's read buffer is taken until
     * {@link #passWindow}.
     *
     * @param lane held
     * @param position in the segment
     * @param from first slot to read
     * @return false if the segment ends there
     */
    boolean addWindow(final Lane lane, final Position position, final int from) {
        final int window = Math.min(WINDOW, layout.slots() - from);
        if (window == 0) {
            return false;
        }
        final UnsafeBuffer buffer = lane.readBuffer(WINDOW * Long.BYTES);
        lane.chain().readLinks(QueueLayout.slotOffset(position.segment, from), buffer, 0, window * Long.BYTES);
        return true;
    }

    /**
     * Passes the taken slots at the beginning of the window that was read by {@link #addWindow}, and learns what follows.
     *
     * @param lane that read it
     * @param position at its first slot
     */
    void passWindow(final Lane lane, final Position position) {
        final int window = Math.min(WINDOW, layout.slots() - position.slot);
        pass(position, lane.readBuffer(WINDOW * Long.BYTES), 0, window, true);
    }

    // ---- elements

    /** Where the bytes of an element begin whose block begins at an index. */
    static int elementIndex(final int blockIndex) {
        return blockIndex + BlockDescriptor.HEADER_BYTES;
    }

    /** How many bytes an element has. */
    static int elementLength(final UnsafeBuffer buffer, final int blockIndex) {
        return BlockDescriptor.length(buffer, blockIndex) - BlockDescriptor.HEADER_BYTES;
    }

    /**
     * The element that a slot word leads to.
     *
     * @param geometry of the pool
     * @param word of the slot
     * @return its reference
     * @throws CorruptedPoolException if the word is impossible
     */
    static long elementRef(final PoolGeometry geometry, final long word, final long slotOffset) {
        return SlotWord.requireRef(geometry, word, slotOffset);
    }

    /** The element or batch that a slot word leads to. */
    static long blockRef(final PoolGeometry geometry, final long word, final long slotOffset) {
        return BatchBlock.isBatch(word)
                ? SlotWord.requireBatchRef(geometry, word, slotOffset)
                : elementRef(geometry, word, slotOffset);
    }

    static boolean isPossibleSlot(final PoolGeometry geometry, final long word) {
        return SlotWord.isPossible(geometry, word);
    }

    static boolean isElement(
            final UnsafeBuffer buffer,
            final int index,
            final int available,
            final int structure,
            final long slotOffset,
            final long word) {
        return Blocks.isExpected(buffer, index, available, BlockDescriptor.ELEMENT, structure, slotOffset >>> 3)
                && SlotWord.leadsTo(word, buffer, index);
    }
}
