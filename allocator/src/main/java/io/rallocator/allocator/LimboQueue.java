package io.rallocator.allocator;

import java.util.Arrays;

/** Freed blocks and the epochs at which they were retired, oldest first. Garbage-free once it has its size. */
final class LimboQueue {
    private long[] refs = new long[64];
    private long[] epochs = new long[64];
    private int head;
    private int size;

    void add(final long ref, final long epoch) {
        if (size == refs.length) {
            grow();
        }
        final int at = head + size & refs.length - 1;
        refs[at] = ref;
        epochs[at] = epoch;
        size++;
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    long firstEpoch() {
        return epochs[head];
    }

    long poll() {
        final long ref = refs[head];
        head = head + 1 & refs.length - 1;
        size--;
        return ref;
    }

    /** All or nothing: there may be room for one of them only. */
    private void grow() {
        final long[] moreRefs = rotate(refs);
        final long[] moreEpochs = rotate(epochs);
        refs = moreRefs;
        epochs = moreEpochs;
        head = 0;
    }

    private long[] rotate(final long[] ring) {
        final long[] larger = Arrays.copyOfRange(ring, head, head + 2 * ring.length);
        System.arraycopy(ring, 0, larger, ring.length - head, head);
        return larger;
    }
}
