package io.rallocator.persistence;

/** The pool's layout is older or newer than this library reads. */
public final class PoolVersionException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     */
    public PoolVersionException(final String message) {
        super(Category.VERSION, message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     * @param cause the failure beneath
     */
    public PoolVersionException(final String message, final Throwable cause) {
        super(Category.VERSION, message, cause);
    }
}
