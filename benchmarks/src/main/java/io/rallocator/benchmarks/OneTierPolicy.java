package io.rallocator.benchmarks;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.SizeClasses;
import org.agrona.collections.LongArrayList;

/**
 * One-sided without slabs: for each block a fetch-and-add of its size class's cursor says which state word to try, and a compare-and-swap of that word takes the block. If
 * it is taken, the next. A free is a WRITE of the state word, which rides on the worker's next chain, so it costs no round trip.
 */
final class OneTierPolicy implements AllocationPolicy {
    /** Of one size class: two times and more what the workload has at a time. */
    static final int BLOCKS_PER_WORKER = 1024;

    private static final Operation ALLOCATE = Operation.named("bench.allocate");
    private static final int CURSOR_BYTES = 64;
    private static final long FREE = 0;

    private final PolicyPool pool;
    private final WorkerSession owner;
    private final RemoteArea words;
    private final int blocks;

    OneTierPolicy(final PolicyPool pool, final int workers) {
        this.pool = pool;
        blocks = Integer.highestOneBit(Math.max(1, workers) * BLOCKS_PER_WORKER * 2 - 1);
        owner = WorkerSession.over(pool.fabric(), "owner");
        words = new RemoteArea(
                owner,
                (long) AllocationRun.CLASSES * CURSOR_BYTES + (long) AllocationRun.CLASSES * blocks * Long.BYTES);
    }

    private long cursor(final int blockClass) {
        return words.offset((long) blockClass * CURSOR_BYTES);
    }

    private long state(final long block) {
        return words.offset((long) AllocationRun.CLASSES * CURSOR_BYTES + block * Long.BYTES);
    }

    @Override
    public Worker worker(final int number) {
        return new VerbWorker(number);
    }

    @Override
    public void close() {
        owner.close();
        pool.close();
    }

    private final class VerbWorker implements Worker {
        private final Fabric fabric = pool.fabric();
        private final QueuePair queuePair = fabric.connect();
        private final Chain chain = new Chain(queuePair);
        private final LongArrayList freed = new LongArrayList();
        private final long mine;

        VerbWorker(final int number) {
            mine = number + 1L;
        }

        @Override
        public void begin() {
            // nothing is put off until then
        }

        @Override
        public long allocate(final int bytes) {
            final int blockClass = SizeClasses.indexFor(bytes);
            for (int attempt = 0; attempt < 2 * blocks; attempt++) {
                final long block = (long) blockClass * blocks + (nextTicket(blockClass) & blocks - 1);
                final int swap = chain.compareAndSwap(state(block), FREE, mine);
                chain.persist().post(ALLOCATE);
                if (chain.result(swap) == FREE) {
                    return block;
                }
            }
            throw new IllegalStateException("no block of class " + blockClass + " is free");
        }

        private long nextTicket(final int blockClass) {
            writeFreed();
            final int verb = chain.fetchAndAdd(cursor(blockClass), 1);
            chain.post(ALLOCATE);
            return chain.result(verb);
        }

        private void writeFreed() {
            for (int left = Math.min(freed.size(), Chain.MAX_VERBS / 2); left > 0; left--) {
                chain.writeWord(state(freed.removeAt(freed.size() - 1)), FREE);
            }
        }

        @Override
        public void free(final long block) {
            freed.addLong(block);
        }

        @Override
        public void end() {
            // what was freed rides on the next round's chains
        }

        @Override
        public long count(final Figure figure) {
            return queuePair.counters().get(ALLOCATE, figure);
        }

        @Override
        public void close() {
            queuePair.close();
            fabric.close();
        }
    }
}
