package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Splits buckets: the next one when the table is to grow, and those that somebody else froze and did not finish. A
 * split is begun only with all its blocks in hand, so a full pool leaves nothing frozen.
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class BucketSplitter {
    private static final Operation SPLIT = Operation.named("map.split");

    /** Splits that others were faster with, before this worker leaves growing to them. */
    private static final int MAX_LOST = 4;

    /** Steps past buckets that are split already. */
    private static final int MAX_STEPS = 64;

    /** After the pool was full so many inserts do not try to grow the table. */
    private static final int PAUSE = 256;

    private final MapTable table;
    private final MapLayout layout;
    private int pause;

    /** What this worker knows of the table's size is not what the pool says: read that before the next split. */
    private boolean sizeIsDoubtful = true;

    BucketSplitter(final MapTable table) {
        this.table = table;
        this.layout = table.layout();
    }

    /**
     * Makes the table larger by one bucket, if there is memory.
     *
     * @param lane held
     * @param scratch of the operation; its division and splitting bucket are used
     */
    void grow(final Lane lane, final Scratch scratch) {
        if (pause > 0) {
            pause--; // a race loses a count, no more
            return;
        }
        try {
            tryGrow(lane, scratch.splitting, scratch.division);
        } catch (final OutOfRemoteMemoryException e) {
            pause = PAUSE;
        }
    }

    private void tryGrow(final Lane lane, final Bucket bucket, final Division division) {
        int lost = 0;
        for (int step = 0; step < MAX_STEPS && lost < MAX_LOST; step++) {
            final boolean known = !sizeIsDoubtful;
            final long buckets = known ? table.knownBuckets() : lane.readWord(SPLIT, table.bucketsOffset());
            if (!table.isPossibleSize(buckets)) {
                swapBuckets(lane, buckets, MapLayout.FIRST_BUCKETS); // damaged; the levels know better
                continue;
            }
            table.learnBuckets(buckets);
            if (buckets == layout.maxBuckets()) {
                return;
            }
            sizeIsDoubtful = true; // until a split has made the table larger by one
            final int level = MapLayout.levelOf(buckets);
            bucket.index = buckets & MapLayout.mask(level);
            table.locator().load(lane, SPLIT, bucket, false);
            if (known && (bucket.isUninit() || bucket.level != level)) {
                continue; // others made the table larger
            }
            if (bucket.isUninit() || bucket.level < level) {
                swapBuckets(lane, buckets, MapLayout.FIRST_BUCKETS);
            } else if (bucket.level > level) {
                advance(lane, buckets);
            } else if (split(lane, bucket, division, false)) {
                return;
            } else {
                lost++;
            }
        }
    }

    /**
     * Finishes a split that was begun.
     *
     * @param lane held
     * @param bucket frozen, as just read
     * @param division used for the halves
     * @throws OutOfRemoteMemoryException if there is no block for a half
     */
    void finish(final Lane lane, final Bucket bucket, final Division division) {
        if (bucket.level >= MapLayout.MAX_LEVEL || bucket.index + (1L << bucket.level) >= layout.maxBuckets()) {
            throw Blocks.damagedWord(bucket.word, bucket.wordOffset);
        }
        split(lane, bucket, division, true);
    }

    /** Returns true if this call replaced the bucket's word by the lower half, which ends the split. */
    private boolean split(final Lane lane, final Bucket bucket, final Division division, final boolean inNeed) {
        final long high = bucket.index + (1L << bucket.level);
        final long highOffset = table.extents().ensure(lane, high);
        final boolean highIsLinked = bucket.isFrozen() && lane.readLink(SPLIT, highOffset) != LinkWord.UNINIT;
        divide(lane, bucket, division);
        try {
            if (division.highCount > 0 && !highIsLinked) {
                division.highRef = allocate(lane, division.highLength, inNeed);
            }
            if (division.lowCount > 0) {
                division.lowRef = allocate(lane, division.lowLength, inNeed);
            }
            if (!bucket.isFrozen() && !freeze(lane, bucket)) {
                return false;
            }
            if (!highIsLinked) {
                linkHigh(lane, bucket, division, high, highOffset);
            }
            if (!linkLow(lane, bucket, division, high)) {
                return false;
            }
        } finally {
            discard(lane, division);
        }
        table.forget(bucket);
        return true;
    }

    private static long allocate(final Lane lane, final int bytes, final boolean inNeed) {
        return inNeed ? Blocks.allocate(lane, bytes, lane.geometry().maxBlockBytes()) : lane.allocate(bytes);
    }

    private static void discard(final Lane lane, final Division division) {
        if (division.highRef != 0) {
            lane.discard(division.highRef);
        }
        if (division.lowRef != 0) {
            lane.discard(division.lowRef);
        }
    }

    // ---- the halves

    private void divide(final Lane lane, final Bucket bucket, final Division division) {
        division.lowRef = 0;
        division.highRef = 0;
        division.lowCount = 0;
        division.highCount = 0;
        division.lowLength = BucketBlock.ENTRIES_OFFSET;
        division.highLength = BucketBlock.ENTRIES_OFFSET;
        division.highAt = BitUtil.align(Math.max(bucket.length, BucketBlock.ENTRIES_OFFSET), Long.BYTES);
        division.buffer = lane.writeBuffer(2 * division.highAt);
        int entry = BucketBlock.ENTRIES_OFFSET;
        for (int i = bucket.entries(); i > 0; i--) {
            final UnsafeBuffer block = bucket.block;
            final int bytes = BucketBlock.entryBytes(block, entry);
            final long hash = Bytes.hash(block, BucketBlock.keyIndex(entry), BucketBlock.keyLength(block, entry));
            if ((hash >>> bucket.level & 1) == 0) {
                division.buffer.putBytes(division.lowLength, block, entry, bytes);
                division.lowLength += bytes;
                division.lowCount++;
            } else {
                division.buffer.putBytes(division.highAt + division.highLength, block, entry, bytes);
                division.highLength += bytes;
                division.highCount++;
            }
            entry += bytes;
        }
    }

    // ---- the three swaps

    /** A tag only: nothing is allocated or freed, so there is nothing to intend. */
    private static boolean freeze(final Lane lane, final Bucket bucket) {
        final long frozen = bucket.word | LinkWord.FROZEN;
        final int verb = lane.chain().swapLink(bucket.wordOffset, bucket.word, frozen);
        lane.chain().persist().post(SPLIT);
        if (lane.chain().result(verb) != bucket.word) {
            return false;
        }
        bucket.word = frozen;
        return true;
    }

    /** Links the upper half, unless somebody did. */
    private void linkHigh(
            final Lane lane, final Bucket bucket, final Division division, final long high, final long highOffset) {
        final long ref = division.highRef;
        final int level = bucket.level + 1;
        final long newWord =
                ref == 0 ? MapLayout.emptyWord(LinkWord.UNINIT, level, high) : LinkWord.pointTo(LinkWord.UNINIT, ref);
        final Commit commit = lane.commit()
                .begin(OperationCode.MAP_SPLIT_HIGH, table.structure(), highOffset, LinkWord.UNINIT, newWord)
                .asHelp();
        if (ref != 0) {
            BucketBlock.putHead(division.buffer, division.highAt, level, division.highCount, newWord);
            BlockDescriptor.seal(
                    division.buffer,
                    division.highAt,
                    division.highLength,
                    BlockDescriptor.BUCKET,
                    table.structure(),
                    high,
                    ref);
            commit.allocate(ref, division.buffer, division.highAt, division.highLength);
        }
        division.highRef = 0;
        if (!commit.post(SPLIT)) {
            division.highRef = ref;
        }
    }

    /**
     * Replaces the frozen word by the lower half, unless somebody did. The upper half is linked, so the table's size may count
     * it by now, whatever becomes of the swap.
     */
    private boolean linkLow(final Lane lane, final Bucket bucket, final Division division, final long high) {
        final long ref = division.lowRef;
        final int level = bucket.level + 1;
        final long newWord =
                ref == 0 ? MapLayout.emptyWord(bucket.word, level, bucket.index) : LinkWord.pointTo(bucket.word, ref);
        final Commit commit = lane.commit()
                .begin(OperationCode.MAP_SPLIT_LOW, table.structure(), bucket.wordOffset, bucket.word, newWord)
                .asHelp();
        if (ref != 0) {
            BucketBlock.putHead(division.buffer, 0, level, division.lowCount, newWord);
            BlockDescriptor.seal(
                    division.buffer,
                    0,
                    division.lowLength,
                    BlockDescriptor.BUCKET,
                    table.structure(),
                    bucket.index,
                    ref);
            commit.allocate(ref, division.buffer, 0, division.lowLength);
        }
        if (bucket.length > 0) {
            commit.free(Blocks.refToFree(lane.geometry(), bucket.word, bucket.wordOffset, bucket.block));
        }
        division.lowRef = 0;
        final int verb = lane.chain().compareAndSwap(table.bucketsOffset(), high, high + 1);
        final boolean linked = commit.post(SPLIT);
        learnAdvance(high, lane.chain().result(verb));
        if (!linked) {
            division.lowRef = ref;
        }
        return linked;
    }

    // ---- the hint of the table's size

    private void advance(final Lane lane, final long buckets) {
        learnAdvance(buckets, swapBuckets(lane, buckets, buckets + 1));
    }

    /** A swap that was to make the size larger by one found this size. */
    private void learnAdvance(final long buckets, final long found) {
        table.learnBuckets(buckets + 1);
        sizeIsDoubtful = found != buckets || table.knownBuckets() != buckets + 1;
    }

    private long swapBuckets(final Lane lane, final long from, final long to) {
        final int verb = lane.chain().compareAndSwap(table.bucketsOffset(), from, to);
        lane.chain().post(SPLIT);
        return lane.chain().result(verb);
    }
}
