package io.rallocator.allocator.rdma;

import org.agrona.MutableDirectBuffer;

/**
 * Layout of a work request as the verbs library takes it ({@code struct ibv_send_wr}, 64-bit Linux, native byte order), followed by
 * its one scatter/gather element. DiSNI 2.1 serializes no atomics, so these bytes are made here.
 *
 * <pre>
 *   0 id (8)               8 next request's address (8)   16 address of the elements (8)
 *  24 elements (4)        28 opcode (4)                   32 flags (4)                    36 immediate data (4)
 *  40 remote address (8)
 *  48 READ, WRITE: rkey (4)    atomics: compare, or what to add (8)
 *  56                          atomics: swap (8)
 *  64                          atomics: rkey (4)
 *  72 … 127 not used by these opcodes
 * 128 element: address (8)   136 length (4)   140 lkey (4)
 * </pre>
 */
final class WorkRequest {
    /** Size of the structure itself. */
    static final int BYTES = 128;

    /** From one request to the next: with its element. */
    static final int STRIDE = BYTES + 16;

    static final int ID_OFFSET = 0;
    static final int NEXT_OFFSET = 8;
    static final int ELEMENTS_ADDRESS_OFFSET = 16;
    static final int ELEMENTS_OFFSET = 24;
    static final int OPCODE_OFFSET = 28;
    static final int FLAGS_OFFSET = 32;
    static final int REMOTE_ADDRESS_OFFSET = 40;
    static final int RKEY_OFFSET = 48;
    static final int COMPARE_ADD_OFFSET = 48;
    static final int SWAP_OFFSET = 56;
    static final int ATOMIC_RKEY_OFFSET = 64;

    static final int ELEMENT_OFFSET = BYTES;
    static final int ELEMENT_BYTES = STRIDE - BYTES;
    static final int ELEMENT_ADDRESS_OFFSET = ELEMENT_OFFSET;
    static final int ELEMENT_LENGTH_OFFSET = ELEMENT_OFFSET + 8;
    static final int ELEMENT_LKEY_OFFSET = ELEMENT_OFFSET + 12;

    static final int WRITE = 0;
    static final int READ = 4;
    static final int COMPARE_AND_SWAP = 5;
    static final int FETCH_AND_ADD = 6;

    /** Begins only when the READs and atomics before it have completed. */
    static final int FENCE = 1;

    /** Leaves a completion. */
    static final int SIGNALED = 2;

    private WorkRequest() {}

    /** Begins a request that no other follows, of one element. */
    static void begin(final MutableDirectBuffer buffer, final int at, final int id, final int opcode, final int flags) {
        buffer.setMemory(at, STRIDE, (byte) 0);
        buffer.putLong(at + ID_OFFSET, id);
        buffer.putLong(at + ELEMENTS_ADDRESS_OFFSET, buffer.addressOffset() + at + ELEMENT_OFFSET);
        buffer.putInt(at + ELEMENTS_OFFSET, 1);
        buffer.putInt(at + OPCODE_OFFSET, opcode);
        buffer.putInt(at + FLAGS_OFFSET, flags);
    }

    /** Where the worker's bytes are. */
    static void local(
            final MutableDirectBuffer buffer, final int at, final long address, final int length, final int lkey) {
        buffer.putLong(at + ELEMENT_ADDRESS_OFFSET, address);
        buffer.putInt(at + ELEMENT_LENGTH_OFFSET, length);
        buffer.putInt(at + ELEMENT_LKEY_OFFSET, lkey);
    }

    /** Where the blade's bytes are, for READ and WRITE. */
    static void remote(final MutableDirectBuffer buffer, final int at, final long address, final int rkey) {
        buffer.putLong(at + REMOTE_ADDRESS_OFFSET, address);
        buffer.putInt(at + RKEY_OFFSET, rkey);
    }

    /** Where the blade's word is, and what to do with it. */
    static void atomic(
            final MutableDirectBuffer buffer,
            final int at,
            final long address,
            final int rkey,
            final long compareOrAdd,
            final long swap) {
        buffer.putLong(at + REMOTE_ADDRESS_OFFSET, address);
        buffer.putLong(at + COMPARE_ADD_OFFSET, compareOrAdd);
        buffer.putLong(at + SWAP_OFFSET, swap);
        buffer.putInt(at + ATOMIC_RKEY_OFFSET, rkey);
    }

    /** Appends the request at {@code next} to the one at {@code at}: both go with one doorbell. */
    static void link(final MutableDirectBuffer buffer, final int at, final int next) {
        buffer.putLong(at + NEXT_OFFSET, buffer.addressOffset() + next);
    }

    /** Makes the device say when the request is done. */
    static void signal(final MutableDirectBuffer buffer, final int at) {
        buffer.putInt(at + FLAGS_OFFSET, buffer.getInt(at + FLAGS_OFFSET) | SIGNALED);
    }
}
