package io.rallocator.allocator;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.Links;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;

/**
 * The {@code local} fabric: executes chains on a shared mapping of the pool. Truly one-sided: the blade's process may be
 * stopped or dead meanwhile. A chain costs no wire round trip beyond itself.
 */
public final class LocalQueuePair implements QueuePair {
    private final NvmRegion region;
    private final FabricCounters counters = new FabricCounters();

    /**
     * Makes a queue pair.
     *
     * @param region the pool, closed by its owner after this queue pair's last use
     */
    public LocalQueuePair(final NvmRegion region) {
        this.region = region;
    }

    @Override
    public void execute(final Chain chain, final Operation operation) {
        long in = 0;
        long out = 0;
        int persists = 0;
        int failures = 0;
        final int count = chain.count();
        for (int verb = 0; verb < count; verb++) {
            final long offset = chain.offset(verb);
            final int length = chain.length(verb);
            switch (chain.kind(verb)) {
                case Chain.READ -> {
                    read(chain, verb, offset, length);
                    in += length;
                }
                case Chain.WRITE -> {
                    write(chain, verb, offset, length);
                    out += length;
                }
                case Chain.FETCH_AND_ADD -> chain.result(verb, region.fetchAndAdd(offset, chain.operand(verb)));
                case Chain.COMPARE_AND_SWAP -> failures += compareAndSwap(chain, verb, offset);
                case Chain.READ_LINKS -> {
                    readLinks(chain, verb, offset, length);
                    in += length;
                }
                case Chain.SWAP_LINK -> failures += swapLink(chain, verb, offset);
                default -> {
                    persist(chain, verb);
                    persists++;
                }
            }
        }
        count(operation, count, in, out, persists, failures);
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

    private int compareAndSwap(final Chain chain, final int verb, final long offset) {
        final long expected = chain.operand(verb);
        final long found = region.compareAndSwap(offset, expected, chain.replacement(verb));
        chain.result(verb, found);
        return found == expected ? 0 : 1;
    }

    private void readLinks(final Chain chain, final int verb, final long offset, final int length) {
        if (chain.isWord(verb)) {
            chain.result(verb, Links.read(region, offset));
        } else {
            Links.read(region, offset, chain.links(verb), chain.index(verb), length);
        }
    }

    private int swapLink(final Chain chain, final int verb, final long offset) {
        final long expected = chain.operand(verb);
        final long found = Links.swap(region, offset, expected, chain.replacement(verb));
        chain.result(verb, found);
        return found == expected ? 0 : 1;
    }

    private void persist(final Chain chain, final int persistVerb) {
        final int from = chain.persistFrom(persistVerb);
        int ranges = 0;
        for (int verb = from; verb < persistVerb; verb++) {
            if (changes(chain.kind(verb))) {
                region.flush(chain.offset(verb), chain.length(verb));
                ranges++;
            }
        }
        if (ranges == 0 || region.durability() == Durability.PROCESS) {
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
        // the region belongs to whoever mapped it
    }
}
