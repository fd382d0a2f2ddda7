package io.rallocator.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;

/** One run of a workload: threads that do it for some time, or until all is inserted. A full store is updated instead. */
final class MixRun {
    /** One run's figures; the processor's time is that of the threads that call, without what others do for them. */
    record Result(double perSecond, double cpuNs, double p99Ns, double p999Ns) {}

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int BATCH = 64;

    /** Every 16th operation is timed; the clock would cost too much for all. */
    private static final int TIMED = 15;

    private static final int APART = 37_813;
    private static final long LONGEST_NS = 60_000_000_000L;

    private final Mix mix;
    private final Keys keys;
    private final byte[] value;
    private final int most;

    MixRun(final Mix mix, final Keys keys, final int valueBytes, final int most) {
        this.mix = mix;
        this.keys = keys;
        this.value = new byte[valueBytes];
        this.most = most;
    }

    Result run(final Population population, final int threads, final long ns)
            throws InterruptedException, ExecutionException {
        final CyclicBarrier start = new CyclicBarrier(threads);
        final ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            final List<Callable<Worker>> workers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                final long turn = (long) i * APART + System.nanoTime() % APART;
                workers.add(() -> new Worker(population, turn).run(start, ns));
            }
            double perSecond = 0;
            long operations = 0;
            long cpuNs = 0;
            final Histogram latency = new Histogram(LONGEST_NS, 3);
            for (final Future<Worker> future : executor.invokeAll(workers)) {
                final Worker worker = future.get();
                perSecond += worker.operations * 1e9 / worker.tookNs;
                operations += worker.operations;
                cpuNs += worker.cpuNs;
                latency.add(worker.latency);
            }
            return new Result(
                    perSecond,
                    (double) cpuNs / operations,
                    latency.getValueAtPercentile(99),
                    latency.getValueAtPercentile(99.9));
        } finally {
            executor.shutdownNow();
        }
    }

    private final class Worker {
        private final Population population;
        private final Store store;
        private final Histogram latency = new Histogram(LONGEST_NS, 3);
        private long turn;
        private long operations;
        private long tookNs;
        private long cpuNs;
        private long checksum;

        Worker(final Population population, final long turn) {
            this.population = population;
            this.store = population.store;
            this.turn = turn;
        }

        Worker run(final CyclicBarrier start, final long ns) throws Exception {
            start.await();
            final long cpuBefore = THREADS.getCurrentThreadCpuTime();
            final long begin = System.nanoTime();
            do {
                for (int i = 0; i < BATCH && !isComplete(); i++) {
                    step();
                }
                tookNs = System.nanoTime() - begin;
            } while (tookNs < ns && !isComplete());
            cpuNs = THREADS.getCurrentThreadCpuTime() - cpuBefore;
            if (checksum == Long.MIN_VALUE) { // never, but the JIT must not know that nobody looks at what was read
                throw new IllegalStateException("impossible sum");
            }
            return this;
        }

        private boolean isComplete() {
            return mix.inserts() == Mix.WHOLE && population.entries() >= most;
        }

        private void step() {
            turn++;
            operations++;
            if ((turn & TIMED) == 0) {
                final long begin = System.nanoTime();
                operate();
                latency.recordValue(Math.min(LONGEST_NS, System.nanoTime() - begin));
            } else {
                operate();
            }
        }

        private void operate() {
            final int dice = (int) (Keys.scramble(turn) >>> 57);
            if (dice < mix.reads()) {
                read(key());
            } else if (dice < mix.reads() + mix.updates()) {
                store.put(key(), value);
            } else if (dice < mix.reads() + mix.updates() + mix.inserts()) {
                store.put(population.entries() < most ? Keys.scramble(population.next()) : key(), value);
            } else {
                final long key = key();
                read(key);
                store.put(key, value);
            }
        }

        private long key() {
            final int index = keys.index(turn);
            return Keys.scramble(
                    mix.choice() == Mix.Choice.LATEST ? Math.max(0, population.entries() - 1 - index) : index);
        }

        private void read(final long key) {
            final byte[] found = store.get(key);
            // An entry that another thread is inserting just now may be missing.
            if (found == null && mix.inserts() == 0) {
                throw new IllegalStateException("the entry of key " + key + " is missing");
            }
            checksum += found == null ? 0 : found.length;
        }
    }
}
