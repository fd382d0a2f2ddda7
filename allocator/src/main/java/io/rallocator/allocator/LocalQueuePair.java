package io.rallocator.allocator;

import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.NvmRegion;
import java.lang.invoke.VarHandle;

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
        boolean isVisible = true;
        final int count = chain.count();
        for (int verb = 0; verb < count; verb++) {
            executor.execute(chain, verb);
            switch (chain.kind(verb)) {
                case Chain.READ, Chain.READ_LINKS -> in += chain.length(verb);
                case Chain.WRITE -> {
                    out += chain.length(verb);
                    isVisible = false;
                }
                case Chain.COMPARE_AND_SWAP, Chain.SWAP_LINK -> {
                    failures += chain.result(verb) == chain.operand(verb) ? 0 : 1;
                    isVisible = true;
                }
                case Chain.PERSIST -> persists++;
                default -> isVisible = true; // FETCH_AND_ADD: its 8 bytes are not counted
            }
        }
        if (!isVisible) {
            VarHandle
                    .fullFence(); // what was written may not have left the processor: a verb completes when all can see
            // it
        }
        counters.addChain(operation, count, in, out, persists, failures);
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
