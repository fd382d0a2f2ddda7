package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.LinkWord;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The buckets of many hashes, read together: their words in one chain, those of their blocks that are not remembered in a
 * second one; one chain more if the table has grown since this heap last looked. What was read holds as of the moment when the word was read, as long as the
 * lane is held.
 *
 * <p>A bucket that is not where the table's size says that it is, that is being split, or that does not fit is not opened:
 * {@link BucketLocator} finds it alone.
 *
 * <p>Threads: one at a time.
 */
final class BucketBatch {
    /** Hashes that one batch takes at most: as many READs, and one of the table's size, fit in a chain. */
    static final int MAX_HASHES = Chain.MAX_VERBS / 2;

    private static final int MAX_IMAGE_BYTES = 1 << 20;
    private static final int NOT_READ = -1;

    private final MapTable table;
    private final long[] hashes = new long[MAX_HASHES];
    private final long[] indexes = new long[MAX_HASHES];
    private final long[] offsets = new long[MAX_HASHES];
    private final long[] words = new long[MAX_HASHES];
    private final int[] verbs = new int[MAX_HASHES];
    private final int[] images = new int[MAX_HASHES];
    private final int[] lengths = new int[MAX_HASHES];
    private final GrowingBuffer bytes = new GrowingBuffer();
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private final Bucket remembered = new Bucket();
    private int count;

    BucketBatch(final MapTable table) {
        this.table = table;
    }

    boolean isOf(final MapTable other) {
        return table == other;
    }

    void clear() {
        count = 0;
    }

    int count() {
        return count;
    }

    long hash(final int number) {
        return hashes[number];
    }

    /** Adds a hash; neighbours in one bucket share what is read. Its number is how many were added before. */
    void add(final long hash) {
        hashes[count++] = hash;
    }

    /** Reads the buckets of all hashes that were added. */
    void load(final Lane lane, final Operation operation) {
        if (count == 0) {
            return;
        }
        locate(lane);
        if (readWords(lane, operation)) {
            locate(lane);
            readWords(lane, operation);
        }
        readBlocks(lane, operation);
    }

    private void locate(final Lane lane) {
        for (int i = 0; i < count; i++) {
            indexes[i] = MapLayout.bucketOf(hashes[i], table.knownBuckets());
            offsets[i] = isRepeated(i) ? offsets[i - 1] : table.extents().wordOffset(lane, indexes[i]);
        }
    }

    private boolean isRepeated(final int i) {
        return i > 0 && indexes[i] == indexes[i - 1];
    }

    /** Returns true if the table turned out to be so large that some hashes are elsewhere. */
    private boolean readWords(final Lane lane, final Operation operation) {
        final Chain chain = lane.chain();
        final int size = chain.readWord(table.bucketsOffset());
        for (int i = 0; i < count; i++) {
            if (isRepeated(i)) {
                verbs[i] = verbs[i - 1];
            } else if (offsets[i] != 0) {
                verbs[i] = chain.readLink(offsets[i]);
            }
        }
        chain.post(operation);
        boolean moved = false;
        final long buckets = chain.result(size);
        for (int i = 0; i < count; i++) {
            words[i] = offsets[i] == 0 ? LinkWord.UNINIT : chain.result(verbs[i]);
            moved |= table.isPossibleSize(buckets) && MapLayout.bucketOf(hashes[i], buckets) != indexes[i];
        }
        final long known = table.knownBuckets();
        table.learnBuckets(buckets);
        return moved && table.knownBuckets() > known;
    }

    private void readBlocks(final Lane lane, final Operation operation) {
        final Chain chain = lane.chain();
        int used = 0;
        int reads = 0;
        for (int i = 0; i < count; i++) {
            if (isRepeated(i)) {
                images[i] = images[i - 1];
                lengths[i] = lengths[i - 1];
                continue;
            }
            images[i] = NOT_READ;
            if (LinkWord.isPointer(words[i])) {
                final int length = Blocks.targetBytes(lane.geometry(), words[i], offsets[i]);
                if (isRemembered(lane, i)) {
                    bytes.ensure(used + remembered.length).putBytes(used, remembered.block, 0, remembered.length);
                    images[i] = used;
                    lengths[i] = remembered.length;
                    used += remembered.length;
                } else if (reads == 0 || used + length <= MAX_IMAGE_BYTES) {
                    chain.read(LinkWord.offset(words[i]), bytes.ensure(used + length), used, length);
                    images[i] = used;
                    lengths[i] = length;
                    used += length;
                    reads++;
                }
            }
        }
        if (reads > 0) {
            chain.post(operation);
        }
    }

    /** The word was read just now: if it is the one that is remembered, so is its block. */
    private boolean isRemembered(final Lane lane, final int number) {
        if (table.cache() == null) {
            return false;
        }
        remembered.index = indexes[number];
        return table.cache().find(table.structure(), remembered, lane) == BucketCache.PROOF
                && remembered.word == words[number];
    }

    /**
     * Looks at the bucket of a hash.
     *
     * @param number of the hash in the batch
     * @param bucket is filled in; its block stays as it is until the next call, or the next batch
     * @return false if the bucket must be located alone
     */
    boolean open(final int number, final Bucket bucket) {
        bucket.remembered = false;
        bucket.index = indexes[number];
        bucket.wordOffset = offsets[number];
        bucket.word = words[number];
        if (bucket.isUninit() || bucket.isFrozen()) {
            return false;
        }
        final boolean whole;
        if (LinkWord.isSpecial(bucket.word)) {
            bucket.setEmpty();
            whole = BucketLocator.isPossibleLevel(bucket);
        } else if (images[number] == NOT_READ) {
            return false;
        } else {
            view.wrap(bytes.buffer(), images[number], lengths[number]);
            whole = table.locator().accept(bucket, view, lengths[number]);
        }
        if (whole && !bucket.isIndexOf(hashes[number])) {
            table.learnFrom(bucket);
            return false;
        }
        return whole;
    }
}
