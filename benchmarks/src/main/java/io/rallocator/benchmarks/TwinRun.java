package io.rallocator.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/** One worker of the two-tier allocator beside one of its volatile twin, turn by turn: how fast ours is in parts of the twin, by processor time. */
final class TwinRun implements AutoCloseable {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int WARM_UP_TURNS = 300;

    private final AllocationPolicy.Worker ours;
    private final AllocationPolicy.Worker twin;
    private final AllocationPattern.Plan plan = new AllocationPattern.Plan(1);
    private final int turns;
    private final int rounds;

    TwinRun(final AllocationPolicy ours, final AllocationPolicy twin, final int turns, final int rounds) {
        this.ours = ours.worker(0);
        this.twin = twin.worker(0);
        this.turns = turns;
        this.rounds = rounds;
    }

    /** The twin's time ÷ ours, of each turn. */
    Spread measure(final AllocationPattern pattern) {
        final double[] ratios = new double[turns];
        for (int turn = -WARM_UP_TURNS; turn < turns; turn++) {
            final boolean oursFirst = (turn & 1) == 0;
            final double first = cpuNs(pattern, oursFirst ? ours : twin);
            final double second = cpuNs(pattern, oursFirst ? twin : ours);
            if (turn >= 0) {
                ratios[turn] = oursFirst ? second / first : first / second;
            }
        }
        return Spread.of(ratios);
    }

    private double cpuNs(final AllocationPattern pattern, final AllocationPolicy.Worker worker) {
        final long from = THREADS.getCurrentThreadCpuTime();
        for (int round = 0; round < rounds; round++) {
            pattern.run(worker, plan);
        }
        return THREADS.getCurrentThreadCpuTime() - from;
    }

    @Override
    public void close() {
        ours.close();
        twin.close();
    }
}
