package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds the bucket of a hash. Cold: a chain for the word, a chain for the block. With a hint: one chain for both, the
 * block being right if the word, which was read before it, still leads to it. What was found holds as of the moment when
 * the word was read.
 *
 * <p>Threads: any; the state is in the caller's {@link Bucket}.
 */
final class BucketLocator {
    /** A way through the table is as long as there are levels, each once down and once up. */
    private static final int MAX_HOPS = 4 * MapLayout.MAX_LEVEL;

    private final MapTable table;
    private final MapLayout layout;
    private final BucketCache cache;

    BucketLocator(final MapTable table) {
        this.table = table;
        this.layout = table.layout();
        this.cache = table.cache();
    }

    /**
     * Finds the bucket that has a hash, frozen or not.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param hash of the key
     * @param bucket is set to what was found
     * @param mayRemember true if the caller will prove a remembered word by a swap that expects it
     */
    void locate(
            final Lane lane,
            final Operation operation,
            final long hash,
            final Bucket bucket,
            final boolean mayRemember) {
        bucket.index = MapLayout.bucketOf(hash, table.knownBuckets());
        follow(lane, operation, hash, bucket, mayRemember);
    }

    /**
     * Finds the bucket whose block has a hash now. If it is frozen, the block counts for the half of the hash only.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param hash of the key
     * @param bucket is set to what was found
     * @param mayRemember true if the caller will prove a remembered word
     */
    void locateForReading(
            final Lane lane,
            final Operation operation,
            final long hash,
            final Bucket bucket,
            final boolean mayRemember) {
        locate(lane, operation, hash, bucket, mayRemember);
        while (bucket.isFrozen() && (hash >>> bucket.level & 1) != 0) {
            final long high = bucket.index + (1L << bucket.level);
            final long offset = high < layout.maxBuckets() ? table.extents().wordOffset(lane, high) : 0;
            if (offset == 0 || lane.readLink(operation, offset) == LinkWord.UNINIT) {
                return;
            }
            bucket.index = high;
            follow(lane, operation, hash, bucket, false);
        }
    }

    /** As above, as of now. */
    void locateForReading(final Lane lane, final Operation operation, final long hash, final Bucket bucket) {
        locateForReading(lane, operation, hash, bucket, false);
    }

    /**
     * Finds out whether a remembered word still stands there, so that what was concluded from it holds as of now: one
     * chain, of 8 bytes.
     *
     * @param lane held since the bucket was found
     * @param operation under which the cost is counted
     * @param bucket as it was found
     * @return false if the word is another: find the bucket again
     */
    boolean confirm(final Lane lane, final Operation operation, final Bucket bucket) {
        if (bucket.remembered) {
            final long word = lane.readWord(operation, bucket.wordOffset);
            if (word != bucket.word) {
                table.forget(bucket);
                bucket.hint(table.number(), word);
                return false;
            }
            bucket.remembered = false;
        }
        return true;
    }

    private void follow(
            final Lane lane,
            final Operation operation,
            final long hash,
            final Bucket bucket,
            final boolean mayRemember) {
        for (int hop = 0; hop < MAX_HOPS; hop++) {
            load(lane, operation, bucket, mayRemember);
            if (bucket.isUninit()) {
                if (bucket.index < MapLayout.FIRST_BUCKETS) {
                    throw Blocks.damagedWord(bucket.word, bucket.wordOffset);
                }
                bucket.index = MapLayout.parentOf(bucket.index);
            } else if (bucket.isIndexOf(hash)) {
                return;
            } else {
                table.learnFrom(bucket);
                bucket.index = hash & MapLayout.mask(bucket.level);
            }
        }
        throw new CorruptedPoolException(table.where() + " 0x" + Long.toHexString(hash)
                + ": the levels of the buckets lead in a circle, last to bucket " + bucket.index
                + " with its word at offset " + bucket.wordOffset + "; run `rallocator check`");
    }

