package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a worker remembers of buckets: word, block and the epoch in which the word was read. Direct-mapped and bounded in
 * bytes; shared by all maps and threads of a heap. Half of the bytes are for values that have a block of their own, and for
 * blocks of buckets that do not fit a slot: see {@link LargeImages}.
 *
 * <p>A word of the current epoch proves that the remembered block is what it points to, as long as it still stands there,
 * which a swap or a READ of the word finds out. A word of an older epoch is only a hint where to look (DESIGN trap 10).
 *
 * <p>Threads: any, without waiting. Each slot has a sequence that is odd while somebody writes; who finds it odd, or
 * changed, goes without.
 */
final class BucketCache {
    /** Nothing is known. */
    static final int MISS = 0;

    /** The word is known, but proves nothing. */
    static final int HINT = 1;

    /** Word and block are known and of this epoch. */
    static final int PROOF = 2;

    /** The smallest size that makes sense. */
    static final int MIN_BYTES = 64 << 10;

    /** The largest size. */
    static final int MAX_BYTES = 1 << 30;

    private static final int SLOT_BYTES = 512;
    private static final int META_WORDS = 8;
    private static final int IMAGE_BYTES = SLOT_BYTES - META_WORDS * Long.BYTES;
    private static final int SEQUENCE = 0;
    private static final int KEY = 1;
    private static final int WORD = 2;
    private static final int EPOCH = 3;
    private static final int LENGTH = 4;
    private static final int STRUCTURE_SHIFT = 40;
    private static final long NOT_KEPT = -1;

    private final int mask;
    private final AtomicLongArray meta;
    private final UnsafeBuffer images;
    private final LargeImages large;

    /**
     * Makes an empty cache.
     *
     * @param bytes most bytes to use, {@link #MIN_BYTES} … {@link #MAX_BYTES}; either half is rounded down to a power of two
     */
    BucketCache(final long bytes) {
        final int total = Math.toIntExact(bytes);
        final int slots = BitUtil.findNextPositivePowerOfTwo(total / 2 / SLOT_BYTES + 1) / 2;
        mask = slots - 1;
        meta = new AtomicLongArray(slots * META_WORDS);
        images = new UnsafeBuffer(ByteBuffer.allocateDirect(slots * IMAGE_BYTES));
        large = new LargeImages(total / 2);
    }

    /** Values, by their reference. */
    LargeImages large() {
        return large;
    }

    private int slotOf(final long key) {
        return (int) (key * 0x9E37_79B9_7F4A_7C15L >>> 33) & mask;
    }

    private static long keyOf(final int structure, final long index) {
        return (long) (structure + 1) << STRUCTURE_SHIFT | index;
    }

    /**
     * Looks a bucket up.
     *
     * @param structure root index of the map
     * @param bucket its index says which; word, and if the answer is {@link #PROOF} block and level, are filled in
     * @param lane whose epoch counts and whose read buffer gets the block
     * @return {@link #MISS}, {@link #HINT} or {@link #PROOF}
     */
    int find(final int structure, final Bucket bucket, final Lane lane) {
        final long key = keyOf(structure, bucket.index);
        final int slot = slotOf(key);
        final int at = slot * META_WORDS;
        final long sequence = meta.getAcquire(at + SEQUENCE);
        if ((sequence & 1) != 0 || meta.getPlain(at + KEY) != key) {
            return MISS;
        }
        final long word = meta.getPlain(at + WORD);
        final long epoch = meta.getPlain(at + EPOCH);
        final long length = meta.getPlain(at + LENGTH);
        boolean kept = epoch == lane.epoch() && length >= 0 && large.canKeep(length);
        UnsafeBuffer image = null;
        if (kept && length > 0) {
            image = lane.readBuffer(Math.max(IMAGE_BYTES, (int) length));
            if (length <= IMAGE_BYTES) {
                image.putBytes(0, images, slot * IMAGE_BYTES, (int) length);
            } else {
                kept = large.find(~word, epoch, (int) length, image, 0);
            }
        }
        VarHandle.loadLoadFence();
        if (meta.getOpaque(at + SEQUENCE) != sequence) {
            return MISS;
        }
        bucket.word = word;
        if (!kept) {
            return HINT;
        }
        if (image == null) {
            bucket.setEmpty();
        } else {
            bucket.setBlock(image, (int) length);
        }
        return PROOF;
    }

    /**
     * Remembers a bucket that was read, or written, in the lane's epoch. Frozen ones are about to go and not kept.
     *
     * @param structure root index of the map
     * @param index of the bucket
     * @param word that stands in the table
     * @param block holds the block from 0, or null if the word says EMPTY
     * @param length of the block
     * @param epoch of the lane
     */
    void put(
            final int structure,
            final long index,
            final long word,
            final UnsafeBuffer block,
            final int length,
            final long epoch) {
        final long key = keyOf(structure, index);
        final int slot = slotOf(key);
        final int at = slot * META_WORDS;
        final long sequence = meta.getAcquire(at + SEQUENCE);
        if ((sequence & 1) != 0 || !meta.compareAndSet(at + SEQUENCE, sequence, sequence + 1)) {
            return;
        }
        VarHandle.storeStoreFence();
        meta.setPlain(at + KEY, key);
        meta.setPlain(at + WORD, word);
        meta.setPlain(at + EPOCH, epoch);
        meta.setPlain(at + LENGTH, large.canKeep(length) ? length : NOT_KEPT);
        if (length > IMAGE_BYTES) {
            large.put(~word, epoch, block, 0, length);
        } else if (length > 0) {
            images.putBytes(slot * IMAGE_BYTES, block, 0, length);
        }
        meta.setRelease(at + SEQUENCE, sequence + 2);
    }

    /**
     * Forgets a bucket whose word was found changed.
     *
     * @param structure root index of the map
     * @param index of the bucket
     */
    void forget(final int structure, final long index) {
        final long key = keyOf(structure, index);
        final int at = slotOf(key) * META_WORDS;
        final long sequence = meta.getAcquire(at + SEQUENCE);
        if ((sequence & 1) == 0
                && meta.getPlain(at + KEY) == key
                && meta.compareAndSet(at + SEQUENCE, sequence, sequence + 1)) {
            meta.setPlain(at + KEY, 0);
            meta.setRelease(at + SEQUENCE, sequence + 2);
        }
    }
}
