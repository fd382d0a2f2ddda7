package io.rallocator.allocator;

import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SessionDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads intents and decides whether the operation they name took effect (I10): its block is where the link points, or
 * another intent names it as the one that was replaced, or it is marked freed, looked at in that order (DESIGN trap 12).
 * Sound as long as the session of the intent holds back the epoch, so that its blocks are not reused; an intent that its
 * worker settled, before it let the epoch go, is not asked about.
 *
 * <p>Threads: one.
 */
final class IntentScanner {
    private static final Operation SCAN = Operation.named("intent.scan");
    private static final int NOBODY = -1;

    private final PoolGeometry geometry;
    private final Chain chain;
    private final UnsafeBuffer others;
    private final UnsafeBuffer states;

    IntentScanner(final PoolGeometry geometry, final Chain chain) {
        this.geometry = geometry;
        this.chain = chain;
        this.others = Lane.direct(sessionBytes());
        this.states = Lane.direct(geometry.sessions() * SessionDescriptor.BYTES);
    }

    private int sessionBytes() {
        return geometry.lanes() * 2 * IntentDescriptor.BYTES;
    }

    /**
     * Reads all intents of a session.
     *
     * @param session 0 …
     * @param target filled with lanes × 2 slots
     */
    void read(final int session, final UnsafeBuffer target) {
        chain.read(geometry.intentOffset(session, 0, 0), target, 0, sessionBytes())
                .post(SCAN);
    }

    UnsafeBuffer newSessionBuffer() {
        return Lane.direct(sessionBytes());
    }

    /** Slots of one session. */
    int slots() {
        return geometry.lanes() * 2;
    }

    /**
     * Decides whether an operation took effect.
     *
     * @param slots holds the intent
     * @param at where it begins
     * @return true if its swap succeeded, of a run at least one
     */
    boolean happened(final UnsafeBuffer slots, final int at) {
        return decide(slots, at) == Outcome.HAPPENED;
    }

    /**
     * Decides what became of an operation.
     *
     * @param slots holds the intent
     * @param at where it begins
     * @return {@link Outcome#UNKNOWN} only if it allocated nothing and several that died wanted to replace the same word
     */
    Outcome decide(final UnsafeBuffer slots, final int at) {
        final int words = IntentDescriptor.words(slots, at);
        if (words > 1) {
            return outcome(isInAny(slots, at, words));
        }
        final long link = slots.getLong(at + IntentDescriptor.LINK_OFFSET);
        final long newWord = slots.getLong(at + IntentDescriptor.NEW_WORD_OFFSET);
        final long word = link(link);
        if (word == newWord) {
            return Outcome.HAPPENED;
        }
        if (IntentDescriptor.allocated(slots, at) == 0) {
            return decideWithoutBlock(slots, at, link, word);
        }
        return outcome(LinkWord.sameTarget(word, newWord)
                || isNamedAsOld(link, newWord, LinkWord.TARGET)
                || isMarkedFreed(IntentDescriptor.ref(slots, at, 0)));
    }

    private static Outcome outcome(final boolean happened) {
        return happened ? Outcome.HAPPENED : Outcome.DID_NOT_HAPPEN;
    }

    /**
     * The new word may have been replaced, and no block tells of it. But whoever replaced the old word is known by its intent
     * until the old block is marked as freed. If that is nobody else, it was this operation, which died before it marked
     * the block.
     */
    private Outcome decideWithoutBlock(final UnsafeBuffer slots, final int at, final long link, final long word) {
        final long oldWord = slots.getLong(at + IntentDescriptor.OLD_WORD_OFFSET);
        final long newWord = slots.getLong(at + IntentDescriptor.NEW_WORD_OFFSET);
        if (isNamedAsOld(link, newWord, LinkWord.EXACT)) {
            return Outcome.HAPPENED;
        }
        if (IntentDescriptor.freed(slots, at) == 0 || ((word ^ oldWord) & LinkWord.EXACT) == 0) {
            return Outcome.DID_NOT_HAPPEN; // without a block to free, the word stays once it is set
        }
        final Outcome withoutRivals = decideAmongRivals(link, oldWord, newWord, word);
        return isMarkedFreed(IntentDescriptor.ref(slots, at, 0)) ? Outcome.DID_NOT_HAPPEN : withoutRivals;
    }

    private Outcome decideAmongRivals(final long link, final long oldWord, final long newWord, final long word) {
        Outcome outcome = Outcome.HAPPENED;
        for (final UnsafeBuffer rival : rivals(link, oldWord, newWord)) {
            final boolean hasBlock = IntentDescriptor.allocated(rival, 0) != 0;
            if (rival.getLong(IntentDescriptor.NEW_WORD_OFFSET) == word || hasBlock && happened(rival, 0)) {
                return Outcome.DID_NOT_HAPPEN;
            }
            if (!hasBlock) {
                outcome = Outcome.UNKNOWN;
            }
        }
        return outcome;
    }

