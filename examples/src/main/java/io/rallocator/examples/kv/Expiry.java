package io.rallocator.examples.kv;

/** Turns the times that commands name into moments of expiry. */
final class Expiry {

    private static final long MS_PER_SECOND = 1000;

    private Expiry() {}

    /**
     * A moment from a number.
     *
     * @param amount seconds or milliseconds
     * @param inSeconds which of the two
     * @param baseMs the moment it counts from; 0 if it is absolute
     * @param command named in the error
     * @return epoch milliseconds; for an amount before 1970 it is 0, which is long past all the same
     * @throws CommandException if the moment does not fit in 64 bits
     */
    static long moment(long amount, boolean inSeconds, long baseMs, String command) {
        try {
            long ms = inSeconds ? Math.multiplyExact(amount, MS_PER_SECOND) : amount;
            return Math.max(0, Math.addExact(baseMs, ms));
        } catch (ArithmeticException e) {
            throw CommandException.invalidExpiry(command);
        }
    }

    /** As {@link #moment}, but refuses amounts that are not positive, as SET and its kin do. */
    static long futureMoment(long amount, boolean inSeconds, long baseMs, String command) {
        if (amount <= 0) {
            throw CommandException.invalidExpiry(command);
        }
        return moment(amount, inSeconds, baseMs, command);
    }
}
