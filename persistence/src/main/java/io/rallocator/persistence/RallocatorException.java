package io.rallocator.persistence;

/**
 * Base of every exception that RAllocator throws on its own account. The {@link Category} tells the caller what to do;
 * the message says what happened, with which figures, and what to do about it.
 */
public class RallocatorException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What the caller can do about a failure. */
    public enum Category {
        /** The request can never succeed as it is: change it. */
        INVALID,
        /** Something is in use by someone else: try later or choose another. */
        BUSY,
        /** A resource is used up: free or add some, then try again. */
        EXHAUSTED,
        /** Stored bytes are not what was written: run the checker. */
        CORRUPTED,
        /** The pool was written by another version of this library. */
        VERSION,
        /** The peer or the device failed; the data is as it was. */
        UNAVAILABLE,
        /** This session was declared dead: open a new heap. */
        FENCED,
        /** The heap, pool or server was closed. */
        CLOSED
    }

    private final Category category;

    /**
     * Creates an exception.
     *
     * @param category what the caller can do
     * @param message what happened, with figures, and what to do
     */
    public RallocatorException(final Category category, final String message) {
        super(message);
        this.category = category;
    }

    /**
     * Creates an exception with a cause.
     *
     * @param category what the caller can do
     * @param message what happened, with figures, and what to do
     * @param cause the failure beneath
     */
    public RallocatorException(final Category category, final String message, final Throwable cause) {
        super(message, cause);
        this.category = category;
    }

    /**
     * What the caller can do about it.
     *
     * @return the category, never null
     */
    public final Category category() {
        return category;
    }
}
