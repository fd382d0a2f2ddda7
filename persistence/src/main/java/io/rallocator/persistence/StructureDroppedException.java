package io.rallocator.persistence;

/** The structure was dropped, here or by another worker; open it by its name again if it is wanted anew. */
public final class StructureDroppedException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, with figures, and what to do
     */
    public StructureDroppedException(final String message) {
        super(Category.CLOSED, message);
    }
}
