package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/** Large values that are read together into a batch, header included, many in one chain. */
final class ValueReads {
    private static final int MAX_CHAIN_BYTES = 4 << 20;
    private static final int FIELDS = 4;
    private static final int HASH = 0;
    private static final int REF = 1;
    private static final int LENGTH = 2;
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
     * @param length of the value; possible
     * @param at where header and value go
     */
    void add(final long hash, final long ref, final long length, final int at) {
        final int index = count * FIELDS;
        if (index == values.length) {
            values = Arrays.copyOf(values, 2 * index);
        }
        values[index + HASH] = hash;
        values[index + REF] = ref;
        values[index + LENGTH] = length;
        values[index + AT] = at;
        count++;
    }

    /** Reads and verifies all that were added. */
    void read(final Lane lane, final Operation operation, final MapTable table, final UnsafeBuffer target) {
        final Chain chain = lane.chain();
        int verbs = 0;
        long bytes = 0;
        for (int i = 0; i < count; i++) {
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
            ValueBlock.verify(table, target, (int) field(i, AT), blockBytes(i), field(i, HASH), field(i, REF));
        }
    }

    private long field(final int value, final int field) {
        return values[value * FIELDS + field];
    }

    private int blockBytes(final int value) {
        return BlockDescriptor.HEADER_BYTES + (int) field(value, LENGTH);
    }
}
