package io.rallocator.allocator.rdma;

/** A pool as the blade's device knows it: registered in segments, since one registration has less than 2 GiB. Immutable. */
final class RemoteMemory {
    private final long address;
    private final long capacity;
    private final int segmentBytes;
    private final int[] rkeys;

    /**
     * Describes a pool.
     *
     * @param address of the first byte, in the blade's process
     * @param capacity bytes
     * @param segmentBytes size of each segment but the last: a power of 2
     * @param rkeys one a segment
     * @throws IllegalArgumentException if these do not fit together
     */
    RemoteMemory(final long address, final long capacity, final int segmentBytes, final int[] rkeys) {
        if (capacity <= 0
                || Integer.bitCount(segmentBytes) != 1
                || segmentBytes < Long.BYTES
                || rkeys.length != (capacity + segmentBytes - 1) / segmentBytes) {
            throw new IllegalArgumentException(
                    rkeys.length + " segments of " + segmentBytes + " bytes are no pool of " + capacity);
        }
        this.address = address;
        this.capacity = capacity;
        this.segmentBytes = segmentBytes;
        this.rkeys = rkeys.clone();
    }

    long address() {
        return address;
    }

    long capacity() {
        return capacity;
    }

    int segmentBytes() {
        return segmentBytes;
    }

    int[] rkeys() {
        return rkeys.clone();
    }

    /** The key of the segment that has a byte. */
    int rkey(final long offset) {
        return rkeys[(int) (offset / segmentBytes)];
    }

    /** How much of a range lies in the segment of its first byte. */
    int contiguous(final long offset, final int length) {
        return (int) Math.min(length, segmentBytes - offset % segmentBytes);
    }

    /**
     * Makes sure that a range is in the pool, and a word aligned.
     *
     * @throws IndexOutOfBoundsException otherwise
     */
    void check(final long offset, final long length, final boolean isWord) {
        if ((offset | length) < 0 || offset > capacity - length) {
            throw new IndexOutOfBoundsException(
                    "offset " + offset + ", length " + length + " leaves the region of " + capacity + " bytes");
        }
        if (isWord && (offset & 7) != 0) {
            throw new IndexOutOfBoundsException("offset " + offset + " is not aligned to 8");
        }
    }
}
