package io.rallocator.collections;

import io.rallocator.persistence.LinkWord;
import org.agrona.concurrent.UnsafeBuffer;

/** One bucket as an operation saw it. Valid while the operation holds its lane; the hint outlives it. */
final class Bucket {
    private static final long NO_HINT = -1;
    private static final int STRUCTURE_SHIFT = 40;

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

    private long hintKey = NO_HINT;
    private long hintWord;

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

    void setBlock(final UnsafeBuffer buffer, final int checkedLength) {
        block = buffer;
        length = checkedLength;
        level = BucketBlock.level(buffer);
    }

    /** A swap that expected the word succeeded: this is what stands there now. */
    void become(final long newWord, final UnsafeBuffer buffer, final int checkedLength) {
        word = newWord;
        remembered = false;
        setBlock(buffer, checkedLength);
    }

    /** Notes a word of this bucket for the next look: it tells which block to read along with the word. */
    void hint(final int structure, final long seenWord) {
        hintKey = (long) structure << STRUCTURE_SHIFT | index;
        hintWord = seenWord;
    }

    /** Tells whether a word of this bucket was noted. */
    boolean hasHint(final int structure) {
        return hintKey == ((long) structure << STRUCTURE_SHIFT | index);
    }

    long hintWord() {
        return hintWord;
    }
}
