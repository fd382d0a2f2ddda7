package io.rallocator.allocator;

import io.rallocator.persistence.PoolGeometry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * A workload in virtual time, run through the allocator of the product: sessions that put and remove blocks of chosen sizes
 * in cells, a blade that has a turn every so many operations, and figures taken at each of these turns.
 */
final class SlabTrace implements AutoCloseable {
    private static final int OPERATIONS_A_TURN = 25;
    private static final int CAPACITY = 32 << 20;
    private static final int[] SLAB_BYTES = {4 << 10, 16 << 10, 64 << 10, 256 << 10};

    /** What a run cost. */
    record Figures(double roundTripsPerAllocation, double heldPerLive) {
        /** Round trips of an operation that allocates one block: its commit, and its share of those for slabs. */
        double roundTrips() {
            return 1 + roundTripsPerAllocation;
        }

        /** Memory times time: 1 is ideal. */
        double cost() {
            return heldPerLive * roundTrips();
        }
    }

    private final World world = new World(PoolGeometry.of(CAPACITY, SLAB_BYTES, 64, 40, 1, 64));
    private final List<Cells> workers = new ArrayList<>();
    private final int[][] sizes;
    private final Random random = new Random(6);
    private long live;
    private long operations;
    private double liveSum;
    private double heldSum;

    private SlabTrace(final SlabSizing sizing, final int workerCount, final int cellCount) {
        this.sizes = new int[workerCount][cellCount];
        for (int i = 0; i < workerCount; i++) {
            final WorkerSession session = world.open("worker " + i);
            if (sizing != null) {
                session.slabSizing(sizing);
            }
            world.agentTurn();
            workers.add(world.cells(session, i, cellCount));
        }
    }

    static int slabClasses() {
        return SLAB_BYTES.length;
    }

    static int slabBytes(final int slabClass) {
        return SLAB_BYTES[slabClass];
    }

    /**
     * Runs a workload.
     *
     * @param sizing null for that of the product
     */
    static Figures run(final SlabSizing sizing, final Workload workload) {
        try (SlabTrace trace = new SlabTrace(sizing, workload.workers(), workload.cells())) {
            workload.steps().accept(trace);
            final Figures figures = trace.figures();
            trace.world.checkAll(workload.name());
            return figures;
        }
    }

    /** A name for people, how many sessions, how many cells each, and what happens. */
    record Workload(String name, int workers, int cells, Consumer<SlabTrace> steps) {}

    // ---- steps

    void put(final int worker, final int cell, final int bytes) {
        workers.get(worker).put(cell, cell, bytes);
        account(worker, cell, bytes);
    }

    void remove(final int worker, final int cell) {
        if (sizes[worker][cell] > 0) {
            workers.get(worker).remove(cell);
            account(worker, cell, 0);
        }
    }

    /** Time goes by and nobody does anything. */
    void idle(final int turns) {
        for (int i = 0; i < turns; i++) {
            turn();
        }
    }

    Random random() {
        return random;
    }

    private void account(final int worker, final int cell, final int bytes) {
        live += bytes - sizes[worker][cell];
        sizes[worker][cell] = bytes;
        if (++operations % OPERATIONS_A_TURN == 0) {
            turn();
        }
    }

    private void turn() {
        world.turn();
        liveSum += live;
        for (final Cells worker : workers) {
            heldSum += worker.session().allocatorStatistics().heldBytes();
        }
    }

    private Figures figures() {
        long allocations = 0;
        long roundTrips = 0;
        for (final Cells worker : workers) {
            final AllocatorStatistics statistics = worker.session().allocatorStatistics();
            allocations += statistics.allocations();
            roundTrips += statistics.roundTrips();
        }
        return new Figures((double) roundTrips / allocations, heldSum / liveSum);
    }

    @Override
    public void close() {
        world.close();
    }
}
