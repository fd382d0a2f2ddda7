package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import org.agrona.DirectBuffer;

/**
 * A link word that names one life of the block that it leads to, so that whoever unlinks the block knows what to free
 * without looking. Where a link word has its version, it has the block's slab class and generation:
 *
 * <pre>
 *   63 61 60      53 52        49 48   46 45    40 39                   0
 *  +-----+----------+------------+-------+--------+----------------------+
 *  |check|generation| slab class | state | class  |  offset / 8          |
 *  +-----+----------+------------+-------+--------+----------------------+
 * </pre>
 *
 * The check is the exclusive or of the other bits in groups of three: a word with one damaged bit is no word, though the block
 * that was here before may still be whole where it seems to lead.
 *
 * A word that leads to a batch of elements has all bits of the check inverted: one damaged bit makes no batch of an element. If the element that
 * left the batch last was leased, the middle bit is not inverted.
 *
 * <p>VACATED, the word that says that the block was unlinked and nothing took its place, is SPECIAL with
 * {@code session 10 | lane 6 | leased 1 | sequence 23} of the operation, and a check of them for a version. UNINIT: never set.
 */
final class SlotWord {
    private static final int SLAB_CLASS_SHIFT = 49;
    private static final int GENERATION_SHIFT = 53;
    private static final int BLOCK_CHECK_SHIFT = 61;
    private static final long BATCH_CHECK = 7L << BLOCK_CHECK_SHIFT;
    private static final int SESSION_SHIFT = 30;
    private static final int LANE_SHIFT = 24;
    private static final long LEFT_BATCH_CHECK = 5L << BLOCK_CHECK_SHIFT;
    private static final int LEASED = 0x80_0000;
    private static final int SEQUENCE_MASK = LEASED - 1;
    private static final int CHECK_SHIFT = 49;

    /** The word of a slot that the batch before it covers: as if an operation had taken it, of a session that no pool has. */
    static final long COVERED = vacated(LinkWord.VALUE_MASK);

    private SlotWord() {}

    /** The word that leads to a block. */
    static long of(final long ref) {
        final long word = BlockRef.pointer(ref)
                | (long) BlockRef.slabClass(ref) << SLAB_CLASS_SHIFT
                | (long) BlockRef.generation(ref) << GENERATION_SHIFT;
        return word | blockCheck(word) << BLOCK_CHECK_SHIFT;
    }

    private static long blockCheck(final long word) {
        long check = word;
        for (int shift = 48; shift >= 3; shift /= 2) {
            check ^= check >>> shift;
        }
        return check & 7;
    }

    /** The word that leads to a batch. */
    static long ofBatch(final long ref) {
        return of(ref) ^ BATCH_CHECK;
    }

    /** The word that leads to a batch of whose elements one was leased just before: who changes the slot looks for the lease first. */
    static long ofLeftBatch(final long ref) {
        return of(ref) ^ LEFT_BATCH_CHECK;
    }

    /** Tells whether a pointer leads to a batch; one that was damaged leads to nothing. */
    static boolean isBatch(final long word) {
        final long check = of(ref(word)) ^ word;
        return check == BATCH_CHECK || check == LEFT_BATCH_CHECK;
    }

    static boolean isLeftBatch(final long word) {
        return LinkWord.isPointer(word) && (of(ref(word)) ^ word) == LEFT_BATCH_CHECK;
    }

    /** As if the word led to a single element. */
    private static long single(final long batchWord) {
        return batchWord ^ (isLeftBatch(batchWord) ? LEFT_BATCH_CHECK : BATCH_CHECK);
    }

    /** The batch that a word leads to. */
    static long requireBatchRef(final PoolGeometry geometry, final long word, final long wordOffset) {
        return requireRef(geometry, single(word), wordOffset);
    }

    static boolean isPossibleBatch(final PoolGeometry geometry, final long word) {
        return isPossible(geometry, single(word));
    }

    static boolean leadsToBatch(final long word, final DirectBuffer block, final int index) {
        return leadsTo(single(word), block, index);
    }

    /** The block that a word leads to. */
    static long ref(final long word) {
        return BlockRef.of(
                LinkWord.offset(word),
                LinkWord.blockClass(word),
                (int) (word >>> SLAB_CLASS_SHIFT) & 15,
                (int) (word >>> GENERATION_SHIFT) & 0xFF);
    }

    /** Tells whether a word can lead to a block of this pool. */
    static boolean isPossible(final PoolGeometry geometry, final long word) {
        if (!LinkWord.isPointer(word)) {
            return false;
        }
        final long ref = ref(word);
        return word == of(ref) && geometry.isPlausible(ref);
    }

    /**
     * The block that a word leads to.
     *
     * @param geometry of the pool
     * @param word as read
     * @param wordOffset where, for the message
     * @return its reference
     * @throws CorruptedPoolException if the word is impossible
     */
    static long requireRef(final PoolGeometry geometry, final long word, final long wordOffset) {
        if (!isPossible(geometry, word)) {
            throw Blocks.damagedWord(word, wordOffset);
        }
        return ref(word);
    }

    /** Tells whether a block that was read is the very one, in the very life, that a word names. */
    static boolean leadsTo(final long word, final DirectBuffer block, final int index) {
        return of(BlockDescriptor.refOf(word, block, index)) == word;
    }

    /** The word that an operation leaves where it unlinked a block: no other operation writes the same. */
    static long vacated(final int session, final int lane, final long sequence) {
        return vacated((long) session << SESSION_SHIFT | (long) lane << LANE_SHIFT | sequence & SEQUENCE_MASK);
    }

    /** The same of an operation that leased what was in the block: it differs from whatever other operations leave. */
    static long vacatedByLease(final int session, final int lane, final long sequence) {
        return vacated((long) session << SESSION_SHIFT | (long) lane << LANE_SHIFT | LEASED | sequence & SEQUENCE_MASK);
    }

    /** With a check: a damaged reference must not look like a block that was unlinked. */
    private static long vacated(final long value) {
        final long check = (value + 1) * 0x9E37_79B9_7F4A_7C15L >>> CHECK_SHIFT;
        return check << CHECK_SHIFT | LinkWord.SPECIAL | value;
    }

    static boolean isVacated(final long word) {
        return LinkWord.isSpecial(word) && word == vacated(LinkWord.value(word));
    }
}
