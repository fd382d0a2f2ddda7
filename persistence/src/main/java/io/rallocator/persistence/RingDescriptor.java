package io.rallocator.persistence;

/**
 * The ring of one slab class: where the blade publishes slabs and workers take them by fetch-and-add (design section 5).
 *
 * <pre>
 *  0    sequencer: next ticket to give                       fetch-and-add by workers
 *  64   published: first ticket not yet published            checked word, agent
 *  128  slots of 16 bytes, ticket t in slot t mod capacity:
 *       0  claim: checked word {ticket 24 | state 2 | session 10 | incarnation 20}   agent, then one swap by the worker
 *       8  slab:  checked word {lap 8 | generation 20 | unit 28}                     agent
 * </pre>
 *
 * The lap is the ticket divided by the capacity: a worker that was paused between its swap and its READ of the slab word,
 * while the ring went round, notices that the word is another ticket's; so does a blade that died between writing the
 * slab word and the claim word.
 *
 * The truncated ticket exceeds the ring's size by 2^8 at least, and a claim by a ticket that wrapped is harmless: the
 * compare-and-swap alone transfers ownership (I4).
 */
public final class RingDescriptor {
    /** Offset of the sequencer. */
    public static final int SEQUENCER_OFFSET = 0;

    /** Offset of the published counter. */
    public static final int PUBLISHED_OFFSET = 64;

    /** Offset of the first slot. */
    public static final int SLOTS_OFFSET = 128;

    /** Size of a slot. */
    public static final int SLOT_BYTES = 16;

    /** Offset of the slab word in a slot. */
    public static final int SLAB_OFFSET = 8;

    /** Claim state: never published, or taken back: the holder of the ticket takes another. */
    public static final int WITHDRAWN = 0;

    /** Claim state: a slab waits for the ticket's holder. */
    public static final int PUBLISHED = 1;

    /** Claim state: taken by the session in the word. */
    public static final int CLAIMED = 2;

    /** Claim state: the blade had no slab for this ticket. */
    public static final int VOID = 3;

    private static final int TICKET_BITS = 24;
    private static final int TICKET_MASK = (1 << TICKET_BITS) - 1;
    private static final int STATE_SHIFT = 24;
    private static final int SESSION_SHIFT = 26;
    private static final int INCARNATION_SHIFT = 36;
    private static final int GENERATION_SHIFT = 28;
    private static final int LAP_SHIFT = 48;
    private static final int LAP_MASK = 0xFF;

    private RingDescriptor() {}

    /**
     * Size of a ring.
     *
     * @param capacity slots
     * @return bytes, a multiple of 64
     */
    public static long bytes(final int capacity) {
        return SLOTS_OFFSET + (long) capacity * SLOT_BYTES;
    }

    /**
     * Where a ticket's slot is in the ring.
     *
     * @param ticket from 0
     * @param capacity slots, a power of two
     * @return offset from the ring's start
     */
    public static long slotOffset(final long ticket, final int capacity) {
        return SLOTS_OFFSET + (ticket & capacity - 1) * SLOT_BYTES;
    }

    /**
     * A claim word that nobody has claimed.
     *
     * @param ticket from 0 (truncated here)
     * @param state {@link #WITHDRAWN}, {@link #PUBLISHED} or {@link #VOID}
     * @return the word
     */
    public static long claimWord(final long ticket, final int state) {
        return claimWord(ticket, state, 0, 0);
    }

    /**
     * A claim word.
     *
     * @param ticket from 0 (truncated here)
     * @param state one of the claim states
     * @param session who claims
     * @param incarnation of the session
     * @return the word
     */
    public static long claimWord(final long ticket, final int state, final int session, final int incarnation) {
        return CheckedWord.of((ticket & TICKET_MASK)
                | (long) state << STATE_SHIFT
                | (long) session << SESSION_SHIFT
                | (long) incarnation << INCARNATION_SHIFT);
    }

    /**
     * How far a claim word's ticket is ahead of another.
     *
     * @param word a claim word
     * @param ticket a full ticket
     * @return 0 if it is the same, negative if the word's is older
     */
    public static int ticketDistance(final long word, final long ticket) {
        return ((int) word - (int) ticket) << 32 - TICKET_BITS >> 32 - TICKET_BITS;
    }

    /**
     * State of a claim word.
     *
     * @param word a claim word
     * @return one of the claim states
     */
    public static int claimState(final long word) {
        return (int) (word >>> STATE_SHIFT) & 3;
    }

    /**
     * Session of a claim word.
     *
     * @param word a claim word
     * @return who claimed
     */
    public static int claimSession(final long word) {
        return (int) (word >>> SESSION_SHIFT) & 1023;
    }

    /**
     * Incarnation of a claim word.
     *
     * @param word a claim word
     * @return of the session
     */
    public static int claimIncarnation(final long word) {
        return (int) (word >>> INCARNATION_SHIFT) & SessionDescriptor.MAX_INCARNATION;
    }

    /**
     * The slab word of a ticket of the first lap.
     *
     * @param unit first unit of the slab
     * @param generation of the slab
     * @return the word
     */
    public static long slabWord(final int unit, final int generation) {
        return CheckedWord.of((long) generation << GENERATION_SHIFT | unit);
    }

    /**
     * A slab word.
     *
     * @param unit first unit of the slab
     * @param generation of the slab
     * @param ticket in whose slot the word is
     * @param capacity slots of the ring
     * @return the word
     */
    public static long slabWord(final int unit, final int generation, final long ticket, final int capacity) {
        return CheckedWord.of((long) lap(ticket, capacity) << LAP_SHIFT | (long) generation << GENERATION_SHIFT | unit);
    }

    /**
     * Tells whether a slab word was written for a ticket.
     *
     * @param word a slab word
     * @param ticket in whose slot it was read
     * @param capacity slots of the ring
     * @return false if it is an earlier or later ticket's
     */
    public static boolean isSlabOf(final long word, final long ticket, final int capacity) {
        return ((int) (word >>> LAP_SHIFT) & LAP_MASK) == lap(ticket, capacity);
    }

    private static int lap(final long ticket, final int capacity) {
        return (int) (ticket >>> Integer.numberOfTrailingZeros(capacity)) & LAP_MASK;
    }

    /**
     * Unit of a slab word.
     *
     * @param word a slab word
     * @return first unit
     */
    public static int slabUnit(final long word) {
        return (int) word & (1 << 28) - 1;
    }

    /**
     * Generation of a slab word.
     *
     * @param word a slab word
     * @return of the slab
     */
    public static int slabGeneration(final long word) {
        return (int) (word >>> GENERATION_SHIFT) & SlabTableDescriptor.MAX_GENERATION;
    }
}
