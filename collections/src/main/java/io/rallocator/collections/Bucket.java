package io.rallocator.collections;

import io.rallocator.persistence.LinkWord;
import org.agrona.concurrent.UnsafeBuffer;

/** One bucket as an operation saw it. Valid while the operation holds its lane; the hint outlives it. */
final class Bucket {
    private static final long NOTHING = -1;

    /** Index in the table. */
    long index;

    /** Offset of the bucket's word, 0 if its extent does not exist. */
    long wordOffset;

    /** The word as read. */
    long word;

    /** The block has every key whose hash ends in {@link #index}, looked at in this many bits. */
    int level;

    /** Checked length of the block, 0 if the word says EMPTY. */
    int length;

    /** The block, in the lane's read buffer. */
    UnsafeBuffer block;

    /** The word was not read by this operation but remembered from this epoch: a swap that expects it proves it. */
    boolean remembered;

    private long hintTable;
    private long hintIndex;
    private long hintWord;

    private final GrowingBuffer keptBlock = new GrowingBuffer();
    private long keptTable = NOTHING;
    private long keptIndex;
    private long keptWord;
    private int keptLength;
    private long keptEpoch;

    boolean isUninit() {
        return word == LinkWord.UNINIT;
    }

    boolean isFrozen() {
        return LinkWord.isFrozen(word);
    }

    int entries() {
        return length == 0 ? 0 : BucketBlock.count(block);
    }

    boolean isIndexOf(final long hash) {
        return (hash & MapLayout.mask(level)) == index;
    }

    void setEmpty() {
        level = MapLayout.emptyLevel(word, index);
        length = 0;
    }

    @SuppressWarnings("ReferenceEquality") // the same buffer, not equal bytes: see Chain.add
    void setBlock(final UnsafeBuffer buffer, final int checkedLength) {
        if (block != buffer) {
            block = buffer;
        }
        length = checkedLength;
        level = BucketBlock.level(buffer);
    }

    /** A swap that expected the word succeeded: this is what stands there now. */
    void become(final long newWord, final UnsafeBuffer buffer, final int checkedLength) {
        word = newWord;
        remembered = false;
        setBlock(buffer, checkedLength);
    }

    /**
     * Keeps word and block for the next change, beyond the release of the lane.
     *
     * @param table number of the map's table
     * @param epoch of the lane that read them
     */
    void keep(final long table, final long epoch) {
        keptTable = table;
        keptIndex = index;
        keptWord = word;
        keptLength = length;
        keptEpoch = epoch;
        if (length > 0) {
            keptBlock.ensure(length).putBytes(0, block, 0, length);
        }
    }

    /**
     * Fills in what was kept of the bucket with the index that is set. It is right if the word still stands there, which a
     * swap that expects it finds out: in its epoch, in which the block cannot have been reused (DESIGN trap 10).
     *
     * @param table number of the map's table
     * @param epoch of the lane
     * @return false if nothing was kept, or in another epoch
     */
    boolean recall(final long table, final long epoch) {
        if (keptTable != table || keptIndex != index || keptEpoch != epoch) {
            return false;
        }
        word = keptWord;
        if (keptLength == 0) {
            setEmpty();
        } else {
            setBlock(keptBlock.buffer(), keptLength);
        }
        return true;
    }

    /** Forgets what was kept. */
    void dropKept() {
        keptTable = NOTHING;
    }

    /** Gives back the memory for large blocks. */
    void trim(final int keptBytes) {
        dropKept();
        keptBlock.trim(keptBytes);
    }

    /**
     * Notes a word of this bucket for the next look: it tells which block to read along with the word.
     *
     * @param table {@link MapTable#number}: a thread may use another pool next, where the word leads nowhere
     * @param seenWord of the bucket
     */
    void hint(final long table, final long seenWord) {
        hintTable = table;
        hintIndex = index;
        hintWord = seenWord;
    }

    /** Tells whether a word of this bucket was noted. */
    boolean hasHint(final long table) {
        return hintTable == table && hintIndex == index;
    }

    long hintWord() {
        return hintWord;
    }
}
