package io.rallocator.allocator;

import io.rallocator.allocator.FabricCounters.Figure;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Executes chains on another queue pair, and takes as long as a {@link TimeModel} says, or longer if the other does. */
final class ModelledQueuePair implements QueuePair {
    /** A thread that parks wakes up so much too late. */
    private static final long SLACK_NS = TimeUnit.MICROSECONDS.toNanos(100);

    private final QueuePair queuePair;
    private final TimeModel model;

    ModelledQueuePair(final QueuePair queuePair, final TimeModel model) {
        this.queuePair = queuePair;
        this.model = model;
    }

    @Override
    public void execute(final Chain chain, final Operation operation) {
        final long costNs = model.costNs(chain);
        final long from = model.virtual() ? 0 : System.nanoTime();
        queuePair.execute(chain, operation);
        counters().add(operation, Figure.MODELLED_NS, costNs);
        if (!model.virtual()) {
            await(from + costNs);
        }
    }

    private static void await(final long until) {
        long left;
        while ((left = until - System.nanoTime()) > 0) {
            if (left > SLACK_NS && !Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(left - SLACK_NS);
            } else {
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public FabricCounters counters() {
        return queuePair.counters();
    }

    @Override
    public void close() {
        queuePair.close();
    }
}
