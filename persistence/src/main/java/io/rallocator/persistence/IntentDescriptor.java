package io.rallocator.persistence;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A durable intent: what one operation is about to do with one compare-and-swap (I9, I10, I11). It is persisted in the
 * commit chain before the swap. Each lane of a session has two slots; operation n uses slot n mod 2, and is posted only
 * after the freed marks of operation n − 1 went ahead of it in the same chain.
 *
 * <pre>
 *  0    CRC32C of bytes 4 … 71 and of the references (4)
 *  4    operation 8 | blocks allocated 8 | blocks freed 8 | further words 8
 *  8    sequence of the lane (8)
 *  16   incarnation of the session (4) | structure (4)
 *  24   link: offset of the word
 *  32   word before
 *  40   word after
 *  48   stripe: offset of the size counter, 0 for none
 *  56   stripe before
 *  64   stripe after
 *  72   references: allocated ones, then freed ones, at most 22
 *  248  outcome: 0 not known; checked word {sequence 53 | settled 1 | outcome 2}
 * </pre>
 *
 * An operation with further words takes a run: the new word is swapped into as many words behind the link as well, each by
 * itself, and each that had it took effect. The i-th freed block is the one that the i-th word led to; nothing is allocated.
 *
 * <p>Recovery writes an outcome before it marks blocks. The worker writes one, settled, when everything that the operation
 * owes is durable and before it announces a newer epoch: then the blocks may be reused, and recovery must not look.
 */
public final class IntentDescriptor {
    /** Size of a slot. */
    public static final int BYTES = 256;

    /** Offset of the counts. */
    public static final int COUNTS_OFFSET = 4;

    /** Offset of the sequence. */
    public static final int SEQUENCE_OFFSET = 8;

    /** Offset of the incarnation. */
    public static final int INCARNATION_OFFSET = 16;

    /** Offset of the structure. */
    public static final int STRUCTURE_OFFSET = 20;

    /** Offset of the link's address. */
    public static final int LINK_OFFSET = 24;

    /** Offset of the word before. */
    public static final int OLD_WORD_OFFSET = 32;

    /** Offset of the word after. */
    public static final int NEW_WORD_OFFSET = 40;

    /** Offset of the stripe's address. */
    public static final int STRIPE_OFFSET = 48;

    /** Offset of the stripe's word before. */
    public static final int STRIPE_OLD_OFFSET = 56;

    /** Offset of the stripe's word after. */
    public static final int STRIPE_NEW_OFFSET = 64;

    /** Offset of the first reference. */
    public static final int REFS_OFFSET = 72;

    /** Offset of the outcome word. */
    public static final int OUTCOME_OFFSET = 248;

    /** Most references in one intent. */
    public static final int MAX_REFS = (OUTCOME_OFFSET - REFS_OFFSET) / 8;

    /** Outcome: the operation happened. */
    public static final int HAPPENED = 1;

    /** Outcome: the operation did not happen. */
    public static final int DID_NOT_HAPPEN = 2;

    /** Flag in an outcome: nothing is left to do, the blocks may belong to others by now. */
    public static final int SETTLED = 4;

    private static final int OUTCOME_BITS = 3;
    private static final int OUTCOME_MASK = (1 << OUTCOME_BITS) - 1;

    private IntentDescriptor() {}

    /**
     * An outcome word.
     *
     * @param sequence of the operation
     * @param outcome {@link #HAPPENED} or {@link #DID_NOT_HAPPEN}, perhaps with {@link #SETTLED}
     * @return the word
     */
    public static long outcomeWord(final long sequence, final int outcome) {
        return CheckedWord.of((sequence << OUTCOME_BITS & CheckedWord.PAYLOAD_MASK) | outcome);
    }

