package io.rallocator.allocator;

import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.ChunksDescriptor;
import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.OutcomeUnknownException;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.SessionFencedException;
import io.rallocator.persistence.SizeClasses;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds and posts the one chain that commits an operation: what earlier operations owe, the new blocks and the intent,
 * PERSIST, one compare-and-swap of one link word, PERSIST. What it replaces is marked freed by the next chain.
 *
 * <p>Crash guarantee: when {@link #post} returned true the operation survives (I1). If the worker dies before, recovery
 * finds out from the intent whether the swap happened, settles the size stripe and frees whichever blocks are not
 * reachable (I8, I11).
 *
 * <p>A failed attempt leaves its intent slot and sequence to the next {@link #begin}, so at most the last two completed
 * operations of a lane are ever in its slots.
 */
public final class Commit {
    /** Most blocks that one commit can allocate and free together. */
    public static final int MAX_REFS = IntentDescriptor.MAX_REFS;

    private static final Logger LOGGER = LoggerFactory.getLogger(Commit.class);
    private static final int MARKS_IN_CHAIN = 200;
    private static final long COUNT_MASK = (1L << 40) - 1;

    private final WorkerSession session;
    private final Lane lane;
    private final UnsafeBuffer intent = Lane.direct(IntentDescriptor.BYTES);
    private final long[] allocated = new long[MAX_REFS];
    private final DirectBuffer[] sources = new DirectBuffer[MAX_REFS];
    private final int[] indexes = new int[MAX_REFS];
    private final int[] lengths = new int[MAX_REFS];
    private final long[] freed = new long[MAX_REFS];
    private int allocatedCount;
    private int freedCount;
    private int operationCode;
    private long linkOffset;
    private long oldWord;
    private long newWord;
    private long stripeOffset;
    private long stripeWord;
    private long sequence;

    /** What each swap found. */
    private final long[] witnesses = new long[MAX_REFS];

    /** What each word of a run but the first must be. */
    private final long[] runWords = new long[MAX_REFS];

    /** How many words are swapped. */
    private int words;

    /** Bit i: the i-th block is no more reached, and may be marked. */
    private int unlinked;

    /** Bit i: the i-th freed block is a list of chunks. */
    private int freedLists;

    private Operation posted;

    /** This attempt is no operation of the application's: see {@link #asHelp}. */
    private boolean isHelp;

    /** The operation of the application's that this hold of the lane committed last, 0 if none. */
    private long committed;

    Commit(final WorkerSession session, final Lane lane) {
        this.session = session;
        this.lane = lane;
    }

    /** Goes on after the sequences that the slots hold. */
    void sequence(final long next) {
        sequence = next;
    }

    /**
     * Begins an attempt, forgetting what was not posted.
     *
     * @param code of the operation, 1 … 255, for recovery and people
     * @param structure root index
     * @param link offset of the link word
     * @param old the word that must be there
     * @param replacement the word to put there; if the attempt allocates blocks it points to the first of them. An attempt
     *     that allocates none must not change the size, unless the word can never change again: otherwise recovery could
     *     not tell whether it took effect
     * @return this
     */
    public Commit begin(final int code, final int structure, final long link, final long old, final long replacement) {
        allocatedCount = 0;
        freedCount = 0;
        freedLists = 0;
        words = 1;
        operationCode = code;
        linkOffset = link;
        oldWord = old;
        newWord = replacement;
        stripeOffset = 0;
        isHelp = false;
        intent.putLong(IntentDescriptor.SEQUENCE_OFFSET, sequence);
        intent.putInt(IntentDescriptor.INCARNATION_OFFSET, session.incarnation());
        intent.putInt(IntentDescriptor.STRUCTURE_OFFSET, structure);
        intent.putLong(IntentDescriptor.LINK_OFFSET, link);
        intent.putLong(IntentDescriptor.OLD_WORD_OFFSET, old);
        intent.putLong(IntentDescriptor.NEW_WORD_OFFSET, replacement);
        intent.putLong(IntentDescriptor.STRIPE_OFFSET, 0);
        intent.putLong(IntentDescriptor.STRIPE_OLD_OFFSET, 0);
        intent.putLong(IntentDescriptor.STRIPE_NEW_OFFSET, 0);
        return this;
    }

    /**
     * Says that the attempt only prepares or tidies up, such as a split: whoever asks for the outcome of the application's
     * operation does not mean this.
     *
     * @return this
     */
    public Commit asHelp() {
        isHelp = true;
        return this;
    }

    /** The operation is over: what comes later in this lane is not part of it. */
    void onRelease() {
        committed = 0;
    }

    /**
     * Adds a new block.
     *
     * @param ref from {@link Lane#allocate}
     * @param source holds its bytes, sealed; must stay as it is until {@link #post} returns
     * @param index where they begin
     * @param length bytes to write
     * @return this
     */
    public Commit allocate(final long ref, final DirectBuffer source, final int index, final int length) {
        checkRoom();
        allocated[allocatedCount] = ref;
        if (sources[allocatedCount] != source) {
            sources[allocatedCount] = source; // see Chain.add
        }
        indexes[allocatedCount] = index;
        lengths[allocatedCount] = length;
        allocatedCount++;
        return this;
    }

    /**
     * Adds a block that nothing reaches any more once the swap succeeded.
     *
     * @param ref of the block
     * @return this
     */
    public Commit free(final long ref) {
        checkRoom();
        freed[freedCount++] = ref;
        return this;
    }

    /**
     * Adds a list of chunks, and with it them, that nothing reaches any more once the swap succeeded. Costs a round trip
     * to read the list and one for each {@value #MARKS_IN_CHAIN} chunks, after the swap.
     *
     * @param ref of the list
     * @return this
     */
    public Commit freeComposite(final long ref) {
        free(ref);
        freedLists |= 1 << freedCount - 1;
        return this;
    }

    /**
     * Makes the operation a run: the next word behind those that are already swapped gets the same new word, if it is what it
     * must be, whatever became of the words before it. Recovery decides for each word by itself.
     *
     * <p>For operations that allocate nothing and change no stripe, whose new word can never change again, and that have
     * named the block of each earlier word by {@link #free}.
     *
     * @param old the word that must be there
     * @param ref of the block that it leads to, which nothing reaches any more once it was swapped
     * @return this
     */
    public Commit andNext(final long old, final long ref) {
        if (freedCount != words || allocatedCount != 0 || stripeOffset != 0) {
            throw new IllegalStateException("a run frees one block for each word, and does nothing else");
        }
        free(ref);
        runWords[words++] = old;
        return this;
    }

    private void checkRoom() {
        if (allocatedCount + freedCount == MAX_REFS) {
            throw new IllegalStateException("a commit names at most " + MAX_REFS + " blocks");
        }
    }

    /**
     * Adds a change of the structure's size.
     *
     * <p>A structure that was dropped and created again may have its stripes where others were: see
     * {@link WorkerSession#forgetStripes}.
     *
     * @param offset of this lane's stripe word
     * @param delta what the operation adds to the size, not 0
     * @return this
     */
    public Commit stripe(final long offset, final long delta) {
        final long before = lane.stripeWord(offset);
        final long count = before + delta & COUNT_MASK;
        stripeOffset = offset;
        stripeWord = (sequence & 0xFF_FFFF) << 40 | count;
        intent.putLong(IntentDescriptor.STRIPE_OFFSET, offset);
        intent.putLong(IntentDescriptor.STRIPE_OLD_OFFSET, before);
        intent.putLong(IntentDescriptor.STRIPE_NEW_OFFSET, stripeWord);
        return this;
    }

    /**
     * The count in a stripe word.
     *
     * @param word of a stripe
     * @return signed
     */
    public static long stripeCount(final long word) {
        return word << 24 >> 24;
    }

    /**
     * Posts the attempt: one round trip.
     *
     * @param operation under which it is counted
     * @return true if the swap succeeded and is persisted, of a run at least one; false if the word was another, see {@link
     *     #witness()}: the allocated blocks are still the caller's, to be posted again or discarded
     * @throws OutcomeUnknownException if the fabric failed; the session is over
     */
    public boolean post(final Operation operation) {
        final boolean swapped = postUnconfirmed(operation);
        if (swapped) {
            confirm();
        }
        return swapped;
    }

    /**
     * Posts the attempt without having looked at the blocks that it frees: verbs that the caller added to the lane's
     * chain before, such as a READ of what the swap unlinks, go ahead in the same round trip. The freed blocks are marked
     * only after {@link #confirm}.
     *
     * @param operation under which it is counted
     * @return as {@link #post}
     */
    public boolean postUnconfirmed(final Operation operation) {
        final Chain chain = lane.chain();
        lane.addOwed(chain);
        final SlabWriter writer = lane.allocator().writer();
        final boolean writesSlabs = !writer.isIdle();
        if (writesSlabs) {
            writer.addHeaders(chain);
        }
        for (int i = 0; i < allocatedCount; i++) {
            chain.write(BlockRef.offset(allocated[i]), sources[i], indexes[i], lengths[i]);
            intent.putLong(IntentDescriptor.REFS_OFFSET + 8 * i, allocated[i]);
        }
        for (int i = 0; i < freedCount; i++) {
            intent.putLong(IntentDescriptor.REFS_OFFSET + 8 * (allocatedCount + i), freed[i]);
        }
        IntentDescriptor.seal(intent, 0, operationCode, allocatedCount, freedCount, words);
        chain.write(slotOffset(), intent, 0, IntentDescriptor.BYTES);
        chain.persist();
        final int firstSwap = chain.swapLink(linkOffset, oldWord, newWord);
        for (int i = 1; i < words; i++) {
            chain.swapLink(linkOffset + (long) i * Long.BYTES, runWords[i], newWord);
        }
        if (writesSlabs) {
            writer.addSealWords(chain);
        }
        chain.persist();
        post(chain, operation);
        lane.owedIsWritten();
        if (writesSlabs) {
            writer.headersAreWritten();
        }
        if (!findSwapped(chain, firstSwap)) {
            lane.oweOutcome(sequence, IntentDescriptor.DID_NOT_HAPPEN);
            return false;
        }
        committed();
        return true;
    }

    /** Returns false if no word was as it must be. */
    private boolean findSwapped(final Chain chain, final int firstSwap) {
        int swapped = 0;
        for (int i = 0; i < words; i++) {
            witnesses[i] = chain.result(firstSwap + i);
            swapped |= witnesses[i] == (i == 0 ? oldWord : runWords[i]) ? 1 << i : 0;
        }
        unlinked = words == 1 ? -swapped : swapped; // one word unlinks all blocks, or none
        return swapped != 0;
    }

    /**
     * Tells whether a word of a run was swapped.
     *
     * @param word 0 for the link, …
     * @return false if it was another, see {@link #witness(int)}
     */
    public boolean isSwapped(final int word) {
        return (unlinked & 1 << word) != 0;
    }

    /**
     * Leaves a block that the last {@link #postUnconfirmed} unlinked to the checker: it is not what the link said.
     *
     * @param word of the run that led to it
     */
    public void keep(final int word) {
        unlinked &= ~(1 << word);
    }

    /** If the fabric fails, nobody here knows what happened: only recovery finds out, so the session ends. */
    private void post(final Chain chain, final Operation operation) {
        lane.forgetOutcome(sequence);
        if (posted != operation) {
            posted = operation;
        }
        postOrFence(chain, operation, isHelp ? notUnderWay() : sequence);
    }

    /** Names the application's operation while something else is under way: the one that happened, or one that never will. */
    private long notUnderWay() {
        return committed != 0 ? committed : sequence + 1;
    }

    private void postOrFence(final Chain chain, final Operation operation, final long inDoubt) {
        try {
            chain.post(operation);
        } catch (final SessionFencedException | OutcomeUnknownException e) {
            session.fence(e.getMessage());
            throw e; // no verb of the chain was executed, so nothing of the operation was; or what was is named
        } catch (final RuntimeException e) {
            final OperationId id = id(inDoubt);
            final String message = fence(operation, id, e);
            throw new OutcomeUnknownException(id, message, e);
        } catch (final Error e) {
            fence(operation, id(inDoubt), e);
            throw e;
        }
    }

    /**
     * What is thrown when a chain of the lane has failed: an operation that has committed something must not look as if it had not, be it that the
     * chain only read what the application is to get.
     */
    RallocatorException onFailure(final RallocatorException failure) {
        if (committed == 0) {
            return failure;
        }
        final OperationId id = id(committed);
        return new OutcomeUnknownException(
                id, "operation " + id + " was interrupted after it took effect: " + failure.getMessage(), failure);
    }

    private OperationId id(final long operation) {
        return new OperationId(session.poolId(), session.index(), session.incarnation(), lane.index(), operation);
    }

    private String fence(final Operation operation, final OperationId id, final Throwable cause) {
        final String message =
                "operation " + id + " (" + operation + ") on " + session.poolName() + " was interrupted ("
                        + cause
                        + "); whether it took effect is decided by recovery: close the heap, open a new one, and ask for"
                        + " its outcome";
        session.fence(message);
        return message;
    }

    private void committed() {
        lane.oweOutcome(sequence, IntentDescriptor.HAPPENED);
        if (!isHelp) {
            committed = sequence;
        }
        sequence++;
        if (stripeOffset != 0) {
            lane.oweStripe(stripeOffset, stripeWord);
        }
    }

    /**
     * Lets the blocks that the last successful {@link #postUnconfirmed} freed be marked. Call it once they turned out to be
     * what the link word said they are; otherwise leave them to the checker.
     */
    public void confirm() {
        for (int i = 0; i < freedCount; i++) {
            if (!isSwapped(i)) {
                continue;
            }
            if ((freedLists & 1 << i) != 0) {
                freeChunks(freed[i]);
            }
            lane.allocator().retire(freed[i]);
            lane.oweMark(freed[i]);
        }
    }

    /**
     * Marks what a list owns before the list itself is marked and the intent that names it counts as settled. Should this
     * worker die before, the list is whole when recovery reads it: its session holds back the epoch.
     */
    private void freeChunks(final long listRef) {
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(listRef));
        final UnsafeBuffer list = lane.listBuffer(bytes);
        final Chain chain = lane.chain();
        postOrFence(chain.read(BlockRef.offset(listRef), list, 0, bytes), posted, notUnderWay());
        if (!ChunksDescriptor.isWhole(lane.geometry(), list, bytes, listRef)) {
            LOGGER.error(
                    "the list of chunks at offset {} is damaged: they stay allocated; run `rallocator check`",
                    BlockRef.offset(listRef));
            return;
        }
        final int count = ChunksDescriptor.count(list);
        for (int i = 0; i < count; i++) {
            final long chunk = ChunksDescriptor.ref(list, i);
            lane.allocator().retire(chunk);
            chain.writeByte(BlockLife.freedByteOffset(lane.geometry(), chunk), (byte) BlockRef.generation(chunk));
            if (chain.size() == MARKS_IN_CHAIN || i + 1 == count) {
                postOrFence(chain.persist(), posted, notUnderWay());
            }
        }
    }

    private long slotOffset() {
        return session.geometry().intentOffset(session.index(), lane.index(), (int) (sequence & 1));
    }

    /**
     * The word that the last failed swap found.
     *
     * @return the word
     */
    public long witness() {
        return witness(0);
    }

    /**
     * The word that the last swap of a word of a run found.
     *
     * @param word 0 for the link, …
     * @return the word
     */
    public long witness(final int word) {
        return witnesses[word];
    }

    /**
     * The sequence that the next commit of this lane gets; with session and lane it names the operation.
     *
     * @return from 1
     */
    public long sequence() {
        return sequence;
    }
}
