package io.rallocator.allocator.rdma;

/**
 * Memory that a device may reach.
 *
 * @param handle for its release
 * @param lkey names it in requests of its own process
 * @param rkey names it in requests of others
 */
record MemoryKey(long handle, int lkey, int rkey) {
    /** Bytes that one registration can have, at most: a power of 2, so that no aligned word is cut (DiSNI takes an int). */
    static final int MAX_BYTES = 1 << 30;

    /** The device may write what its own process asks for. */
    static final int LOCAL = 1;

    /** Others may read, write and change by atomics as well. */
    static final int REMOTE = 15;
}