    /**
     * Reads the bucket with the index that is set.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param bucket is filled in
     * @param mayRemember true if a remembered word will do
     */
    void load(final Lane lane, final Operation operation, final Bucket bucket, final boolean mayRemember) {
        bucket.remembered = false;
        bucket.wordOffset = bucket.index < layout.maxBuckets() ? table.extents().wordOffset(lane, bucket.index) : 0;
        if (bucket.wordOffset == 0) {
            bucket.word = LinkWord.UNINIT;
            return;
        }
        final int known = cache == null ? BucketCache.MISS : cache.find(table.structure(), bucket, lane);
        if (known == BucketCache.PROOF) {
            if (mayRemember) {
                bucket.remembered = true;
                return;
            }
            final long remembered = bucket.word;
            bucket.word = lane.readLink(operation, bucket.wordOffset);
            if (bucket.word == remembered) {
                return;
            }
        } else if (mayRemember && bucket.recall(table.number(), lane.epoch())) {
            bucket.remembered = true;
            return;
        } else if (known == BucketCache.HINT) {
            if (readBoth(lane, operation, bucket, bucket.word)) {
                remember(lane, bucket);
                return;
            }
        } else if (bucket.hasHint(table.number())) {
            if (readBoth(lane, operation, bucket, bucket.hintWord())) {
                remember(lane, bucket);
                return;
            }
        } else {
            bucket.word = lane.readLink(operation, bucket.wordOffset);
        }
        readTarget(lane, operation, bucket);
        remember(lane, bucket);
    }

    /** Reads the word and the block where it is thought to be, in this order. Returns true if it is there. */
    private boolean readBoth(final Lane lane, final Operation operation, final Bucket bucket, final long seen) {
        if (!LinkWord.isPointer(seen)) {
            bucket.word = lane.readLink(operation, bucket.wordOffset);
            return false;
        }
        final int bytes = Blocks.targetBytes(lane.geometry(), seen, bucket.wordOffset);
        final UnsafeBuffer buffer = lane.readBuffer(bytes);
        final Chain chain = lane.chain();
        final int verb = chain.readLink(bucket.wordOffset);
        chain.read(LinkWord.offset(seen), buffer, 0, bytes).post(operation);
        bucket.word = chain.result(verb);
        return LinkWord.isPointer(bucket.word)
                && LinkWord.sameTarget(bucket.word, seen)
                && accept(bucket, buffer, bytes);
    }

    /** Reads what the word says, re-reading the word once if the block is not what it must be. */
    private void readTarget(final Lane lane, final Operation operation, final Bucket bucket) {
        while (!bucket.isUninit()) {
            final long word = bucket.word;
            if (LinkWord.isSpecial(word)) {
                bucket.setEmpty();
                requirePossibleLevel(bucket);
                return;
            }
            final int bytes = Blocks.targetBytes(lane.geometry(), word, bucket.wordOffset);
            final UnsafeBuffer buffer = lane.readBuffer(bytes);
            lane.chain().read(LinkWord.offset(word), buffer, 0, bytes).post(operation);
            if (accept(bucket, buffer, bytes)) {
                return;
            }
            bucket.word = lane.readLink(operation, bucket.wordOffset);
            if (bucket.word == word) {
                throw Blocks.damagedBlock(
                        BlockDescriptor.BUCKET, LinkWord.offset(word), bucket.wordOffset, "bucket " + bucket.index);
            }
        }
    }

    /** Takes a block in if it is whole and the one that the bucket's word must lead to. */
    boolean accept(final Bucket bucket, final UnsafeBuffer buffer, final int bytes) {
        if (!Blocks.isExpected(buffer, 0, bytes, BlockDescriptor.BUCKET, table.structure(), bucket.index)
                || !BucketBlock.isOfWord(buffer, bucket.word)) {
            return false;
        }
        bucket.setBlock(buffer, BlockDescriptor.length(buffer, 0));
        return isPossibleLevel(bucket);
    }

    static boolean isPossibleLevel(final Bucket bucket) {
        return bucket.level >= MapLayout.FIRST_LEVEL
                && bucket.level <= MapLayout.MAX_LEVEL
                && bucket.index <= MapLayout.mask(bucket.level);
    }

    private static void requirePossibleLevel(final Bucket bucket) {
        if (!isPossibleLevel(bucket)) {
            throw Blocks.damagedWord(bucket.word, bucket.wordOffset);
        }
    }

    private void remember(final Lane lane, final Bucket bucket) {
        if (!bucket.isUninit()) {
            table.remember(lane, bucket.index, bucket.word, bucket.block, bucket.length);
        }
    }
}
