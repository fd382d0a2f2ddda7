package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A bucket's block as it is going to be: begins as the entries that are not expired; keys are put and removed one by one.
 * Notes which blocks of values that replaces and which it needs, as many as one commit can name.
 *
 * <p>Threads: one at a time.
 */
final class BucketImage {
    /** Blocks of values: one reference is for the bucket's new block and one for its old one. */
    private static final int MAX_VALUES = Commit.MAX_REFS - 2;

    private final GrowingBuffer bytes = new GrowingBuffer();
    private int length;
    private int count;
    private int inserted;
    private int dropped;
    private int removed;
    private final long[] replaced = new long[MAX_VALUES];
    private int replacedCount;
    private int replacedLists;
    private final long[] valueRefs = new long[MAX_VALUES];
    private final int[] valueIndexes = new int[MAX_VALUES];
    private final int[] valueLengths = new int[MAX_VALUES];
    private int valueCount;

    /**
     * Begins with the entries of a bucket.
     *
     * @param bucket to be replaced
     * @param now what expires at this moment or before is left out, unless too many blocks would have to be freed
     */
    void begin(final Bucket bucket, final long now) {
        length = BucketBlock.ENTRIES_OFFSET;
        count = 0;
        inserted = 0;
        dropped = 0;
        removed = 0;
        replacedCount = 0;
        replacedLists = 0;
        valueCount = 0;
        bytes.ensure(Math.max(bucket.length, BucketBlock.ENTRIES_OFFSET));
        int entry = BucketBlock.ENTRIES_OFFSET;
        for (int i = bucket.entries(); i > 0; i--) {
            final int entryBytes = BucketBlock.entryBytes(bucket.block, entry);
            if (BucketBlock.expiry(bucket.block, entry) <= now && replace(bucket.block, entry)) {
                dropped++;
            } else {
                bytes.buffer().putBytes(length, bucket.block, entry, entryBytes);
                length += entryBytes;
                count++;
            }
            entry += entryBytes;
        }
    }

    /** Takes an entry's value for unlinked. Returns false if no more can be named. */
    private boolean replace(final DirectBuffer block, final int entry) {
        if (BucketBlock.isIndirect(block, entry)) {
            if (replacedCount + valueCount == MAX_VALUES) {
                return false;
            }
            replacedLists |= BucketBlock.isComposite(block, entry) ? 1 << replacedCount : 0;
            replaced[replacedCount++] = BucketBlock.indirectRef(block, entry);
        }
        return true;
    }

    /** Tells whether one more key can be changed, whatever its values before and after are. */
    boolean hasRoom() {
        return replacedCount + valueCount + 2 <= MAX_VALUES;
    }

    private int find(final DirectBuffer key, final int keyIndex, final int keyLength) {
        putHead(0, 0); // the count, which says how far to look
        return BucketBlock.find(bytes.buffer(), key, keyIndex, keyLength);
    }

    /** Tells whether {@link #hasValue} needs nothing but this image: not if the value has a block of its own. */
    boolean canCompare(final ScanBatch entries, final int number) {
        final int entry = find(entries.buffer(), entries.keyIndex(number), entries.keyLength(number));
        return entry == BucketBlock.NOT_FOUND || !BucketBlock.isIndirect(bytes.buffer(), entry);
    }

    /** Tells whether a key has the value that is with it. */
    boolean hasValue(final ScanBatch entries, final int number) {
        final int entry = find(entries.buffer(), entries.keyIndex(number), entries.keyLength(number));
        final int length = entries.valueLength(number);
        return entry != BucketBlock.NOT_FOUND
                && BucketBlock.valueLength(bytes.buffer(), entry) == length
                && Bytes.equal(
                        bytes.buffer(),
                        BucketBlock.valueIndex(bytes.buffer(), entry),
                        entries.buffer(),
                        entries.valueIndex(number),
                        length);
    }

    /**
     * Removes a key.
     *
     * @return true if it was there
     */
    boolean remove(final DirectBuffer key, final int keyIndex, final int keyLength) {
        final UnsafeBuffer buffer = bytes.buffer();
        final int entry = find(key, keyIndex, keyLength);
        if (entry == BucketBlock.NOT_FOUND) {
            return false;
        }
        if (!replace(buffer, entry)) {
            throw new IllegalStateException("no room for one more key");
        }
        final int end = entry + BucketBlock.entryBytes(buffer, entry);
        buffer.putBytes(entry, buffer, end, length - end);
        length -= end - entry;
        count--;
        removed++;
        return true;
    }

    /**
     * Puts a key, with its value.
     *
     * @param entries has key and value
     * @param entry number
     * @param valueRef of the value's block, or 0 if the value goes inline
     */
    void put(final ScanBatch entries, final int entry, final long valueRef) {
        final DirectBuffer source = entries.buffer();
        final int keyLength = entries.keyLength(entry);
        if (!remove(source, entries.keyIndex(entry), keyLength)) {
            inserted++;
        }
        final int valueLength = entries.valueLength(entry);
        final int inBlock = valueRef == 0 ? valueLength : BucketBlock.INDIRECT_BYTES;
        final int end = length + BucketBlock.ENTRY_HEADER_BYTES + keyLength + inBlock;
        final UnsafeBuffer buffer = bytes.ensure(end);
        final int at = BucketBlock.putEntry(
                buffer, length, source, entries.keyIndex(entry), keyLength, inBlock, valueRef != 0, BucketBlock.NEVER);
        if (valueRef == 0) {
            buffer.putBytes(at, source, entries.valueIndex(entry), valueLength);
        } else {
            buffer.putLong(at, valueRef);
            buffer.putLong(at + Long.BYTES, BucketBlock.indirectWord(valueLength, false));
            valueRefs[valueCount] = valueRef;
            valueIndexes[valueCount] = entries.valueIndex(entry) - Scratch.VALUE_INDEX;
            valueLengths[valueCount] = Scratch.VALUE_INDEX + valueLength;
            valueCount++;
        }
        length = end;
        count++;
    }

    void putHead(final int level, final long word) {
        BucketBlock.putHead(bytes.buffer(), 0, level, count, word);
    }

    /** Adds the blocks of values to a commit. */
    void addValues(final Commit commit, final DirectBuffer source) {
        for (int i = 0; i < valueCount; i++) {
            commit.allocate(valueRefs[i], source, valueIndexes[i], valueLengths[i]);
        }
        for (int i = 0; i < replacedCount; i++) {
            if ((replacedLists & 1 << i) != 0) {
                commit.freeComposite(replaced[i]);
            } else {
                commit.free(replaced[i]);
            }
        }
    }

    /** Gives back the blocks of values that were not linked. */
    void discardValues(final Lane lane) {
        for (int i = 0; i < valueCount; i++) {
            lane.discard(valueRefs[i]);
        }
        valueCount = 0;
    }

    UnsafeBuffer buffer() {
        return bytes.buffer();
    }

    int length() {
        return length;
    }

    int count() {
        return count;
    }

    /** Keys that were put and were absent before. */
    int inserted() {
        return inserted;
    }

    /** Entries that were left out at the beginning. */
    int dropped() {
        return dropped;
    }

    /** Entries that were removed or replaced. */
    int removed() {
        return removed;
    }

    boolean isChanged() {
        return dropped + removed + inserted > 0;
    }
}
