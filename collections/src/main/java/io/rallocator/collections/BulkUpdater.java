package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.LinkWord;

/**
 * Puts or removes many keys: reads their buckets together, then commits each bucket once for all its keys, one chain a
 * bucket. The commits follow one another because a lane has one under way: the next intent overwrites the last but one,
 * which must have left nothing owed by then, and what it owes is known when its swap is answered.
 *
 * <p>Threads: any; the state is in the caller's {@link BulkChange} and {@link Scratch}.
 */
final class BulkUpdater {
    /** Keys that one commit inserts at most: the table must grow in step. */
    private static final int MAX_KEYS = 8;

    private static final int NONE = -1;

    private final MapTable table;
    private final BucketUpdater updater;
    private final BucketSplitter splitter;
    private final BucketRewriter rewriter;

    BulkUpdater(
            final MapTable table,
            final BucketUpdater updater,
            final BucketSplitter splitter,
            final BucketRewriter rewriter) {
        this.table = table;
        this.updater = updater;
        this.splitter = splitter;
        this.rewriter = rewriter;
    }

    /**
     * Goes on with a change, for the next keys that are read together.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param scratch of the caller
     * @param bulk says how far it came, if this throws too
     */
    void update(final Lane lane, final Operation operation, final Scratch scratch, final BulkChange bulk) {
        final ScanBatch entries = bulk.entries;
        final BucketBatch buckets = entries.buckets(table);
        final int first = bulk.done;
        final int end = Math.min(entries.count(), first + BucketBatch.MAX_HASHES);
        for (int entry = first; entry < end; entry++) {
            buckets.add(entries.hash(entry));
        }
        buckets.load(lane, operation);
        final Bucket bucket = scratch.bucket;
        final long now = table.now();
        long written = NONE;
        while (bulk.done < end) {
            if (!buckets.open(bulk.done - first, bucket) || bucket.index == written) {
                scratch.hash = entries.hash(bulk.done);
                updater.findUnfrozen(lane, operation, scratch, true);
            }
            while (!changeGroup(lane, operation, scratch, bulk, now)) {
                scratch.hash = entries.hash(bulk.done);
                updater.findUnfrozen(lane, operation, scratch, true);
            }
            written = bucket.index;
        }
    }

    /** Changes the next keys that are in the bucket. Returns false if the bucket was changed meanwhile. */
    private boolean changeGroup(
            final Lane lane, final Operation operation, final Scratch scratch, final BulkChange bulk, final long now) {
        final Bucket bucket = scratch.bucket;
        final BucketImage image = scratch.image;
        final int entriesBefore = bucket.entries();
        image.begin(bucket, now);
        final int end = bulk.removes ? removeGroup(bucket, image, bulk) : putGroup(lane, bucket, image, bulk);
        if (end == bulk.done) {
            changeAlone(lane, operation, scratch, bulk);
            return true;
        }
        if (!image.isChanged()) {
            if (!table.locator().confirm(lane, operation, bucket)) {
                return false; // "none" is an answer only if the word still stands there
            }
            bulk.done = end;
            return true;
        }
        final int code = bulk.removes ? OperationCode.MAP_REMOVE_ALL : OperationCode.MAP_PUT_ALL;
        if (!rewriter.commit(lane, operation, code, bucket, image, bulk.entries.buffer())) {
            return false;
        }
        bulk.done = end;
        bulk.removed += image.removed();
        if (image.count() == 0) {
            rewriter.dropEmptyBlock(lane, bucket);
        }
        final int surplus = entriesBefore + image.inserted() - BucketUpdater.ENTRIES_TO_GROW;
        for (int i = Math.min(image.inserted(), surplus); i > 0; i--) {
            splitter.grow(lane, scratch);
        }
        return true;
    }

    private static int removeGroup(final Bucket bucket, final BucketImage image, final BulkChange bulk) {
        final ScanBatch entries = bulk.entries;
        int entry = bulk.done;
        while (entry < entries.count()
                && bucket.isIndexOf(entries.hash(entry))
                && image.hasRoom()
                && (!bulk.compares || image.canCompare(entries, entry))) {
            if (!bulk.compares || image.hasValue(entries, entry)) {
                image.remove(entries.buffer(), entries.keyIndex(entry), entries.keyLength(entry));
            }
            entry++;
        }
        return entry;
    }

    private int putGroup(final Lane lane, final Bucket bucket, final BucketImage image, final BulkChange bulk) {
        final ScanBatch entries = bulk.entries;
        final int end = Math.min(entries.count(), bulk.done + MAX_KEYS);
        int entry = bulk.done;
        try {
            while (entry < end
                    && bucket.isIndexOf(entries.hash(entry))
                    && image.hasRoom()
                    && fits(lane, image, entries, entry)) {
                image.put(entries, entry, isLarge(entries, entry) ? writeValue(lane, entries, entry) : 0);
                entry++;
            }
        } catch (final RuntimeException e) {
            image.discardValues(lane);
            throw e;
        }
        return entry;
    }

    private boolean isLarge(final ScanBatch entries, final int entry) {
        return entries.valueLength(entry) > table.layout().maxInlineBytes();
    }

    private boolean fits(final Lane lane, final BucketImage image, final ScanBatch entries, final int entry) {
        if (entries.valueLength(entry) > table.layout().maxBlockValueBytes()) {
            return false;
        }
        final int valueBytes = isLarge(entries, entry) ? BucketBlock.INDIRECT_BYTES : entries.valueLength(entry);
        return image.length() + BucketBlock.ENTRY_HEADER_BYTES + entries.keyLength(entry) + valueBytes
                <= lane.geometry().maxBlockBytes();
    }

    private long writeValue(final Lane lane, final ScanBatch entries, final int entry) {
        final int length = Scratch.VALUE_INDEX + entries.valueLength(entry);
        final long ref = lane.allocate(length);
        BlockDescriptor.seal(
                entries.bytes().buffer(),
                entries.valueIndex(entry) - Scratch.VALUE_INDEX,
                length,
                BlockDescriptor.VALUE,
                table.structure(),
                entries.hash(entry) & LinkWord.VALUE_MASK,
                ref);
        return ref;
    }

    /** What does not go together with others: whether it goes alone is for the updater to say. */
    private void changeAlone(final Lane lane, final Operation operation, final Scratch scratch, final BulkChange bulk) {
        final ScanBatch entries = bulk.entries;
        final int entry = bulk.done;
        scratch.copyKey(entries.buffer(), entries.keyIndex(entry), entries.keyLength(entry));
        if (bulk.compares) {
            scratch.copyExpected(entries.buffer(), entries.valueIndex(entry), entries.valueLength(entry));
            scratch.change.set(Change.IF_EQUAL, true, Change.NOTHING);
        } else if (bulk.removes) {
            scratch.change.set(Change.IF_PRESENT, true, Change.NOTHING);
        } else {
            scratch.copyValue(entries.buffer(), entries.valueIndex(entry), entries.valueLength(entry));
            scratch.change.set(Change.ALWAYS, false, Change.NOTHING);
        }
        if (updater.update(lane, operation, scratch) && bulk.removes) {
            bulk.removed++;
        }
        bulk.done = entry + 1;
    }
}
