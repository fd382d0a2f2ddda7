package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedCluster;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.collections.SweptOperation.Rule;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.OutcomeUnknownException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.simulator.SimulatedNvm;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Runs one operation again and again in a simulated machine, each time with a fault at another step of worker, conductor or
 * blade, and a second one in the recovery.
 */
final class OperationSweep {
    /** What happens at a step. */
    enum Fault {
        /** The worker dies; another one comes before anybody else does a step. */
        WORKER,
        /** The blade dies, and the next one too; the worker goes on. */
        BLADE,
        /** Everybody dies, and of what was not persisted some is lost. */
        POWER
    }

    /** Counts what was tried. */
    static final class Figures {
        int operations;
        long steps;
        int points;
        int states;
        int outcomes;

        @Override
        public String toString() {
            return operations + " operations of " + steps + " steps, " + points + " crash points, " + states
                    + " states after a crash, each with" + " a second crash in its recovery, " + outcomes
                    + " outcomes asked";
        }
    }

    private static final PoolGeometry GEOMETRY = PoolGeometry.of(4 << 20, new int[] {4096}, 8, 6, 2, 16);
    private static final int FEW_LINES = 3;
    private static final int RANDOM_FATES = 6;
    private static final int MOST_STEPS = 8_000;
    private static final int MOST_RECOVERY_STEPS = 97;
    private static final int TOUCHES = 3;

    private final SweptOperation operation;
    private final SimulatedCluster image;
    private final long seed;
    private final int stride;
    private final Figures figures;
    private final AtomicLong clock = new AtomicLong();
    private SweptState before;
    private SweptState after;
    private long begin;
    private long end;

    OperationSweep(
            final SweptOperation operation,
            final SimulatedCluster image,
            final long seed,
            final int stride,
            final Figures figures) {
        this.operation = operation;
        this.image = image;
        this.seed = seed;
        this.stride = stride;
        this.figures = figures;
    }

    /** A pool with filled structures, whose worker has died: its slabs are there to be adopted. */
    static SimulatedCluster image(final long seed) {
        final SimulatedCluster cluster = new SimulatedCluster(seed, GEOMETRY, Durability.POWER);
        cluster.startBlade();
        final SimulatedCluster.Worker worker =
                cluster.start("filler", session -> new SweptWorker(session, new AtomicLong()).fill());
        runUntilEnded(cluster, worker);
        worker.kill();
        assertThat(cluster.isSettled(cluster.settle())).isTrue();
        cluster.killAll();
        cluster.memory().persist(0, GEOMETRY.capacity());
        return cluster;
    }

    private static void runUntilEnded(final SimulatedCluster cluster, final SimulatedCluster.Worker worker) {
        for (int i = 0; i < 40 && !worker.hasEnded(); i++) {
            cluster.scheduler().run(1_000);
        }
        assertThat(worker.hasEnded()).as("a worker is done").isTrue();
    }

    // ---- one run of the operation

    private final class Run implements AutoCloseable {
        private final SimulatedCluster cluster = new SimulatedCluster(seed, image);
        private final SimulatedCluster.Worker worker;
        private boolean returned;
        private long begun;
        private long ended;
        private OperationId interrupted;

        Run() {
            clock.set(1_000_000);
            cluster.startBlade();
            worker = operation.isClosing
                    ? cluster.startWithoutConductor("worker", this::play)
                    : cluster.start("worker", this::play);
        }

