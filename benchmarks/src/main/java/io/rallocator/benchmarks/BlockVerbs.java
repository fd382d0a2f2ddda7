package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RingDescriptor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * What slabs and blocks cost. A slab is cold if it is the worker's first of its class, and warm when the worker takes many: then a few come at once. A block is
 * cold to allocate where the lane has no slab for it, and warm where it has; cold to free in another worker's slab, and warm in its own.
 */
final class BlockVerbs {
    private static final Operation ACQUIRE = Operation.named("slab.acquire");
    private static final Operation COMMIT = Operation.named("bench.commit");
    private static final Operation WAIT = Operation.named("bench.wait");
    private static final int BLOCK_BYTES = LinkedBlock.BYTES;
    private static final int SLABS = 64;
    private static final int COLD_SESSIONS = 15;

    private final Path pool;
    private final int samples;
    private final List<VerbCost> costs = new ArrayList<>();

    BlockVerbs(final Path pool, final int samples) {
        this.pool = pool;
        this.samples = samples;
    }

    /** Sessions stay till the end, for none is to find slabs that another one left. */
    List<VerbCost> measure() {
        final List<WorkerSession> sessions = new ArrayList<>();
        try {
            firstSlabs(sessions);
            manySlabs(attach(sessions));
            allocate(attach(sessions));
            free(attach(sessions), attach(sessions));
        } finally {
            sessions.forEach(WorkerSession::close);
        }
        return costs;
    }

    private WorkerSession attach(final List<WorkerSession> sessions) {
        final WorkerSession session = WorkerSession.attach(pool, "worker-" + sessions.size());
        sessions.add(session);
        return session;
    }

    private interface Use {
        void of(Lane lane);
    }

    private static void withLane(final WorkerSession session, final Use use) {
        final Lane lane = session.acquire();
        try {
            use.of(lane);
        } finally {
            session.release(lane);
        }
    }

    /** Waits until the blade has published more slabs than were asked for: how fast it is shall not count. */
    private static void awaitBlade(final Lane lane) {
        final PoolGeometry geometry = lane.geometry();
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            final long ring = geometry.ringOffset(slabClass);
            while (published(lane, ring) <= lane.readWord(WAIT, ring + RingDescriptor.SEQUENCER_OFFSET)) {
                Thread.onSpinWait();
            }
        }
    }

    private static long published(final Lane lane, final long ring) {
        return lane.readWord(WAIT, ring + RingDescriptor.PUBLISHED_OFFSET) & CheckedWord.PAYLOAD_MASK;
    }

    // ---- slabs

    private void manySlabs(final WorkerSession session) {
        final VerbCost.Counters counters = figure -> session.count(ACQUIRE, figure);
        final LongSupplier slabs =
                () -> (session.count(ACQUIRE, Figure.VERBS) - session.count(ACQUIRE, Figure.CHAINS)) / 2
                        - session.count(ACQUIRE, Figure.CAS_FAILURES);
        withLane(session, lane -> {
            takeSlabs(lane, slabs, SLABS / 4); // a few at once only after the first ones
            final long[] before = VerbCost.read(counters);
            final long had = slabs.getAsLong();
            takeSlabs(lane, slabs, SLABS);
            costs.add(VerbCost.perTurn("slab.acquire", VerbCost.WARM, before, VerbCost.read(counters), (double)
                    (slabs.getAsLong() - had)));
        });
    }

    private static void takeSlabs(final Lane lane, final LongSupplier slabs, final int count) {
        final long enough = slabs.getAsLong() + count;
        while (slabs.getAsLong() < enough) {
            awaitBlade(lane);
            lane.allocate(BLOCK_BYTES);
        }
    }

    private void firstSlabs(final List<WorkerSession> sessions) {
        final Runnable attach = () -> withLane(attach(sessions), BlockVerbs::awaitBlade);
        final Runnable allocate = () -> withLane(last(sessions), lane -> lane.allocate(BLOCK_BYTES));
        costs.add(VerbCost.medianOf(
                "slab.acquire",
                VerbCost.COLD,
                figure -> last(sessions).count(ACQUIRE, figure),
                COLD_SESSIONS,
                attach,
                allocate));
        costs.add(VerbCost.medianOf(
                "block.allocate",
                VerbCost.COLD,
                figure -> allocation(last(sessions), figure),
                COLD_SESSIONS,
                attach,
                allocate));
    }

    private static WorkerSession last(final List<WorkerSession> sessions) {
        return sessions.get(sessions.size() - 1);
    }

    // ---- blocks

    /** All that an allocation may do: take a slab, or look for blocks that came free. */
    private static long allocation(final WorkerSession session, final Figure figure) {
        return Operation.all().stream()
                .filter(operation ->
                        operation.name().startsWith("slab.") || operation.name().startsWith("block."))
                .mapToLong(operation -> session.count(operation, figure))
                .sum();
    }

    private void allocate(final WorkerSession session) {
        withLane(
                session,
                lane -> costs.add(VerbCost.medianOf(
                        "block.allocate",
                        VerbCost.WARM,
                        figure -> allocation(session, figure),
                        samples,
                        () -> awaitBlade(lane),
                        () -> lane.allocate(BLOCK_BYTES))));
    }

    /** What a commit that unlinks a block costs more than one that does not: the mark of the block rides on the next one. */
    private void free(final WorkerSession session, final WorkerSession other) {
        withLane(session, lane -> {
            final LinkedBlock word = new LinkedBlock(lane);
            final VerbCost none =
                    commits(session, VerbCost.WARM, () -> word.change(lane, COMMIT, lane.allocate(BLOCK_BYTES), 0));
            costs.add(commits(session, VerbCost.WARM, () -> {
                        final long old = word.ref();
                        word.change(lane, COMMIT, lane.allocate(BLOCK_BYTES), old);
                    })
                    .minus("block.free", none));
            final long[] others = new long[samples];
            withLane(other, its -> {
                for (int i = 0; i < samples; i++) {
                    awaitBlade(its);
                    others[i] = its.allocate(BLOCK_BYTES);
                }
            });
            final int[] next = {0};
            final VerbCost cold = commits(
                    session,
                    VerbCost.COLD,
                    () -> word.change(lane, COMMIT, lane.allocate(BLOCK_BYTES), others[next[0]++]));
            costs.add(cold.minus("block.free", none));
        });
    }

    private VerbCost commits(final WorkerSession session, final String state, final Runnable commit) {
        return VerbCost.medianOf(
                COMMIT.name(), state, figure -> session.count(COMMIT, figure), samples, () -> {}, commit);
    }
}
