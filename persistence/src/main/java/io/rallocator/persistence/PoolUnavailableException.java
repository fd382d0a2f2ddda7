package io.rallocator.persistence;

/** The pool file or its blade cannot be reached or used: missing, truncated, read-only, disk full, nobody serves it. */
public final class PoolUnavailableException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     */
    public PoolUnavailableException(final String message) {
        super(Category.UNAVAILABLE, message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     * @param cause the failure beneath
     */
    public PoolUnavailableException(final String message, final Throwable cause) {
        super(Category.UNAVAILABLE, message, cause);
    }
}
