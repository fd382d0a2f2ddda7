package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.RallocatorException;
import java.util.Arrays;
import java.util.BitSet;
import org.agrona.DirectBuffer;

/**
 * Entries of a map, or elements, that were collected as bytes, to be decoded when no lane is held; and keys whose values are
 * looked for. Large values are read together at the end.
 */
final class ScanBatch {
    /** Collecting stops when a batch has so many bytes: a lane is not held for long. */
    static final int FULL_BYTES = 1 << 20;

    private static final int ENOUGH_FOR_A_CHANGE = 8192;

    /** Longest array of a Java process, about. */
    private static final int MOST_BYTES = Integer.MAX_VALUE - 64;

    private static final int FIELDS = 4;
    private static final int KEY_INDEX = 0;
    private static final int KEY_LENGTH = 1;
    private static final int VALUE_INDEX = 2;
    private static final int VALUE_LENGTH = 3;
    private static final int ABSENT = -1;

    private final GrowingBuffer bytes = new GrowingBuffer();
    private final ValueReads largeValues = new ValueReads();
    private BucketBatch buckets;
    private final BitSet expiring = new BitSet();
    private int[] entries = new int[64 * FIELDS];
    private int count;
    private int used;

    void clear() {
        count = 0;
        used = 0;
        largeValues.clear();
        expiring.clear();
    }

    int count() {
        return count;
    }

    boolean isFull() {
        return used >= FULL_BYTES;
    }

    /** Tells whether so much was collected that it is to be changed now: the more, the more of it is in one bucket. */
    boolean isEnoughForAChange() {
        return isFull() || count >= ENOUGH_FOR_A_CHANGE;
    }

    GrowingBuffer bytes() {
        return bytes;
    }

    DirectBuffer buffer() {
        return bytes.buffer();
    }

    /** The batch's reader of buckets, with nothing added to it. */
    BucketBatch buckets(final MapTable table) {
        if (buckets == null || !buckets.isOf(table)) {
            buckets = new BucketBatch(table);
        }
        buckets.clear();
        return buckets;
    }

    /** Bytes that are in use. */
    int used() {
        return used;
    }

    /** Drops the bytes from there on, and with them the values that were looked for; the keys stay. */
    void dropValues(final int from) {
        used = from;
    }

    /** Takes room at the end. */
    int reserve(final int length) {
        if (length > MOST_BYTES - used) {
            throw new RallocatorException(
                    RallocatorException.Category.EXHAUSTED,
                    "the entries of one bucket have more than " + MOST_BYTES
                            + " bytes and cannot be collected at once; get such large values by their keys");
        }
        final int at = used;
        bytes.ensure(at + length);
        used += length;
        return at;
    }

    int copy(final DirectBuffer source, final int index, final int length) {
        final int at = reserve(length);
        bytes.buffer().putBytes(at, source, index, length);
        return at;
    }

    void add(final int keyIndex, final int keyLength, final int valueIndex, final int valueLength) {
        setValue(add(keyIndex, keyLength), valueIndex, valueLength);
    }

    /**
     * Adds a key without a value.
     *
     * @param keyIndex where it is
     * @param keyLength its bytes
     * @return the number of the entry
     */
    int add(final int keyIndex, final int keyLength) {
        final int at = count * FIELDS;
        if (at == entries.length) {
            entries = Arrays.copyOf(entries, 2 * at);
        }
        entries[at + KEY_INDEX] = keyIndex;
        entries[at + KEY_LENGTH] = keyLength;
        entries[at + VALUE_LENGTH] = ABSENT;
        return count++;
    }

