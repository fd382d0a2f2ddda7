package io.rallocator.allocator;

import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SlabLayout;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What a worker keeps in DRAM about a slab that it owns: which blocks are taken, and with which generation each will be
 * handed out next. All of it is rebuilt from the slab's bytes by an adopter or by recovery. An object takes 64 bytes, and 3 bits and
 * a byte for each block.
 *
 * <p>Threads: the owning lane alone changes {@code taken} and {@code freed}; other lanes of the session say through
 * {@link #freeing} what they freed.
 */
final class Slab {
    final int unit;
    final int slabClass;
    final int generation;
    final SlabLayout layout;
    final long base;
    final LaneAllocator owner;

    /** Bit set: the block cannot be handed out. Bits past the last block are set for ever. */
    final long[] taken;

    /** The freed byte of each block as last seen: its next generation is one more. */
    final byte[] freed;

    /**
     * Two bitmaps, one behind the other. Bit set in the first: a lane of this session knows that the block was freed, and waits for
     * the epochs. In the second: the epochs are over, the owner may hand the block out again.
     */
    private final AtomicLongArray freeing;

    /** Blocks that can be handed out. */
    int available;

    /** True while the slab's durable state is OPEN, or the write that says so rides on the lane's next chain. */
    boolean open;

    /** True until the header of this life of the slab is written: what is in NVM belongs to an earlier one. */
    boolean unwritten;

    /** True while a write of bitmap and SEALED waits for the lane's next operation. */
    boolean sealPending;

    /** True while it is in the lane's list of slabs worth allocating from. */
    boolean listed;

    /** True while its blocks are being moved elsewhere: nothing is allocated from it then. Only a hint for other threads. */
    volatile boolean sparse;

    /** Word of {@link #taken} that had room last. */
    private char cursor;

    Slab(
            final PoolGeometry geometry,
            final int unit,
            final int slabClass,
            final int generation,
            final int blockClass,
            final LaneAllocator owner) {
        this.unit = unit;
        this.slabClass = slabClass;
        this.generation = generation;
        this.layout = SlabLayout.of(geometry.slabBytes(slabClass), blockClass);
        this.base = geometry.unitOffset(unit);
        this.owner = owner;
        final int words = layout.bitmapWords();
        taken = new long[words];
        freed = new byte[layout.blocks()];
        freeing = new AtomicLongArray(2 * words);
        available = layout.blocks();
        final int used = layout.blocks() & 63;
        if (used != 0) {
            taken[words - 1] = -1L << used;
        }
    }

    /** Hands a block out. {@link #available} must be positive. */
    long take() {
        assert available > 0;
        int word = cursor;
        while (taken[word] == -1L) {
            word = word + 1 == taken.length ? 0 : word + 1;
        }
        cursor = (char) word; // a slab of 16 MiB has 4,096 words
        final int bit = Long.numberOfTrailingZeros(~taken[word]);
        taken[word] |= 1L << bit;
        available--;
        final int index = (word << 6) + bit;
        return BlockRef.of(base + layout.blockOffset(index), layout.blockClass(), slabClass, freed[index] + 1);
    }

    /** Takes back a block that was handed out and never linked: its generation is used again. */
    void untake(final int index) {
        assert isTaken(index);
        taken[index >>> 6] &= ~(1L << index);
        available++;
    }

    /** Takes back a block that was freed two epochs ago: its generation is over. */
    void release(final int index) {
        untake(index);
        freed[index]++;
        leaveLimbo(index);
    }

    boolean isTaken(final int index) {
        return (taken[index >>> 6] & 1L << index) != 0;
    }

    /**
     * Notes that a block was freed and waits for the epochs.
     *
     * @return false if that was noted before
     */
    boolean enterLimbo(final int index) {
        return (orBits(index >>> 6, index) & 1L << index) == 0;
    }

    boolean isInLimbo(final int index) {
        return (freeing.get(index >>> 6) & 1L << index) != 0;
    }

    /**
     * Gives a block whose epochs are over back to the owner, from another lane.
     *
     * @return true if the slab had no returned block in this word before, so the owner should be told
     */
    boolean giveBack(final int index) {
        return orBits(taken.length + (index >>> 6), index) == 0;
    }

    /**
     * Takes in what other lanes gave back.
     *
     * @return how many there were
     */
    int collectReturned() {
        int collected = 0;
        for (int word = 0; word < taken.length; word++) {
            final int at = taken.length + word;
            long bits = freeing.get(at) == 0 ? 0 : freeing.getAndSet(at, 0);
            while (bits != 0) {
                final int bit = Long.numberOfTrailingZeros(bits);
                release((word << 6) + bit);
                bits &= bits - 1;
                collected++;
            }
        }
        return collected;
    }

    int indexAt(final long offset) {
        return layout.indexAt(offset - base);
    }

    boolean isEmpty() {
        return available == layout.blocks();
    }

    /** Enough free blocks to be worth opening again: an eighth. */
    boolean isWorthwhile() {
        return !sparse && available >= Math.max(1, layout.blocks() >>> 3);
    }

    /** Less than three quarters of its blocks are taken, though some are. */
    boolean isSparse() {
        return !isEmpty() && 4 * available > layout.blocks();
    }

    private long orBits(final int word, final int index) {
        for (; ; ) {
            final long old = freeing.get(word);
            if (freeing.compareAndSet(word, old, old | 1L << index)) {
                return old;
            }
        }
    }

    private void leaveLimbo(final int index) {
        final int word = index >>> 6;
        for (; ; ) {
            final long old = freeing.get(word);
            if (freeing.compareAndSet(word, old, old & ~(1L << index))) {
                return;
            }
        }
    }
}
