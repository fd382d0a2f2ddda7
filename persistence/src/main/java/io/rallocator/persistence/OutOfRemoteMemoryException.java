package io.rallocator.persistence;

/** The blade has no slab left for this request (I6): says what was asked, what is free and the capacity. */
public class OutOfRemoteMemoryException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     */
    public OutOfRemoteMemoryException(final String message) {
        super(Category.EXHAUSTED, message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     * @param cause the failure beneath
     */
    public OutOfRemoteMemoryException(final String message, final Throwable cause) {
        super(Category.EXHAUSTED, message, cause);
    }
}
