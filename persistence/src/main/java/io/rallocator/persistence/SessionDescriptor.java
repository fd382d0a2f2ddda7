package io.rallocator.persistence;

import org.agrona.DirectBuffer;

/**
 * One line of the session table: a worker's session.
 *
 * <pre>
 *  0    state: checked word {incarnation 20 | state 3}              compare-and-swap
 *  8    announced epoch: checked word                               the session
 *  16   heartbeat, milliseconds since 1970: checked word            the session
 *  24   process id (8); negative if somebody else executes          written once a session
 *       the worker's verbs, and may be at it when it is gone
 *  32   process start, milliseconds since 1970 (8)
 *  40   check of bytes 24 … 39 and 48 … 127, see identityCrc (4) | 0 (4)
 *  48   length of the name (4) | name, UTF-8, at most 76 bytes
 * </pre>
 */
public final class SessionDescriptor {
    /** Size of a line. */
    public static final int BYTES = 128;

    /** Offset of the state word. */
    public static final int STATE_OFFSET = 0;

    /** Offset of the announced epoch. */
    public static final int EPOCH_OFFSET = 8;

    /** Offset of the heartbeat. */
    public static final int HEARTBEAT_OFFSET = 16;

    /** Offset of the process id. */
    public static final int PID_OFFSET = 24;

    /** Offset of the process's start time. */
    public static final int START_OFFSET = 32;

    /** Offset of the CRC. */
    public static final int CRC_OFFSET = 40;

    /** Offset of the name's length. */
    public static final int NAME_LENGTH_OFFSET = 48;

    /** Offset of the name. */
    public static final int NAME_OFFSET = 52;

    /** Longest name. */
    public static final int MAX_NAME_BYTES = BYTES - NAME_OFFSET;

    /** State: nobody's. */
    public static final int FREE = 0;

    /** State: a worker's, who holds its lock while it lives. */
    public static final int ACTIVE = 1;

    /** State: its worker died and is being recovered. */
    public static final int RECOVERING = 2;

    /** Incarnations count up to this and begin again. */
    public static final int MAX_INCARNATION = (1 << 20) - 1;

    private SessionDescriptor() {}

    /**
     * A state word.
     *
     * @param state {@link #FREE}, {@link #ACTIVE} or {@link #RECOVERING}
     * @param incarnation 0 … {@link #MAX_INCARNATION}
     * @return the word
     */
    public static long stateWord(final int state, final int incarnation) {
        return CheckedWord.of((long) incarnation << 3 | state);
    }

    /**
     * Checksum of who a session is.
     *
     * @param line holds a line of the session table
     * @param index where it begins
     * @return the CRC32C of process id, start time and name
     */
    public static int identityCrc(final DirectBuffer line, final int index) {
        return Crc32c.of(line, index + PID_OFFSET, CRC_OFFSET - PID_OFFSET) * 31
                + Crc32c.of(line, index + NAME_LENGTH_OFFSET, BYTES - NAME_LENGTH_OFFSET);
    }

    /**
     * The state in a state word.
     *
     * @param word as read
     * @param offset where, for the message
     * @return the state
     * @throws CorruptedPoolException if the word is damaged
     */
    public static int state(final long word, final long offset) {
        return (int) (CheckedWord.payload(word, "session state", offset) & 7);
    }

    /**
     * The incarnation in a state word.
     *
     * @param word as read
     * @return the incarnation
     */
    public static int incarnation(final long word) {
        return (int) ((word & CheckedWord.PAYLOAD_MASK) >>> 3);
    }

    /**
     * Tells whether a session is over, and what it left has been recovered: nothing of it happens any more.
     *
     * @param word state word of its line, as read
     * @param offset where, for the message
     * @param incarnation of the session
     * @return false if it lives, or is still being recovered
     * @throws CorruptedPoolException if the word is damaged
     */
    public static boolean isOver(final long word, final long offset, final int incarnation) {
        return state(word, offset) == FREE || incarnation(word) != incarnation;
    }
}
