package io.rallocator.collections;

import java.util.Arrays;
import org.agrona.DirectBuffer;

/** Entries that were collected from a map, as bytes, to be decoded when no lane is held. */
final class ScanBatch {
    /** Collecting stops when a batch has so many bytes: a lane is not held for long. */
    static final int FULL_BYTES = 1 << 20;

    private static final int FIELDS = 4;
    private static final int KEY_INDEX = 0;
    private static final int KEY_LENGTH = 1;
    private static final int VALUE_INDEX = 2;
    private static final int VALUE_LENGTH = 3;

    private final GrowingBuffer bytes = new GrowingBuffer();
    private int[] entries = new int[64 * FIELDS];
    private int count;
    private int used;

    void clear() {
        count = 0;
        used = 0;
    }

    int count() {
        return count;
    }

    boolean isFull() {
        return used >= FULL_BYTES;
    }

    GrowingBuffer bytes() {
        return bytes;
    }

    DirectBuffer buffer() {
        return bytes.buffer();
    }

    /** Takes room at the end. */
    int reserve(final int length) {
        final int at = used;
        bytes.ensure(at + length);
        used += length;
        return at;
    }

    int copy(final DirectBuffer source, final int index, final int length) {
        final int at = reserve(length);
        bytes.buffer().putBytes(at, source, index, length);
        return at;
    }

    void add(final int keyIndex, final int keyLength, final int valueIndex, final int valueLength) {
        final int at = count * FIELDS;
        if (at == entries.length) {
            entries = Arrays.copyOf(entries, 2 * at);
        }
        entries[at + KEY_INDEX] = keyIndex;
        entries[at + KEY_LENGTH] = keyLength;
        entries[at + VALUE_INDEX] = valueIndex;
        entries[at + VALUE_LENGTH] = valueLength;
        count++;
    }

    int keyIndex(final int entry) {
        return entries[entry * FIELDS + KEY_INDEX];
    }

    int keyLength(final int entry) {
        return entries[entry * FIELDS + KEY_LENGTH];
    }

    int valueIndex(final int entry) {
        return entries[entry * FIELDS + VALUE_INDEX];
    }

    int valueLength(final int entry) {
        return entries[entry * FIELDS + VALUE_LENGTH];
    }
}
