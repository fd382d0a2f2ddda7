package io.rallocator.allocator;

/**
 * The port to one blade's memory over some transport: executes chains of one-sided verbs. One thread at a time.
 *
 * <p>Order: the verbs of a chain take effect in the order in which they were added. A later verb's effect is never
 * durable before an earlier PERSIST's (I2). A chain that completed is not persisted unless it says so (I1).
 */
public interface QueuePair extends AutoCloseable {
    /**
     * Executes a chain and waits for its completion: one round trip.
     *
     * @param chain posted by its owner
     * @param operation under which its cost is counted
     * @throws io.rallocator.persistence.RallocatorException if the fabric fails; then each verb may or may not have
     *     taken effect
     * @throws io.rallocator.persistence.SessionFencedException if the blade is not reached any more, or has declared the session
     *     dead; then no verb has taken effect
     * @throws io.rallocator.persistence.HeapClosedException after {@link #close}; then no verb has taken effect
     * @throws IndexOutOfBoundsException if a verb leaves the region or its word is not aligned; then that verb and later
     *     ones have not taken effect, and the queue pair may be useless
     */
    void execute(Chain chain, Operation operation);

    /**
     * What was executed so far.
     *
     * @return live counters
     */
    FabricCounters counters();

    /** Ends the use of this queue pair, by the thread that uses it. The memory stays. Idempotent. */
    @Override
    void close();
}
