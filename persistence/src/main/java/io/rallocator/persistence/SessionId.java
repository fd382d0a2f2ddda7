package io.rallocator.persistence;

import java.io.Serializable;

/**
 * Names one session of one worker with one pool, for ever but for {@link SessionDescriptor#MAX_INCARNATION} uses of its line: so
 * somebody else can ask whether it is over, and take over what it held.
 *
 * @param session line of the session table
 * @param incarnation of that line
 */
public record SessionId(int session, int incarnation) implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final int INCARNATION_BITS = 20;

    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException if a part is outside its limits
     */
    public SessionId {
        if (session < 0 || session > Short.MAX_VALUE) {
            throw new IllegalArgumentException("there is no session " + session);
        }
        if (incarnation < 0 || incarnation > SessionDescriptor.MAX_INCARNATION) {
            throw new IllegalArgumentException("there is no incarnation " + incarnation + " of a session");
        }
    }

    /**
     * The id as a number, to be kept in an array of longs.
     *
     * @return greater than 0
     */
    public long toLong() {
        return (session + 1L) << INCARNATION_BITS | incarnation;
    }

    /**
     * Reads what {@link #toLong} wrote.
     *
     * @param number as written
     * @return the id
     * @throws IllegalArgumentException if it is something else
     */
    public static SessionId fromLong(final long number) {
        final long session = (number >> INCARNATION_BITS) - 1;
        if (session < 0 || session > Short.MAX_VALUE) {
            throw new IllegalArgumentException(number + " is no id of a session");
        }
        return new SessionId((int) session, (int) (number & SessionDescriptor.MAX_INCARNATION));
    }

    @Override
    public String toString() {
        return "session-" + session + "-" + incarnation;
    }
}