    /** Copies of the other intents to replace the same word. */
    private List<UnsafeBuffer> rivals(final long link, final long oldWord, final long newWord) {
        final List<UnsafeBuffer> rivals = new ArrayList<>();
        forEachUnsettled(at -> {
            if (hasAsOld(at, link, oldWord, LinkWord.EXACT)
                    && others.getLong(at + IntentDescriptor.NEW_WORD_OFFSET) != newWord) {
                final UnsafeBuffer copy = Lane.direct(IntentDescriptor.BYTES);
                copy.putBytes(0, others, at, IntentDescriptor.BYTES);
                rivals.add(copy);
            }
        });
        return rivals;
    }

    /** The new word of a run stays where it was swapped in. */
    private boolean isInAny(final UnsafeBuffer slots, final int at, final int words) {
        final long link = slots.getLong(at + IntentDescriptor.LINK_OFFSET);
        final long newWord = slots.getLong(at + IntentDescriptor.NEW_WORD_OFFSET);
        for (int i = 0; i < words; i++) {
            if (link(link + (long) i * Long.BYTES) == newWord) {
                return true;
            }
        }
        return false;
    }

    private boolean isNamedAsOld(final long link, final long word, final long mask) {
        final boolean[] named = {false};
        forEachUnsettled(at -> named[0] |= hasAsOld(at, link, word, mask));
        return named[0];
    }

    /**
     * Settled intents do not count, nor those of a line's earlier incarnations: their block may be an earlier life of the one
     * that is asked for.
     */
    private void forEachUnsettled(final IntConsumer visitor) {
        readStates();
        for (int session = 0; session < geometry.sessions(); session++) {
            if (isFree(session)) {
                continue;
            }
            read(session, others);
            for (int slot = 0; slot < slots(); slot++) {
                final int at = slot * IntentDescriptor.BYTES;
                if (isOf(incarnation(session), others, at) && !IntentDescriptor.isSettled(others, at)) {
                    visitor.accept(at);
                }
            }
        }
    }

    /** A run has the old word of its link, and the blocks of the words behind it, which name their lives. */
    private boolean hasAsOld(final int at, final long link, final long word, final long mask) {
        final long first = others.getLong(at + IntentDescriptor.LINK_OFFSET);
        if (first == link) {
            return ((others.getLong(at + IntentDescriptor.OLD_WORD_OFFSET) ^ word) & mask) == 0;
        }
        final int words = Math.min(IntentDescriptor.words(others, at), IntentDescriptor.MAX_REFS);
        return link > first
                && link < first + (long) words * Long.BYTES
                && LinkWord.isPointer(word)
                && LinkWord.sameTarget(
                        word, BlockRef.pointer(IntentDescriptor.ref(others, at, (int) (link - first) / Long.BYTES)));
    }

    private boolean isMarkedFreed(final long ref) {
        final UnsafeBuffer mark = Lane.direct(8);
        chain.read(BlockLife.freedByteOffset(geometry, ref), mark, 0, 1).post(SCAN);
        return (mark.getByte(0) & 0xFF) == BlockRef.generation(ref);
    }

    /**
     * Tells whether verbs of a session may still be executed although its worker has given up: somebody else executes them, and has not
     * declared the session dead yet.
     *
     * @param id of an operation
     * @return true until nothing can come of it any more
     */
    boolean mayBeUnderWay(final OperationId id) {
        readStates();
        final int line = id.session() * SessionDescriptor.BYTES;
        return incarnation(id.session()) == id.incarnation()
                && SessionDescriptor.state(states.getLong(line), geometry.sessionOffset(id.session()))
                        == SessionDescriptor.ACTIVE
                && states.getLong(line + SessionDescriptor.PID_OFFSET) < 0;
    }

    /**
     * What became of an operation of a session that is dead, fenced, or recovered. Looks again if recovery decides meanwhile.
     *
     * @param id of the operation
     * @return the outcome
     */
    Outcome outcome(final OperationId id) {
        final UnsafeBuffer slots = newSessionBuffer();
        for (; ; ) {
            readStates();
            final boolean isSettledBefore = isFree(id.session()) || incarnation(id.session()) != id.incarnation();
            read(id.session(), slots);
            final Outcome written = writtenOutcome(id, slots);
            if (written != Outcome.UNKNOWN) {
                return written;
            }
            final int at = slotOf(id);
            if (isSettledBefore || !isIntentOf(id, slots, at)) {
                return Outcome.UNKNOWN;
            }
            final Outcome decided = decide(slots, at);
            readStates();
            read(id.session(), slots);
            if (incarnation(id.session()) == id.incarnation()
                    && !isFree(id.session())
                    && isIntentOf(id, slots, at)
                    && IntentDescriptor.outcome(slots, at) == 0) {
                return decided; // nothing that it was decided by was reused meanwhile
            }
        }
    }

