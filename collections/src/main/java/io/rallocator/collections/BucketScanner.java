package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;

/**
 * Collects the entries of a map, bucket by bucket. A frozen bucket counts as the two halves that it is about to become.
 */
final class BucketScanner {
    private static final Operation SCAN = Operation.named("map.scan");

    private final MapTable table;
    private final BucketWalker walker;

    BucketScanner(final MapTable table, final BucketWalker walker) {
        this.table = table;
        this.walker = walker;
    }

    /** Takes the entries of each bucket into a batch. */
    private final class Collector implements BucketWalker.Visitor {
        private final ScanBatch batch;
        private final int enough;

        Collector(final ScanBatch batch, final int enough) {
            this.batch = batch;
            this.enough = enough;
        }

        @Override
        public int visit(final Lane lane, final Bucket bucket, final long cursor) {
            final int level = bucket.isFrozen() ? bucket.level + 1 : bucket.level;
            addEntries(lane, bucket, cursor, level, batch);
            return level;
        }

        @Override
        public boolean isSated() {
            return batch.isFull();
        }

        boolean wantsMore() {
            return batch.count() < enough && !batch.isFull();
        }
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
        final Collector collector = new Collector(batch, atLeast);
        final Bucket bucket = new Bucket();
        int ahead = Math.min(BucketBatch.MAX_HASHES, (atLeast + 1) / 2);
        long cursor = from;
        do {
            cursor = walker.walk(lane, SCAN, cursor, batch.buckets(table), bucket, ahead, collector);
            ahead = Math.min(BucketBatch.MAX_HASHES, 2 * ahead);
        } while (cursor != 0 && collector.wantsMore());
        batch.readValues(lane, SCAN, table, false);
        return cursor;
    }

    /**
     * Adds what is in a bucket from the cursor on. The cursor is the bucket's left border, unless it comes from the table in which this part of a map was
     * before it moved to another blade: that may have been split further.
     */
    private void addEntries(
            final Lane lane, final Bucket bucket, final long cursor, final int level, final ScanBatch batch) {
        final long from = Long.reverse(cursor);
        final long suffix = cursor & MapLayout.mask(level);
        int entry = BucketBlock.ENTRIES_OFFSET;
        for (int i = bucket.entries(); i > 0; i--) {
            final int keyIndex = BucketBlock.keyIndex(entry);
            final int keyLength = BucketBlock.keyLength(bucket.block, entry);
            final long hash = Bytes.hash(bucket.block, keyIndex, keyLength);
            if ((hash & MapLayout.mask(level)) == suffix
                    && Long.compareUnsigned(Long.reverse(hash), from) >= 0
                    && table.isLive(bucket.block, entry)) {
                final int keyAt = batch.copy(bucket.block, keyIndex, keyLength);
                final int added = batch.add(keyAt, keyLength);
                batch.addValue(lane, table, bucket.block, entry, hash, added);
                batch.expires(added, BucketBlock.expiry(bucket.block, entry));
            }
            entry += BucketBlock.entryBytes(bucket.block, entry);
        }
    }
}
