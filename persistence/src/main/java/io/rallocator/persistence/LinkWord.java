package io.rallocator.persistence;

/**
 * The 8-byte word whose compare-and-swap commits an operation: it points to an immutable block, or says that there is
 * none. Every swap increments the version; setting or clearing a tag keeps it.
 *
 * <pre>
 *   63      49 48   46 45    40 39                                0
 *  +----------+-------+--------+-----------------------------------+
 *  | version  | state | class  |  offset in units of 8 bytes       |
 *  +----------+-------+--------+-----------------------------------+
 * </pre>
 *
 * State bits: {@link #FROZEN} (the word waits for a structural change that anyone finishes), {@link #DIRTY} (power
 * durability only: see {@link Links}), {@link #SPECIAL} (the offset field is not an offset: the structure gives it a meaning).
 * The all-zero word is {@link #UNINIT}.
 */
public final class LinkWord {
    /** A word that was never set. */
    public static final long UNINIT = 0;

    /** Tag: frozen for a structural change. */
    public static final long FROZEN = 1L << 46;

    /** Tag: not yet known to be durable (power durability). */
    public static final long DIRTY = 1L << 47;

    /** The low 40 bits are a value of the structure's own, not an offset. */
    public static final long SPECIAL = 1L << 48;

    /** Mask of the low 40 bits. */
    public static final long VALUE_MASK = (1L << 40) - 1;

    /** Offsets must stay below this: 8 TiB. */
    public static final long MAX_OFFSET = VALUE_MASK << 3;

    /** Mask of what a word leads to: neither tags nor version. */
    public static final long TARGET = (1L << 46) - 1 | SPECIAL;

    /** Mask of everything but the tags, which come and go. */
    public static final long EXACT = ~(FROZEN | DIRTY);

    /** Versions count up to this and begin again at 0. */
    public static final int VERSION_LIMIT = 1 << 15;

    private static final int CLASS_SHIFT = 40;
    private static final int VERSION_SHIFT = 49;
    private static final long VERSION_UNIT = 1L << VERSION_SHIFT;
    private static final long VERSION_MASK = -1L << VERSION_SHIFT;

    private LinkWord() {}

    /**
     * The word that succeeds {@code old} and points to a block.
     *
     * @param old the word that will be replaced
     * @param blockRef a {@link BlockRef}
     * @return the new word, without tags
     */
    public static long pointTo(final long old, final long blockRef) {
        return nextVersion(old) | BlockRef.pointer(blockRef);
    }

    /**
     * The word that succeeds {@code old} and carries a value of the structure's own.
     *
     * @param old the word that will be replaced
     * @param value 0 … 2^40 − 1
     * @return the new word
     */
    public static long special(final long old, final long value) {
        assert (value & ~VALUE_MASK) == 0 : value;
        return nextVersion(old) | SPECIAL | value;
    }

    private static long nextVersion(final long old) {
        return (old & VERSION_MASK) + VERSION_UNIT;
    }

    /**
     * Tells whether the word points to a block.
     *
     * @param word as read
     * @return true if it has an offset
     */
    public static boolean isPointer(final long word) {
        return (word & SPECIAL) == 0 && (word & VALUE_MASK) != 0;
    }

    /**
     * Tells whether the word carries a value of the structure's own.
     *
     * @param word as read
     * @return true if so
     */
    public static boolean isSpecial(final long word) {
        return (word & SPECIAL) != 0;
    }

    /**
     * Tells whether the word is frozen.
     *
     * @param word as read
     * @return true if so
     */
    public static boolean isFrozen(final long word) {
        return (word & FROZEN) != 0;
    }

    /**
     * The word without the tag that says it may not be durable.
     *
     * @param word as read
     * @return the word
     */
    public static long clean(final long word) {
        return word & ~DIRTY;
    }

    /**
     * The offset that the word points to.
     *
     * @param word a pointer
     * @return bytes, region-relative
     */
    public static long offset(final long word) {
        return (word & VALUE_MASK) << 3;
    }

    /**
     * The value in a {@link #SPECIAL} word.
     *
     * @param word as read
     * @return 0 … 2^40 − 1
     */
    public static long value(final long word) {
        return word & VALUE_MASK;
    }

    /**
     * The block class of the target.
     *
     * @param word a pointer
     * @return index for {@link SizeClasses}
     */
    public static int blockClass(final long word) {
        return (int) (word >>> CLASS_SHIFT) & 63;
    }

    /**
     * How often the word was swapped.
     *
     * @param word as read
     * @return 0 … {@link #VERSION_LIMIT} − 1
     */
    public static int version(final long word) {
        return (int) (word >>> VERSION_SHIFT);
    }

    /**
     * Tells whether two words lead to the same place: tags and versions do not count.
     *
     * @param a a word
     * @param b another
     * @return true if pointer (or special value) and class are equal
     */
    public static boolean sameTarget(final long a, final long b) {
        return ((a ^ b) & TARGET) == 0;
    }
}
