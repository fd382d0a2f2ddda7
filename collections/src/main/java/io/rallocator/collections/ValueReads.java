package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/** Large values that are read together into a batch, header included, many in one chain; composites one by one. */
final class ValueReads {
    private static final int MAX_CHAIN_BYTES = 4 << 20;
    private static final int FIELDS = 4;
    private static final int HASH = 0;
    private static final int REF = 1;
    private static final int WORD = 2;
    private static final int AT = 3;

    private long[] values = new long[8 * FIELDS];
    private int count;

    void clear() {
        count = 0;
    }

    /**
     * Adds a value.
     *
     * @param hash of its key
     * @param ref of its block
     * @param indirectWord of the entry; possible
     * @param at where header and value go
     */
    void add(final long hash, final long ref, final long indirectWord, final int at) {
        final int index = count * FIELDS;
        if (index == values.length) {
            values = Arrays.copyOf(values, 2 * index);
        }
        values[index + HASH] = hash;
        values[index + REF] = ref;
        values[index + WORD] = indirectWord;
        values[index + AT] = at;
        count++;
    }

    /** Reads and verifies all that were added. */
    void read(final Lane lane, final Operation operation, final MapTable table, final UnsafeBuffer target) {
        final Chain chain = lane.chain();
        int verbs = 0;
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            if (isComposite(i)) {
                continue;
            }
            final int length = blockBytes(i);
            if (verbs == Chain.MAX_VERBS || verbs > 0 && bytes + length > MAX_CHAIN_BYTES) {
                chain.post(operation);
                verbs = 0;
                bytes = 0;
            }
            chain.read(BlockRef.offset(field(i, REF)), target, (int) field(i, AT), length);
            verbs++;
            bytes += length;
        }
        if (verbs > 0) {
            chain.post(operation);
        }
        for (int i = 0; i < count; i++) {
            final int at = (int) field(i, AT);
            if (isComposite(i)) {
                final int first = at + BlockDescriptor.HEADER_BYTES;
                CompositeValue.read(
                        lane, operation, table, target, first, field(i, HASH), field(i, REF), valueBytes(i));
            } else {
                ValueBlock.verify(table, target, at, blockBytes(i), field(i, HASH), field(i, REF));
            }
        }
    }

    /** Lets the worker remember all that were added, and read. */
    void remember(final Lane lane, final MapTable table, final UnsafeBuffer source) {
        for (int i = 0; i < count; i++) {
            final int at = (int) field(i, AT) + BlockDescriptor.HEADER_BYTES;
            ValueBlock.remember(lane, table, field(i, REF), source, at, valueBytes(i));
        }
    }

    private boolean isComposite(final int value) {
        return BucketBlock.isComposite(field(value, WORD));
    }

    private int valueBytes(final int value) {
        return (int) BucketBlock.valueBytes(field(value, WORD));
    }

    private long field(final int value, final int field) {
        return values[value * FIELDS + field];
    }

    private int blockBytes(final int value) {
        return BlockDescriptor.HEADER_BYTES + valueBytes(value);
    }
}
