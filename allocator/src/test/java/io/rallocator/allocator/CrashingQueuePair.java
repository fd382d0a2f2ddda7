package io.rallocator.allocator;

import io.rallocator.persistence.Links;
import io.rallocator.persistence.NvmRegion;

/**
 * Executes verbs one by one as {@link LocalQueuePair} does, and crashes before a chosen one. If asked to tear, the first
 * half of a WRITE that is not done reaches the memory.
 */
final class CrashingQueuePair implements QueuePair {
    private final NvmRegion region;
    private final CrashPoint crash;
    private final boolean tear;
    private final FabricCounters counters = new FabricCounters();

    CrashingQueuePair(final NvmRegion region, final CrashPoint crash, final boolean tear) {
        this.region = region;
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
            execute(chain, verb);
        }
        counters.add(operation, FabricCounters.Figure.CHAINS, 1);
    }

    private void tear(final Chain chain, final int verb) {
        region.write(chain.offset(verb), chain.source(verb), chain.index(verb), chain.length(verb) / 2 & -Long.BYTES);
    }

    private void execute(final Chain chain, final int verb) {
        final long offset = chain.offset(verb);
        final int length = chain.length(verb);
        final boolean word = chain.isWord(verb) && length == Long.BYTES;
        switch (chain.kind(verb)) {
            case Chain.READ -> {
                if (word) {
                    chain.result(verb, region.readLong(offset));
                } else {
                    region.read(offset, chain.target(verb), chain.index(verb), length);
                }
            }
            case Chain.WRITE -> {
                if (word) {
                    region.writeLong(offset, chain.result(verb));
                } else {
                    region.write(offset, chain.source(verb), chain.index(verb), length);
                }
            }
            case Chain.FETCH_AND_ADD -> chain.result(verb, region.fetchAndAdd(offset, chain.operand(verb)));
            case Chain.COMPARE_AND_SWAP ->
                chain.result(verb, region.compareAndSwap(offset, chain.operand(verb), chain.replacement(verb)));
            case Chain.READ_LINKS -> {
                if (word) {
                    chain.result(verb, Links.read(region, offset));
                } else {
                    Links.read(region, offset, chain.links(verb), chain.index(verb), length);
                }
            }
            case Chain.SWAP_LINK ->
                chain.result(verb, Links.swap(region, offset, chain.operand(verb), chain.replacement(verb)));
            default -> {
                // PERSIST: at this durability a store that completed survives
            }
        }
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
