package io.rallocator.persistence;

/**
 * The word that keeps the global epoch where it is: 0, or a checked word of {@code epoch << 16 | root}. It outlives the
 * process that set it, so that what was freed meanwhile is still whole when another goes on with its work.
 */
public final class EpochHold {
    private static final int ROOT_BITS = 16;
    private static final int ROOT_MASK = (1 << ROOT_BITS) - 1;

    private EpochHold() {}

    /**
     * Makes a word.
     *
     * @param epoch beyond which nobody may advance
     * @param root index of the structure for whose sake
     * @return the word, not 0
     */
    public static long of(final long epoch, final int root) {
        return CheckedWord.of(epoch << ROOT_BITS | root);
    }

    /**
     * Tells whether the epoch may advance.
     *
     * @param word as read
     * @return false while it is held, and if the word is damaged, until the blade writes it anew
     */
    public static boolean isOpen(final long word) {
        return word == 0;
    }

    /**
     * Tells whether a word is 0 or whole.
     *
     * @param word as read
     * @return false if it is damaged
     */
    public static boolean isValid(final long word) {
        return word == 0 || CheckedWord.isValid(word);
    }

    /**
     * For whose sake the epoch is held.
     *
     * @param word valid and not 0
     * @return root index
     */
    public static int root(final long word) {
        return (int) (word & ROOT_MASK);
    }
}
