package io.rallocator.persistence;

/** The pool is served by another blade, or a session of it is held by another process. */
public final class PoolInUseException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     */
    public PoolInUseException(final String message) {
        super(Category.BUSY, message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     * @param cause the failure beneath
     */
    public PoolInUseException(final String message, final Throwable cause) {
        super(Category.BUSY, message, cause);
    }
}
