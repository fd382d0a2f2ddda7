package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;

/**
 * A word of a session's free-request ring: {generation 16 | unit 28 | sequence + 1, 12 bits}, checked. The sequence tells
 * a new request from one of an earlier lap; the generation makes handling one twice harmless.
 */
final class FreeRequest {
    private static final int SEQUENCE_MASK = 0xFFF;
    private static final int UNIT_SHIFT = 12;
    private static final int UNIT_MASK = (1 << 28) - 1;
    private static final int GENERATION_SHIFT = 40;
    private static final int GENERATION_MASK = 0xFFFF;

    private FreeRequest() {}

    static long word(final long sequence, final int unit, final int generation) {
        return CheckedWord.of((sequence + 1 & SEQUENCE_MASK)
                | (long) unit << UNIT_SHIFT
                | (long) (generation & GENERATION_MASK) << GENERATION_SHIFT);
    }

    static boolean isRequest(final long word, final long sequence) {
        return word != 0 && CheckedWord.isValid(word) && ((word ^ sequence + 1) & SEQUENCE_MASK) == 0;
    }

    static int unit(final long word) {
        return (int) (word >>> UNIT_SHIFT) & UNIT_MASK;
    }

    static boolean matches(final long word, final int generation) {
        return ((int) (word >>> GENERATION_SHIFT) & GENERATION_MASK) == (generation & GENERATION_MASK);
    }
}
