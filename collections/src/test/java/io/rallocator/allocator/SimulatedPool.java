package io.rallocator.allocator;

import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.OutcomeUnknownException;
import java.util.function.BooleanSupplier;

/**
 * The allocator's {@link World} for tests of collections: a blade and sessions that run in one thread, of which one may die or
 * sleep before any verb. Waits for no memory: give the blade its {@link #agentTurn()} before each operation.
 */
public final class SimulatedPool implements AutoCloseable {
    private final World world;
    private PausePoint pause;

    /** A pool of very small slabs. */
    public SimulatedPool() {
        world = World.small();
    }

    /** A pool of 4 MiB with chosen slab classes. */
    public SimulatedPool(final int... slabClassBytes) {
        world = World.of(slabClassBytes);
    }

    /** Begins again with an empty pool. */
    public void restart() {
        world.restart();
    }

    /** Begins again with the bytes of a {@link #snapshot}; sessions die. */
    public void restart(final byte[] bytes) {
        world.restart(bytes);
    }

    /** All bytes of the pool. */
    public byte[] snapshot() {
        return world.snapshot();
    }

    /** Repairs what is damaged, while nobody uses the pool. */
    public CheckReport repair() {
        return world.repair();
    }

    /** The pool's memory. */
    public NvmRegion region() {
        return world.region;
    }

    /**
     * A new blade begins, which dies before one of its changes, and the next one before one of its own.
     *
     * @param crashAt how many changes are done before
     * @param secondAt how many the next one does
     * @return tells whether the first one died
     */
    public BooleanSupplier crashBlade(final long crashAt, final long secondAt) {
        final CrashPoint crash = new CrashPoint(crashAt);
        world.crashAgent(crash, new CrashPoint(secondAt));
        return crash::isReached;
    }

    /** How many root words lead to a structure, whether it has a name, has none yet, or was dropped. */
    public int rootsInUse() {
        int used = 0;
        for (int root = 0; root < world.geometry.roots(); root++) {
            used += LinkWord.isPointer(world.region.readLong(world.geometry.rootOffset(root))) ? 1 : 0;
        }
        return used;
    }

    /** Opens a session that does not die. */
    public WorkerSession open(final String name) {
        return world.open(name);
    }

    /** Opens a session that does not die, and counts verbs and bytes. */
    public WorkerSession openCounting(final String name) {
        return world.openCounting(name);
    }

    /** A session that dies before one of its verbs. */
    public final class Victim {
        private final CrashPoint crash;
        private final boolean tears;
        private WorkerSession session;
        private OperationId interrupted;

        private Victim(final long crashAt, final boolean tears) {
            this.crash = new CrashPoint(crashAt);
            this.tears = tears;
        }

        /** Opens the session, which may be fatal already. */
        public WorkerSession open() {
            session = world.open("victim", crash, tears);
            return session;
        }

        /** Runs a history; the session dies in it or at its end. Returns true if it died before the end. */
        public boolean run(final Runnable history) {
            boolean died = false;
            try {
                history.run();
            } catch (final Crash e) {
                died = true;
            } catch (final OutcomeUnknownException e) {
                died = true;
                interrupted = e.operationId();
            }
            if (session != null) {
                world.kill(session);
            }
            return died;
        }

        /** The operation in whose commit it died, or null if it died elsewhere. */
        public OperationId interrupted() {
            return interrupted;
        }

        /** How many verbs it did. */
        public long verbs() {
            return crash.steps();
        }

        /** The verb before which it died was a WRITE that could have been done in part. */
        public boolean couldTear() {
            return crash.isTearable();
        }
    }

    /**
     * A session that is to die.
     *
     * @param crashAt how many verbs are done before
     * @param tears true if the next one, if it is a WRITE, is done in part
     */
    public Victim victim(final long crashAt, final boolean tears) {
        return new Victim(crashAt, tears);
    }

    /**
     * Opens a session that sleeps before one of its verbs.
     *
     * @param pauseAt how many verbs are done before
     * @param meanwhile what the others do
     */
    public WorkerSession openSleeper(final long pauseAt, final Runnable meanwhile) {
        pause = new PausePoint(pauseAt, meanwhile);
        return world.open("sleeper", pause, false);
    }

    /** Tells whether the sleeper has slept; it will not any more. */
    public boolean hasSlept() {
        final boolean slept = pause.isReached();
        pause.disarm();
        return slept;
    }

    /** Lets a session's operations hold no lane while they wait for the blade, not even for a moment. */
    public static void waitUnpinned(final WorkerSession session) {
        session.slabClient().patience(0, 20_000_000_000L);
    }

    /** The blade's duty. */
    public void agentTurn() {
        world.agentTurn();
    }

    /** The background duties of one session and the blade. */
    public void turn(final WorkerSession session) {
        session.conductor().doWork();
        world.agentTurn();
    }

    /** Everybody's background duty, so often that epochs pass and the dead are recovered. */
    public void turns(final int count) {
        world.turns(count);
    }

    /** Closes a session; the blade takes it apart, and epochs pass. */
    public void end(final WorkerSession session) {
        world.close(session);
        world.turns(12);
    }

    /** What the checker says while sessions live, or are dead and not recovered. */
    public CheckReport look() {
        return world.look();
    }

    /** Closes every session and verifies that nothing is leaked, allocated twice or damaged, and sizes are exact. */
    public void check(final String what) {
        world.check(what);
    }

    @Override
    public void close() {
        world.close();
    }
}
