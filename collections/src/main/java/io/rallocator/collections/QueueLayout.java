package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SizeClasses;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where a queue's words are. The root block goes on after {@link RootDescriptor#WORDS_OFFSET} with
 *
 * <pre>
 *  384  head: link word, leads to the first segment with elements, or one before it
 *  392  tail: link word, leads to the last segment, or one before it, but never before head's
 *  400  leases: link word, leads to the first page of {@link LeaseDirectory}, UNINIT if nothing was ever leased
 * </pre>
 *
 * (head and tail move one segment at a time, so their version is the segment's ordinal + 1)
 *
 * and a segment is
 *
 * <pre>
 *  0    block header, kind SEGMENT, locator = ordinal
 *  16   next: link word, UNINIT in the last segment
 *  24   slots: as many words as the structure's parameter {capacity bits 32…62, slots bits 0…31} says
 * </pre>
 *
 * A slot goes from UNINIT (empty) to the reference of an element to TAKEN, and never back. Slots are filled strictly in
 * order. Polls take in order too; whoever removes a certain element takes it wherever it is, and polls pass it. TAKEN is
 * VACATED of {@link SlotWord}.
 *
 * <p>A bound counts slots. So in a queue with a bound a batch of n elements <i>covers</i> n slots, its own and those behind it, which go from
 * empty to COVERED, a TAKEN word, and to nothing else as long as the batch is there: whoever would fill one of them, and whoever takes
 * the last of the batch, does that first.
 */
final class QueueLayout implements Blueprint {
    static final int TYPE = 2;
    static final String TYPE_NAME = "queue";
    static final int HEAD_OFFSET = RootDescriptor.WORDS_OFFSET;
    static final int TAIL_OFFSET = HEAD_OFFSET + Long.BYTES;
    static final int LEASES_OFFSET = TAIL_OFFSET + Long.BYTES;
    static final int ROOT_BYTES = LEASES_OFFSET + Long.BYTES;
    static final int NEXT_OFFSET = BlockDescriptor.HEADER_BYTES;
    static final int SLOTS_OFFSET = NEXT_OFFSET + Long.BYTES;

    /** A slot that nothing was put in yet. */
    static final long EMPTY = LinkWord.UNINIT;

    /** Capacity of a queue without a bound. */
    static final int UNBOUNDED = 0;

    private static final int SEGMENT_BYTES = 4096;
    private static final int MIN_SLOTS = 8;
    private static final int CAPACITY_SHIFT = 32;
    private static final long SLOTS_MASK = (1L << CAPACITY_SHIFT) - 1;

    private final int slots;
    private final int capacity;

    private QueueLayout(final int slots, final int capacity) {
        this.slots = slots;
        this.capacity = capacity;
    }

    /**
     * The layout for a new queue.
     *
     * @param geometry of the pool
     * @param capacity from 1, or {@link #UNBOUNDED}
     * @return the layout
     */
    static QueueLayout create(final PoolGeometry geometry, final int capacity) {
        final int most = Math.min(SEGMENT_BYTES, geometry.maxBlockBytes());
        int blockClass = SizeClasses.indexFor(most);
        if (SizeClasses.bytes(blockClass) > most) {
            blockClass--;
        }
        return new QueueLayout((SizeClasses.bytes(blockClass) - SLOTS_OFFSET) / Long.BYTES, capacity);
    }

    /**
     * The layout of a queue in the pool.
     *
     * @param geometry of the pool
     * @param parameter from its root block
     * @return the layout
     * @throws CorruptedPoolException if the parameter is impossible
     */
    static QueueLayout of(final PoolGeometry geometry, final long parameter) {
        final long slots = parameter & SLOTS_MASK;
        if (parameter < 0 || slots < MIN_SLOTS || SLOTS_OFFSET + 8 * slots > geometry.maxBlockBytes()) {
            throw new CorruptedPoolException("a queue's root block has the impossible parameter 0x"
                    + Long.toHexString(parameter) + "; run `rallocator check`");
        }
        return new QueueLayout((int) slots, capacityOf(parameter));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public String typeName() {
        return TYPE_NAME;
    }

    @Override
    public long parameter() {
        return (long) capacity << CAPACITY_SHIFT | slots;
    }

    @Override
    public int rootBytes() {
        return ROOT_BYTES;
    }

    @Override
    public int firstBytes() {
        return segmentBytes();
    }

    @Override
    public void fill(
            final UnsafeBuffer buffer, final int rootAt, final int firstAt, final int structure, final long firstRef) {
        final long link = LinkWord.pointTo(LinkWord.UNINIT, firstRef);
        buffer.putLong(rootAt + HEAD_OFFSET, link);
        buffer.putLong(rootAt + TAIL_OFFSET, link);
        buffer.putLong(rootAt + LEASES_OFFSET, LinkWord.UNINIT);
        sealSegment(buffer, firstAt, structure, 0, firstRef);
    }

    static void sealSegment(
            final UnsafeBuffer buffer, final int index, final int structure, final long ordinal, final long ref) {
        BlockDescriptor.seal(
                buffer, index, BlockDescriptor.HEADER_BYTES, BlockDescriptor.SEGMENT, structure, ordinal, ref);
    }

    /** The capacity that a root block's parameter says, or {@link #UNBOUNDED}. */
    static int capacityOf(final long parameter) {
        return (int) (parameter >>> CAPACITY_SHIFT);
    }

    /** Slots in a segment. */
    int slots() {
        return slots;
    }

    /** Most slots from the first that is not taken to the last that is filled or covered, or {@link #UNBOUNDED}. */
    int capacity() {
        return capacity;
    }

    int segmentBytes() {
        return SLOTS_OFFSET + slots * Long.BYTES;
    }

    static long slotOffset(final long segment, final int slot) {
        return segment + SLOTS_OFFSET + (long) slot * Long.BYTES;
    }

    // ---- slot words

    /** The word of a slot that an element was put in. */
    static long slotWord(final long ref) {
        return SlotWord.of(ref);
    }

    /** The element that a slot leads to. */
    static long slotRef(final long word) {
        return SlotWord.ref(word);
    }

    static boolean isTaken(final long word) {
        return SlotWord.isVacated(word);
    }

    /** Tells whether the slots behind a filled one may belong to the same batch. */
    static boolean mayCover(final long word) {
        return word == SlotWord.COVERED || BatchBlock.isBatch(word);
    }

    boolean isBounded() {
        return capacity != UNBOUNDED;
    }

    /** The word of a slot that an operation has taken: no other operation writes the same. */
    static long takenWord(final int session, final int lane, final long sequence) {
        return SlotWord.vacated(session, lane, sequence);
    }

    /** The same of a slot whose element was leased. */
    static long leasedWord(final int session, final int lane, final long sequence) {
        return SlotWord.vacatedByLease(session, lane, sequence);
    }

    /** Tells whether head or tail can lead to a segment. */
    static boolean isRootLink(final long link, final long ordinal) {
        return LinkWord.version(link) == (ordinal + 1 & LinkWord.VERSION_LIMIT - 1);
    }
}
