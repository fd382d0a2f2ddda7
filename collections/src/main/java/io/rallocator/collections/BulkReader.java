package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;

/** Looks many keys up together: a chain for the words of their buckets, one for the blocks, one for large values. */
final class BulkReader {
    private final MapTable table;

    BulkReader(final MapTable table) {
        this.table = table;
    }

    /**
     * Looks keys up.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param keys at most {@link BucketBatch#MAX_HASHES}; those that are found get their values
     * @param from the first key to look up
     * @return the key to go on with, once the values so far were taken out: less than all if they are large
     */
    int read(final Lane lane, final Operation operation, final ScanBatch keys, final int from) {
        final BucketBatch buckets = keys.buckets(table);
        for (int key = from; key < keys.count(); key++) {
            buckets.add(keys.hash(key));
        }
        buckets.load(lane, operation);
        final Bucket bucket = new Bucket();
        int key = from;
        do {
            if (buckets.open(key - from, bucket)) {
                table.remember(lane, bucket.index, bucket.word, bucket.block, bucket.length);
            } else {
                table.locator().locateForReading(lane, operation, keys.hash(key), bucket);
            }
            final int entry = table.find(bucket, keys.buffer(), keys.keyIndex(key), keys.keyLength(key));
            if (entry != BucketBlock.NOT_FOUND) {
                keys.addValue(lane, table, bucket.block, entry, keys.hash(key), key);
            }
            key++;
        } while (key < keys.count() && !keys.isFull());
        keys.readValues(lane, operation, table, true);
        return key;
    }
}
