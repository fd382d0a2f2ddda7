package io.rallocator.persistence;

/** The heap was closed; nothing of it may be used any more. */
public final class HeapClosedException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     */
    public HeapClosedException(final String message) {
        super(Category.CLOSED, message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     * @param cause the failure beneath
     */
    public HeapClosedException(final String message, final Throwable cause) {
        super(Category.CLOSED, message, cause);
    }
}
