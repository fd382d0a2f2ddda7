package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.WorkerSession;

/**
 * The blade gives large blocks (of 512 KiB; Infiniswap's have 1 GiB, and everything here is scaled down with them), whose 4 KiB pages each worker swaps through a bounded cache: 64
 * pages, a quarter of what the workload has live. The allocator is the worker's own, in memory that is paged. Nothing is shared or durable.
 */
final class PagedPolicy implements AllocationPolicy {
    private static final int WORKER_BYTES = 4 << 20;
    private static final int CACHED_PAGES = 64;

    private final PolicyPool pool;
    private final WorkerSession owner;

    PagedPolicy(final PolicyPool pool) {
        this.pool = pool;
        owner = WorkerSession.over(pool.fabric(), "owner");
    }

    @Override
    public Worker worker(final int number) {
        return new PagingWorker(new PagedMemory(pool, new RemoteArea(owner, WORKER_BYTES), CACHED_PAGES));
    }

    @Override
    public void close() {
        owner.close();
        pool.close();
    }

    private static final class PagingWorker implements Worker {
        private final PagedMemory memory;
        private final PagedHeap heap;

        PagingWorker(final PagedMemory memory) {
            this.memory = memory;
            heap = new PagedHeap(memory, 0);
        }

        @Override
        public void begin() {
            // pages are loaded when they are touched
        }

        @Override
        public long allocate(final int bytes) {
            return heap.allocate(bytes);
        }

        @Override
        public void free(final long block) {
            heap.free(block);
        }

        @Override
        public void end() {
            // and written when others take their place
        }

        @Override
        public long count(final Figure figure) {
            return memory.count(figure);
        }

        @Override
        public void close() {
            memory.close();
        }
    }
}
