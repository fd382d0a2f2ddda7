package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion;

/**
 * Executes verbs one by one as {@link LocalQueuePair} does, and crashes before a chosen one. If asked to tear, the first
 * half of a WRITE that is not done reaches the memory.
 */
final class CrashingQueuePair implements QueuePair {
    private final NvmRegion region;
    private final VerbExecutor executor;
    private final CrashPoint crash;
    private final boolean tear;
    private final FabricCounters counters = new FabricCounters();

    CrashingQueuePair(final NvmRegion region, final CrashPoint crash, final boolean tear) {
        this.region = region;
        this.executor = new VerbExecutor(region);
        this.crash = crash;
        this.tear = tear;
    }

    @Override
    public void execute(final Chain chain, final Operation operation) {
        for (int verb = 0; verb < chain.count(); verb++) {
            if (crash.next()) {
                if (chain.kind(verb) == Chain.WRITE && chain.length(verb) > Long.BYTES) {
                    crash.tearable();
                    if (tear) {
                        tear(chain, verb);
                    }
                }
                throw new Crash("before verb " + verb + " of a chain of " + chain.count() + " for " + operation);
            }
            executor.execute(chain, verb);
        }
        counters.add(operation, FabricCounters.Figure.CHAINS, 1);
    }

    private void tear(final Chain chain, final int verb) {
        region.write(chain.offset(verb), chain.source(verb), chain.index(verb), chain.length(verb) / 2 & -Long.BYTES);
    }

    @Override
    public FabricCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        // the region belongs to whoever made it
    }
}
