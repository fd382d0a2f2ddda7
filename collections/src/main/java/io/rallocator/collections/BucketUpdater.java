package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.SizeClasses;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Changes one key by one swap of its bucket's word: finds the bucket, decides, builds the new block, commits; from the
 * beginning if the word was another by then. Nothing is changed before the swap, so a failure leaves the map as it was.
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class BucketUpdater {
    /** An insert that finds so many entries in its bucket makes the table grow by one: keeps 1.8 entries a bucket. */
    static final int ENTRIES_TO_GROW = 2;

    private final MapTable table;
    private final MapLayout layout;
    private final BucketSplitter splitter;
    private final BucketRewriter rewriter;

    BucketUpdater(final MapTable table, final BucketSplitter splitter, final BucketRewriter rewriter) {
        this.table = table;
        this.layout = table.layout();
        this.splitter = splitter;
        this.rewriter = rewriter;
    }

    /**
     * Changes a key.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param scratch says what to change
     * @return true if it was changed
     */
    boolean update(final Lane lane, final Operation operation, final Scratch scratch) {
        final Change change = scratch.change;
        change.begin();
        try {
            do {
                if (!findAndDecide(lane, operation, scratch)) {
                    return false;
                }
                build(lane, operation, scratch);
            } while (!commit(lane, operation, scratch));
        } finally {
            discard(lane, scratch);
        }
        if (change.oldValueRef != 0) {
            // verified only now, so that a damaged value can be replaced; still whole: this lane pins the epoch
            ValueBlock.finishRead(lane, operation, table, scratch, change.oldValueRef, change.oldValueWord);
        }
        if (change.inserts() && change.entriesBefore >= ENTRIES_TO_GROW) {
            splitter.grow(lane, scratch);
        }
        if (change.removes && change.entriesBefore == 1) {
            rewriter.dropEmptyBlock(lane, scratch.bucket);
        }
        return true;
    }

    private void discard(final Lane lane, final Scratch scratch) {
        final Change change = scratch.change;
        if (change.bucketRef != 0) {
            lane.discard(change.bucketRef);
        }
        if (change.valueRef != 0 && isComposite(scratch)) {
            lane.composite().discard();
        } else if (change.valueRef != 0) {
            lane.discard(change.valueRef);
        }
    }

    /** The new value needs more than one block. */
    private boolean isComposite(final Scratch scratch) {
        return scratch.valueLength > layout.maxBlockValueBytes();
    }

    // ---- decide

    private boolean findAndDecide(final Lane lane, final Operation operation, final Scratch scratch) {
        final Bucket bucket = scratch.bucket;
        for (; ; ) {
            findWithoutExpired(lane, operation, scratch);
            if (decide(lane, operation, scratch)) {
                return true;
            }
            // "no" is an answer only if the word still stands there
            if (table.locator().confirm(lane, operation, bucket)) {
                return false;
            }
        }
    }

    /** What is expired goes first, by a commit of its own: then whatever the bucket has counts. */
    private void findWithoutExpired(final Lane lane, final Operation operation, final Scratch scratch) {
        do {
            findUnfrozen(lane, operation, scratch, true);
        } while (!rewriter.evict(lane, scratch.bucket, scratch.image));
    }

    /** Finds the bucket of the scratch's hash, and finishes the splits that are in the way. */
    void findUnfrozen(final Lane lane, final Operation operation, final Scratch scratch, final boolean mayRemember) {
        table.locator().locate(lane, operation, scratch.hash, scratch.bucket, mayRemember);
        while (scratch.bucket.isFrozen()) {
            splitter.finish(lane, scratch.bucket, scratch.division);
            table.locator().locate(lane, operation, scratch.hash, scratch.bucket, mayRemember);
        }
    }

    private boolean decide(final Lane lane, final Operation operation, final Scratch scratch) {
        final Bucket bucket = scratch.bucket;
        final Change change = scratch.change;
        change.entry = bucket.length == 0
                ? BucketBlock.NOT_FOUND
                : BucketBlock.find(bucket.block, scratch.key, 0, scratch.keyLength);
        change.entriesBefore = bucket.entries();
        change.oldValueRef = 0;
        scratch.found = change.entry != BucketBlock.NOT_FOUND;
        final boolean happens = holds(lane, operation, scratch);
        if (scratch.found && change.keepsExpiry) {
            change.expiry = BucketBlock.expiry(bucket.block, change.entry);
        }
        if (scratch.found && change.wantsOld(happens)) {
            if (happens && BucketBlock.isIndirect(bucket.block, change.entry)) {
                change.oldValueRef = BucketBlock.indirectRef(bucket.block, change.entry);
                change.oldValueWord = BucketBlock.indirectWord(bucket.block, change.entry);
            } else {
                ValueBlock.copyValue(lane, operation, table, scratch, change.entry);
            }
        }
        return happens;
    }

    private boolean holds(final Lane lane, final Operation operation, final Scratch scratch) {
        return switch (scratch.change.condition) {
            case Change.IF_ABSENT -> !scratch.found;
            case Change.IF_PRESENT -> scratch.found;
            case Change.IF_EXPIRING ->
                scratch.found && BucketBlock.expiry(scratch.bucket.block, scratch.change.entry) != BucketBlock.NEVER;
            case Change.IF_EQUAL -> scratch.found && hasExpectedValue(lane, operation, scratch);
            default -> true;
        };
    }

    private boolean hasExpectedValue(final Lane lane, final Operation operation, final Scratch scratch) {
        final UnsafeBuffer block = scratch.bucket.block;
        final int entry = scratch.change.entry;
        if (!BucketBlock.isIndirect(block, entry)) {
            return BucketBlock.valueLength(block, entry) == scratch.expectedLength
                    && Bytes.equal(
                            block, BucketBlock.valueIndex(block, entry), scratch.expected, 0, scratch.expectedLength);
        }
        if (BucketBlock.valueBytes(BucketBlock.indirectWord(block, entry)) != scratch.expectedLength) {
            return false;
        }
        if (scratch.isExpectedRef(BucketBlock.indirectRef(block, entry), lane.epoch())) {
            return true;
        }
        ValueBlock.copyValue(lane, operation, table, scratch, entry);
        return scratch.isResultExpected();
    }

    // ---- build

    private void build(final Lane lane, final Operation operation, final Scratch scratch) {
        final Bucket bucket = scratch.bucket;
        final Change change = scratch.change;
        final boolean indirect = change.keepsValue
                ? BucketBlock.isIndirect(bucket.block, change.entry)
                : !change.removes && scratch.valueLength > layout.maxInlineBytes();
        if (indirect && !change.keepsValue && change.valueRef == 0) {
            change.valueRef =
                    isComposite(scratch) ? writeComposite(lane, operation, scratch) : sealValue(lane, scratch);
        }
        final int oldLength = bucket.length == 0 ? BucketBlock.ENTRIES_OFFSET : bucket.length;
        final int oldEntryBytes = change.inserts() ? 0 : BucketBlock.entryBytes(bucket.block, change.entry);
        final int valueBytes = change.keepsValue
                ? BucketBlock.valueLength(bucket.block, change.entry)
                : indirect ? BucketBlock.INDIRECT_BYTES : scratch.valueLength;
        final int newEntryBytes = change.removes
                ? 0
                : BucketBlock.ENTRY_HEADER_BYTES
                        + scratch.keyLength
                        + BucketBlock.expiryBytes(change.expiry)
                        + valueBytes;
        change.newLength = oldLength - oldEntryBytes + newEntryBytes;
        allocateBucket(lane, change, change.newLength <= oldLength);
        final UnsafeBuffer target = lane.writeBuffer(change.newLength);
        final int at = change.inserts() ? oldLength : change.entry;
        if (bucket.length > 0) {
            final int head = at - BucketBlock.ENTRIES_OFFSET;
            target.putBytes(BucketBlock.ENTRIES_OFFSET, bucket.block, BucketBlock.ENTRIES_OFFSET, head);
            final int rest = at + oldEntryBytes;
            target.putBytes(at + newEntryBytes, bucket.block, rest, oldLength - rest);
        }
        if (!change.removes) {
            putEntry(target, at, scratch, valueBytes, indirect, isComposite(scratch));
        }
        final int count = bucket.entries() + (change.removes ? -1 : change.inserts() ? 1 : 0);
        change.newWord = LinkWord.pointTo(bucket.word, change.bucketRef);
        BucketBlock.putHead(target, 0, bucket.level, count, change.newWord);
        BlockDescriptor.seal(
                target, 0, change.newLength, BlockDescriptor.BUCKET, table.structure(), bucket.index, change.bucketRef);
    }

    private long sealValue(final Lane lane, final Scratch scratch) {
        final int bytes = Scratch.VALUE_INDEX + scratch.valueLength;
        final long ref = lane.allocate(bytes);
        BlockDescriptor.seal(scratch.value, 0, bytes, BlockDescriptor.VALUE, table.structure(), locator(scratch), ref);
        return ref;
    }

    private long writeComposite(final Lane lane, final Operation operation, final Scratch scratch) {
        return lane.composite()
                .write(
                        operation,
                        table.structure(),
                        locator(scratch),
                        scratch.value,
                        Scratch.VALUE_INDEX,
                        scratch.valueLength);
    }

    private static long locator(final Scratch scratch) {
        return scratch.hash & LinkWord.VALUE_MASK;
    }

    private void allocateBucket(final Lane lane, final Change change, final boolean shrinks) {
        if (change.bucketRef != 0) {
            if (SizeClasses.bytes(BlockRef.blockClass(change.bucketRef)) >= change.newLength) {
                return; // of an attempt that came too late
            }
            lane.discard(change.bucketRef);
            change.bucketRef = 0;
        }
        final int most = lane.geometry().maxBlockBytes();
        if (change.newLength > most) {
            throw new RallocatorException(
                    RallocatorException.Category.EXHAUSTED,
                    table.where() + ": its bucket has " + change.entriesBefore + " entries and would need "
                            + change.newLength + " bytes, a block of this pool has at most " + most
                            + "; create the pool with larger slab classes, or use shorter keys");
        }
        // what makes room must not fail for want of a block of the right size
        final int enough = shrinks ? most : Math.min(most, change.newLength + change.newLength / 2);
        change.bucketRef = Blocks.allocate(lane, change.newLength, enough);
    }

    private static void putEntry(
            final UnsafeBuffer target,
            final int at,
            final Scratch scratch,
            final int valueBytes,
            final boolean indirect,
            final boolean composite) {
        final Change change = scratch.change;
        final int valueAt = BucketBlock.putEntry(
                target, at, scratch.key, 0, scratch.keyLength, valueBytes, indirect, change.expiry);
        requireSameKey(target, at, scratch);
        if (change.keepsValue) {
            final UnsafeBuffer block = scratch.bucket.block;
            target.putBytes(valueAt, block, BucketBlock.valueIndex(block, change.entry), valueBytes);
        } else if (indirect) {
            target.putLong(valueAt, change.valueRef);
            target.putLong(valueAt + Long.BYTES, BucketBlock.indirectWord(scratch.valueLength, composite));
        } else {
            target.putBytes(valueAt, scratch.value, Scratch.VALUE_INDEX, valueBytes);
        }
    }

    /** A key that is not where its hash says would never be found again. */
    private static void requireSameKey(final UnsafeBuffer target, final int entry, final Scratch scratch) {
        if (Bytes.hash(target, BucketBlock.keyIndex(entry), scratch.keyLength) != scratch.hash) {
            throw new IllegalStateException("the bytes of a key, of hash 0x" + Long.toHexString(scratch.hash)
                    + ", changed after its codec had written them; a codec must keep no reference to the target");
        }
    }

    // ---- commit

    private boolean commit(final Lane lane, final Operation operation, final Scratch scratch) {
        final Bucket bucket = scratch.bucket;
        final Change change = scratch.change;
        final long bucketRef = change.bucketRef;
        final long valueRef = change.valueRef;
        final UnsafeBuffer block = lane.writeBuffer(change.newLength);
        final long newWord = change.newWord;
        final int code = change.removes
                ? OperationCode.MAP_REMOVE
                : change.keepsValue ? OperationCode.MAP_EXPIRE : OperationCode.MAP_PUT;
        final Commit commit = lane.commit()
                .begin(code, table.structure(), bucket.wordOffset, bucket.word, newWord)
                .allocate(bucketRef, block, 0, change.newLength);
        final boolean composite = isComposite(scratch);
        if (valueRef != 0 && composite) {
            commit.allocate(
                    valueRef, lane.composite().list(), 0, lane.composite().listLength());
        } else if (valueRef != 0) {
            commit.allocate(valueRef, scratch.value, 0, Scratch.VALUE_INDEX + scratch.valueLength);
        }
        if (bucket.length > 0) {
            commit.free(Blocks.refToFree(lane.geometry(), bucket.word, bucket.wordOffset, bucket.block));
        }
        if (!change.inserts() && !change.keepsValue) {
            ValueBlock.free(commit, bucket.block, change.entry);
        }
        if (change.removes || change.inserts()) {
            final long stripe = table.root().offset() + layout.stripeOffset(lane.stripeIndex());
            commit.stripe(stripe, change.removes ? -1 : 1);
        }
        if (change.oldValueRef != 0) {
            ValueBlock.beginRead(lane, table, scratch, change.oldValueRef, change.oldValueWord);
        }
        // if the fabric fails from here on, whether the blocks are linked is for recovery to find out
        change.bucketRef = 0;
        change.valueRef = 0;
        if (commit.post(operation)) {
            table.remember(lane, bucket.index, newWord, block, change.newLength);
            bucket.become(newWord, block, change.newLength);
            if (valueRef != 0) {
                ValueBlock.remember(lane, table, valueRef, scratch.value, Scratch.VALUE_INDEX, scratch.valueLength);
            }
            return true;
        }
        change.bucketRef = bucketRef;
        change.valueRef = valueRef;
        table.forget(bucket);
        bucket.hint(table.number(), commit.witness());
        return false;
    }
}
