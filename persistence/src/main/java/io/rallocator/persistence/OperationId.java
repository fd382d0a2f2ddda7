package io.rallocator.persistence;

import java.io.Serializable;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names one operation of one session with one pool, so that somebody else can ask what became of it (I10). Comes with an
 * {@link OutcomeUnknownException}; its text can be logged, sent or stored, and be parsed again.
 *
 * @param pool the id of the pool
 * @param session line of the session table
 * @param incarnation of that line
 * @param lane of the session
 * @param sequence of the lane
 */
public record OperationId(UUID pool, int session, int incarnation, int lane, long sequence) implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final Pattern TEXT = Pattern.compile(
            "op-(\\d{1,4})-(\\d{1,7})-(\\d{1,2})-(\\d{1,18})@(\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12})");

    /**
     * Checks that a pool is named.
     *
     * @throws NullPointerException if there is none
     */
    public OperationId {
        Objects.requireNonNull(pool, "the id of the pool is null");
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @param text as {@code op-3-17-0-42@4f1cbb2e-0c5f-4a0e-9d5b-2f6f3c1f7a10}
     * @return the id
     * @throws IllegalArgumentException if it is something else
     */
    public static OperationId parse(final String text) {
        final Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text
                            + "' is no id of an operation, which looks like"
                            + " op-3-17-0-42@4f1cbb2e-0c5f-4a0e-9d5b-2f6f3c1f7a10 (session, incarnation, lane, sequence, pool)");
        }
        return new OperationId(
                UUID.fromString(matcher.group(5)),
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                Integer.parseInt(matcher.group(3)),
                Long.parseLong(matcher.group(4)));
    }

    @Override
    public String toString() {
        return "op-" + session + "-" + incarnation + "-" + lane + "-" + sequence + "@" + pool;
    }
}
