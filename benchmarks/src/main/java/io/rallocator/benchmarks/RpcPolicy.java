package io.rallocator.benchmarks;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.SizeClasses;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * Each block is a request that a thread of the blade serves ({@link RpcServer}). A worker writes its request into its mailbox in the pool, and the answer is taken to come with the same
 * round trip, as a message does: it is read from the mapping, not by another verb. A request carries one free as well, so frees cost no round trip.
 */
final class RpcPolicy implements AllocationPolicy {
    private static final Operation ALLOCATE = Operation.named("bench.allocate");

    private final PolicyPool pool;
    private final WorkerSession owner;
    private final RpcServer server;

    RpcPolicy(final PolicyPool pool, final int workers) {
        this.pool = pool;
        owner = WorkerSession.over(pool.fabric(), "owner");
        server = new RpcServer(pool.region(), owner, workers);
    }

    @Override
    public Worker worker(final int number) {
        return new CallingWorker(number);
    }

    @Override
    public long servedCpuNs() {
        return server.servedCpuNs();
    }

    @Override
    public boolean workersCompute() {
        return false;
    }

    @Override
    public void close() {
        server.close();
        owner.close();
        pool.close();
    }

    private final class CallingWorker implements Worker {
        private final Fabric fabric = pool.fabric();
        private final QueuePair queuePair = fabric.connect();
        private final Chain chain = new Chain(queuePair);
        private final IdleStrategy idle = new BackoffIdleStrategy(1, 10, 1_000, 100_000);
        private final LongArrayList freed = new LongArrayList();
        private final long mailbox;
        private int sequence;

        CallingWorker(final int number) {
            mailbox = server.mailbox(number);
        }

        @Override
        public void begin() {
            // nothing is put off until then
        }

        @Override
        public long allocate(final int bytes) {
            sequence = sequence % RpcServer.SEQUENCES + 1;
            final long given = freed.isEmpty() ? RpcServer.NONE : freed.removeAt(freed.size() - 1);
            chain.writeWord(mailbox, RpcServer.request(sequence, SizeClasses.indexFor(bytes), given));
            chain.post(ALLOCATE);
            idle.reset();
            for (; ; ) {
                final long answer = pool.region().readLong(mailbox + RpcServer.ANSWER_OFFSET);
                if (RpcServer.sequence(answer) == sequence) {
                    queuePair.counters().add(ALLOCATE, Figure.BYTES_IN, Long.BYTES);
                    return RpcServer.block(answer);
                }
                server.check();
                idle.idle();
            }
        }

        @Override
        public void free(final long block) {
            freed.addLong(block);
        }

        @Override
        public void end() {
            // what was freed rides on the next round's requests
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
