package io.rallocator.collections;

/** Keys to be put, or removed, in few commits, and how far that is. */
final class BulkChange {
    /** Keys in the order of their buckets, with values to be put; before each value is room for a block's header. */
    final ScanBatch entries;

    /** The keys are removed; else put. */
    final boolean removes;

    /** A key is removed only if it has the value that is with it. */
    final boolean compares;

    /** Keys that are done, from the first one on. */
    int done;

    /** Entries that were removed. */
    long removed;

    private BulkChange(final ScanBatch entries, final boolean removes, final boolean compares) {
        this.entries = entries;
        this.removes = removes;
        this.compares = compares;
    }

    /** The same change for some of its keys. */
    BulkChange of(final ScanBatch some) {
        return new BulkChange(some, removes, compares);
    }

    /** Puts keys with their values. */
    static BulkChange put(final ScanBatch entries) {
        return new BulkChange(entries, false, false);
    }

    /** Removes keys whatever their values are. */
    static BulkChange remove(final ScanBatch entries) {
        return new BulkChange(entries, true, false);
    }

    /** Removes keys that have the values that are with them. */
    static BulkChange removeIfEqual(final ScanBatch entries) {
        return new BulkChange(entries, true, true);
    }
}
