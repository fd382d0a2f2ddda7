package io.rallocator.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;

/**
 * Runs simulated processes one at a time: a task goes on until it takes a {@link #step}, and a seed decides who is next. So
 * the same seed gives the same history. Each task is a thread, of which all but one wait; whoever is not a task of this
 * scheduler, such as the test that drives it, passes through {@link #step} and must only call while {@link #run} does not.
 *
 * <p>Virtual time: a millisecond has {@value #STEPS_IN_A_MS} steps.
 */
public final class Scheduler {
    private static final int STEPS_IN_A_MS = 50;

    /** A task goes on for so many steps on average. */
    private static final int BURST = 4;

    private static final int ID_MASK = 63;

    private final Random random;
    private final List<Task> runnable = new ArrayList<>();
    private final Semaphore driver = new Semaphore(0);
    private Task failed;
    private int started;
    private long steps;
    private long limit;

    /**
     * A scheduler without tasks.
     *
     * @param random decides who goes on
     */
    public Scheduler(final Random random) {
        this.random = random;
    }

    /** A simulated task. */
    public final class Task {
        private final String name;
        private final Semaphore turn = new Semaphore(0);
        private long sleepsUntil;
        private boolean killed;
        private boolean ended;
        private Throwable failure;

        private Task(final String name) {
            this.name = name;
        }

        /**
         * Tells whether it came to its end, or was killed.
         *
         * @return true if it does nothing any more
         */
        public boolean hasEnded() {
            return ended;
        }

        /**
         * Kills the task where it is: the verbs that it posted so far are done, nothing else ever is.
         */
        public void kill() {
            killed = true;
            sleepsUntil = 0;
            if (!ended) {
                turn.release();
                driver.acquireUninterruptibly();
            }
            failed = null;
            rethrow(this);
        }

        /**
         * Stops the task for a while, as SIGSTOP does.
         *
         * @param count steps of others meanwhile
         */
        public void pause(final long count) {
            sleepsUntil = steps + count;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * Adds a task, which begins when {@link #run} chooses it.
     *
     * @param name for messages
     * @param body what it does; any exception of it comes out of {@link #run}
     * @return the task
     */
    public Task start(final String name, final Runnable body) {
        final Task task = new Task(name);
        newThread(task, body).start();
        runnable.add(task);
        return task;
    }

    /** A session's lanes are chosen by the thread's id: the same task gets the same low bits of it in each run. */
    private TaskThread newThread(final Task task, final Runnable body) {
        final int wanted = started++ & ID_MASK;
        TaskThread thread = new TaskThread(task, body);
        while (((int) thread.getId() & ID_MASK) != wanted) {
            thread = new TaskThread(task, body);
        }
        return thread;
    }

    private final class TaskThread extends Thread {
        private final Task task;

        TaskThread(final Task task, final Runnable body) {
            super(() -> Scheduler.this.run(task, body), "simulated-" + task.name);
            this.task = task;
            setDaemon(true);
        }

        Scheduler scheduler() {
            return Scheduler.this;
        }
    }

    /** The task that calls, or null if it is somebody else. */
    private Task current() {
        return Thread.currentThread() instanceof TaskThread thread && thread.scheduler() == this ? thread.task : null;
    }

    /** A commit that is cut short says so by an exception of its own. */
    private static boolean isCrash(final Throwable thrown) {
        return thrown instanceof SimulatedCrash || thrown != null && isCrash(thrown.getCause());
    }

    private void run(final Task task, final Runnable body) {
        task.turn.acquireUninterruptibly();
        try {
            if (!task.killed) {
                body.run();
            }
        } catch (final Throwable e) { // NOPMD: whatever it is, the test that drives us gets it
            if (!isCrash(e)) {
                task.failure = e;
            }
        }
        task.ended = true;
        runnable.remove(task);
        if (task.failure != null) {
            failed = task;
        }
        final Task next = task.killed || failed != null ? null : next();
        (next == null ? driver : next.turn).release();
    }

    /**
     * Lets tasks go on until they have taken so many steps, or all have ended.
     *
     * @param count steps
     */
    public void run(final long count) {
        limit = steps + count;
        final Task next = next();
        if (next != null) {
            next.turn.release();
            driver.acquireUninterruptibly();
        }
        if (failed != null) {
            final Task task = failed;
            failed = null;
            rethrow(task);
        }
    }

    /** Whose turn it is now, null if it is the driver's. */
    private Task next() {
        while (steps < limit && !runnable.isEmpty()) {
            final Task next = choose();
            if (next != null) {
                return next;
            }
            steps++; // all sleep
        }
        return null;
    }

    private static void rethrow(final Task task) {
        if (task.failure != null) {
            final Throwable failure = task.failure;
            task.failure = null;
            throw new AssertionError("the simulated task '" + task + "' failed: " + failure, failure);
        }
    }

    private Task choose() {
        final int count = runnable.size();
        final int from = random.nextInt(count);
        for (int i = 0; i < count; i++) {
            final Task task = runnable.get((from + i) % count);
            if (task.sleepsUntil <= steps) {
                return task;
            }
        }
        return null;
    }

    /** To be taken before everything that others can see: somebody else may go on, and this task may die. */
    public void step() {
        final Task task = current();
        if (task == null) {
            return;
        }
        requireLife(task);
        steps++;
        if (steps < limit && task.sleepsUntil <= steps && random.nextInt(BURST) != 0) {
            return; // on and on for a while: others do not come in between every two verbs
        }
        final Task next = next();
        if (next != task) {
            (next == null ? driver : next.turn).release();
            task.turn.acquireUninterruptibly();
            requireLife(task);
        }
    }

    /** What a dead task tries to do while it is unwound does not happen either. */
    private static void requireLife(final Task task) {
        if (task.killed) {
            throw new SimulatedCrash(task.name);
        }
    }

    /**
     * Lets others go on for a while.
     *
     * @param count steps; this task does nothing meanwhile
     */
    public void sleep(final long count) {
        final Task task = current();
        if (task != null) {
            task.sleepsUntil = steps + count;
        }
        step();
    }

    /**
     * Steps taken by all.
     *
     * @return count
     */
    public long steps() {
        return steps;
    }

    /**
     * Virtual time.
     *
     * @return milliseconds
     */
    public long nowMs() {
        return steps / STEPS_IN_A_MS;
    }
}
