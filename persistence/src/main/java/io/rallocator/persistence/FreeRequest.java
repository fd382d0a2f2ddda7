package io.rallocator.persistence;

/**
 * A word of a session's free-request ring: a worker gives a slab back.
 *
 * <pre>
 *   63   56 55          40 39             12 11              0
 *  +-------+--------------+-----------------+-----------------+
 *  | check | generation   | first unit      | sequence + 1    |
 *  +-------+--------------+-----------------+-----------------+
 * </pre>
 *
 * Request n is in slot n mod {@link PoolGeometry#FREE_RING_CAPACITY}; zero was never written. The sequence tells a new
 * request from one of an earlier lap; the generation makes handling one twice harmless.
 */
public final class FreeRequest {
    private static final int SEQUENCE_MASK = 0xFFF;
    private static final int UNIT_SHIFT = 12;
    private static final int UNIT_MASK = (1 << 28) - 1;
    private static final int GENERATION_SHIFT = 40;
    private static final int GENERATION_MASK = 0xFFFF;

    private FreeRequest() {}

    /**
     * Makes a request.
     *
     * @param sequence of the request in its session's ring, from 0
     * @param unit first unit of the slab
     * @param generation of the slab
     * @return the word
     */
    public static long word(final long sequence, final int unit, final int generation) {
        return CheckedWord.of((sequence + 1 & SEQUENCE_MASK)
                | (long) unit << UNIT_SHIFT
                | (long) (generation & GENERATION_MASK) << GENERATION_SHIFT);
    }

    /**
     * Tells whether a word is the request of a sequence.
     *
     * @param word as read
     * @param sequence that the request must have
     * @return false for one of an earlier lap, a damaged one, or none
     */
    public static boolean isRequest(final long word, final long sequence) {
        return word != 0 && CheckedWord.isValid(word) && ((word ^ sequence + 1) & SEQUENCE_MASK) == 0;
    }

    /**
     * Tells whether a word can be in a slot at all.
     *
     * @param word as read
     * @param slot 0 … {@link PoolGeometry#FREE_RING_CAPACITY} − 1
     * @param units of the pool
     * @return false if it is damaged
     */
    static boolean isPossible(final long word, final int slot, final int units) {
        return word == 0
                || CheckedWord.isValid(word)
                        && ((word - 1 ^ slot) & PoolGeometry.FREE_RING_CAPACITY - 1) == 0
                        && unit(word) < units;
    }

    /**
     * The slab.
     *
     * @param word a request
     * @return its first unit
     */
    public static int unit(final long word) {
        return (int) (word >>> UNIT_SHIFT) & UNIT_MASK;
    }

    /**
     * Tells whether a request means this life of the slab.
     *
     * @param word a request
     * @param generation of the slab
     * @return true if so, as far as 16 bits tell
     */
    public static boolean matches(final long word, final int generation) {
        return ((int) (word >>> GENERATION_SHIFT) & GENERATION_MASK) == (generation & GENERATION_MASK);
    }
}
