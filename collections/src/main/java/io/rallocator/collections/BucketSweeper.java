package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import org.agrona.collections.MutableLong;

/** Removes from every bucket what is expired, or everything: one commit a bucket that has any. */
final class BucketSweeper {
    /** The moment at which everything is over, what never expires included. */
    static final long END_OF_TIME = BucketBlock.NEVER;

    private static final Operation EVICT = Operation.named("map.evict");
    private static final Operation CLEAR = Operation.named("map.clear");

    private final BucketWalker walker;
    private final BucketUpdater updater;
    private final BucketRewriter rewriter;

    BucketSweeper(final BucketWalker walker, final BucketUpdater updater, final BucketRewriter rewriter) {
        this.walker = walker;
        this.updater = updater;
        this.rewriter = rewriter;
    }

    /** One walk through the map, and how far it came. */
    static final class Sweep {
        private final long now;
        private final BucketBatch buckets;
        private long cursor;
        private final MutableLong removed;
        private boolean ended;

        /**
         * Begins a walk.
         *
         * @param now what expires then or before is removed
         * @param table of the map
         * @param removed counts the entries that were removed
         */
        Sweep(final long now, final MapTable table, final MutableLong removed) {
            this.now = now;
            this.removed = removed;
            this.buckets = new BucketBatch(table);
        }

        boolean isEnded() {
            return ended;
        }

        private Operation operation() {
            return now == END_OF_TIME ? CLEAR : EVICT;
        }
    }

    /** Sweeps the next buckets, as many as are read together. */
    void step(final Lane lane, final Scratch scratch, final Sweep sweep) {
        sweep.buckets.clear();
        sweep.cursor = walker.walk(
                lane,
                sweep.operation(),
                sweep.cursor,
                sweep.buckets,
                scratch.bucket,
                BucketBatch.MAX_HASHES,
                new BucketWalker.Visitor() {
                    @Override
                    public int visit(final Lane same, final Bucket bucket, final long cursor) {
                        sweepBucket(same, scratch, sweep, cursor);
                        return bucket.level;
                    }

                    @Override
                    public boolean isSated() {
                        return false;
                    }
                });
        sweep.ended = sweep.cursor == 0;
    }

    private void sweepBucket(final Lane lane, final Scratch scratch, final Sweep sweep, final long cursor) {
        final Bucket bucket = scratch.bucket;
        scratch.hash = cursor;
        if (bucket.isFrozen()) {
            updater.findUnfrozen(lane, sweep.operation(), scratch, false);
        }
        final int code = sweep.now == END_OF_TIME ? OperationCode.MAP_REMOVE_ALL : OperationCode.MAP_EVICT;
        while (BucketRewriter.hasExpired(bucket, sweep.now)) {
            scratch.image.begin(bucket, sweep.now);
            if (!rewriter.commit(lane, sweep.operation(), code, bucket, scratch.image, null)) {
                updater.findUnfrozen(lane, sweep.operation(), scratch, false);
                continue;
            }
            sweep.removed.value += scratch.image.dropped();
            if (scratch.image.count() == 0) {
                rewriter.dropEmptyBlock(lane, bucket);
            }
        }
    }
}
