package io.rallocator.collections;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Where and as what an element was seen in a queue, in a batch in front of the element's block:
 * {@code place 8 | offset of the slot 8 | word of the slot 8}. The place is how many slots the queue has had before; no two
 * slots ever have the same.
 */
final class Sighting {
    static final int BYTES = 3 * Long.BYTES;

    private Sighting() {}

    static void put(
            final MutableDirectBuffer buffer,
            final int index,
            final long place,
            final long slotOffset,
            final long word) {
        buffer.putLong(index, place);
        buffer.putLong(index + 8, slotOffset);
        buffer.putLong(index + 16, word);
    }

    static long place(final DirectBuffer buffer, final int index) {
        return buffer.getLong(index);
    }

    static long slotOffset(final DirectBuffer buffer, final int index) {
        return buffer.getLong(index + 8);
    }

    static long word(final DirectBuffer buffer, final int index) {
        return buffer.getLong(index + 16);
    }
}
