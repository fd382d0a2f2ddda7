package io.rallocator.persistence;

/** Stored bytes fail their check (I13): names the structure, its offset and what was found there. */
public final class CorruptedPoolException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     */
    public CorruptedPoolException(final String message) {
        super(Category.CORRUPTED, message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     * @param cause the failure beneath
     */
    public CorruptedPoolException(final String message, final Throwable cause) {
        super(Category.CORRUPTED, message, cause);
    }
}
