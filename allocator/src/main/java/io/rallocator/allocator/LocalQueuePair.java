package io.rallocator.allocator;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.NvmRegion;

/**
 * The {@code local} fabric: executes chains on a shared mapping of the pool. Truly one-sided: the blade's process may be
 * stopped or dead meanwhile. A chain costs no wire round trip beyond itself.
 */
public final class LocalQueuePair implements QueuePair {
    private final VerbExecutor executor;
    private final FabricCounters counters = new FabricCounters();
    private boolean closed;

    /**
     * Makes a queue pair.
     *
     * @param region the pool, closed by its owner after this queue pair's last use
     */
    public LocalQueuePair(final NvmRegion region) {
        executor = new VerbExecutor(region);
    }

    @Override
    public void execute(final Chain chain, final Operation operation) {
        if (closed) {
            throw new HeapClosedException("the queue pair is closed; " + operation + " was not executed");
        }
        long in = 0;
        long out = 0;
        int persists = 0;
        int failures = 0;
        final int count = chain.count();
        for (int verb = 0; verb < count; verb++) {
            executor.execute(chain, verb);
            switch (chain.kind(verb)) {
                case Chain.READ, Chain.READ_LINKS -> in += chain.length(verb);
                case Chain.WRITE -> out += chain.length(verb);
                case Chain.COMPARE_AND_SWAP, Chain.SWAP_LINK ->
                    failures += chain.result(verb) == chain.operand(verb) ? 0 : 1;
                case Chain.PERSIST -> persists++;
                default -> {
                    // FETCH_AND_ADD: its 8 bytes are not counted
                }
            }
        }
        count(operation, count, in, out, persists, failures);
    }

    private void count(
            final Operation operation,
            final int verbs,
            final long in,
            final long out,
            final int persists,
            final int failures) {
        counters.add(operation, Figure.CHAINS, 1);
        counters.add(operation, Figure.WIRE_ROUND_TRIPS, 1);
        counters.add(operation, Figure.VERBS, verbs);
        counters.add(operation, Figure.BYTES_IN, in);
        counters.add(operation, Figure.BYTES_OUT, out);
        counters.add(operation, Figure.PERSISTS, persists);
        counters.add(operation, Figure.CAS_FAILURES, failures);
    }

    @Override
    public FabricCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        closed = true; // the region belongs to whoever mapped it
    }
}
