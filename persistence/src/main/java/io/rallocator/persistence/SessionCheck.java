package io.rallocator.persistence;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Checks the pool's words, the session table and the free-request rings, and tells later steps which sessions live.
 *
 * <p>A damaged state word of a session is resolved from what others say about it: if the slab table or a claim names
 * the session as an owner, it is ACTIVE with the largest incarnation named there, so that recovery takes it apart as
 * after a crash (its lock is free, for nobody serves the pool during a repair). If nobody names it, it is FREE with an
 * incarnation above every one that its intents carry; what such a session had in flight shows as leaked blocks.
 *
 * <p>A damaged announcement becomes the global epoch, or 0 in a free line: with no process alive no reader is left that
 * it could protect, and a dead session still holds the epoch back until it is recovered.
 */
final class SessionCheck {
    /** Epochs beyond this are damage: one a microsecond reaches it in nine years. */
    private static final long MAX_EPOCH = 1L << 48;

    /** How far a repaired epoch goes beyond every one announced, so that everything in limbo is through. */
    private static final int EPOCHS_BEYOND = 3;

    private static final int DAMAGED = -1;

    private final CheckRun run;
    private final PoolGeometry geometry;
    private final int[] state;
    private final int[] incarnation;
    private long epoch;

    SessionCheck(final CheckRun run) {
        this.run = run;
        this.geometry = run.geometry;
        this.state = new int[geometry.sessions()];
        this.incarnation = new int[geometry.sessions()];
    }

    /** Reads every word; damaged state words wait for {@link #resolve}. */
    void readWords() {
        checkEpoch();
        run.checkedWord(PoolGeometry.bladeHeartbeatOffset(), "heartbeat of the blade", CheckedWord.of(0));
        for (int session = 0; session < geometry.sessions(); session++) {
            final long line = geometry.sessionOffset(session);
            final long word = run.region.readLong(line + SessionDescriptor.STATE_OFFSET);
            final int read = (int) word & 7;
            state[session] = CheckedWord.isValid(word) && read <= SessionDescriptor.RECOVERING ? read : DAMAGED;
            incarnation[session] = SessionDescriptor.incarnation(word) & SessionDescriptor.MAX_INCARNATION;
            checkAnnouncement(session);
            run.checkedWord(
                    line + SessionDescriptor.HEARTBEAT_OFFSET, "heartbeat of session " + session, CheckedWord.of(0));
            checkFreeRing(session);
        }
    }

    private void checkEpoch() {
        long largest = PoolFormat.FIRST_EPOCH;
        for (int session = 0; session < geometry.sessions(); session++) {
            final long word = run.region.readLong(announcement(session));
            if (isEpoch(word)) {
                largest = Math.max(largest, word & CheckedWord.PAYLOAD_MASK);
            }
        }
        final long word = run.region.readLong(PoolGeometry.epochOffset());
        final long beyond = largest + EPOCHS_BEYOND;
        epoch = beyond;
        if (!isEpoch(word)) {
            run.damagedWord(PoolGeometry.epochOffset(), "global epoch", word, CheckedWord.of(beyond));
        } else if ((word & CheckedWord.PAYLOAD_MASK) < largest) {
            run.found(
                    Finding.Severity.HAZARD,
                    PoolGeometry.epochOffset(),
                    "the global epoch is " + (word & CheckedWord.PAYLOAD_MASK) + ", behind " + largest
                            + " which was reached before",
                    () -> run.write(PoolGeometry.epochOffset(), CheckedWord.of(beyond)));
        } else {
            epoch = word & CheckedWord.PAYLOAD_MASK;
        }
    }

    private static boolean isEpoch(final long word) {
        return CheckedWord.isValid(word) && (word & CheckedWord.PAYLOAD_MASK) <= MAX_EPOCH;
    }

    private long announcement(final int session) {
        return geometry.sessionOffset(session) + SessionDescriptor.EPOCH_OFFSET;
    }

    private void checkAnnouncement(final int session) {
        final long word = run.region.readLong(announcement(session));
        if (!isEpoch(word)) {
            final long replacement = state[session] == SessionDescriptor.FREE ? 0 : epoch;
            run.damagedWord(
                    announcement(session), "announced epoch of session " + session, word, CheckedWord.of(replacement));
        }
    }

