package io.rallocator.allocator.tcp;

import io.rallocator.allocator.Chain;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Puts a chain into frames, one at a time, and the replies into the chain. READs and WRITEs that do not fit are cut where their place
 * in the pool is aligned to 8, so that words stay whole.
 *
 * <p>Threads: as {@link Request}.
 */
final class ChainRequest extends Request {
    private static final int MAX_VERBS = Chain.MAX_VERBS;
    private static final int BUDGET = Frame.MAX_BYTES - Frame.HEADER_BYTES - MAX_VERBS * ChainFrame.VERB_BYTES;

    private final long[] found = new long[Chain.MAX_VERBS];
    private Chain chain;

    /** The verb, and the byte of it, that the next frame begins with. */
    private int next;

    private int nextByte;

    /** The same for the frame that is under way. */
    private int first;

    private int firstByte;
    private int verbs;
    private byte status;
    private int executed;
    private String text;

    ChainRequest(final int queuePair) {
        super(queuePair);
    }

    void begin(final Chain posted) {
        chain = posted;
        next = 0;
        nextByte = 0;
    }

    boolean isComplete() {
        return next == chain.count();
    }

    byte status() {
        return status;
    }

    /** Verbs of the last frame that were executed. */
    int executed() {
        return executed;
    }

    /** Why the last frame was not executed as a whole. */
    String text() {
        return text;
    }

    /** The word that an atomic verb found. */
    long found(final int verb) {
        return found[verb];
    }

    /** Makes the next frame of the chain. */
    void encode() {
        first = next;
        firstByte = nextByte;
        verbs = 0;
        int bytes = 0;
        int replyBytes = 0;
        while (next < chain.count() && verbs < MAX_VERBS - 1) {
            final byte kind = chain.kind(next);
            final boolean isRead = ChainFrame.isRead(kind);
            final boolean isBulk = isRead || kind == Chain.WRITE;
            final int left = chain.length(next) - nextByte;
            final int room = BUDGET - (isRead ? replyBytes : bytes);
            final int part = isBulk ? part(chain.offset(next) + nextByte, left, room) : left;
            if (isBulk && left > 0 && part == 0 || replyBytes + Long.BYTES > BUDGET) {
                break;
            }
            ChainFrame.putVerb(
                    frame, verbs++, kind, part, chain.offset(next) + nextByte, operand(kind), replacement(kind));
            bytes += kind == Chain.WRITE ? Frame.align(part) : 0;
            replyBytes += ChainFrame.replyBytes(kind, part);
            advance(part, left);
        }
        if (!isComplete()) {
            ChainFrame.putVerb(frame, verbs++, Chain.PERSIST, 0, 0, 0, 0);
        }
        final int length = ChainFrame.verbAt(verbs) + putPayload(ChainFrame.verbAt(verbs));
        Frame.putHeader(frame, length, Frame.CHAIN, Frame.OK, verbs, queuePair);
    }

    /** As much of a verb as fits, cut where a word begins. */
    private static int part(final long offset, final int left, final int room) {
        if (left <= room) {
            return Frame.align(left) <= room ? left : 0;
        }
        return Math.max(0, (room & ~7) - (int) (offset & 7));
    }

    private long operand(final byte kind) {
        return ChainFrame.isAtomic(kind) ? chain.operand(next) : 0;
    }

    private long replacement(final byte kind) {
        return kind == Chain.COMPARE_AND_SWAP || kind == Chain.SWAP_LINK ? chain.replacement(next) : 0;
    }

    private void advance(final int part, final int left) {
        if (part == left) {
            next++;
            nextByte = 0;
        } else {
            nextByte += part;
        }
    }

    /** Returns how many bytes there are. */
    private int putPayload(final int payloadAt) {
        int at = payloadAt;
        int verb = first;
        int done = firstByte;
        for (int i = 0; i < verbs && verb < chain.count(); i++) {
            final int length = ChainFrame.length(frame, i);
            if (ChainFrame.kind(frame, i) == Chain.WRITE) {
                frame.putBytes(at, chain.source(verb), chain.index(verb) + done, length);
                at += Frame.align(length);
            }
            done += length;
            if (done >= chain.length(verb)) {
                verb++;
                done = 0;
            }
        }
        frame.checkLimit(at);
        return at - payloadAt;
    }

    @Override
    void onReply(final UnsafeBuffer reply) {
        status = Frame.status(reply, 0);
        executed = Frame.count(reply, 0);
        if (status != Frame.OK) {
            text = TextFrame.text(reply, 0);
            return;
        }
        int at = Frame.HEADER_BYTES;
        int verb = first;
        int done = firstByte;
        for (int i = 0; i < verbs && verb < chain.count(); i++) {
            final byte kind = ChainFrame.kind(frame, i);
            final int length = ChainFrame.length(frame, i);
            if (ChainFrame.isRead(kind)) {
                reply.getBytes(at, chain.target(verb), chain.index(verb) + done, length);
            } else if (ChainFrame.isAtomic(kind)) {
                found[verb] = reply.getLong(at);
                chain.result(verb, found[verb]);
            }
            at += ChainFrame.replyBytes(kind, length);
            done += length;
            if (done >= chain.length(verb)) {
                verb++;
                done = 0;
            }
        }
    }
}
