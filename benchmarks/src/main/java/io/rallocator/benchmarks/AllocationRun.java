package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.SizeClasses;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToDoubleFunction;

/**
 * Many workers, each a thread, under one policy, in virtual time: a worker takes as long as its chains would on the modelled network, and its own processor time, as if it had a
 * processor for itself, and what the blade's processor takes to serve it. Together they do no more than the blade's one processor can serve.
 */
final class AllocationRun {
    /** Size classes that the workload uses. */
    static final int CLASSES = SizeClasses.indexFor(AllocationPattern.MAX_BYTES) + 1;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final double NS_PER_SECOND = 1e9;

    private final AllocationPolicy policy;
    private final int workers;
    private final int rounds;
    private final List<Part> parts = new ArrayList<>();

    AllocationRun(final AllocationPolicy policy, final int workers, final int rounds) {
        this.policy = policy;
        this.workers = workers;
        this.rounds = rounds;
    }

    /** One worker's part. */
    private static final class Part {
        private final AllocationPolicy.Worker worker;
        private final AllocationPattern.Plan plan;
        private long cpuNs;
        private final Map<Figure, Long> counts = new EnumMap<>(Figure.class);

        Part(final AllocationPolicy.Worker worker, final long seed) {
            this.worker = worker;
            plan = new AllocationPattern.Plan(seed);
        }

        void run(final int rounds) {
            counts.clear();
            count(-1);
            final long from = THREADS.getCurrentThreadCpuTime();
            for (int round = 0; round < rounds; round++) {
                AllocationPattern.THREADTEST.run(worker, plan);
            }
            cpuNs = THREADS.getCurrentThreadCpuTime() - from;
            count(1);
        }

        private void count(final int sign) {
            for (final Figure figure : Figure.values()) {
                counts.merge(figure, sign * worker.count(figure), Long::sum);
            }
        }

        long count(final Figure figure) {
            return counts.get(figure);
        }
    }

    /** Runs as many rounds as all runs have before any counts; the median by speed of some runs counts. */
    AllocationCost measure(final String name, final int runs) throws InterruptedException {
        final ExecutorService threads = Executors.newFixedThreadPool(workers);
        try {
            for (int number = 0; number < workers; number++) {
                parts.add(new Part(policy.worker(number), number + 1L));
            }
            runAll(threads, runs * rounds);
            final BladeCpu blade = new BladeCpu();
            final List<AllocationCost> costs = new ArrayList<>();
            for (int run = 0; run < runs; run++) {
                costs.add(measure(name, threads, blade));
            }
            costs.sort(Comparator.comparingDouble(AllocationCost::perSecond));
            return costs.get(runs / 2);
        } finally {
            threads.shutdown();
            parts.forEach(part -> part.worker.close());
        }
    }

    private AllocationCost measure(final String name, final ExecutorService threads, final BladeCpu blade)
            throws InterruptedException {
        final long servedBefore = policy.servedCpuNs();
        blade.start();
        runAll(threads, rounds);
        final double servedNs = policy.servedCpuNs() - servedBefore;
        return cost(name, servedNs / allocations(), blade.workNs() / allocations());
    }

    private void runAll(final ExecutorService threads, final int count) throws InterruptedException {
        final List<Future<?>> running = new ArrayList<>();
        parts.forEach(part -> running.add(threads.submit(() -> part.run(count))));
        for (final Future<?> each : running) {
            try {
                each.get();
            } catch (final ExecutionException e) {
                throw new IllegalStateException("a worker failed", e.getCause());
            }
        }
    }

    private double allocations() {
        return (double) workers * rounds * AllocationPattern.BLOCKS;
    }

    private AllocationCost cost(final String name, final double servedNs, final double agentNs) {
        final double each = (double) rounds * AllocationPattern.BLOCKS;
        double perSecond = 0;
        for (final Part part : parts) {
            final double ns = part.count(Figure.MODELLED_NS) / each + servedNs + workerCpuNs(part) / each;
            perSecond += NS_PER_SECOND / ns;
        }
        if (servedNs > 0) {
            perSecond = Math.min(perSecond, NS_PER_SECOND / servedNs);
        }
        return new AllocationCost(
                name,
                workers,
                perSecond,
                perAllocation(Figure.CHAINS),
                perAllocation(Figure.VERBS),
                perAllocation(Figure.BYTES_IN),
                perAllocation(Figure.BYTES_OUT),
                servedNs + agentNs,
                perAllocation(Figure.MODELLED_NS),
                sum(this::workerCpuNs) / allocations());
    }

    private double workerCpuNs(final Part part) {
        return policy.workersCompute() ? part.cpuNs : 0;
    }

    private double perAllocation(final Figure figure) {
        return sum(part -> part.count(figure)) / allocations();
    }

    private double sum(final ToDoubleFunction<Part> figure) {
        return parts.stream().mapToDouble(figure).sum();
    }
}
