package io.rallocator.collections;

import java.util.Arrays;

/**
 * Ranges of a {@link RemoteByteArray} that one call reads or writes. The bytes of the ranges follow one another in the
 * caller's buffer, in the order in which the ranges were added. Reusable.
 *
 * <p>Threads: one.
 */
public final class Ranges {
    private long[] indexes = new long[16];
    private int[] lengths = new int[16];
    private int count;
    private long bytes;

    /** Makes an empty list. */
    public Ranges() {}

    /**
     * Adds a range. Whether it is in the array is checked when the ranges are used.
     *
     * @param index of the first byte in the array
     * @param length bytes, not negative
     * @return this
     * @throws IllegalArgumentException if the length is negative
     */
    public Ranges add(final long index, final int length) {
        if (length < 0) {
            throw new IllegalArgumentException("a range cannot have " + length + " bytes; its length is 0 or more");
        }
        if (count == indexes.length) {
            final int[] moreLengths = Arrays.copyOf(lengths, 2 * count); // if there is no room for both, neither grows
            indexes = Arrays.copyOf(indexes, 2 * count);
            lengths = moreLengths;
        }
        indexes[count] = index;
        lengths[count] = length;
        count++;
        bytes += length;
        return this;
    }

    /**
     * Forgets all ranges.
     *
     * @return this
     */
    public Ranges clear() {
        count = 0;
        bytes = 0;
        return this;
    }

    /**
     * How many ranges there are.
     *
     * @return count
     */
    public int count() {
        return count;
    }

    /**
     * How long they are together.
     *
     * @return bytes
     */
    public long bytes() {
        return bytes;
    }

    long index(final int range) {
        return indexes[range];
    }

    int length(final int range) {
        return lengths[range];
    }
}
