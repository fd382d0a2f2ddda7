package io.rallocator.collections;

import org.agrona.DirectBuffer;

/** A place in a queue: a slot of a segment, and what is known of the slots from there on. */
final class Position {
    /** Slot words that are kept at most. */
    static final int MAX_KNOWN = Run.MOST;

    /** Offset of the segment, 0 if none was looked for yet. */
    long segment;

    /** Ordinal of the segment. */
    long ordinal;

    /** The slot; all before it are known to be filled (tail) or taken (head), which they stay. */
    int slot;

    /** What the slot before says, if it was looked at, else 0; not 0 may be a batch whose slots are not all covered yet. */
    long before;

    /** The epoch in which the segment was known to be linked. */
    long epoch;

    /** How many of the words are known: elements that were in the slots from {@link #slot} on, in this epoch. */
    int known;

    final long[] words = new long[MAX_KNOWN];
    private int first;

    void set(final long newSegment, final long newOrdinal, final int newSlot) {
        segment = newSegment;
        ordinal = newOrdinal;
        slot = newSlot;
        known = 0;
        before = 0;
    }

    /** One slot on. */
    void advance() {
        slot++;
        if (known > 0) {
            known--;
            first++;
        }
    }

    void advanceTo(final int newSlot) {
        slot = newSlot;
        known = 0;
    }

    /** The first known word. */
    long word() {
        return words[first];
    }

    /** Another word is in the slot by now, and known. */
    void replace(final long word) {
        words[first] = word;
    }

    /** A known word, 0 … {@link #known} − 1. */
    long word(final int i) {
        return words[first + i];
    }

    /** Keeps the elements at the beginning of a window of slots. */
    void learn(final DirectBuffer window, final int index, final int count) {
        first = 0;
        known = 0;
        while (known < MAX_KNOWN && known < count) {
            final long word = window.getLong(index + known * Long.BYTES);
            if (word == QueueLayout.EMPTY || QueueLayout.isTaken(word)) {
                return;
            }
            words[known++] = word;
        }
    }

    void copyFrom(final Position other) {
        segment = other.segment;
        ordinal = other.ordinal;
        slot = other.slot;
        before = other.before;
        epoch = other.epoch;
        known = other.known;
        first = 0;
        System.arraycopy(other.words, other.first, words, 0, known);
    }
}
