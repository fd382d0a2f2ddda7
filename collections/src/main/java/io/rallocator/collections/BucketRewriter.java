package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.LinkWord;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Replaces whole buckets: by an image with many changes, by one without what is expired, by nothing.
 *
 * <p>An emptied bucket gets an empty block first, because recovery finds out by an operation's own block whether it took
 * effect. Then a second commit, which changes no size, puts EMPTY in its place and frees the block. Who dies in between
 * leaves an empty block, which whoever writes the bucket next replaces.
 *
 * <p>Threads: any; the state is in the caller's {@link Bucket} and {@link BucketImage}.
 */
final class BucketRewriter {
    private static final Operation EVICT = Operation.named("map.evict");
    private static final Operation SHRINK = Operation.named("map.shrink");

    /** When all has expired that ever does. */
    private static final long LAST_MOMENT = BucketBlock.NEVER - 1;

    private final MapTable table;

    BucketRewriter(final MapTable table) {
        this.table = table;
    }

    /**
     * Removes what is expired. Asks for the time only if something can be.
     *
     * @param lane held
     * @param bucket not frozen; if something was removed, it is as it stands then
     * @param image used for the new block
     * @return false if the bucket was changed meanwhile, or has still more: find it again
     */
    boolean evict(final Lane lane, final Bucket bucket, final BucketImage image) {
        if (!hasExpired(bucket, LAST_MOMENT)) {
            return true;
        }
        final long now = table.now();
        if (!hasExpired(bucket, now)) {
            return true;
        }
        image.begin(bucket, now);
        return commit(lane, EVICT, OperationCode.MAP_EVICT, bucket, image, null) && !hasExpired(bucket, now);
    }

    /** Tells whether a bucket has an entry that expired. */
    static boolean hasExpired(final Bucket bucket, final long now) {
        int entry = BucketBlock.ENTRIES_OFFSET;
        for (int i = bucket.entries(); i > 0; i--) {
            if (BucketBlock.expiry(bucket.block, entry) <= now) {
                return true;
            }
            entry += BucketBlock.entryBytes(bucket.block, entry);
        }
        return false;
    }

    /**
     * Replaces a bucket's block by an image. The blocks that the image has allocated are linked, or given back.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param code of the operation
     * @param bucket not frozen; if it is replaced, it is as it stands then, its block in the image
     * @param image the new content
     * @param values holds the values that have blocks of their own, or null
     * @return false if the bucket's word was another
     */
    boolean commit(
            final Lane lane,
            final Operation operation,
            final int code,
            final Bucket bucket,
            final BucketImage image,
            final DirectBuffer values) {
        final long ref = allocate(lane, bucket, image);
        final long newWord = LinkWord.pointTo(bucket.word, ref);
        final UnsafeBuffer block = image.buffer();
        final int length = image.length();
        image.putHead(bucket.level, newWord);
        BlockDescriptor.seal(block, 0, length, BlockDescriptor.BUCKET, table.structure(), bucket.index, ref);
        final Commit commit = lane.commit()
                .begin(code, table.structure(), bucket.wordOffset, bucket.word, newWord)
                .allocate(ref, block, 0, length);
        if (code == OperationCode.MAP_EVICT) {
            commit.asHelp();
        }
        if (bucket.length > 0) {
            commit.free(Blocks.refToFree(lane.geometry(), bucket.word, bucket.wordOffset, bucket.block));
        }
        image.addValues(commit, values);
        if (image.count() != bucket.entries()) {
            final long stripe = table.root().offset() + table.layout().stripeOffset(lane.stripeIndex());
            commit.stripe(stripe, image.count() - bucket.entries());
        }
        // if the fabric fails from here on, whether the blocks are linked is for recovery to find out
        if (commit.post(operation)) {
            table.remember(lane, bucket.index, newWord, block, length);
            bucket.become(newWord, block, length);
            return true;
        }
        lane.discard(ref);
        image.discardValues(lane);
        table.forget(bucket);
        return false;
    }

    /** An image that is no larger must not fail for want of a block of the right size: it may make room. */
    private static long allocate(final Lane lane, final Bucket bucket, final BucketImage image) {
        final int most = lane.geometry().maxBlockBytes();
        final boolean shrinks = image.length() <= Math.max(bucket.length, BucketBlock.ENTRIES_OFFSET);
        final int enough = shrinks ? most : Math.min(most, image.length() + image.length() / 2);
        try {
            return Blocks.allocate(lane, image.length(), enough);
        } catch (final RuntimeException e) {
            image.discardValues(lane);
            throw e;
        }
    }

    /**
     * Puts EMPTY in the place of an empty block, unless somebody was faster.
     *
     * @param lane held
     * @param bucket as it stands since this lane's last commit; has no entries
     */
    void dropEmptyBlock(final Lane lane, final Bucket bucket) {
        final long newWord = MapLayout.emptyWord(bucket.word, bucket.level, bucket.index);
        final boolean dropped = lane.commit()
                .begin(OperationCode.MAP_EMPTY, table.structure(), bucket.wordOffset, bucket.word, newWord)
                .asHelp()
                .free(Blocks.refToFree(lane.geometry(), bucket.word, bucket.wordOffset, bucket.block))
                .post(SHRINK);
        if (dropped) {
            table.remember(lane, bucket.index, newWord, null, 0);
        } else {
            table.forget(bucket);
        }
    }
}
