package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import org.agrona.ExpandableArrayBuffer;

/** Encoded elements that are about to be offered together, or some of the first of them: the image of a {@link BatchBlock}. */
final class OfferedBatch {
    private ExpandableArrayBuffer image = new ExpandableArrayBuffer(BatchBlock.MOST_BYTES);

    /** Where each entry begins, and where the last one ends: what {@link #seal} writes may lie over the first. */
    private final int[] entries = new int[BatchBlock.MOST_ELEMENTS + 1];

    private int count;

    void clear() {
        count = 0;
        entries[0] = BatchBlock.ENTRIES_OFFSET;
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

    int count() {
        return count;
    }

    /** Tells whether an element can join those that are here. */
    boolean hasRoom(final int valueLength, final int mostBytes) {
        return count < BatchBlock.MOST_ELEMENTS
                && entries[count] + BatchBlock.ENTRY_HEADER_BYTES + valueLength <= mostBytes;
    }

    void add(final Scratch scratch) {
        final int entry = entries[count];
        BatchBlock.putEntryHeader(image, entry, count, scratch.valueLength);
        image.putBytes(BatchBlock.valueIndex(entry), scratch.value, Scratch.VALUE_INDEX, scratch.valueLength);
        entries[++count] = BatchBlock.valueIndex(entry) + scratch.valueLength;
    }

    /** Forgets the first elements: they are in the queue. */
    void removeFirst(final int elements) {
        final int shift = entries[elements] - entries[0];
        final int left = entries[count] - entries[elements];
        image.putBytes(entries[0], image, entries[elements], left);
        count -= elements;
        for (int i = 0; i <= count; i++) {
            entries[i] = entries[i + elements] - shift;
        }
        putHeaders();
    }

    private void putHeaders() {
        for (int i = 0; i < count; i++) {
            BatchBlock.putEntryHeader(image, entries[i], i, entries[i + 1] - BatchBlock.valueIndex(entries[i]));
        }
    }

    // ---- the block of the first elements

    ExpandableArrayBuffer image() {
        return image;
    }

    /** Where it begins: an element alone needs no batch, its header goes right before its bytes. */
    static int index(final int elements) {
        return elements == 1 ? BatchBlock.valueIndex(BatchBlock.ENTRIES_OFFSET) - BlockDescriptor.HEADER_BYTES : 0;
    }

    int bytes(final int elements) {
        return entries[elements] - index(elements);
    }

    /** Writes its header for a slot; returns the slot's word. */
    long seal(final int elements, final int slots, final int structure, final long slotOffset, final long ref) {
        if (elements == 1) {
            BlockDescriptor.seal(image, index(1), bytes(1), BlockDescriptor.ELEMENT, structure, slotOffset >>> 3, ref);
            return QueueLayout.slotWord(ref);
        }
        putHeaders();
        BatchBlock.seal(image, bytes(elements), elements, slots, structure, slotOffset, ref);
        return SlotWord.ofBatch(ref);
    }
}
