package io.rallocator.allocator.tcp;

/** What a worker sent is not done: its connection is closed with this reason. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    /** True if it does not speak the wire format; false if it may not do what it tried. */
    final boolean isMalformed;

    private RefusedException(final String reason, final boolean isMalformed) {
        super(reason, null, false, false); // the stack says nothing about the worker
        this.isMalformed = isMalformed;
    }

    static RefusedException malformed(final String reason) {
        return new RefusedException(reason, true);
    }

    static RefusedException forbidden(final String reason) {
        return new RefusedException(reason, false);
    }
}
