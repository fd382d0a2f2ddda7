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
 */
final class BucketWalker {
    /** What is done with each bucket. */
    interface Visitor {
        /**
         * Visits a bucket.
         *
         * @param lane held
         * @param bucket as it was read; may be frozen
         * @param cursor its left border, or that of its half that is to be visited
         * @return how many bits of the cursor say what was visited
         */
        int visit(Lane lane, Bucket bucket, long cursor);

        /** True if no more buckets are wanted for now. */
        boolean isSated();
    }

    private final MapTable table;

    BucketWalker(final MapTable table) {
        this.table = table;
    }

    /**
     * Visits the next buckets.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param from the cursor
     * @param buckets used to read ahead, empty
     * @param bucket is given to the visitor
     * @param most so many at once
     * @param visitor visits at least one bucket
     * @return the next cursor, 0 at the end
     */
    long walk(
            final Lane lane,
            final Operation operation,
            final long from,
            final BucketBatch buckets,
            final Bucket bucket,
            final int most,
            final Visitor visitor) {
        long expected = from;
        do {
            buckets.add(expected);
            expected = next(expected, table.expectedLevel(expected));
        } while (expected != 0 && buckets.count() < most);
        buckets.load(lane, operation);
        long cursor = from;
        int number = 0;
        do {
            if (!buckets.open(number, bucket)) {
                table.locator().locateForReading(lane, operation, cursor, bucket);
            }
            cursor = next(cursor, visitor.visit(lane, bucket, cursor));
            number++;
        } while (cursor != 0 && number < buckets.count() && buckets.hash(number) == cursor && !visitor.isSated());
        return cursor;
    }

    /** Adds one, with carry downwards, to the reversed low bits. */
    static long next(final long cursor, final int level) {
        return Long.reverse(Long.reverse(cursor | ~MapLayout.mask(level)) + 1);
    }
}
