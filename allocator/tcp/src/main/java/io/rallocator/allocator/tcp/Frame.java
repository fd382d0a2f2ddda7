package io.rallocator.allocator.tcp;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What every frame begins with. Little-endian; frames and all that is in them are aligned to 8 bytes.
 *
 * <pre>
 *  0    bytes of the whole frame, a multiple of 8 (4)
 *  4    type (1) | status of a reply (1) | verbs, of a chain or executed (2)
 *  8    queue pair: whose chain, 0 for the connection itself (4)
 *  12   number of the request in its connection, from 1; 0 in replies (4)
 * </pre>
 */
final class Frame {
    static final int VERSION = 1;
    static final long MAGIC = 0x5043544F4C4C4152L; // "RALLOTCP"

    static final int LENGTH_OFFSET = 0;
    static final int TYPE_OFFSET = 4;
    static final int STATUS_OFFSET = 5;
    static final int COUNT_OFFSET = 6;
    static final int QUEUE_PAIR_OFFSET = 8;
    static final int SEQUENCE_OFFSET = 12;
    static final int HEADER_BYTES = 16;

    /** No frame of an admitted worker, and no reply, is longer. */
    static final int MAX_BYTES = 1 << 20;

    /** No frame is longer before the worker is admitted. */
    static final int MAX_GREETING_BYTES = 128;

    static final byte HELLO = 1;
    static final byte CHALLENGE = 2;
    static final byte PROOF = 3;
    static final byte WELCOME = 4;
    static final byte LOCK = 5;
    static final byte UNLOCK = 6;
    static final byte CHAIN = 7;
    static final byte REPLY = 8;
    static final byte BYE = 9;

    /** Everything was done. */
    static final byte OK = 0;

    /** The line is somebody else's. */
    static final byte TAKEN = 1;

    /** The medium failed: verbs of the chain may or may not have taken effect. The body says why. */
    static final byte FAILED = 2;

    /** The session was declared dead: only as many verbs as the header says were executed. */
    static final byte FENCED = 3;

    private Frame() {}

    static int align(final int bytes) {
        return bytes + 7 & ~7;
    }

    static void putHeader(
            final MutableDirectBuffer buffer,
            final int length,
            final byte type,
            final byte status,
            final int count,
            final int queuePair) {
        buffer.putInt(LENGTH_OFFSET, length);
        buffer.putByte(TYPE_OFFSET, type);
        buffer.putByte(STATUS_OFFSET, status);
        buffer.putShort(COUNT_OFFSET, (short) count);
        buffer.putInt(QUEUE_PAIR_OFFSET, queuePair);
        buffer.putInt(SEQUENCE_OFFSET, 0);
    }

    static int length(final DirectBuffer buffer, final int at) {
        return buffer.getInt(at + LENGTH_OFFSET);
    }

    static byte type(final DirectBuffer buffer, final int at) {
        return buffer.getByte(at + TYPE_OFFSET);
    }

    static byte status(final DirectBuffer buffer, final int at) {
        return buffer.getByte(at + STATUS_OFFSET);
    }

    static int count(final DirectBuffer buffer, final int at) {
        return buffer.getShort(at + COUNT_OFFSET) & 0xFFFF;
    }

    static int queuePair(final DirectBuffer buffer, final int at) {
        return buffer.getInt(at + QUEUE_PAIR_OFFSET);
    }

    static int sequence(final DirectBuffer buffer, final int at) {
        return buffer.getInt(at + SEQUENCE_OFFSET);
    }

    /** True if a frame of this length can be. */
    static boolean isPlausible(final int length, final int most) {
        return length >= HEADER_BYTES && length <= most && (length & 7) == 0;
    }
}