        private void play(final WorkerSession session) {
            try {
                final SweptWorker structures = new SweptWorker(session, clock);
                operation.preparation.on(structures);
                // the step that is under way is not counted yet: what was prepared is there after it
                begun = operation.isFromStart ? 1 : cluster.scheduler().steps() + 1;
                operation.action.on(structures);
                returned = true;
                ended = cluster.scheduler().steps();
            } catch (final OutcomeUnknownException e) {
                interrupted = begun == 0 ? null : e.operationId();
                throw e;
            } catch (final RuntimeException e) {
                throw e;
            } catch (final Exception e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() {
            cluster.close();
        }
    }

    /** Finds out what the operation does, and between which steps, while nothing fails. */
    private void measure() {
        try (Run run = new Run()) {
            run.cluster.scheduler().run(MOST_STEPS);
            assertThat(run.returned).as("%s returned", operation).isTrue();
            begin = run.begun;
            end = run.ended + operation.tail;
        }
        try (SimulatedCluster cluster = new SimulatedCluster(seed, image)) {
            clock.set(1_000_000);
            cluster.startBlade();
            final SimulatedCluster.Worker worker = cluster.start("worker", session -> {
                final SweptWorker structures = new SweptWorker(session, clock);
                try {
                    operation.preparation.on(structures);
                    before = SweptState.read(structures);
                    operation.action.on(structures);
                } catch (final RuntimeException e) {
                    throw e;
                } catch (final Exception e) {
                    throw new AssertionError(e);
                }
            });
            runUntilEnded(cluster, worker);
            worker.kill();
            after = read(cluster);
        }
        assertThat(after).as("%s changes something", operation).isNotEqualTo(before);
    }

    // ---- the sweep

    /** Tries every step, or with a stride some, each with another fault. */
    void sweep() {
        measure();
        figures.operations++;
        figures.steps += end - begin;
        final Fault[] faults = Fault.values();
        int turn = figures.operations;
        for (long at = begin + figures.operations % stride; at <= end; at += stride) {
            for (int i = 0; i < (stride == 1 ? faults.length : 1); i++) {
                turn++;
                crash(at, faults[turn % faults.length], 1 + turn * 13 % MOST_RECOVERY_STEPS, stride == 1);
            }
        }
        sweepRecovery();
    }

    /** The second fault comes at each step of the recovery of a worker that died in the middle, and right before its return. */
    private void sweepRecovery() {
        final long[] points = {(begin + end - operation.tail) / 2, end - operation.tail};
        for (final long at : points) {
            final long steps = recoverySteps(at);
            final long step = stride == 1 ? 1 : 4L * stride;
            for (long second = 1 + (at + 13L * figures.operations) % step; second <= steps; second += step) {
                crash(at, Fault.WORKER, second, false);
                crash(at, Fault.POWER, second, false);
            }
        }
    }

    private long recoverySteps(final long at) {
        try (Run run = new Run()) {
            run.cluster.scheduler().run(at);
            run.cluster.killAll();
            run.cluster.startBlade();
            final long from = run.cluster.scheduler().steps();
            run.cluster.settle();
            return run.cluster.scheduler().steps() - from;
        }
    }

    /**
     * One run.
     *
     * @param at the step of the first fault
     * @param fault that happens there
     * @param second so many steps later the blade dies again
     * @param isThorough true to try all ways in which memory survives, false for one of them
     */
    private void crash(final long at, final Fault fault, final long second, final boolean isThorough) {
        figures.points++;
        final String what =
                operation + ", " + fault + " at step " + at + ", again " + second + " steps later, seed " + seed;
        try (Run run = new Run()) {
            run.cluster.scheduler().run(at);
            assertThat(run.returned).as("%s: repeats itself", what).isEqualTo(at > end - operation.tail);
            switch (fault) {
                case WORKER -> killWorker(run, second, what);
                case BLADE -> killBlade(run, second, what);
                default -> losePower(run, second, isThorough, what);
            }
        } catch (final AssertionError e) {
            throw new AssertionError(what + ": " + e.getMessage(), e);
        }
    }

    private void killWorker(final Run run, final long second, final String what) {
        figures.states++;
        run.worker.kill();
        final SweptState expected = goOnAtOnce(run, what);
        final Outcome outcome = run.interrupted == null ? null : ask(run);
        run.cluster.scheduler().run(second);
        run.cluster.killBlade();
        run.cluster.startBlade();
        settle(run, what);
        assertThat(read(run.cluster)).as("%s: after recovery", what).isEqualTo(expected);
        if (outcome != null) {
            assertThat(ask(run)).as("%s: asked again", what).isEqualTo(outcome);
        }
    }

    private void killBlade(final Run run, final long second, final String what) {
        figures.states++;
        run.cluster.killBlade();
        run.cluster.startBlade();
        run.cluster.scheduler().run(second);
        run.cluster.killBlade();
        run.cluster.startBlade();
        runUntilEnded(run.cluster, run.worker);
        assertThat(run.returned).as("%s: the worker went on", what).isTrue();
        run.worker.kill();
        settle(run, what);
        assertThat(read(run.cluster)).as(what).isEqualTo(after);
    }

    private void losePower(final Run run, final long second, final boolean isThorough, final String what) {
        run.cluster.killAll();
        final SimulatedNvm atDeath = run.cluster.memory().snapshot();
        final Random random = new Random(seed + second);
        final List<Consumer<SimulatedNvm>> fates = fates(atDeath, random);
        final int first = isThorough ? 0 : random.nextInt(fates.size());
        for (int i = first; i < (isThorough ? fates.size() : first + 1); i++) {
            figures.states++;
            run.cluster.memory().restore(atDeath);
            fates.get(i).accept(run.cluster.memory());
            run.cluster.startBlade();
            run.cluster.scheduler().run(second);
            run.cluster.losePower();
            run.cluster.startBlade();
            final String way = what + ", way " + i;
            settle(run, way);
            final SweptState found = read(run.cluster);
            requireAllowed(run, found, way);
            if (run.interrupted != null) {
                requireTrue(ask(run), found, way);
            }
            run.cluster.killAll();
        }
    }

    /** All ways if they are few; else nothing, everything, and any. */
    private static List<Consumer<SimulatedNvm>> fates(final SimulatedNvm memory, final Random random) {
        final int lines = memory.changedLines();
        if (lines <= FEW_LINES) {
            final int ways = (int) Math.pow(SimulatedNvm.FATES, lines);
            return IntStream.range(0, ways)
                    .<Consumer<SimulatedNvm>>mapToObj(way -> nvm -> nvm.losePower(way))
                    .toList();
        }
        final List<Consumer<SimulatedNvm>> fates = new ArrayList<>();
        fates.add(nvm -> nvm.losePower(0));
        for (int i = 0; i < RANDOM_FATES; i++) {
            final long fate = random.nextLong();
            fates.add(nvm -> nvm.losePower(new Random(fate)));
        }
        return fates;
    }

    // ---- what must hold

    private void requireAllowed(final Run run, final SweptState found, final String what) {
        if (run.returned) {
            assertThat(found).as("%s: it had returned", what).isEqualTo(after);
        } else {
            assertThat(operation.rule.allows(found, before, after))
                    .as("%s: found %s, before %s, after %s", what, found, before, after)
                    .isTrue();
        }
    }

    /** I10: the answer is what the structures show. */
    private void requireTrue(final Outcome outcome, final SweptState found, final String what) {
        assertThat(outcome).as(what).isNotEqualTo(Outcome.UNKNOWN);
        if (operation.rule == Rule.ATOMIC) {
            assertThat(outcome)
                    .as("%s: found %s", what, found)
                    .isEqualTo(found.equals(after) ? Outcome.HAPPENED : Outcome.DID_NOT_HAPPEN);
        }
    }

    private static void settle(final Run run, final String what) {
        final CheckReport report = run.cluster.settle();
        assertThat(run.cluster.isSettled(report)).as("%s: %s", what, report).isTrue();
    }

    private SweptState read(final SimulatedCluster cluster) {
        final SweptWorker reader = new SweptWorker(cluster.open("reader"), clock);
        try {
            return SweptState.read(reader);
        } finally {
            reader.heap.close();
        }
    }

    private Outcome ask(final Run run) {
        figures.outcomes++;
        try (RemoteHeap heap = RemoteHeap.over(run.cluster.open("asks"))) {
            return heap.outcome(run.interrupted);
        }
    }

    /** I9: another worker finds and changes the same structures while the dead one is not recovered and the blade does nothing. */
    private SweptState goOnAtOnce(final Run run, final String what) {
        final SweptWorker other = new SweptWorker(run.cluster.open("other"), clock);
        try {
            final SweptState found = SweptState.read(other);
            requireAllowed(run, found, what);
            if (run.interrupted != null) {
                figures.outcomes++;
                requireTrue(other.heap.outcome(run.interrupted), found, what);
            }
            touch(run, () -> other.map.merge(SweptWorker.key(0), "!", String::concat));
            touch(run, () -> other.queue.add("touched"));
            touch(run, () -> other.array.set(0L, "touched"));
            other.longs.getAndAdd(0, 1_000);
            final SweptState touched = SweptState.read(other);
            assertThat(touched).as(what).isNotEqualTo(found);
            return touched;
        } finally {
            other.heap.close();
        }
    }

    /** Needs the blade only if it had not published a slab. */
    private static void touch(final Run run, final Runnable change) {
        for (int attempt = 1; ; attempt++) {
            try {
                change.run();
                return;
            } catch (final PoolUnavailableException e) {
                if (attempt == TOUCHES) {
                    throw e;
                }
                run.cluster.scheduler().run(200);
            }
        }
    }
}
