package io.rallocator.persistence;

/**
 * The fabric failed while an operation was under way, so this worker does not know whether it took effect. The session is
 * over: close the heap, open another one, and ask it with {@link #operationId()}. Then repeat the operation, or not.
 */
public final class OutcomeUnknownException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    private final OperationId operationId;

    /**
     * Creates the exception.
     *
     * @param operationId of the operation
     * @param message what happened, with figures, and what to do
     * @param cause the failure of the fabric
     */
    public OutcomeUnknownException(final OperationId operationId, final String message, final Throwable cause) {
        super(Category.FENCED, message, cause);
        this.operationId = operationId;
    }

    /**
     * The operation, for whoever is asked about it. For a call that changes many things, such as {@code putAll}, it is the part that was
     * under way: parts before it happened, parts after it did not.
     *
     * @return never null
     */
    public OperationId operationId() {
        return operationId;
    }
}
