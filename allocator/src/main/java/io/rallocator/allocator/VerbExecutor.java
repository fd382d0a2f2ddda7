package io.rallocator.allocator;

import io.rallocator.persistence.Links;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;

/**
 * Executes single verbs of chains on a region: what every fabric does in the end.
 *
 * <p>Threads: any, one at a time for each chain.
 */
public final class VerbExecutor {
    private final NvmRegion region;

    /** A store that completed is as durable as this pool can make it. */
    private final boolean needsNoPersist;

    /**
     * Makes an executor.
     *
     * @param region the pool
     */
    public VerbExecutor(final NvmRegion region) {
        this.region = region;
        this.needsNoPersist = region.durability() == Durability.PROCESS;
    }

    /**
     * Executes one verb.
     *
     * @param chain posted by its owner; its earlier verbs were executed
     * @param verb its number
     */
    public void execute(final Chain chain, final int verb) {
        final long offset = chain.offset(verb);
        final int length = chain.length(verb);
        switch (chain.kind(verb)) {
            case Chain.READ -> read(chain, verb, offset, length);
            case Chain.WRITE -> write(chain, verb, offset, length);
            case Chain.FETCH_AND_ADD -> chain.result(verb, region.fetchAndAdd(offset, chain.operand(verb)));
            case Chain.COMPARE_AND_SWAP ->
                chain.result(verb, region.compareAndSwap(offset, chain.operand(verb), chain.replacement(verb)));
            case Chain.READ_LINKS -> readLinks(chain, verb, offset, length);
            case Chain.SWAP_LINK ->
                chain.result(verb, Links.swap(region, offset, chain.operand(verb), chain.replacement(verb)));
            default -> persist(chain, verb);
        }
    }

    private void read(final Chain chain, final int verb, final long offset, final int length) {
        if (chain.isWord(verb)) {
            chain.result(verb, region.readLong(offset));
        } else {
            region.read(offset, chain.target(verb), chain.index(verb), length);
        }
    }

    private void write(final Chain chain, final int verb, final long offset, final int length) {
        if (chain.isWord(verb) && length == Long.BYTES) {
            region.writeLong(offset, chain.result(verb));
        } else {
            region.write(offset, chain.source(verb), chain.index(verb), length);
        }
    }

    private void readLinks(final Chain chain, final int verb, final long offset, final int length) {
        if (chain.isWord(verb)) {
            chain.result(verb, Links.read(region, offset));
        } else {
            Links.read(region, offset, chain.links(verb), chain.index(verb), length);
        }
    }

    private void persist(final Chain chain, final int persistVerb) {
        if (needsNoPersist) {
            return;
        }
        final int from = chain.persistFrom(persistVerb);
        int ranges = 0;
        for (int verb = from; verb < persistVerb; verb++) {
            if (changes(chain.kind(verb))) {
                region.flush(chain.offset(verb), chain.length(verb));
                ranges++;
            }
        }
        if (ranges == 0) {
            return;
        }
        region.drain();
        for (int verb = from; verb < persistVerb; verb++) {
            if (chain.kind(verb) == Chain.SWAP_LINK && chain.result(verb) == chain.operand(verb)) {
                Links.settle(region, chain.offset(verb), chain.replacement(verb));
            }
        }
    }

    private static boolean changes(final byte kind) {
        return kind != Chain.READ && kind != Chain.READ_LINKS && kind != Chain.PERSIST;
    }
}
