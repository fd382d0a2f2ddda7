package io.rallocator.allocator.tcp;

import io.rallocator.allocator.Chain;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A chain, and its reply.
 *
 * <pre>
 *  CHAIN
 *  0    header (16)
 *  16   verbs (32 each):
 *         0   kind, as in {@link Chain} (1) | zero (3) | bytes (4)
 *         8   offset in the pool (8)
 *         16  what is added, or expected (8)
 *         24  the replacement (8)
 *       bytes of the WRITEs in their order, each padded to 8
 *  REPLY
 *  0    header (16)
 *  16   in the order of the verbs: bytes of READ and READ_LINKS, padded to 8; the word that FETCH_AND_ADD, COMPARE_AND_SWAP and
 *       SWAP_LINK found (8)
 * </pre>
 */
final class ChainFrame {
    static final int VERB_BYTES = 32;

    private static final int KIND_OFFSET = 0;
    private static final int LENGTH_OFFSET = 4;
    private static final int OFFSET_OFFSET = 8;
    private static final int OPERAND_OFFSET = 16;
    private static final int REPLACEMENT_OFFSET = 24;

    private ChainFrame() {}

    static int verbAt(final int verb) {
        return Frame.HEADER_BYTES + verb * VERB_BYTES;
    }

    static void putVerb(
            final MutableDirectBuffer frame,
            final int verb,
            final byte kind,
            final int length,
            final long offset,
            final long operand,
            final long replacement) {
        final int at = verbAt(verb);
        frame.putInt(at + KIND_OFFSET, kind); // and three zeros
        frame.putInt(at + LENGTH_OFFSET, length);
        frame.putLong(at + OFFSET_OFFSET, offset);
        frame.putLong(at + OPERAND_OFFSET, operand);
        frame.putLong(at + REPLACEMENT_OFFSET, replacement);
    }

    static byte kind(final DirectBuffer frame, final int verb) {
        return frame.getByte(verbAt(verb) + KIND_OFFSET);
    }

    static int length(final DirectBuffer frame, final int verb) {
        return frame.getInt(verbAt(verb) + LENGTH_OFFSET);
    }

    static long offset(final DirectBuffer frame, final int verb) {
        return frame.getLong(verbAt(verb) + OFFSET_OFFSET);
    }

    static long operand(final DirectBuffer frame, final int verb) {
        return frame.getLong(verbAt(verb) + OPERAND_OFFSET);
    }

    static long replacement(final DirectBuffer frame, final int verb) {
        return frame.getLong(verbAt(verb) + REPLACEMENT_OFFSET);
    }

    static boolean isRead(final byte kind) {
        return kind == Chain.READ || kind == Chain.READ_LINKS;
    }

    static boolean isAtomic(final byte kind) {
        return kind == Chain.FETCH_AND_ADD || kind == Chain.COMPARE_AND_SWAP || kind == Chain.SWAP_LINK;
    }

    /** Bytes that a verb adds to the reply. */
    static int replyBytes(final byte kind, final int length) {
        return isRead(kind) ? Frame.align(length) : isAtomic(kind) ? Long.BYTES : 0;
    }

    /** Says what is wrong with the place of a verb in a pool; null if nothing is. */
    static String fault(final byte kind, final long offset, final int length, final long capacity) {
        if (kind == Chain.PERSIST) {
            return null;
        }
        if (length < 0 || offset < 0 || offset > capacity - length) {
            return "bytes " + offset + " … + " + length + " are not in the pool of " + capacity + " bytes";
        }
        if (isAtomic(kind) && (length != Long.BYTES || (offset & 7) != 0)
                || kind == Chain.READ_LINKS && (length % Long.BYTES != 0 || (offset & 7) != 0)) {
            return "the word at " + offset + " is not aligned to 8 bytes";
        }
        return null;
    }
}
