package io.rallocator.allocator;

import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.BitUtil;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What one operation needs while it runs: a queue pair, buffers, a block allocator, two intent slots. A session has a
 * fixed number of lanes; {@link WorkerSession#acquire} hands one out exclusively and pins the epoch until
 * {@link WorkerSession#release}, so memory that the operation read cannot be reused under it.
 *
 * <p>Threads: the holder's alone. Nothing that was read through a lane may be trusted after it was released.
 */
public final class Lane {
    /** State of a lane that nobody holds and that owes nothing. */
    static final long IDLE = 0;

    /** Tag: somebody holds the lane. */
    static final long BUSY = 1;

    /** Tag: nobody holds the lane; it owes freed marks, a size stripe or outcomes of the epoch in the state. */
    static final long DIRTY = 2;

    private static final int EPOCH_SHIFT = 2;
    private static final Operation SETTLE = Operation.named("lane.settle");
    private static final Operation STRIPE = Operation.named("lane.stripe");

    /** No stripe's word: a count of -2^39. */
    private static final long MISSING = 1L << 39;

    /** {@code epoch << 2 | tag}, or {@link #IDLE}. */
    final AtomicLong state = new AtomicLong();

    private final WorkerSession session;
    private final int index;
    private final PoolGeometry geometry;
    private final QueuePair queuePair;
    private final Chain chain;
    private final LaneAllocator allocator;
    private final Commit commit;
    private final CompositeWriter composite;
    private final Long2LongHashMap stripes = new Long2LongHashMap(MISSING);
    private int structuresOpened;
    private UnsafeBuffer readBuffer = direct(4096);
    private UnsafeBuffer writeBuffer = direct(4096);
    private UnsafeBuffer listBuffer = direct(1024);
    private long epoch;

    private final long[] owedMarks = new long[Commit.MAX_REFS];
    private int owedMarkCount;
    private long owedStripeOffset;
    private long owedStripeWord;

    /** What became of the intents in the two slots, until that is written: 0, or the outcome word. */
    private final long[] owedOutcomes = new long[2];

    Lane(final WorkerSession session, final int index, final QueuePair queuePair) {
        this.session = session;
        this.index = index;
        this.geometry = session.geometry();
        this.queuePair = queuePair;
        this.chain = new Chain(queuePair, this::onFailure);
        this.allocator = new LaneAllocator(session, this);
        this.commit = new Commit(session, this);
        this.composite = new CompositeWriter(this);
    }

    private RallocatorException onFailure(final RallocatorException failure) {
        return commit.onFailure(failure);
    }

    /**
     * A direct buffer, zeroed.
     *
     * @param capacity bytes
     * @return the buffer
     */
    static UnsafeBuffer direct(final int capacity) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(capacity));
    }

    // ---- taken and given back by the session

    static long busy(final long epoch) {
        return epoch << EPOCH_SHIFT | BUSY;
    }

    static long epochOf(final long state) {
        return state >>> EPOCH_SHIFT;
    }

    /**
     * Takes the lane if nobody holds it. A lane that owes marks of an older epoch keeps that epoch until they are
     * written, so the session cannot announce a newer one before (DESIGN section 8).
     */
    boolean tryAcquire() {
        final long seen = state.get();
        if ((seen & BUSY) != 0) {
            return false;
        }
        final long pinned = seen == IDLE ? session.localEpoch() : epochOf(seen);
        if (!state.compareAndSet(seen, busy(pinned))) {
            return false;
        }
        try {
            chain.clear();
            pin(pinned);
        } catch (final RuntimeException e) {
            epoch = epochOf(state.get());
            release();
            throw e;
        }
        allocator.writer().onAcquire();
        return true;
    }

    /**
     * Whoever announces reads our state after it changed the epoch; we read the epoch after we changed our state. What an
     * older epoch owes is written before that epoch is let go.
     */
    private void pin(final long pinned) {
        long mine = pinned;
        for (long current = session.localEpoch(); current != mine; current = session.localEpoch()) {
            settle();
            mine = current;
            state.set(busy(mine));
        }
        epoch = mine;
    }

    /** Takes the lane for good, at the end of the session, and writes nothing. */
    boolean tryRetire() {
        final long seen = state.get();
        return (seen & BUSY) == 0 && state.compareAndSet(seen, busy(epochOf(seen)));
    }

    /**
     * Whoever sees the new state sees what the operation did; who still sees the old one believes that the epoch is pinned, which
     * is harmless. So no fence is needed here; that everybody sees a completed verb is for the queue pair to keep.
     */
    void release() {
        commit.onRelease();
        state.setRelease(owesNothing() ? IDLE : epoch << EPOCH_SHIFT | DIRTY);
    }

    /** Writes what an idle lane owes. Called by the session's conductor, and by whoever wants exact sizes. */
    boolean settleIfIdle() {
        final long seen = state.get();
        if (seen == IDLE) {
            return true;
        }
        if ((seen & BUSY) != 0 || !state.compareAndSet(seen, busy(epochOf(seen)))) {
            return false;
        }
        try {
            settle();
        } finally {
            release();
        }
        return true;
    }

    /** Lets the lane's allocator take in what is past its epochs, if nobody holds the lane. */
    void reclaimIfIdle() {
        if (tryAcquire()) {
            try {
                allocator.reclaim();
                allocator.trimEmpties();
            } finally {
                release();
            }
        }
    }

    // ---- for operations

    /**
     * The lane's chain.
     *
     * @return reused; post it before anything else of the lane is called
     */
    public Chain chain() {
        return chain;
    }

    /**
     * The lane's commit builder.
     *
     * @return reused
     */
    public Commit commit() {
        return commit;
    }

    /**
     * The lane's writer of values that are larger than a block.
     *
     * @return reused
     */
    public CompositeWriter composite() {
        return composite;
    }

    /**
     * Number in the session.
     *
     * @return 0 … lanes − 1
     */
    public int index() {
        return index;
    }

    /**
     * Which size stripe of a structure is this lane's.
     *
     * @return 0 … sessions × lanes − 1
     */
    public int stripeIndex() {
        return session.index() * geometry.lanes() + index;
    }

    /**
     * The epoch that this operation pins. A link word that any lane of this session read while it pinned the same epoch
     * still proves what it points to; from another epoch it is only a hint where to look (DESIGN trap 10).
     *
     * @return the session's epoch
     */
    public long epoch() {
        return epoch;
    }

    /**
     * The pool's layout.
     *
     * @return never null
     */
    public PoolGeometry geometry() {
        return geometry;
    }

    /**
     * A direct buffer for reading into.
     *
     * @param capacity bytes needed
     * @return reused by every call; content undefined
     */
    public UnsafeBuffer readBuffer(final int capacity) {
        if (readBuffer.capacity() < capacity) {
            readBuffer = direct(BitUtil.findNextPositivePowerOfTwo(capacity));
        }
        return readBuffer;
    }

    /**
     * A direct buffer for building blocks in.
     *
     * @param capacity bytes needed
     * @return reused by every call; content undefined
     */
    public UnsafeBuffer writeBuffer(final int capacity) {
        if (writeBuffer.capacity() < capacity) {
            writeBuffer = direct(BitUtil.findNextPositivePowerOfTwo(capacity));
        }
        return writeBuffer;
    }

    /**
     * A direct buffer for lists of chunks, so that what is in the other buffers stays.
     *
     * @param capacity bytes needed
     * @return reused by every call, and by {@link Commit#confirm}; content undefined
     */
    public UnsafeBuffer listBuffer(final int capacity) {
        if (listBuffer.capacity() < capacity) {
            listBuffer = direct(BitUtil.findNextPositivePowerOfTwo(capacity));
        }
        return listBuffer;
    }

    /**
     * Reads one word: one round trip.
     *
     * @param operation under which it is counted
     * @param offset aligned to 8
     * @return the word
     */
    public long readWord(final Operation operation, final long offset) {
        final int verb = chain.readWord(offset);
        chain.post(operation);
        return chain.result(verb);
    }

    /**
     * Reads one link word: one round trip.
     *
     * @param operation under which it is counted
     * @param offset aligned to 8
     * @return the word, durable
     */
    public long readLink(final Operation operation, final long offset) {
        final int verb = chain.readLink(offset);
        chain.post(operation);
        return chain.result(verb);
    }

    /**
     * Allocates a block: no round trip, unless the lane's slabs are used up.
     *
     * @param bytes 1 … {@link PoolGeometry#maxBlockBytes()}
     * @return its {@link BlockRef}; the content is undefined
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if the blade has no slab left; release the lane and
     *     ask {@link WorkerSession#awaitReclamation}
     */
    public long allocate(final int bytes) {
        return allocator.allocate(bytes);
    }

    /**
     * Gives back a block that was allocated by this lane and never linked.
     *
     * @param ref from {@link #allocate}
     */
    public void discard(final long ref) {
        allocator.discard(ref);
    }

    LaneAllocator allocator() {
        return allocator;
    }

    FabricCounters counters() {
        return queuePair.counters();
    }

    void close() {
        queuePair.close();
    }

    // ---- what a committed operation leaves to the next chain

    /** Adds the marks and the stripe that earlier operations owe to the chain, before anything of the next one. */
    void addOwed(final Chain target) {
        for (int i = 0; i < owedMarkCount; i++) {
            final long ref = owedMarks[i];
            target.writeByte(BlockLife.freedByteOffset(geometry, ref), (byte) BlockRef.generation(ref));
        }
        if (owedStripeOffset != 0) {
            target.writeWord(owedStripeOffset, owedStripeWord);
        }
    }

    void owedIsWritten() {
        owedMarkCount = 0;
        owedStripeOffset = 0;
    }

    void oweMark(final long ref) {
        owedMarks[owedMarkCount++] = ref;
    }

    void oweStripe(final long offset, final long word) {
        stripes.put(offset, word);
        owedStripeOffset = offset;
        owedStripeWord = word;
    }

    /** The stripe's word after everything that this lane committed. */
    long stripeWord(final long offset) {
        if (offset == owedStripeOffset) {
            return owedStripeWord;
        }
        if (structuresOpened != session.structuresOpened()) {
            structuresOpened = session.structuresOpened();
            stripes.clear();
        }
        long word = stripes.get(offset);
        if (word == MISSING) {
            word = readWord(STRIPE, offset);
            stripes.put(offset, word);
        }
        return word;
    }

    /** Notes what became of the intent in a slot; recovery has nothing to do with it once that is written. */
    void oweOutcome(final long sequence, final int outcome) {
        owedOutcomes[(int) (sequence & 1)] = IntentDescriptor.outcomeWord(sequence, outcome | IntentDescriptor.SETTLED);
    }

    /** A new intent comes into its slot. */
    void forgetOutcome(final long sequence) {
        owedOutcomes[(int) (sequence & 1)] = 0;
    }

    boolean owesNothing() {
        return owedMarkCount == 0 && owedStripeOffset == 0 && owedOutcomes[0] == 0 && owedOutcomes[1] == 0;
    }

    /** Writes what is owed, then that the intents are over: their blocks may be reused once the epoch moves on. */
    void settle() {
        if (owesNothing()) {
            return;
        }
        chain.clear();
        addOwed(chain);
        chain.persist();
        for (int slot = 0; slot < owedOutcomes.length; slot++) {
            if (owedOutcomes[slot] != 0) {
                chain.writeWord(
                        geometry.intentOffset(session.index(), index, slot) + IntentDescriptor.OUTCOME_OFFSET,
                        owedOutcomes[slot]);
            }
        }
        chain.persist();
        chain.post(SETTLE);
        owedIsWritten();
        owedOutcomes[0] = 0;
        owedOutcomes[1] = 0;
    }
}
