package io.rallocator.persistence;

/** This session was declared dead and its memory may belong to others now (I7). */
public final class SessionFencedException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     */
    public SessionFencedException(final String message) {
        super(Category.FENCED, message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     * @param cause the failure beneath
     */
    public SessionFencedException(final String message, final Throwable cause) {
        super(Category.FENCED, message, cause);
    }
}