    private int slotOf(final OperationId id) {
        return (2 * id.lane() + (int) (id.sequence() & 1)) * IntentDescriptor.BYTES;
    }

    private static boolean isIntentOf(final OperationId id, final UnsafeBuffer slots, final int at) {
        return IntentDescriptor.isValid(slots, at)
                && slots.getLong(at + IntentDescriptor.SEQUENCE_OFFSET) == id.sequence()
                && slots.getInt(at + IntentDescriptor.INCARNATION_OFFSET) == id.incarnation();
    }

    /**
     * What the slots alone say. A lane's sequence goes up when an operation happened, and goes on where the valid intents of
     * the last incarnation end: so a sequence that the next one got again was never durable in the last.
     */
    private Outcome writtenOutcome(final OperationId id, final UnsafeBuffer slots) {
        final int own = slotOf(id);
        if (isIntentOf(id, slots, own)) {
            return switch (IntentDescriptor.outcome(slots, own) & ~IntentDescriptor.SETTLED) {
                case IntentDescriptor.HAPPENED -> Outcome.HAPPENED;
                case IntentDescriptor.DID_NOT_HAPPEN -> Outcome.DID_NOT_HAPPEN;
                default -> Outcome.UNKNOWN;
            };
        }
        long last = 0;
        for (int slot = 0; slot < 2; slot++) {
            final int at = (2 * id.lane() + slot) * IntentDescriptor.BYTES;
            final long sequence = slots.getLong(at + IntentDescriptor.SEQUENCE_OFFSET);
            if (!IntentDescriptor.isValid(slots, at)) {
                continue;
            }
            if (sequence == id.sequence()) {
                return Outcome.DID_NOT_HAPPEN;
            }
            if (sequence > id.sequence()
                    && slots.getInt(at + IntentDescriptor.INCARNATION_OFFSET) == id.incarnation()) {
                return Outcome.HAPPENED;
            }
            last = Math.max(last, sequence);
        }
        return last < id.sequence() ? Outcome.DID_NOT_HAPPEN : Outcome.UNKNOWN;
    }

    /**
     * Sums the size changes of a structure that happened and are not in their stripes yet.
     *
     * @param structure root index
     * @return the sum
     */
    long unsettledDelta(final int structure) {
        final UnsafeBuffer slots = newSessionBuffer();
        readStates();
        final int[] incarnations = new int[geometry.sessions()];
        for (int session = 0; session < incarnations.length; session++) {
            incarnations[session] = isFree(session) ? NOBODY : incarnation(session);
        }
        long delta = 0;
        for (int session = 0; session < incarnations.length; session++) {
            if (incarnations[session] != NOBODY) {
                read(session, slots);
                delta += unsettledDelta(structure, incarnations[session], slots);
            }
        }
        return delta;
    }

    private long unsettledDelta(final int structure, final int incarnation, final UnsafeBuffer slots) {
        long delta = 0;
        for (int slot = 0; slot < slots(); slot++) {
            final int at = slot * IntentDescriptor.BYTES;
            if (slots.getInt(at + IntentDescriptor.STRUCTURE_OFFSET) == structure
                    && slots.getLong(at + IntentDescriptor.STRIPE_OFFSET) != 0
                    && isOf(incarnation, slots, at)
                    && IntentDescriptor.outcome(slots, at) == 0
                    && isUnsettled(slots, at)
                    && happened(slots, at)) {
                delta += Commit.stripeCount(slots.getLong(at + IntentDescriptor.STRIPE_NEW_OFFSET))
                        - Commit.stripeCount(slots.getLong(at + IntentDescriptor.STRIPE_OLD_OFFSET));
            }
        }
        return delta;
    }

    /** True while the stripe still is as the operation found it. */
    boolean isUnsettled(final UnsafeBuffer slots, final int at) {
        return word(slots.getLong(at + IntentDescriptor.STRIPE_OFFSET))
                == slots.getLong(at + IntentDescriptor.STRIPE_OLD_OFFSET);
    }

    private void readStates() {
        chain.read(geometry.sessionOffset(0), states, 0, states.capacity()).post(SCAN);
    }

    private static boolean isOf(final int incarnation, final UnsafeBuffer slots, final int at) {
        return slots.getInt(at + IntentDescriptor.INCARNATION_OFFSET) == incarnation
                && IntentDescriptor.isValid(slots, at);
    }

    private int incarnation(final int session) {
        return SessionDescriptor.incarnation(states.getLong(session * SessionDescriptor.BYTES));
    }

    private boolean isFree(final int session) {
        final int at = session * SessionDescriptor.BYTES;
        return SessionDescriptor.state(states.getLong(at), geometry.sessionOffset(session)) == SessionDescriptor.FREE;
    }

    private long link(final long offset) {
        final int verb = chain.readLink(offset);
        chain.post(SCAN);
        return chain.result(verb);
    }

    private long word(final long offset) {
        final int verb = chain.readWord(offset);
        chain.post(SCAN);
        return chain.result(verb);
    }
}
