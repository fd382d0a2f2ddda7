package io.rallocator.collections;

/** Keys to be put, or removed, in few commits, and how far that is. */
final class BulkChange {
    /** Keys in the order of their buckets, with values to be put; before each value is room for a block's header. */
    final ScanBatch entries;

    /** The keys are removed; else put. */
    final boolean removes;

    /** Keys that are done, from the first one on. */
    int done;

    /** Entries that were removed. */
    long removed;

    BulkChange(final ScanBatch entries, final boolean removes) {
        this.entries = entries;
        this.removes = removes;
    }
}
