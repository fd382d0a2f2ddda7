package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.LinkWord;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * An element that a consumer has received; immutable.
 *
 * <pre>
 *  0    block header, kind LEASE, locator = address of the lease word in units of 8 bytes
 *  16   what the slot says once the element has left it by this lease; of a lease that is confirmed without meaning
 *  24   offset of the slot (8)
 *  32   ordinal of its segment (8)
 *  40   session, −1 if nobody has the element (4) | its incarnation (4)
 *  48   deliveries, this one included (8)
 *  56   bytes of the element
 * </pre>
 */
final class LeaseBlock {
    static final int NOBODY = -1;
    static final int ELEMENT_OFFSET = 56;

    private static final int LEFT_WORD_OFFSET = BlockDescriptor.HEADER_BYTES;
    private static final int SLOT_OFFSET = LEFT_WORD_OFFSET + Long.BYTES;
    private static final int ORDINAL_OFFSET = SLOT_OFFSET + Long.BYTES;
    private static final int SESSION_OFFSET = ORDINAL_OFFSET + Long.BYTES;
    private static final int INCARNATION_OFFSET = SESSION_OFFSET + Integer.BYTES;
    private static final int DELIVERIES_OFFSET = INCARNATION_OFFSET + Integer.BYTES;

    private LeaseBlock() {}

    /** Says where the element is: it has not left yet. */
    static void putOrigin(
            final MutableDirectBuffer block, final long leftWord, final long slotOffset, final long ordinal) {
        block.putLong(LEFT_WORD_OFFSET, leftWord);
        block.putLong(SLOT_OFFSET, slotOffset);
        block.putLong(ORDINAL_OFFSET, ordinal);
    }

    static void putHolder(
            final MutableDirectBuffer block, final int session, final int incarnation, final int deliveries) {
        block.putInt(SESSION_OFFSET, session);
        block.putInt(INCARNATION_OFFSET, incarnation);
        block.putLong(DELIVERIES_OFFSET, deliveries);
    }

    static void seal(
            final MutableDirectBuffer block,
            final int length,
            final int structure,
            final long wordOffset,
            final long ref) {
        BlockDescriptor.seal(block, 0, length, BlockDescriptor.LEASE, structure, wordOffset >>> 3, ref);
    }

    /** Tells whether a block that was read is the one that a lease word leads to. */
    static boolean isWhole(
            final DirectBuffer block,
            final int available,
            final int structure,
            final long wordOffset,
            final long word) {
        return Blocks.isExpected(block, 0, available, BlockDescriptor.LEASE, structure, wordOffset >>> 3)
                && BlockDescriptor.length(block, 0) >= ELEMENT_OFFSET
                && SlotWord.leadsTo(word & ~LinkWord.FROZEN, block, 0);
    }

    static long leftWord(final DirectBuffer block, final int index) {
        return block.getLong(index + LEFT_WORD_OFFSET);
    }

    static long slotOffset(final DirectBuffer block, final int index) {
        return block.getLong(index + SLOT_OFFSET);
    }

    static long ordinal(final DirectBuffer block, final int index) {
        return block.getLong(index + ORDINAL_OFFSET);
    }

    static int session(final DirectBuffer block, final int index) {
        return block.getInt(index + SESSION_OFFSET);
    }

    static int incarnation(final DirectBuffer block, final int index) {
        return block.getInt(index + INCARNATION_OFFSET);
    }

    static int deliveries(final DirectBuffer block, final int index) {
        return block.getInt(index + DELIVERIES_OFFSET);
    }

    static int elementLength(final DirectBuffer block) {
        return BlockDescriptor.length(block, 0) - ELEMENT_OFFSET;
    }
}