    /**
     * Gives an entry its value, which for a large one is here after {@link #readValues} only.
     *
     * @param lane held
     * @param table of the map
     * @param block of the bucket
     * @param from where the entry begins in it
     * @param hash of the key
     * @param entry number
     */
    void addValue(
            final Lane lane,
            final MapTable table,
            final DirectBuffer block,
            final int from,
            final long hash,
            final int entry) {
        if (BucketBlock.isIndirect(block, from)) {
            final long ref = BucketBlock.indirectRef(block, from);
            final long word = BucketBlock.indirectWord(block, from);
            final long length = BucketBlock.valueBytes(word);
            if (BucketBlock.isComposite(word)) {
                CompositeValue.requirePossible(lane.geometry(), table, ref, length);
            } else {
                ValueBlock.requirePossible(lane.geometry(), table, ref, length);
            }
            final int at = reserve(BlockDescriptor.HEADER_BYTES + (int) length);
            if (!ValueBlock.isRemembered(lane, table, ref, length, bytes.buffer(), at + BlockDescriptor.HEADER_BYTES)) {
                largeValues.add(hash, ref, word, at);
            }
            setValue(entry, at + BlockDescriptor.HEADER_BYTES, (int) length);
        } else {
            final int length = BucketBlock.valueLength(block, from);
            setValue(entry, copy(block, BucketBlock.valueIndex(block, from), length), length);
        }
    }

    /** Adds a key of another batch, with its value if that is wanted. */
    void add(final ScanBatch source, final int entry, final boolean withValue) {
        final int added =
                add(copy(source.buffer(), source.keyIndex(entry), source.keyLength(entry)), source.keyLength(entry));
        if (withValue) {
            final int length = source.valueLength(entry);
            setValue(added, copy(source.buffer(), source.valueIndex(entry), length), length);
        }
    }

    /** Adds a key of another batch, with its value, before which is room for a block's header. */
    void addToPut(final ScanBatch source, final int entry) {
        final int added =
                add(copy(source.buffer(), source.keyIndex(entry), source.keyLength(entry)), source.keyLength(entry));
        reserve(Scratch.VALUE_INDEX);
        final int length = source.valueLength(entry);
        setValue(added, copy(source.buffer(), source.valueIndex(entry), length), length);
    }

    /** Adds a key with a value before which is room for a block's header. */
    void add(final Scratch scratch) {
        final int entry = add(copy(scratch.key, 0, scratch.keyLength), scratch.keyLength);
        reserve(Scratch.VALUE_INDEX);
        setValue(entry, copy(scratch.value, Scratch.VALUE_INDEX, scratch.valueLength), scratch.valueLength);
    }

    /** Puts the entries into the order of their buckets, whatever the table's size; equal keys stay as they are. */
    void sortByBucket() {
        final long number = (1L << Integer.SIZE - Integer.numberOfLeadingZeros(count)) - 1;
        final long[] order = new long[count];
        for (int entry = 0; entry < count; entry++) {
            order[entry] = Long.reverse(hash(entry)) & ~number | entry;
        }
        Arrays.sort(order);
        final int[] sorted = new int[entries.length];
        for (int i = 0; i < count; i++) {
            System.arraycopy(entries, (int) (order[i] & number) * FIELDS, sorted, i * FIELDS, FIELDS);
        }
        entries = sorted;
    }

    void setValue(final int entry, final int index, final int length) {
        entries[entry * FIELDS + VALUE_INDEX] = index;
        entries[entry * FIELDS + VALUE_LENGTH] = length;
    }

    /**
     * Reads the large values.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param table of the map
     * @param remembers true if they will be asked for again: see {@link LargeImages}
     */
    void readValues(final Lane lane, final Operation operation, final MapTable table, final boolean remembers) {
        largeValues.read(lane, operation, table, bytes.buffer());
        if (remembers) {
            largeValues.remember(lane, table, bytes.buffer());
        }
        largeValues.clear();
    }

    void expires(final int entry, final long expiry) {
        if (expiry != BucketBlock.NEVER) {
            expiring.set(entry);
        }
    }

    /** Tells whether an entry that was scanned has a time to live. */
    boolean isExpiring(final int entry) {
        return expiring.get(entry);
    }

    long hash(final int entry) {
        return Bytes.hash(buffer(), keyIndex(entry), keyLength(entry));
    }

    boolean hasValue(final int entry) {
        return valueLength(entry) != ABSENT;
    }

    int keyIndex(final int entry) {
        return entries[entry * FIELDS + KEY_INDEX];
    }

    int keyLength(final int entry) {
        return entries[entry * FIELDS + KEY_LENGTH];
    }

    int valueIndex(final int entry) {
        return entries[entry * FIELDS + VALUE_INDEX];
    }

    int valueLength(final int entry) {
        return entries[entry * FIELDS + VALUE_LENGTH];
    }
}
