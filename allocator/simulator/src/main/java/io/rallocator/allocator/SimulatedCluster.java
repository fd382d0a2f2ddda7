package io.rallocator.allocator;

import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFormat;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.Superblock;
import io.rallocator.simulator.Scheduler;
import io.rallocator.simulator.SimulatedNvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A blade and its workers in one simulated machine: the product's own agent, reaper, sessions and protocols, over simulated
 * memory and a simulated fabric. Everything that happens follows from the seed; only the locks that say who is alive are
 * files, in a folder of its own.
 *
 * <p>Faults are for the driver, between two calls of {@link Scheduler#run}.
 *
 * <p>Threads: one, beside the scheduler's own.
 */
public final class SimulatedCluster implements AutoCloseable {
    private static final Path SHM = Path.of("/dev/shm");
    private static final int DUTY_PAUSE = 20;
    private static final int SETTLING_STEPS = 40_000;
    private static final int SETTLING_LOOK = 100;
    private static final long PATIENCE_NS = 20_000_000_000L;

    private final Random random;
    private final Scheduler scheduler;
    private final PoolGeometry geometry;
    private final SimulatedNvm memory;
    private final Superblock superblock;
    private final Path folder;
    private final Path file;
    private final List<Worker> workers = new ArrayList<>();
    private Scheduler.Task blade;

    /**
     * A cluster with an empty pool and no blade yet.
     *
     * @param seed from which everything follows
     * @param geometry of the pool, at most 2 GiB; the files of its locks are in the host's temporary folder
     * @param durability of the pool: at PROCESS, losing power is not survived and not to be tried
     */
    public SimulatedCluster(final long seed, final PoolGeometry geometry, final Durability durability) {
        this(seed, Superblock.create(geometry, true, durability));
        PoolFormat.format(memory, geometry);
        superblock.writeTo(memory);
        memory.persist(0, geometry.capacity());
    }

    /**
     * A cluster with a copy of another one's pool, as it is now, and no blade yet.
     *
     * @param seed from which everything follows
     * @param other whose memory is copied
     */
    public SimulatedCluster(final long seed, final SimulatedCluster other) {
        this(seed, other.superblock);
        memory.restore(other.memory);
    }

    private SimulatedCluster(final long seed, final Superblock superblock) {
        this.random = new Random(seed * 0x9E37_79B9_7F4A_7C15L); // else neighbours begin alike
        this.superblock = superblock;
        this.geometry = superblock.geometry();
        this.scheduler = new Scheduler(new Random(random.nextLong()));
        this.memory = new SimulatedNvm((int) geometry.capacity(), superblock.durability());
        try {
            folder = Files.isWritable(SHM)
                    ? Files.createTempDirectory(SHM, "rallocator-simulated")
                    : Files.createTempDirectory("rallocator-simulated");
            file = Files.createFile(folder.resolve("pool"));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A worker's process: one thread of the application, and its session's conductor. */
    public final class Worker {
        private final String name;
        private final FabricFaults faults = new FabricFaults(new Random(random.nextLong()));
        private final boolean isConducted;
        private final Scheduler.Task application;
        private Scheduler.Task conductor;
        private WorkerSession session;
        private int failedDuties;

        private Worker(final String name, final boolean isConducted, final Application body) {
            this.name = name;
            this.isConducted = isConducted;
            application = scheduler.start(name, () -> {
                final WorkerSession opened = tryOpen();
                if (opened != null) {
                    body.run(opened);
                }
            });
        }

        /** Returns null if the connection broke meanwhile: then the worker ends. */
        private WorkerSession tryOpen() {
            try {
                return open();
            } catch (final RallocatorException e) {
                failedDuties++;
                return null;
            }
        }

        private WorkerSession open() {
            final WorkerSession opened = WorkerSession.open(
                    file, memory, geometry, name, region -> new SteppedQueuePair(region, scheduler, faults), false);
            opened.slabClient().patience(0, PATIENCE_NS); // waits by looking again, a step each, and not by the clock
            opened.conductor().clock(scheduler::nowMs);
            session = opened;
            if (isConducted) {
                conductor = scheduler.start(name + "-conductor", () -> {
                    while (!opened.isFenced()) {
                        conduct(opened);
                        scheduler.sleep(DUTY_PAUSE);
                    }
                });
            }
            return opened;
        }

        /** A duty that fails is done again later, as the product's runner does. */
        private void conduct(final WorkerSession opened) {
            try {
                opened.conductor().doWork();
            } catch (final RallocatorException e) {
                failedDuties++;
            }
        }

        /**
         * Tells whether the application's thread came to its end, or was killed.
         *
         * @return true if so
         */
        public boolean hasEnded() {
            return application.hasEnded();
        }

        /** Kills the process where it is. */
        public void kill() {
            application.kill();
            if (conductor != null) {
                conductor.kill();
            }
            if (session != null) {
                session.abandon();
            }
            workers.remove(this);
        }

        /**
         * Stops the process for a while.
         *
         * @param steps of others meanwhile
         */
        public void pause(final long steps) {
            application.pause(steps);
            if (conductor != null) {
                conductor.pause(steps);
            }
        }

        /**
         * Duties outside the application's calls that failed with a broken connection.
         *
         * @return count
         */
        public int failedDuties() {
            return failedDuties;
        }

        /** Lets its connection break soon, in the middle of a chain or after it; the session ends with an exception. */
        public void breakConnection() {
            faults.breakSoon(20);
        }
    }

    /** What a worker does with its session. */
    @FunctionalInterface
    public interface Application {
        /**
         * Runs in a simulated process.
         *
         * @param session just opened; the cluster ends it
         */
        void run(WorkerSession session);
    }

    /**
     * Who is next, and when.
     *
     * @return the scheduler of all processes
     */
    public Scheduler scheduler() {
        return scheduler;
    }

    /**
     * The pool's memory.
     *
     * @return for looking at, and for losing power by other means
     */
    public SimulatedNvm memory() {
        return memory;
    }

    /**
     * Starts a worker's process, with a session of its own.
     *
     * @param name of the worker
     * @param application what it does
     * @return the worker
     */
    public Worker start(final String name, final Application application) {
        return start(name, true, application);
    }

    /**
     * Starts a worker's process whose session has no background duty, so that it may be closed: the epoch stands still
     * as long as it lives.
     *
     * @param name of the worker
     * @param application what it does
     * @return the worker
     */
    public Worker startWithoutConductor(final String name, final Application application) {
        return start(name, false, application);
    }

    private Worker start(final String name, final boolean isConducted, final Application application) {
        final Worker worker = new Worker(name, isConducted, application);
        workers.add(worker);
        return worker;
    }

    /**
     * Opens a session for the driver, over the product's own fabric, with nobody coming in between.
     *
     * @param name of the worker
     * @return the session; close it before anything else runs
     */
    public WorkerSession open(final String name) {
        final WorkerSession session = WorkerSession.open(file, memory, geometry, name, LocalQueuePair::new, false);
        session.slabClient().patience(0, 0);
        return session;
    }

    // ---- the blade

    /** Starts the blade's process: it recovers what is dead, then serves. */
    public void startBlade() {
        final SteppedRegion region = new SteppedRegion(memory, scheduler);
        blade = scheduler.start("blade", () -> {
            final BladeAgent agent = new BladeAgent(file, region, geometry, scheduler::nowMs);
            final StructureReaper reaper = new StructureReaper(region, geometry, scheduler::nowMs);
            agent.recover();
            for (; ; ) {
                agent.doWork();
                reaper.doWork();
                scheduler.sleep(DUTY_PAUSE);
            }
        });
    }

    /** Kills the blade's process where it is, in the middle of a recovery too. */
    public void killBlade() {
        blade.kill();
    }

    /**
     * Stops the blade's process for a while.
     *
     * @param steps of others meanwhile
     */
    public void pauseBlade(final long steps) {
        blade.pause(steps);
    }

    /** Loses power: every process is gone, and of what was not persisted some is lost. Nothing runs until it is started. */
    public void losePower() {
        killAll();
        memory.losePower(random);
    }

    /** Kills every process. Nothing runs until it is started. */
    public void killAll() {
        List.copyOf(workers).forEach(Worker::kill);
        if (blade != null) {
            blade.kill();
        }
    }

    // ---- the end

    /**
     * Kills what runs, lets a blade recover and give back everything that is not in use, and checks the pool.
     *
     * @return what the checker found
     */
    public CheckReport check() {
        List.copyOf(workers).forEach(Worker::kill);
        scheduler.run(SETTLING_STEPS);
        blade.kill();
        startBlade();
        scheduler.run(SETTLING_STEPS / 4);
        return look();
    }

    /**
     * Lets everybody go on until no session is left, nothing is to be recovered or taken apart, and the pool is whole; gives
     * up after {@value #SETTLING_STEPS} steps.
     *
     * @return what the checker found last
     */
    public CheckReport settle() {
        CheckReport report = null;
        for (long left = SETTLING_STEPS; left > 0; left -= SETTLING_LOOK) {
            if (!isAnythingOpen()) {
                report = look();
                if (isSettled(report)) {
                    return report;
                }
            }
            scheduler.run(SETTLING_LOOK);
        }
        return report == null ? look() : report;
    }

    /** A quick look, before a thorough one. */
    private boolean isAnythingOpen() {
        for (int session = 0; session < geometry.sessions(); session++) {
            final long offset = geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET;
            if (SessionDescriptor.state(memory.readLong(offset), offset) != SessionDescriptor.FREE) {
                return true;
            }
        }
        for (int root = 0; root < geometry.roots(); root++) {
            if (RootDescriptor.isPending(memory.readLong(geometry.rootOffset(root)))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Checks the pool as it is.
     *
     * @return what the checker found
     */
    public CheckReport look() {
        return PoolChecker.check(memory, superblock, true);
    }

    /**
     * Tells whether everything that dead sessions and drops left behind is cleared up.
     *
     * @param report of the pool as it is
     * @return true if so
     */
    public boolean isSettled(final CheckReport report) {
        return report.clean() && !isAnythingOpen() && report.unsettledBlocks() == 0 && report.unknownBlocks() == 0;
    }

    @Override
    public void close() {
        killAll();
        try (Stream<Path> files = Files.walk(folder)) {
            for (final Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
