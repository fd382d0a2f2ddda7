package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.persistence.CorruptedPoolException;
import org.agrona.concurrent.UnsafeBuffer;

/** Elements that were taken from consecutive slots, or from one batch, by one chain, as bytes, in order; the bytes are in the result of a {@link Scratch}. */
final class Run {
    /** Most slots of a run: an intent names the block of each. */
    static final int MOST = Commit.MAX_REFS;

    /** A run ends when it has so many bytes, after one element at least. */
    static final int FULL_BYTES = 1 << 20;

    private final long[] slotOffsets = new long[BatchBlock.MOST_ELEMENTS];
    private final int[] indexes = new int[BatchBlock.MOST_ELEMENTS];
    private final int[] lengths = new int[BatchBlock.MOST_ELEMENTS];
    private int count;
    private CorruptedPoolException damage;

    void clear() {
        count = 0;
        damage = null;
    }

    /** Elements. */
    int count() {
        return count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void add(final UnsafeBuffer buffer, final int blockIndex, final long slotOffset) {
        slotOffsets[count] = slotOffset;
        indexes[count] = SegmentReader.elementIndex(blockIndex);
        lengths[count] = SegmentReader.elementLength(buffer, blockIndex);
        count++;
    }

    /** Adds the first elements of a whole batch that begins at 0. */
    void addEntries(final UnsafeBuffer batch, final int elements, final long slotOffset) {
        int entry = BatchBlock.ENTRIES_OFFSET;
        for (int i = 0; i < elements; i++) {
            slotOffsets[count] = slotOffset;
            indexes[count] = BatchBlock.valueIndex(entry);
            lengths[count] = BatchBlock.valueLength(batch, entry);
            count++;
            entry = BatchBlock.next(batch, entry);
        }
    }

    /** Keeps the first damage: what was taken along with it is whole and is delivered. */
    void addDamage(final CorruptedPoolException found) {
        if (damage == null) {
            damage = found;
        } else {
            damage.addSuppressed(found);
        }
    }

    /** What was damaged of it, or null. */
    CorruptedPoolException damage() {
        return damage;
    }

    /** Makes an element the result of the scratch. */
    void select(final int element, final Scratch scratch) {
        scratch.hash = slotOffsets[element];
        scratch.resultIndex = indexes[element];
        scratch.resultLength = lengths[element];
    }
}
