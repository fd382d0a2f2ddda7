package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.EpochHold;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SessionDescriptor;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Moves the global epoch on when every live session has announced it. Any worker and the blade do this, so a stopped
 * blade does not stop reclamation; a dead session holds the epoch back until it is recovered (DESIGN section 6).
 *
 * <p>Threads: one.
 */
final class EpochAdvancer {
    private static final Operation EPOCH = Operation.named("epoch.advance");

    private final PoolGeometry geometry;
    private final Chain chain;
    private final UnsafeBuffer sessions;
    private int activeSessions;
    private long drops;

    EpochAdvancer(final PoolGeometry geometry, final Chain chain) {
        this.geometry = geometry;
        this.chain = chain;
        this.sessions = Lane.direct(geometry.sessions() * SessionDescriptor.BYTES);
    }

    /**
     * Reads the epoch and every session, and advances the epoch if all of them announced it.
     *
     * @return the global epoch afterwards
     */
    long tick() {
        final int verb = chain.readWord(PoolGeometry.epochOffset());
        final int dropsVerb = chain.readWord(PoolGeometry.dropsOffset()); // behind the epoch: see StructureReaper
        final int hold = chain.readWord(PoolGeometry.epochHoldOffset());
        chain.read(geometry.sessionOffset(0), sessions, 0, sessions.capacity());
        chain.post(EPOCH);
        final long word = chain.result(verb);
        final long epoch = CheckedWord.payload(word, "global epoch", PoolGeometry.epochOffset());
        drops = chain.result(dropsVerb);
        if (!allAnnounced(epoch) || !EpochHold.isOpen(chain.result(hold))) {
            return epoch;
        }
        final int swap = chain.compareAndSwap(PoolGeometry.epochOffset(), word, CheckedWord.of(epoch + 1));
        chain.persist();
        chain.post(EPOCH);
        return chain.result(swap) == word ? epoch + 1 : epoch;
    }

    /**
     * Reads the epoch and one session, and leaves it to the blade to advance: for a worker whose verbs the blade executes, so that nothing is
     * gained by looking at every session.
     *
     * @param session 0 …, for {@link #stateWord}
     * @return the global epoch
     */
    long follow(final int session) {
        final int verb = chain.readWord(PoolGeometry.epochOffset());
        final int dropsVerb = chain.readWord(PoolGeometry.dropsOffset());
        final int line = session * SessionDescriptor.BYTES;
        chain.read(geometry.sessionOffset(session), sessions, line, Long.BYTES);
        chain.post(EPOCH);
        drops = chain.result(dropsVerb);
        return CheckedWord.payload(chain.result(verb), "global epoch", PoolGeometry.epochOffset());
    }

    private boolean allAnnounced(final long epoch) {
        boolean all = true;
        int active = 0;
        for (int session = 0; session < geometry.sessions(); session++) {
            final int at = session * SessionDescriptor.BYTES;
            final long offset = geometry.sessionOffset(session);
            final long state = sessions.getLong(at + SessionDescriptor.STATE_OFFSET);
            if (SessionDescriptor.state(state, offset) != SessionDescriptor.FREE) {
                active++;
                final long word = sessions.getLong(at + SessionDescriptor.EPOCH_OFFSET);
                all &= CheckedWord.payload(word, "announced epoch", offset + SessionDescriptor.EPOCH_OFFSET) >= epoch;
            }
        }
        activeSessions = active;
        return all;
    }

    /**
     * The state word of a session at the last tick.
     *
     * @param session 0 …
     * @return see {@link SessionDescriptor}
     */
    long stateWord(final int session) {
        return sessions.getLong(session * SessionDescriptor.BYTES + SessionDescriptor.STATE_OFFSET);
    }

    /**
     * The count of drops, read after the epoch that the last tick saw.
     *
     * @return see {@link PoolGeometry#dropsOffset()}
     */
    long drops() {
        return drops;
    }

    /**
     * Sessions that were not free at the last tick.
     *
     * @return count
     */
    int activeSessions() {
        return activeSessions;
    }
}
