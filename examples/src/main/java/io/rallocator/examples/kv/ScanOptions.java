package io.rallocator.examples.kv;

import java.nio.charset.StandardCharsets;

/** The cursor and the options of SCAN: MATCH, COUNT and TYPE. */
final class ScanOptions {

    /** More than this in one call would hold up the other connections of the event loop. */
    private static final int MAX_COUNT = 100_000;

    private final long cursor;
    private int count;
    private Glob pattern;
    private String type;

    private ScanOptions(long cursor, int count) {
        this.cursor = cursor;
        this.count = count;
    }

    /**
     * Reads SCAN's arguments.
     *
     * @throws CommandException if they make no sense
     */
    static ScanOptions parse(Request request, int defaultCount) {
        ScanOptions options = new ScanOptions(cursorOf(request), defaultCount);
        for (int i = 2; i < request.size(); i += 2) {
            options.parseOne(request, i);
        }
        return options;
    }

    private static long cursorOf(Request request) {
        try {
            return Long.parseUnsignedLong(request.text(1));
        } catch (NumberFormatException e) {
            throw new CommandException("ERR invalid cursor");
        }
    }

    private void parseOne(Request request, int i) {
        byte[] operand = request.operandOf(i);
        if (request.is(i, "MATCH")) {
            pattern = new Glob(operand);
        } else if (request.is(i, "COUNT")) {
            long wanted = Integers.parse(operand);
            if (wanted < 1) {
                throw CommandException.syntax();
            }
            count = (int) Math.min(wanted, MAX_COUNT);
        } else if (request.is(i, "TYPE")) {
            type = new String(operand, StandardCharsets.ISO_8859_1);
        } else {
            throw CommandException.syntax();
        }
    }

    long cursor() {
        return cursor;
    }

    int count() {
        return count;
    }

    /** Whether MATCH and TYPE let this entry through. */
    boolean accepts(Keyspace.Entry entry) {
        return (type == null || type.equalsIgnoreCase(entry.value().typeName()))
                && (pattern == null || pattern.matches(entry.key()));
    }
}
