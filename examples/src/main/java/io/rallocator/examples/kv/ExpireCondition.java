package io.rallocator.examples.kv;

/** The options of EXPIRE and its kin: NX, XX, GT and LT, on which it depends whether a key's expiry is changed. */
final class ExpireCondition {

    private boolean onlyWithout;
    private boolean onlyWith;
    private boolean onlyLater;
    private boolean onlyEarlier;

    private ExpireCondition() {}

    /**
     * Reads the options behind the key and the time.
     *
     * @throws CommandException if they are unknown or exclude each other
     */
    static ExpireCondition parse(Request request) {
        ExpireCondition condition = new ExpireCondition();
        for (int i = 3; i < request.size(); i++) {
            condition.parseOne(request, i);
        }
        if (condition.onlyWithout && (condition.onlyWith || condition.onlyLater || condition.onlyEarlier)) {
            throw new CommandException("ERR NX and XX, GT or LT options at the same time are not compatible");
        }
        if (condition.onlyLater && condition.onlyEarlier) {
            throw new CommandException("ERR GT and LT options at the same time are not compatible");
        }
        return condition;
    }

    private void parseOne(Request request, int i) {
        if (request.is(i, "NX")) {
            onlyWithout = true;
        } else if (request.is(i, "XX")) {
            onlyWith = true;
        } else if (request.is(i, "GT")) {
            onlyLater = true;
        } else if (request.is(i, "LT")) {
            onlyEarlier = true;
        } else {
            throw new CommandException("ERR Unsupported option " + request.text(i));
        }
    }

    /** Whether an expiry of {@code beforeMs}, where none counts as never, may become {@code afterMs}. */
    boolean allows(long beforeMs, long afterMs) {
        boolean has = beforeMs != StoredValue.NO_EXPIRY;
        return !(onlyWithout && has)
                && !(onlyWith && !has)
                && !(onlyLater && (!has || afterMs <= beforeMs))
                && !(onlyEarlier && has && afterMs >= beforeMs);
    }
}
