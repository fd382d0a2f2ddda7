package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.LinkWord;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Elements that one producer offered together, in order; immutable. Whoever takes some of them puts a block with the others in
 * its place.
 *
 * <pre>
 *  0    block header, kind BATCH, locator = address of the slot word in units of 8 bytes
 *  16   checked word: count, 1 … 64 (8) | slots that it covers − 1 (8)
 *  24   for each element: its number in what was offered (4), length (4), bytes
 * </pre>
 */
final class BatchBlock {
    /** Most elements of a batch. */
    static final int MOST_ELEMENTS = 64;

    /** Most bytes of a batch of several: who takes one element writes the others again. */
    static final int MOST_BYTES = 4096;

    static final int COUNT_OFFSET = BlockDescriptor.HEADER_BYTES;
    static final int ENTRIES_OFFSET = COUNT_OFFSET + Long.BYTES;
    static final int ENTRY_HEADER_BYTES = 2 * Integer.BYTES;

    private static final int LENGTH_OFFSET = Integer.BYTES;
    private static final int SLOTS_SHIFT = 8;
    private static final int COUNT_MASK = 0xFF;

    private BatchBlock() {}

    static void putEntryHeader(final MutableDirectBuffer block, final int entry, final int number, final int length) {
        block.putInt(entry, number);
        block.putInt(entry + LENGTH_OFFSET, length);
    }

    /** Number of an element whose bytes begin at an index. */
    static int numberAt(final DirectBuffer buffer, final int valueIndex) {
        return buffer.getInt(valueIndex - ENTRY_HEADER_BYTES);
    }

    /** Bytes of the element of an entry. */
    static int valueLength(final DirectBuffer buffer, final int entry) {
        return buffer.getInt(entry + LENGTH_OFFSET);
    }

    static int valueIndex(final int entry) {
        return entry + ENTRY_HEADER_BYTES;
    }

    /** Where the entry behind an entry begins. */
    static int next(final DirectBuffer buffer, final int entry) {
        return valueIndex(entry) + valueLength(buffer, entry);
    }

    static long countWord(final int count, final int slots) {
        return CheckedWord.of((slots - 1L) << SLOTS_SHIFT | count);
    }

    static boolean isCount(final long word) {
        return CheckedWord.isValid(word)
                && (word & CheckedWord.PAYLOAD_MASK) >>> 2 * SLOTS_SHIFT == 0
                && count(word) >= 1
                && count(word) <= MOST_ELEMENTS
                && slots(word) <= MOST_ELEMENTS;
    }

    static int count(final long word) {
        return (int) word & COUNT_MASK;
    }

    /** Slots that a batch covers: 1 in a queue without a bound, else as many as it had elements. */
    static int slots(final long word) {
        return ((int) word >>> SLOTS_SHIFT & COUNT_MASK) + 1;
    }

    static int slots(final DirectBuffer buffer, final int index) {
        return slots(buffer.getLong(index + COUNT_OFFSET));
    }

    static int count(final DirectBuffer buffer, final int index) {
        return count(buffer.getLong(index + COUNT_OFFSET));
    }

    static void seal(
            final MutableDirectBuffer block,
            final int length,
            final int count,
            final int slots,
            final int structure,
            final long slotOffset,
            final long ref) {
        block.putLong(COUNT_OFFSET, countWord(count, slots));
        BlockDescriptor.seal(block, 0, length, BlockDescriptor.BATCH, structure, slotOffset >>> 3, ref);
    }

    /** Tells whether a block is the batch that a slot leads to, and its entries fill it. */
    static boolean isWhole(
            final DirectBuffer buffer,
            final int index,
            final int available,
            final int structure,
            final long slotOffset,
            final long word) {
        return Blocks.isExpected(buffer, index, available, BlockDescriptor.BATCH, structure, slotOffset >>> 3)
                && SlotWord.leadsToBatch(word, buffer, index)
                && hasWholeEntries(buffer, index);
    }

    /** Of a block whose CRC is right. */
    static boolean hasWholeEntries(final DirectBuffer buffer, final int index) {
        final int end = index + BlockDescriptor.length(buffer, index);
        if (end - index < ENTRIES_OFFSET || !isCount(buffer.getLong(index + COUNT_OFFSET))) {
            return false;
        }
        int entry = index + ENTRIES_OFFSET;
        for (int i = count(buffer, index); i > 0; i--) {
            if (end - entry < ENTRY_HEADER_BYTES
                    || valueLength(buffer, entry) < 0
                    || valueLength(buffer, entry) > end - valueIndex(entry)) {
                return false;
            }
            entry = next(buffer, entry);
        }
        return entry == end;
    }

    /** Where the n-th entry of a whole block begins; where the block ends for n = count. */
    static int entry(final DirectBuffer buffer, final int n) {
        int entry = ENTRIES_OFFSET;
        for (int i = 0; i < n; i++) {
            entry = next(buffer, entry);
        }
        return entry;
    }

    /** The place of the element with a number in a whole block, or -1. */
    static int indexOf(final DirectBuffer buffer, final int number) {
        int entry = ENTRIES_OFFSET;
        for (int i = 0; i < count(buffer, 0); i++) {
            if (buffer.getInt(entry) == number) {
                return i;
            }
            entry = next(buffer, entry);
        }
        return -1;
    }

    static boolean isBatch(final long word) {
        return LinkWord.isPointer(word) && SlotWord.isBatch(word);
    }
}
