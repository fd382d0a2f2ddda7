package io.rallocator.persistence;

/**
 * One entry of the slab table, used at the first unit of each slab.
 *
 * <pre>
 *  0   owner: checked word {generation 20 | incarnation 20 | session 10 | state 3}    compare-and-swap
 *  8   info:  checked word {wear 32 | free hint 8 | block class 8 | slab class 4}      agent; who orphans it
 * </pre>
 *
 * The states and who moves a slab from one to the next:
 *
 * <pre>
 *  FREE ──agent──► RESERVED ──agent, on seeing the claim──► OWNED ──agent, on a free request──► LIMBO ──two epochs──► FREE
 *                     └────agent takes it back────► FREE      │ close, or recovery by way of RECOVERING
 *                                                             ▼
 *                                                          ORPHANED ──any worker──► OWNED, ──agent, when empty──► LIMBO
 * </pre>
 */
public final class SlabTableDescriptor {
    /** Size of an entry. */
    public static final int BYTES = 16;

    /** Offset of the owner word. */
    public static final int OWNER_OFFSET = 0;

    /** Offset of the info word. */
    public static final int INFO_OFFSET = 8;

    /** State: nobody's. */
    public static final int FREE = 0;

    /** State: bit set, published or about to be. */
    public static final int RESERVED = 1;

    /** State: a session's. */
    public static final int OWNED = 2;

    /** State: given back, waits for two epochs. */
    public static final int LIMBO = 3;

    /** State: holds blocks, has no owner. */
    public static final int ORPHANED = 4;

    /** State: a dead session's, being recovered by the session in the word. */
    public static final int RECOVERING = 5;

    /** Generations count up to this and begin again. */
    public static final int MAX_GENERATION = (1 << 20) - 1;

    /** Owner of the slabs that no session owns. */
    public static final int NO_SESSION = 1023;

    private static final String[] NAMES = {"free", "reserved", "owned", "limbo", "orphaned", "recovering"};

    private SlabTableDescriptor() {}

    /**
     * An owner word.
     *
     * @param state one of the states
     * @param session the owner, or {@link #NO_SESSION}
     * @param incarnation of the owner
     * @param generation of the slab
     * @return the word
     */
    public static long ownerWord(final int state, final int session, final int incarnation, final int generation) {
        return CheckedWord.of(
                state | (long) session << 3 | (long) incarnation << 13 | (long) (generation & MAX_GENERATION) << 33);
    }

    /**
     * Verifies an owner word.
     *
     * @param word as read
     * @param offset where
     * @return the same word
     * @throws CorruptedPoolException if it is damaged
     */
    public static long checkOwner(final long word, final long offset) {
        CheckedWord.payload(word, "slab table entry", offset);
        return word;
    }

    /**
     * State of an owner word.
     *
     * @param word an owner word
     * @return one of the states
     */
    public static int state(final long word) {
        return (int) word & 7;
    }

    /**
     * Name of a state.
     *
     * @param state one of the states
     * @return a word for people
     */
    public static String stateName(final int state) {
        return state < NAMES.length ? NAMES[state] : "state " + state;
    }

    /**
     * Session of an owner word.
     *
     * @param word an owner word
     * @return the owner
     */
    public static int session(final long word) {
        return (int) (word >>> 3) & 1023;
    }

    /**
     * Incarnation of an owner word.
     *
     * @param word an owner word
     * @return of the owner
     */
    public static int incarnation(final long word) {
        return (int) (word >>> 13) & SessionDescriptor.MAX_INCARNATION;
    }

    /**
     * Generation of an owner word.
     *
     * @param word an owner word
     * @return of the slab
     */
    public static int generation(final long word) {
        return (int) (word >>> 33) & MAX_GENERATION;
    }

    /**
     * An info word.
     *
     * @param slabClass of the slab
     * @param blockClass of its blocks, when known
     * @param freeHint about how many 255ths of its blocks are free
     * @param wear how often it was handed out
     * @return the word
     */
    public static long infoWord(final int slabClass, final int blockClass, final int freeHint, final long wear) {
        return CheckedWord.of(
                slabClass | (long) blockClass << 4 | (long) freeHint << 12 | Math.min(wear, 0xFFFF_FFFFL) << 20);
    }

    /**
     * Slab class of an info word.
     *
     * @param word an info word
     * @return index for {@link PoolGeometry#slabBytes(int)}
     */
    public static int slabClass(final long word) {
        return (int) word & 15;
    }

    /**
     * Block class of an info word.
     *
     * @param word an info word
     * @return index for {@link SizeClasses}
     */
    public static int blockClass(final long word) {
        return (int) (word >>> 4) & 255;
    }

    /**
     * Free hint of an info word.
     *
     * @param word an info word
     * @return about how many 255ths of its blocks are free
     */
    public static int freeHint(final long word) {
        return (int) (word >>> 12) & 255;
    }

    /**
     * Wear of an info word.
     *
     * @param word an info word
     * @return how often the slab was handed out
     */
    public static long wear(final long word) {
        return (word >>> 20) & 0xFFFF_FFFFL;
    }
}