    /**
     * Tells whether a word can be an outcome.
     *
     * @param word as read
     * @return false if it is damaged
     */
    public static boolean isOutcome(final long word) {
        final int outcome = (int) word & OUTCOME_MASK & ~SETTLED;
        return word == 0 || CheckedWord.isValid(word) && (outcome == HAPPENED || outcome == DID_NOT_HAPPEN);
    }

    /**
     * What became of an operation, as far as it was written down. The word of an earlier operation, left by a torn write
     * of this one, does not count.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @return 0 if it is not known, else {@link #HAPPENED} or {@link #DID_NOT_HAPPEN}, perhaps with {@link #SETTLED}
     */
    public static int outcome(final DirectBuffer buffer, final int index) {
        final long word = buffer.getLong(index + OUTCOME_OFFSET);
        final int outcome = (int) word & OUTCOME_MASK;
        return word == outcomeWord(buffer.getLong(index + SEQUENCE_OFFSET), outcome) ? outcome : 0;
    }

    /**
     * Tells whether an intent is over and its blocks may belong to others.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @return true if its worker settled it
     */
    public static boolean isSettled(final DirectBuffer buffer, final int index) {
        return (outcome(buffer, index) & SETTLED) != 0;
    }

    /**
     * Writes counts and CRC over a slot whose other fields are in place.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @param operation code, 1 … 255
     * @param allocated count of references
     * @param freed count of references
     */
    public static void seal(
            final MutableDirectBuffer buffer,
            final int index,
            final int operation,
            final int allocated,
            final int freed) {
        seal(buffer, index, operation, allocated, freed, 1);
    }

    /**
     * Writes counts and CRC over a slot whose other fields are in place.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @param operation code, 1 … 255
     * @param allocated count of references
     * @param freed count of references
     * @param words how many words, from the link on, the operation swaps
     */
    public static void seal(
            final MutableDirectBuffer buffer,
            final int index,
            final int operation,
            final int allocated,
            final int freed,
            final int words) {
        assert allocated + freed <= MAX_REFS : allocated + freed;
        assert words == 1 || allocated == 0 && words == freed : words;
        buffer.putInt(index + COUNTS_OFFSET, operation | allocated << 8 | freed << 16 | words - 1 << 24);
        buffer.putLong(index + OUTCOME_OFFSET, 0);
        buffer.putInt(index, crc(buffer, index, allocated + freed));
    }

    /**
     * Tells whether a slot holds a whole intent.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @return false for a slot that was never written, or is torn
     */
    public static boolean isValid(final DirectBuffer buffer, final int index) {
        final int refs = allocated(buffer, index) + freed(buffer, index);
        return refs <= MAX_REFS && operation(buffer, index) != 0 && buffer.getInt(index) == crc(buffer, index, refs);
    }

    private static int crc(final DirectBuffer buffer, final int index, final int refs) {
        return Crc32c.of(buffer, index + COUNTS_OFFSET, REFS_OFFSET - COUNTS_OFFSET + 8 * refs);
    }

    /**
     * Operation code.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @return 1 … 255
     */
    public static int operation(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + COUNTS_OFFSET) & 0xFF;
    }

    /**
     * How many references name new blocks.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @return count
     */
    public static int allocated(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + COUNTS_OFFSET) >>> 8 & 0xFF;
    }

    /**
     * How many references name replaced blocks.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @return count
     */
    public static int freed(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + COUNTS_OFFSET) >>> 16 & 0xFF;
    }

    /**
     * How many words, from the link on, the operation swaps.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @return 1, or more for a run
     */
    public static int words(final DirectBuffer buffer, final int index) {
        return (buffer.getInt(index + COUNTS_OFFSET) >>> 24) + 1;
    }

    /**
     * One reference.
     *
     * @param buffer holds the slot
     * @param index where it begins
     * @param position from 0: allocated ones first
     * @return a {@link BlockRef}
     */
    public static long ref(final DirectBuffer buffer, final int index, final int position) {
        return buffer.getLong(index + REFS_OFFSET + 8 * position);
    }
}
