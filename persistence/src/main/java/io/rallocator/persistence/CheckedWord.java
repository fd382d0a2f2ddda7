package io.rallocator.persistence;

/**
 * An 8-byte word that checks itself: 56 bits of payload and a CRC-8 of them. Mutable metadata that changes by single
 * atomic words carries its check with it, so any damage within one byte, and a zeroed page, is always noticed (I13).
 *
 * <pre>
 *   63      56 55                                                0
 *  +----------+--------------------------------------------------+
 *  |  check   |                     payload                      |
 *  +----------+--------------------------------------------------+
 * </pre>
 */
public final class CheckedWord {
    /** Bits of payload. */
    public static final int PAYLOAD_BITS = 56;

    /** Mask of the payload. */
    public static final long PAYLOAD_MASK = (1L << PAYLOAD_BITS) - 1;

    /** Initial remainder: makes the all-zero word invalid. */
    private static final int INITIAL = 0xA5;

    private static final byte[] TABLE = table();

    private CheckedWord() {}

    /**
     * Adds the check to a payload.
     *
     * @param payload 0 … 2^56 − 1
     * @return the word to store
     */
    public static long of(final long payload) {
        assert (payload & ~PAYLOAD_MASK) == 0 : "payload " + payload + " exceeds 56 bits";
        return payload | (long) check(payload) << PAYLOAD_BITS;
    }

    /**
     * Tells whether a word carries the right check.
     *
     * @param word as read
     * @return true if it does
     */
    public static boolean isValid(final long word) {
        return (int) (word >>> PAYLOAD_BITS) == check(word & PAYLOAD_MASK);
    }

    /**
     * Takes the payload out of a word after verifying it.
     *
     * @param word as read
     * @param what the name of the word for the message
     * @param offset where it was read
     * @return the payload
     * @throws CorruptedPoolException if the check is wrong
     */
    public static long payload(final long word, final String what, final long offset) {
        if (!isValid(word)) {
            throw new CorruptedPoolException("damaged " + what + " at offset " + offset + ": word 0x"
                    + Long.toHexString(word) + " fails its check; run `rallocator check`");
        }
        return word & PAYLOAD_MASK;
    }

    private static int check(final long payload) {
        int remainder = INITIAL;
        for (int shift = 0; shift < PAYLOAD_BITS; shift += 8) {
            remainder = TABLE[(remainder ^ (int) (payload >>> shift)) & 0xFF] & 0xFF;
        }
        return remainder;
    }

    private static byte[] table() {
        final byte[] table = new byte[256];
        for (int i = 0; i < 256; i++) {
            int value = i;
            for (int bit = 0; bit < 8; bit++) {
                value = (value & 0x80) != 0 ? (value << 1) ^ 0x07 : value << 1;
            }
            table[i] = (byte) value;
        }
        return table;
    }
}
