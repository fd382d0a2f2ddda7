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
     */
    void execute(Chain chain, Operation operation);

    /**
     * What was executed so far.
     *
     * @return live counters
     */
    FabricCounters counters();

    @Override
    void close();
}
