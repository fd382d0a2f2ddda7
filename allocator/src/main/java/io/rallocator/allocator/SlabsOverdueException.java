package io.rallocator.allocator;

import io.rallocator.persistence.OutOfRemoteMemoryException;

/** The blade has not answered a ticket for a slab yet. Whoever waits for it must not pin the epoch meanwhile. */
final class SlabsOverdueException extends OutOfRemoteMemoryException {
    private static final long serialVersionUID = 1L;

    private final int slabClass;
    private final long ticket;

    SlabsOverdueException(final String message, final int slabClass, final long ticket) {
        super(message);
        this.slabClass = slabClass;
        this.ticket = ticket;
    }

    int slabClass() {
        return slabClass;
    }

    /** The oldest of the unanswered tickets. */
    long ticket() {
        return ticket;
    }
}
