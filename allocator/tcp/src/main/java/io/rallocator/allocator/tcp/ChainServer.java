package io.rallocator.allocator.tcp;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.allocator.VerbExecutor;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.SessionDescriptor;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Executes the chains of one connection on the pool. A frame is looked at as a whole before its first verb is executed. Request and reply
 * are in buffers that are aligned to 8, so that words are read and written whole.
 *
 * <p>Threads: the connection's.
 */
final class ChainServer {
    private static final Operation SERVE = Operation.named("tcp.serve");

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final VerbExecutor executor;
    private final Chain chain = new Chain(new Target());
    private final BladeCounters counters;
    private UnsafeBuffer reply = direct(4096);
    private BooleanSupplier fence;
    private int executed;
    private Role role;
    private int session;

    ChainServer(final NvmRegion region, final PoolGeometry geometry, final BladeCounters counters) {
        this.region = region;
        this.geometry = geometry;
        this.counters = counters;
        this.executor = new VerbExecutor(region);
    }

    static UnsafeBuffer direct(final int capacity) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(capacity));
    }

    /** What the worker may do from now on; without a session (-1) it may only read. */
    void admit(final Role granted, final int heldSession) {
        role = granted;
        session = heldSession;
    }

    /** The last reply. */
    UnsafeBuffer reply() {
        return reply;
    }

    /**
     * Executes a CHAIN.
     *
     * @param frame aligned to 8
     * @param isFenced asked before each verb (I7)
     * @return bytes of the {@link #reply()}
     * @throws RefusedException if the frame is not as it must be; then no verb was executed
     */
    int execute(final UnsafeBuffer frame, final BooleanSupplier isFenced) throws RefusedException {
        final int verbs = Frame.count(frame, 0);
        final int replyBytes = check(frame, verbs);
        if (reply.capacity() < Math.max(replyBytes, TextFrame.MAX_BYTES)) {
            reply = direct(BitUtil.findNextPositivePowerOfTwo(replyBytes));
        }
        build(frame, verbs);
        fence = isFenced;
        executed = 0;
        final int queuePair = Frame.queuePair(frame, 0);
        try {
            chain.post(SERVE);
        } catch (final RallocatorException e) {
            return TextFrame.encode(
                    reply, Frame.REPLY, Frame.FAILED, executed, queuePair, String.valueOf(e.getMessage()));
        } finally {
            counters.chains.increment();
            counters.verbs.add(executed);
        }
        if (executed < verbs) {
            return TextFrame.encode(
                    reply,
                    Frame.REPLY,
                    Frame.FENCED,
                    executed,
                    queuePair,
                    "the blade declared the session dead: open a new heap");
        }
        putWords(frame, verbs);
        Frame.putHeader(reply, replyBytes, Frame.REPLY, Frame.OK, verbs, queuePair);
        return replyBytes;
    }

    /** The queue pair of the chain: its other end. */
    private final class Target implements QueuePair {
        private final FabricCounters own = new FabricCounters();

        @Override
        public void execute(final Chain posted, final Operation operation) {
            while (executed < posted.count() && !fence.getAsBoolean()) {
                executor.execute(posted, executed);
                executed++;
            }
        }

        @Override
        public FabricCounters counters() {
            return own;
        }

        @Override
        public void close() {
            // nothing is held
        }
    }

    // ---- what may be

    /** Returns how long the reply is. */
    private int check(final UnsafeBuffer frame, final int verbs) throws RefusedException {
        if (verbs == 0 || verbs > Chain.MAX_VERBS || ChainFrame.verbAt(verbs) > frame.capacity()) {
            throw RefusedException.malformed(
                    "a chain of " + verbs + " verbs in a frame of " + frame.capacity() + " bytes");
        }
        long bytes = ChainFrame.verbAt(verbs);
        long replyBytes = Frame.HEADER_BYTES;
        for (int verb = 0; verb < verbs; verb++) {
            final byte kind = ChainFrame.kind(frame, verb);
            final int length = ChainFrame.length(frame, verb);
            check(kind, ChainFrame.offset(frame, verb), length);
            bytes += kind == Chain.WRITE ? Frame.align(length) : 0;
            replyBytes += ChainFrame.replyBytes(kind, length);
            if (bytes > frame.capacity() || replyBytes > Frame.MAX_BYTES) {
                throw RefusedException.malformed("verb " + verb + " of " + length + " bytes is too long for its frame");
            }
        }
        if (bytes != frame.capacity()) {
            throw RefusedException.malformed(
                    "a frame of " + frame.capacity() + " bytes with a chain of " + bytes + " bytes");
        }
        return (int) replyBytes;
    }

    private void check(final byte kind, final long offset, final int length) throws RefusedException {
        if (kind < Chain.READ || kind > Chain.SWAP_LINK) {
            throw RefusedException.malformed("there is no verb " + kind);
        }
        if (length < 0 || length > Frame.MAX_BYTES) {
            throw RefusedException.malformed("a verb of " + length + " bytes");
        }
        final String fault = ChainFrame.fault(kind, offset, length, region.capacity());
        if (fault != null) {
            throw RefusedException.forbidden(fault);
        }
        if (!ChainFrame.isRead(kind) && kind != Chain.PERSIST && !mayWrite(offset, length)) {
            throw RefusedException.forbidden("a write at " + offset + " without the right to: "
                    + (session < 0 ? "the worker has no session" : "its role is " + role));
        }
    }

    /** Who only reads writes who it is, and announces epochs. */
    private boolean mayWrite(final long offset, final int length) {
        if (session < 0) {
            return false;
        }
        final long line = geometry.sessionOffset(session);
        return role == Role.READ_WRITE || offset >= line && offset + length <= line + SessionDescriptor.BYTES;
    }

    // ---- what is done

    private void build(final UnsafeBuffer frame, final int verbs) {
        int at = ChainFrame.verbAt(verbs);
        int replyAt = Frame.HEADER_BYTES;
        for (int verb = 0; verb < verbs; verb++) {
            final byte kind = ChainFrame.kind(frame, verb);
            final int length = ChainFrame.length(frame, verb);
            final long offset = ChainFrame.offset(frame, verb);
            add(frame, verb, kind, offset, length, kind == Chain.WRITE ? at : replyAt);
            at += kind == Chain.WRITE ? Frame.align(length) : 0;
            replyAt += ChainFrame.replyBytes(kind, length);
        }
    }

    private void add(
            final UnsafeBuffer frame,
            final int verb,
            final byte kind,
            final long offset,
            final int length,
            final int index) {
        final long operand = ChainFrame.operand(frame, verb);
        switch (kind) {
            case Chain.READ -> chain.read(offset, reply, index, length);
            case Chain.READ_LINKS -> chain.readLinks(offset, reply, index, length);
            case Chain.WRITE -> addWrite(frame, offset, length, index);
            case Chain.FETCH_AND_ADD -> chain.fetchAndAdd(offset, operand);
            case Chain.COMPARE_AND_SWAP -> chain.compareAndSwap(offset, operand, ChainFrame.replacement(frame, verb));
            case Chain.SWAP_LINK -> chain.swapLink(offset, operand, ChainFrame.replacement(frame, verb));
            default -> chain.persist();
        }
    }

    /** A word is a word also in a chain: written whole, and in order with the verbs around it. */
    private void addWrite(final UnsafeBuffer frame, final long offset, final int length, final int index) {
        if (length == Long.BYTES && (offset & 7) == 0) {
            chain.writeWord(offset, frame.getLong(index));
        } else {
            chain.write(offset, frame, index, length);
        }
    }

    private void putWords(final UnsafeBuffer frame, final int verbs) {
        int at = Frame.HEADER_BYTES;
        for (int verb = 0; verb < verbs; verb++) {
            final byte kind = ChainFrame.kind(frame, verb);
            if (ChainFrame.isAtomic(kind)) {
                reply.putLong(at, chain.result(verb));
            }
            at += ChainFrame.replyBytes(kind, ChainFrame.length(frame, verb));
        }
    }
}
