package io.rallocator.benchmarks;

import io.rallocator.persistence.OutOfRemoteMemoryException;
import java.util.Arrays;
import java.util.SplittableRandom;

/** In what order a worker allocates and frees {@value #BLOCKS} blocks in a round: after the benchmarks of allocators that bear the names. */
enum AllocationPattern {
    /** All are allocated, then all are freed, in another order. */
    THREADTEST {
        @Override
        void round(final AllocationPolicy.Worker worker, final Plan plan) {
            for (int i = 0; i < BLOCKS; i++) {
                plan.blocks[i] = worker.allocate(plan.sizes[i]);
            }
            for (int i = 0; i < BLOCKS; i++) {
                worker.free(plan.blocks[plan.order[i]]);
            }
        }
    },

    /** Of a window of blocks one at random is freed for each that is allocated; at last, those of the window. */
    LARSON {
        @Override
        void round(final AllocationPolicy.Worker worker, final Plan plan) {
            for (int i = 0; i < WINDOW; i++) {
                plan.blocks[i] = worker.allocate(plan.sizes[i]);
            }
            for (int i = WINDOW; i < BLOCKS; i++) {
                final int victim = plan.order[i] % WINDOW;
                worker.free(plan.blocks[victim]);
                plan.blocks[victim] = NONE;
                plan.blocks[victim] = worker.allocate(plan.sizes[i]);
            }
            for (int i = 0; i < WINDOW; i++) {
                worker.free(plan.blocks[i]);
            }
        }
    };

    static final int BLOCKS = 4096;
    static final int MIN_BYTES = 16;
    static final int MAX_BYTES = 512;
    private static final int WINDOW = 1024;
    private static final long NONE = -1;

    /** What a worker does in every round; made beforehand, so that only allocating and freeing takes time. */
    static final class Plan {
        private final int[] sizes = new int[BLOCKS];
        private final int[] order = new int[BLOCKS];
        private final long[] blocks = new long[BLOCKS];

        Plan(final long seed) {
            final SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < BLOCKS; i++) {
                sizes[i] = random.nextInt(MIN_BYTES, MAX_BYTES + 1);
                final int other = random.nextInt(i + 1);
                order[i] = order[other];
                order[other] = i;
            }
        }
    }

    abstract void round(AllocationPolicy.Worker worker, Plan plan);

    /** A round from its beginning to its end; again from the beginning if memory was not there in time. */
    final void run(final AllocationPolicy.Worker worker, final Plan plan) {
        for (int attempt = 0; ; attempt++) {
            Arrays.fill(plan.blocks, NONE);
            worker.begin();
            try {
                round(worker, plan);
            } catch (final OutOfRemoteMemoryException e) {
                Arrays.stream(plan.blocks).filter(block -> block != NONE).forEach(worker::free);
                worker.abandon(e, attempt);
                continue;
            }
            worker.end();
            return;
        }
    }
}
