package io.rallocator.allocator.rdma;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.allocator.VerbExecutor;
import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.Links;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Executes chains by RDMA. At durability PROCESS a chain is one list of work requests, since what reached the blade's memory
 * survives every process there: a PERSIST asks for nothing more. At POWER only the blade can sync its file, so a chain is
 * executed verb by verb, and each PERSIST that has something to persist is a message to the blade.
 */
final class RdmaQueuePair implements QueuePair {
    private final RdmaFabric fabric;
    private final int number;
    private final RemoteMemory memory;
    private final Batch batch;
    private final RemoteRegion region;
    private final VerbExecutor verbByVerb;
    private final UnsafeBuffer found = new UnsafeBuffer(new byte[Long.BYTES * Chain.MAX_VERBS]);
    private final FabricCounters counters = new FabricCounters();
    private boolean closed;

    /**
     * Makes a queue pair.
     *
     * @param number by which the blade knows its connection
     */
    RdmaQueuePair(final RdmaFabric fabric, final int number, final RemoteMemory memory, final Batch batch) {
        this.fabric = fabric;
        this.number = number;
        this.memory = memory;
        this.batch = batch;
        region = new RemoteRegion(memory, batch, fabric);
        verbByVerb = new VerbExecutor(region);
    }

    @Override
    public void execute(final Chain chain, final Operation operation) {
        if (closed) {
            throw new HeapClosedException("the queue pair is closed; " + operation + " was not executed");
        }
        fabric.requireAlive();
        check(chain);
        try {
            if (fabric.durability() == Durability.PROCESS) {
                executeAtOnce(chain);
            } else {
                executeVerbByVerb(chain);
            }
        } catch (final IOException e) {
            throw lost(chain, e);
        } catch (final UncheckedIOException e) {
            throw lost(chain, e.getCause());
        }
        count(chain, operation);
    }

    private void check(final Chain chain) {
        for (int verb = 0; verb < chain.count(); verb++) {
            final byte kind = chain.kind(verb);
            final boolean isWord = kind != Chain.READ && kind != Chain.WRITE && kind != Chain.PERSIST;
            memory.check(chain.offset(verb), chain.length(verb), isWord);
        }
    }

    // ---- durability PROCESS

    private void executeAtOnce(final Chain chain) throws IOException {
        try {
            for (int verb = 0; verb < chain.count(); verb++) {
                add(chain, verb);
            }
            batch.complete();
        } finally {
            batch.clear();
        }
        for (int verb = 0; verb < chain.count(); verb++) {
            answer(chain, verb);
        }
    }

    private void add(final Chain chain, final int verb) throws IOException {
        final long offset = chain.offset(verb);
        switch (chain.kind(verb)) {
            case Chain.READ, Chain.READ_LINKS ->
                batch.read(offset, chain.target(verb), chain.index(verb), chain.length(verb));
            case Chain.WRITE -> batch.write(offset, chain.source(verb), chain.index(verb), chain.length(verb));
            case Chain.FETCH_AND_ADD -> batch.fetchAndAdd(offset, chain.operand(verb), found, Long.BYTES * verb);
            case Chain.COMPARE_AND_SWAP, Chain.SWAP_LINK ->
                batch.compareAndSwap(offset, chain.operand(verb), chain.replacement(verb), found, Long.BYTES * verb);
            default -> {
                // PERSIST: what a later verb of the chain finds done, this one has reached
            }
        }
    }

    private void answer(final Chain chain, final int verb) {
        switch (chain.kind(verb)) {
            case Chain.READ_LINKS -> clean(chain.target(verb), chain.index(verb), chain.length(verb));
            case Chain.FETCH_AND_ADD, Chain.COMPARE_AND_SWAP -> chain.result(verb, found.getLong(Long.BYTES * verb));
            case Chain.SWAP_LINK -> chain.result(verb, settled(chain.offset(verb), found.getLong(Long.BYTES * verb)));
            default -> {
                // its bytes are in the target by now
            }
        }
    }

    /**
     * A tagged word, which only damage leaves at PROCESS, let the swap fail: it stays the answer, so that nobody takes the swap for
     * done, and its tag goes, so that the next one is not in its way.
     */
    private long settled(final long offset, final long word) {
        if ((word & LinkWord.DIRTY) != 0) {
            Links.settle(region, offset, word);
        }
        return word;
    }

    /** As {@link Links}: at PROCESS a tag is passed over. */
    private static void clean(final MutableDirectBuffer target, final int index, final int length) {
        for (int at = index; at < index + length; at += Long.BYTES) {
            final long word = target.getLong(at);
            if ((word & LinkWord.DIRTY) != 0) {
                target.putLong(at, LinkWord.clean(word));
            }
        }
    }

    // ---- durability POWER

    private void executeVerbByVerb(final Chain chain) {
        for (int verb = 0; verb < chain.count(); verb++) {
            verbByVerb.execute(chain, verb);
        }
    }

    // ---- both

    /** The connection is useless, and with it the session: what the device still executes ends when the blade breaks it. */
    private RuntimeException lost(final Chain chain, final IOException cause) {
        final String reason = fabric.lose(cause.getMessage());
        return isHarmless(chain)
                ? new SessionFencedException(reason)
                : new PoolUnavailableException("interrupted in the middle of a chain: " + reason, cause);
    }

    /** I10: a chain that changes nothing had no effect. */
    private static boolean isHarmless(final Chain chain) {
        for (int verb = 0; verb < chain.count(); verb++) {
            final byte kind = chain.kind(verb);
            if (kind != Chain.READ && kind != Chain.READ_LINKS && kind != Chain.PERSIST) {
                return false;
            }
        }
        return true;
    }

    private void count(final Chain chain, final Operation operation) {
        counters.add(operation, Figure.CHAINS, 1);
        counters.add(operation, Figure.WIRE_ROUND_TRIPS, Math.max(1, batch.takeRoundTrips() + region.takeMessages()));
        counters.add(operation, Figure.VERBS, chain.count());
        for (int verb = 0; verb < chain.count(); verb++) {
            switch (chain.kind(verb)) {
                case Chain.READ, Chain.READ_LINKS -> counters.add(operation, Figure.BYTES_IN, chain.length(verb));
                case Chain.WRITE -> counters.add(operation, Figure.BYTES_OUT, chain.length(verb));
                case Chain.PERSIST -> counters.add(operation, Figure.PERSISTS, 1);
                case Chain.FETCH_AND_ADD -> {
                    // its 8 bytes are not counted
                }
                default ->
                    counters.add(operation, Figure.CAS_FAILURES, chain.result(verb) == chain.operand(verb) ? 0 : 1);
            }
        }
    }

    @Override
    public FabricCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            batch.close();
            fabric.disconnected(number);
        }
    }
}
