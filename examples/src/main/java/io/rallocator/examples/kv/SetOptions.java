package io.rallocator.examples.kv;

/** The options of SET, in any order: NX or XX, GET, and one of EX, PX, EXAT, PXAT and KEEPTTL. */
final class SetOptions {

    private boolean onlyIfAbsent;
    private boolean onlyIfPresent;
    private boolean get;
    private boolean keepTtl;
    private boolean expirySet;
    private long expiresAtMs = StoredValue.NO_EXPIRY;

    private SetOptions() {}

    /**
     * Reads the options behind SET's key and value.
     *
     * @throws CommandException if they make no sense
     */
    static SetOptions parse(Request request, long nowMs) {
        SetOptions options = new SetOptions();
        int i = 3;
        while (i < request.size()) {
            i += options.parseOne(request, i, nowMs);
        }
        boolean contradiction = options.onlyIfAbsent && options.onlyIfPresent || options.keepTtl && options.expirySet;
        if (contradiction) {
            throw CommandException.syntax();
        }
        return options;
    }

    /** Returns how many words the option took. */
    private int parseOne(Request request, int i, long nowMs) {
        if (request.is(i, "NX")) {
            onlyIfAbsent = true;
        } else if (request.is(i, "XX")) {
            onlyIfPresent = true;
        } else if (request.is(i, "GET")) {
            get = true;
        } else if (request.is(i, "KEEPTTL")) {
            keepTtl = true;
        } else {
            parseExpiry(request, i, nowMs);
            return 2;
        }
        return 1;
    }

    private void parseExpiry(Request request, int i, long nowMs) {
        boolean absolute = request.is(i, "EXAT") || request.is(i, "PXAT");
        boolean inSeconds = request.is(i, "EX") || request.is(i, "EXAT");
        if (expirySet || !absolute && !inSeconds && !request.is(i, "PX")) {
            throw CommandException.syntax();
        }
        expirySet = true;
        long amount = Integers.parse(request.operandOf(i));
        expiresAtMs = Expiry.futureMoment(amount, inSeconds, absolute ? 0 : nowMs, "set");
    }

    /** Whether what is there now does not matter at all, so that a plain put will do. */
    boolean isUnconditional() {
        return !onlyIfAbsent && !onlyIfPresent && !get && !keepTtl;
    }

    /** Whether SET takes effect on a key with this live value, or null. */
    boolean applyTo(StoredValue before) {
        return before == null ? !onlyIfPresent : !onlyIfAbsent;
    }

    boolean wantsOldValue() {
        return get;
    }

    /** The new value's expiry, given the old value or null. */
    long expiresAtMs(StoredValue before) {
        return keepTtl && before != null ? before.expiresAtMs() : expiresAtMs;
    }
}
