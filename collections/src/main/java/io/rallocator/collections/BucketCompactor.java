package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import java.util.function.LongPredicate;

/**
 * Moves a map's blocks out of sparse slabs: by changing entries to what they are, if they still are that. So a move is an ordinary commit, in
 * which nothing is lost if anybody dies, and nobody who changes the entry meanwhile is disturbed. One entry of a bucket is enough to move the bucket's block; a value with
 * a block of its own goes with its entry.
 */
final class BucketCompactor {
    private static final Operation MOVE = Operation.named("map.compact");

    private final MapTable table;
    private final WorkerSession session;
    private final BucketWalker walker;
    private final LongPredicate isToMove;

    /**
     * Makes a compactor.
     *
     * @param table of the map
     * @param walker of the same
     * @param isToMove tells it of the reference of a block
     */
    BucketCompactor(final MapTable table, final BucketWalker walker, final LongPredicate isToMove) {
        this.table = table;
        this.session = table.session();
        this.walker = walker;
        this.isToMove = isToMove;
    }

    /**
     * Moves what is in the next buckets.
     *
     * @param cursor 0 to begin, then what this returned
     * @param keys used for the keys
     * @param scratch of the caller
     * @return the next cursor, 0 at the end
     */
    long step(final long cursor, final ScanBatch keys, final Scratch scratch) {
        keys.clear();
        final long next;
        final Lane lane = table.root().acquire(session);
        try {
            next = walker.walk(
                    lane,
                    MOVE,
                    cursor,
                    keys.buckets(table),
                    scratch.bucket,
                    BucketBatch.MAX_HASHES,
                    new Collector(keys));
        } finally {
            session.release(lane);
        }
        for (int entry = 0; entry < keys.count(); entry++) {
            scratch.copyKey(keys.buffer(), keys.keyIndex(entry), keys.keyLength(entry));
            move(scratch);
        }
        return next;
    }

    private void move(final Scratch scratch) {
        if (table.get(MOVE, scratch, true)) {
            scratch.expectResult();
            scratch.copyValue(scratch.result.buffer(), scratch.resultIndex, scratch.resultLength);
            scratch.change.set(Change.IF_EQUAL, false, Change.NOTHING);
            scratch.change.keepsExpiry = true;
            table.update(MOVE, scratch); // if it has another value by now, that is in another block
        }
    }

    /** Takes the keys of what is to be moved. */
    private final class Collector implements BucketWalker.Visitor {
        private final ScanBatch keys;

        Collector(final ScanBatch keys) {
            this.keys = keys;
        }

        @Override
        public int visit(final Lane lane, final Bucket bucket, final long cursor) {
            if (!bucket.isFrozen() && bucket.entries() > 0) { // who splits it writes it anew
                collect(lane, bucket);
            }
            return bucket.level;
        }

        private void collect(final Lane lane, final Bucket bucket) {
            boolean moves =
                    isToMove.test(Blocks.refToFree(lane.geometry(), bucket.word, bucket.wordOffset, bucket.block));
            int entry = BucketBlock.ENTRIES_OFFSET;
            for (int i = bucket.entries(); i > 0; i--) {
                final boolean valueMoves = BucketBlock.isIndirect(bucket.block, entry)
                        && !BucketBlock.isComposite(bucket.block, entry)
                        && isToMove.test(BucketBlock.indirectRef(bucket.block, entry));
                if (valueMoves || moves && i == 1) {
                    final int length = BucketBlock.keyLength(bucket.block, entry);
                    keys.add(keys.copy(bucket.block, BucketBlock.keyIndex(entry), length), length);
                    moves = false;
                }
                entry += BucketBlock.entryBytes(bucket.block, entry);
            }
        }

        @Override
        public boolean isSated() {
            return keys.isFull();
        }
    }
}
