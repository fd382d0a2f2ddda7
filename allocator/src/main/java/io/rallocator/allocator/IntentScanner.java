package io.rallocator.allocator;

import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SessionDescriptor;
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
        final int words = IntentDescriptor.words(slots, at);
        if (words > 1) {
            return isInAny(slots, at, words);
        }
        final long link = slots.getLong(at + IntentDescriptor.LINK_OFFSET);
        final long newWord = slots.getLong(at + IntentDescriptor.NEW_WORD_OFFSET);
        final long word = link(link);
        if (word == newWord) {
            return true;
        }
        if (IntentDescriptor.allocated(slots, at) == 0) {
            return isNamedAsOld(link, newWord, LinkWord.EXACT); // else a word that stays once it is set
        }
        return LinkWord.sameTarget(word, newWord)
                || isNamedAsOld(link, newWord, LinkWord.TARGET)
                || isMarkedFreed(IntentDescriptor.ref(slots, at, 0));
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

    /** Settled intents do not count: their block may be an earlier life of the one that is asked for. */
    private boolean isNamedAsOld(final long link, final long word, final long mask) {
        readStates();
        for (int session = 0; session < geometry.sessions(); session++) {
            if (isFree(session)) {
                continue;
            }
            read(session, others);
            for (int slot = 0; slot < slots(); slot++) {
                final int at = slot * IntentDescriptor.BYTES;
                if (hasAsOld(at, link, word, mask)
                        && IntentDescriptor.isValid(others, at)
                        && !IntentDescriptor.isSettled(others, at)) {
                    return true;
                }
            }
        }
        return false;
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
     * Sums the size changes of a structure that happened and are not in their stripes yet.
     *
     * @param structure root index
     * @return the sum
     */
    long unsettledDelta(final int structure) {
        final UnsafeBuffer slots = newSessionBuffer();
        readStates();
        final boolean[] free = new boolean[geometry.sessions()];
        for (int session = 0; session < free.length; session++) {
            free[session] = isFree(session);
        }
        long delta = 0;
        for (int session = 0; session < free.length; session++) {
            if (!free[session]) {
                read(session, slots);
                delta += unsettledDelta(structure, slots);
            }
        }
        return delta;
    }

    private long unsettledDelta(final int structure, final UnsafeBuffer slots) {
        long delta = 0;
        for (int slot = 0; slot < slots(); slot++) {
            final int at = slot * IntentDescriptor.BYTES;
            if (slots.getInt(at + IntentDescriptor.STRUCTURE_OFFSET) == structure
                    && slots.getLong(at + IntentDescriptor.STRIPE_OFFSET) != 0
                    && IntentDescriptor.isValid(slots, at)
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