    /** A lost request leaves its slab with the session, whose recovery gives it back. */
    private void checkFreeRing(final int session) {
        final long head = geometry.freeHeadOffset(session);
        final long word = run.region.readLong(head);
        if (!CheckedWord.isValid(word)) {
            run.found(
                    Finding.Severity.DAMAGE,
                    head,
                    "damaged head of the free ring of session " + session + ": word " + CheckRun.hex(word)
                            + " fails its check",
                    () -> resetFreeRing(session));
        }
        for (int request = 0; request < PoolGeometry.FREE_RING_CAPACITY; request++) {
            final long offset = geometry.freeRequestOffset(session, request);
            final long requested = run.region.readLong(offset);
            if (!FreeRequest.isPossible(requested, request, geometry.units())) {
                run.damagedWord(offset, "free request of session " + session, requested, 0);
            }
        }
    }

    private void resetFreeRing(final int session) {
        final long first = geometry.freeRequestOffset(session, 0);
        run.region.zero(first, 8L * PoolGeometry.FREE_RING_CAPACITY);
        run.region.persist(first, 8L * PoolGeometry.FREE_RING_CAPACITY);
        run.write(geometry.freeHeadOffset(session), CheckedWord.of(0));
    }

    /** Decides what the sessions with damaged state words are. */
    void resolve(final SlabMap slabs, final RingCheck rings, final IntentCheck intents) {
        for (int session = 0; session < state.length; session++) {
            if (state[session] != DAMAGED) {
                continue;
            }
            final int named = Math.max(slabs.largestIncarnation(session), rings.largestIncarnation(session));
            if (named >= 0) {
                state[session] = SessionDescriptor.ACTIVE;
                incarnation[session] = named;
            } else {
                state[session] = SessionDescriptor.FREE;
                incarnation[session] = intents.largestIncarnation(session) + 1 & SessionDescriptor.MAX_INCARNATION;
            }
            final long offset = geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET;
            final long replacement = SessionDescriptor.stateWord(state[session], incarnation[session]);
            run.damagedWord(offset, "state of session " + session, run.region.readLong(offset), replacement);
        }
    }

    /** True if a session is not free, in this very life. */
    boolean isLive(final int session, final int life) {
        return session < state.length && state[session] != SessionDescriptor.FREE && incarnation[session] == life;
    }

    boolean isFree(final int session) {
        return state[session] == SessionDescriptor.FREE;
    }

    boolean anyLive() {
        for (final int each : state) {
            if (each != SessionDescriptor.FREE) {
                return true;
            }
        }
        return false;
    }

    int incarnation(final int session) {
        return incarnation[session];
    }

    /** Checks who the sessions are that are not free. A line of zeros is that of a worker that died as it opened. */
    void checkIdentities() {
        final UnsafeBuffer line = new UnsafeBuffer(new byte[SessionDescriptor.BYTES]);
        for (int session = 0; session < state.length; session++) {
            if (state[session] == SessionDescriptor.FREE) {
                continue;
            }
            final long offset = geometry.sessionOffset(session);
            run.region.read(offset, line, 0, SessionDescriptor.BYTES);
            final int length = line.getInt(SessionDescriptor.NAME_LENGTH_OFFSET);
            final boolean possible = length >= 0 && length <= SessionDescriptor.MAX_NAME_BYTES;
            if (isZero(line)) {
                run.found(Finding.Severity.NOTE, offset, "session " + session + " never said who it is");
            } else if (!possible
                    || line.getInt(SessionDescriptor.CRC_OFFSET) != SessionDescriptor.identityCrc(line, 0)) {
                run.found(
                        Finding.Severity.DAMAGE,
                        offset + SessionDescriptor.PID_OFFSET,
                        "damaged identity of session " + session + ": its CRC32C is wrong",
                        () -> clearIdentity(offset));
            }
            run.sessions.add(new CheckReport.SessionFigures(
                    session,
                    state[session],
                    incarnation[session],
                    possible ? name(line, length) : "?",
                    line.getLong(SessionDescriptor.PID_OFFSET),
                    line.getLong(SessionDescriptor.EPOCH_OFFSET) & CheckedWord.PAYLOAD_MASK));
        }
    }

    private static boolean isZero(final UnsafeBuffer line) {
        long bits = 0;
        for (int at = SessionDescriptor.PID_OFFSET; at < SessionDescriptor.BYTES; at += 8) {
            bits |= line.getLong(at);
        }
        return bits == 0;
    }

    private static String name(final UnsafeBuffer line, final int length) {
        final byte[] bytes = new byte[length];
        line.getBytes(SessionDescriptor.NAME_OFFSET, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private void clearIdentity(final long line) {
        final long length = SessionDescriptor.BYTES - SessionDescriptor.PID_OFFSET;
        run.region.zero(line + SessionDescriptor.PID_OFFSET, length);
        run.region.persist(line + SessionDescriptor.PID_OFFSET, length);
    }
}
