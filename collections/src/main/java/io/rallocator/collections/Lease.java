package io.rallocator.collections;

/**
 * An element that this consumer has received from a {@link RemoteQueue} and nobody else gets, until it is released or the session of the
 * heap ends: when the heap is closed or its process dies, the element is given to the next {@code receive} of any consumer.
 *
 * <pre>{@code
 * try (Lease<Job> lease = jobs.receive()) {
 *     run(lease.element());
 *     lease.acknowledge();
 * } // not acknowledged: somebody else gets it
 * }</pre>
 *
 * <p>Threads: any; of several that end the same lease, one does.
 *
 * @param <E> type of the element
 */
public interface Lease<E> extends AutoCloseable {
    /**
     * The element. It is decoded at the first call; one that the codec cannot read can still be acknowledged or released.
     *
     * @return never null
     * @throws UnreadableElementException if the codec cannot read it
     */
    E element();

    /**
     * How often the element was received, this time included.
     *
     * @return from 1
     */
    int deliveryCount();

    /**
     * Ends the lease: the element has been dealt with, and is gone. One round trip.
     *
     * @return true if it was this lease that ended; false if it had been ended before
     * @throws io.rallocator.persistence.HeapClosedException if the heap is closed: the element is given to another
     * @throws io.rallocator.persistence.SessionFencedException if this worker was declared dead: the same
     * @throws io.rallocator.persistence.OutcomeUnknownException if the fabric failed
     */
    boolean acknowledge();

    /**
     * Ends the lease: the element is given to the next {@code receive} that looks for leases that have ended. One round trip.
     *
     * @return true if it was this lease that ended; false if it had been ended before
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if the pool is full even after waiting: the lease goes on
     * @throws io.rallocator.persistence.HeapClosedException if the heap is closed: the element is given to another
     * @throws io.rallocator.persistence.SessionFencedException if this worker was declared dead: the same
     */
    boolean release();

    /** Releases the element unless the lease has ended, or its session has, which releases it too. */
    @Override
    void close();
}
