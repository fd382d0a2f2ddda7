package io.rallocator.allocator.tcp;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;

/**
 * Executes chains on a blade that is reached by TCP. A chain is one frame, unless its bytes do not fit: then it is several, one after the
 * other, each but the last made durable by a PERSIST of its own.
 */
final class TcpQueuePair implements QueuePair {
    private final TcpConnection connection;
    private final long capacity;
    private final ChainRequest request;
    private final FabricCounters counters = new FabricCounters();
    private boolean closed;

    TcpQueuePair(final TcpConnection connection, final int queuePair, final long capacity) {
        this.connection = connection;
        this.capacity = capacity;
        this.request = new ChainRequest(queuePair);
        connection.add(request);
    }

    @Override
    public void execute(final Chain chain, final Operation operation) {
        if (closed) {
            throw new HeapClosedException("the queue pair is closed; " + operation + " was not executed");
        }
        check(chain);
        request.begin(chain);
        int frames = 0;
        do {
            request.encode();
            call(chain, frames == 0);
            frames++;
        } while (!request.isComplete());
        count(chain, operation, frames);
    }

    private void check(final Chain chain) {
        for (int verb = 0; verb < chain.count(); verb++) {
            final String fault = ChainFrame.fault(chain.kind(verb), chain.offset(verb), chain.length(verb), capacity);
            if (fault != null) {
                throw new IndexOutOfBoundsException(fault);
            }
        }
    }

    private void call(final Chain chain, final boolean isFirst) {
        try {
            connection.call(request);
        } catch (final SessionFencedException e) {
            throw isFirst || isHarmless(chain, chain.count()) ? e : inTheMiddle(e.getMessage(), e);
        }
        final String failure = request.failure();
        if (failure != null) {
            throw isHarmless(chain, chain.count()) ? new SessionFencedException(failure) : inTheMiddle(failure, null);
        }
        if (request.status() == Frame.FENCED && isFirst && isHarmless(chain, request.executed())) {
            throw new SessionFencedException(request.text());
        }
        if (request.status() != Frame.OK) {
            throw inTheMiddle(request.text(), null);
        }
    }

    /** I10: if none of the verbs that may have been executed changes anything, it is certain that the chain had no effect. */
    private static boolean isHarmless(final Chain chain, final int verbs) {
        for (int verb = 0; verb < Math.min(verbs, chain.count()); verb++) {
            if (!ChainFrame.isRead(chain.kind(verb)) && chain.kind(verb) != Chain.PERSIST) {
                return false;
            }
        }
        return true;
    }

    private static PoolUnavailableException inTheMiddle(final String reason, final Throwable cause) {
        return new PoolUnavailableException("interrupted in the middle of a chain: " + reason, cause);
    }

    private void count(final Chain chain, final Operation operation, final int frames) {
        counters.add(operation, Figure.CHAINS, 1);
        counters.add(operation, Figure.WIRE_ROUND_TRIPS, frames);
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
                    counters.add(operation, Figure.CAS_FAILURES, request.found(verb) == chain.operand(verb) ? 0 : 1);
            }
        }
    }

    @Override
    public FabricCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        closed = true;
        connection.remove(request);
    }
}
