package io.rallocator.allocator;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.simulator.Scheduler;

/**
 * A fabric on which others may come in, or the worker die, before each verb and in the middle of a WRITE; and which can break:
 * then it has executed some of the verbs of a chain, or all, and the worker does not learn how many.
 */
final class SteppedQueuePair implements QueuePair {
    private final NvmRegion region;
    private final Scheduler scheduler;
    private final FabricFaults faults;
    private final VerbExecutor executor;
    private final FabricCounters counters = new FabricCounters();

    SteppedQueuePair(final NvmRegion region, final Scheduler scheduler, final FabricFaults faults) {
        this.region = region;
        this.scheduler = scheduler;
        this.faults = faults;
        this.executor = new VerbExecutor(region);
    }

    @Override
    public void execute(final Chain chain, final Operation operation) {
        final int count = chain.count();
        final int broken = faults.breakBefore(count);
        for (int verb = 0; verb < count; verb++) {
            scheduler.step();
            if (verb == broken) {
                throw lost("verb " + verb + " of " + count, operation);
            }
            tear(chain, verb);
            executor.execute(chain, verb);
        }
        counters.add(operation, FabricCounters.Figure.CHAINS, 1);
        if (broken == count) {
            throw lost("the completion of " + count + " verbs", operation);
        }
    }

    private static PoolUnavailableException lost(final String what, final Operation operation) {
        return new PoolUnavailableException("the simulated fabric lost " + what + " for " + operation);
    }

    /** The first half of a WRITE is there for others to see before the rest is. */
    private void tear(final Chain chain, final int verb) {
        if (chain.kind(verb) == Chain.WRITE && chain.length(verb) > Long.BYTES) {
            final int half = chain.length(verb) / 2 & -Long.BYTES;
            region.write(chain.offset(verb), chain.source(verb), chain.index(verb), half);
            scheduler.step();
        }
    }

    @Override
    public FabricCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        // the region belongs to the simulated blade
    }
}
