package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;

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

        SessionWorker(final WorkerSession session, final boolean persistent) {
            this.session = session;
            if (persistent) {
                lane = session.acquire();
                try {
                    root = new LinkedBlock(lane);
                } finally {
                    session.release(lane);
                }
            } else {
                root = null;
            }
        }

        @Override
        public void begin() {
            lane = session.acquire();
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
                    root.change(lane, COMMIT, lane.allocate(LinkedBlock.BYTES), root.ref());
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
