package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;

/**
 * Walks through a map in the order of reversed hash bits. The buckets are the leaves of a binary tree by hash suffix, and a
 * split only divides a leaf. A cursor is the left border of a leaf and stays one whatever is split meanwhile, so no entry
 * that stays is missed and none is shown twice.
 *
 * <p>Buckets are read ahead, as many together as the table's size lets expect; one that turns out to be larger or smaller
 * than expected ends the batch, and the next begins where it ends.
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
        int ahead = Math.min(BucketBatch.MAX_HASHES, (atLeast + 1) / 2);
        long cursor = from;
        do {
            cursor = collectAhead(lane, cursor, batch, bucket, ahead);
            ahead = Math.min(BucketBatch.MAX_HASHES, 2 * ahead);
        } while (cursor != 0 && batch.count() < atLeast && !batch.isFull());
        batch.readValues(lane, SCAN, table);
        return cursor;
    }

    private long collectAhead(
            final Lane lane, final long from, final ScanBatch batch, final Bucket bucket, final int most) {
        final BucketBatch buckets = batch.buckets(table);
        long expected = from;
        do {
            buckets.add(expected);
            expected = next(expected, table.expectedLevel(expected));
        } while (expected != 0 && buckets.count() < most);
        buckets.load(lane, SCAN);
        long cursor = from;
        for (int number = 0; number < buckets.count() && !batch.isFull(); number++) {
            if (buckets.hash(number) != cursor) {
                return cursor;
            }
            if (!buckets.open(number, bucket)) {
                table.locator().locateForReading(lane, SCAN, cursor, bucket);
            }
            final int level = bucket.isFrozen() ? bucket.level + 1 : bucket.level;
            addEntries(lane, bucket, cursor & MapLayout.mask(level), level, batch);
            cursor = next(cursor, level);
            if (cursor == 0) {
                return 0;
            }
        }
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
            final int keyIndex = BucketBlock.keyIndex(entry);
            final int keyLength = BucketBlock.keyLength(bucket.block, entry);
            final long hash = Bytes.hash(bucket.block, keyIndex, keyLength);
            if ((hash & MapLayout.mask(level)) == suffix) {
                final int keyAt = batch.copy(bucket.block, keyIndex, keyLength);
                batch.addValue(lane, table, bucket.block, entry, hash, batch.add(keyAt, keyLength));
            }
            entry += BucketBlock.entryBytes(bucket.block, entry);
        }
    }
}
