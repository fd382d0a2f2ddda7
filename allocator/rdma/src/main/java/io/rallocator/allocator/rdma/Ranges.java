package io.rallocator.allocator.rdma;

import java.util.Arrays;

/** Ranges of a pool that are to be made durable together. Reused. */
final class Ranges {
    private long[] words = new long[64];
    private int count;

    void add(final long offset, final long length) {
        if (2 * count == words.length) {
            words = Arrays.copyOf(words, 2 * words.length);
        }
        words[2 * count] = offset;
        words[2 * count + 1] = length;
        count++;
    }

    int count() {
        return count;
    }

    long offset(final int range) {
        return words[2 * range];
    }

    long length(final int range) {
        return words[2 * range + 1];
    }

    void clear() {
        count = 0;
    }
}
