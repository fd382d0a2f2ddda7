package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.OutOfRemoteMemoryException;

/**
 * The product: slabs from the blade by one-sided verbs, blocks from slabs without any. Each round ends in a commit of one block, which carries the headers and
 * bitmaps of slabs that are due. The volatile twin is the same without the commit: nothing about its slabs is ever written.
 */
final class TwoTierPolicy implements AllocationPolicy {
    private static final Operation COMMIT = Operation.named("bench.commit");

    private final PolicyPool pool;
    private final boolean persistent;

    TwoTierPolicy(final PolicyPool pool, final boolean persistent) {
        this.pool = pool;
        this.persistent = persistent;
    }

    @Override
    public Worker worker(final int number) {
        return new SessionWorker(WorkerSession.over(pool.fabric(), "worker-" + number), persistent);
    }

    @Override
    public void close() {
        pool.close();
    }

    private static final class SessionWorker implements Worker {
        private final WorkerSession session;
        private final LinkedBlock root;
        private Lane lane;
        private long next;

        SessionWorker(final WorkerSession session, final boolean persistent) {
            this.session = session;
            root = persistent ? Lanes.with(session, LinkedBlock::new) : null;
        }

        /** Allocates what the end of the round commits, so that the end cannot fail for want of memory. */
        @Override
        public void begin() {
            for (int attempt = 0; ; attempt++) {
                lane = session.acquire();
                try {
                    next = root == null ? 0 : lane.allocate(LinkedBlock.BYTES);
                    return;
                } catch (final OutOfRemoteMemoryException e) {
                    await(e, attempt);
                }
            }
        }

        private void await(final OutOfRemoteMemoryException exhausted, final int attempt) {
            session.release(lane);
            session.awaitReclamation(exhausted, attempt);
        }

        @Override
        public void abandon(final OutOfRemoteMemoryException exhausted, final int attempt) {
            if (root != null) {
                lane.discard(next);
            }
            await(exhausted, attempt);
        }

        @Override
        public long allocate(final int bytes) {
            return lane.allocate(bytes);
        }

        @Override
        public void free(final long block) {
            lane.discard(block);
        }

        @Override
        public void end() {
            try {
                if (root != null) {
                    root.change(lane, COMMIT, next, root.ref());
                }
            } finally {
                session.release(lane);
            }
        }

        @Override
        public long count(final Figure figure) {
            return Operation.all().stream()
                    .mapToLong(operation -> session.count(operation, figure))
                    .sum();
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
