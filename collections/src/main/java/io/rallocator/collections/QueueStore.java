package io.rallocator.collections;

import io.rallocator.persistence.StructureDroppedException;

/**
 * The bytes of a queue: one {@link QueueTable}, which may move from blade to blade.
 *
 * <p>Threads: any.
 */
interface QueueStore extends ElementPlaces {
    /** Where the queue is just now. */
    QueueTable table();

    /**
     * Makes sure that the queue is there, though a table of it is not any more.
     *
     * @param refusal what the table threw
     * @throws StructureDroppedException if the queue was dropped; else it has moved
     */
    void requireThere(StructureDroppedException refusal);

    /**
     * Adds a batch of elements, or a single one.
     *
     * @param scratch has them as its offered batch
     * @return how many of the first ones were added: all in a queue without a bound; 0 if the queue was full
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room even after waiting for what was freed; nothing is added
     */
    int offer(Scratch scratch);

    /**
     * Takes the first element.
     *
     * @param scratch its result is the element, its hash the offset of the slot
     * @return false if the queue was empty
     */
    boolean poll(Scratch scratch);

    /**
     * Leases the first element, or one whose lease has ended.
     *
     * @param scratch its result is the element
     * @param sweeps true to look for leases that have ended even if it is not time to
     * @return the lease, or null if there is nothing
     */
    LeaseToken receive(Scratch scratch, boolean sweeps);

    /**
     * Ends a lease: the element is gone.
     *
     * @param token of the lease
     * @return false if the element was given to another
     */
    boolean acknowledge(LeaseToken token);

    /**
     * Ends a lease: the element goes to whoever asks next.
     *
     * @param scratch for the copy
     * @param token of the lease
     * @param element its bytes
     * @return false if the element was given to another
     */
    boolean release(Scratch scratch, LeaseToken token, byte[] element);

    /**
     * Takes some of the first elements at once.
     *
     * @param scratch its run gets them
     * @param most elements, at least 1
     * @return false if the queue was empty
     */
    boolean drain(Scratch scratch, int most);

    /**
     * Looks at the first element.
     *
     * @param scratch its result is the element, its hash the offset of the slot
     * @return false if the queue was empty
     */
    boolean peek(Scratch scratch);

    /**
     * Counts the elements.
     *
     * @param scratch for the position
     * @return count
     */
    long size(Scratch scratch);

    /**
     * Says how many elements the capacity admits.
     *
     * @param scratch for the positions
     * @return count
     */
    int remainingCapacity(Scratch scratch);
}
