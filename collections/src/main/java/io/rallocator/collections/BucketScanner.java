package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Walks through a map in the order of reversed hash bits. The buckets are the leaves of a binary tree by hash suffix, and a
 * split only divides a leaf. A cursor is the left border of a leaf and stays one whatever is split meanwhile, so no entry
 * that stays is missed and none is shown twice.
 *
 * <p>A frozen bucket counts as the two halves that it is about to become.
 */
final class BucketScanner {
    private static final Operation SCAN = Operation.named("map.scan");

    private final MapTable table;

    BucketScanner(final MapTable table) {
        this.table = table;
    }

    /**
     * Collects the entries of the next buckets.
     *
     * @param lane held
     * @param from the cursor
     * @param batch gets the entries
     * @param atLeast so many entries, unless the map ends before or the batch is full
     * @return the next cursor, 0 at the end
     */
    long collect(final Lane lane, final long from, final ScanBatch batch, final int atLeast) {
        final Bucket bucket = new Bucket();
        long cursor = from;
        do {
            table.locator().locateForReading(lane, SCAN, cursor, bucket);
            final int level = bucket.isFrozen() ? bucket.level + 1 : bucket.level;
            addEntries(lane, bucket, cursor & MapLayout.mask(level), level, batch);
            cursor = next(cursor, level);
        } while (cursor != 0 && batch.count() < atLeast && !batch.isFull());
        return cursor;
    }

    /** Adds one, with carry downwards, to the reversed low bits. */
    static long next(final long cursor, final int level) {
        return Long.reverse(Long.reverse(cursor | ~MapLayout.mask(level)) + 1);
    }

    private void addEntries(
            final Lane lane, final Bucket bucket, final long suffix, final int level, final ScanBatch batch) {
        int entry = BucketBlock.ENTRIES_OFFSET;
        for (int i = bucket.entries(); i > 0; i--) {
            final UnsafeBuffer block = bucket.block;
            final int keyIndex = BucketBlock.keyIndex(entry);
            final int keyLength = BucketBlock.keyLength(block, entry);
            final long hash = Bytes.hash(block, keyIndex, keyLength);
            if ((hash & MapLayout.mask(level)) == suffix) {
                addEntry(lane, block, entry, hash, batch);
            }
            entry += BucketBlock.entryBytes(block, entry);
        }
    }

    private void addEntry(
            final Lane lane, final UnsafeBuffer block, final int entry, final long hash, final ScanBatch batch) {
        final int keyLength = BucketBlock.keyLength(block, entry);
        final int keyAt = batch.copy(block, BucketBlock.keyIndex(entry), keyLength);
        if (BucketBlock.isIndirect(block, entry)) {
            final long ref = BucketBlock.indirectRef(block, entry);
            final long length = BucketBlock.indirectLength(block, entry);
            final int at = batch.reserve(BlockDescriptor.HEADER_BYTES);
            ValueBlock.readTo(lane, SCAN, table, batch.bytes(), at, hash, ref, length);
            batch.reserve((int) length);
            batch.add(keyAt, keyLength, at + BlockDescriptor.HEADER_BYTES, (int) length);
        } else {
            final int length = BucketBlock.valueLength(block, entry);
            final int valueAt = batch.copy(block, BucketBlock.valueIndex(block, entry), length);
            batch.add(keyAt, keyLength, valueAt, length);
        }
    }
}
