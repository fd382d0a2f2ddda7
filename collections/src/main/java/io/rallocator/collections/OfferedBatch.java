package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import org.agrona.ExpandableArrayBuffer;

/** Encoded elements that are about to be offered together: the image of a {@link BatchBlock}. */
final class OfferedBatch {
    private ExpandableArrayBuffer image = new ExpandableArrayBuffer(BatchBlock.MOST_BYTES);
    private int count;
    private int length;

    void clear() {
        count = 0;
        length = BatchBlock.ENTRIES_OFFSET;
    }

    /** Lets go of a buffer that grew. */
    void trim(final int keptBytes) {
        if (image.capacity() > keptBytes) {
            image = new ExpandableArrayBuffer(BatchBlock.MOST_BYTES);
        }
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Tells whether an element can join those that are here. */
    boolean hasRoom(final int valueLength, final int mostBytes) {
        return count < BatchBlock.MOST_ELEMENTS && length + BatchBlock.ENTRY_HEADER_BYTES + valueLength <= mostBytes;
    }

    void add(final Scratch scratch) {
        BatchBlock.putEntryHeader(image, length, count, scratch.valueLength);
        image.putBytes(BatchBlock.valueIndex(length), scratch.value, Scratch.VALUE_INDEX, scratch.valueLength);
        length = BatchBlock.next(image, length);
        count++;
    }

    ExpandableArrayBuffer image() {
        return image;
    }

    /** Where the block to write begins: an element alone needs no batch, its header goes right before its bytes. */
    int index() {
        return count == 1 ? BatchBlock.valueIndex(BatchBlock.ENTRIES_OFFSET) - BlockDescriptor.HEADER_BYTES : 0;
    }

    int bytes() {
        return length - index();
    }

    /** Writes the header of the block for a slot; returns the slot's word. */
    long seal(final int structure, final long slotOffset, final long ref) {
        if (count > 1) {
            BatchBlock.seal(image, length, count, structure, slotOffset, ref);
            return SlotWord.ofBatch(ref);
        }
        BlockDescriptor.seal(image, index(), bytes(), BlockDescriptor.ELEMENT, structure, slotOffset >>> 3, ref);
        return QueueLayout.slotWord(ref);
    }
}
