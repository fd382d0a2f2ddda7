package io.rallocator.allocator;

import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.IdleStrategy;

/** Starts and ends the threads of background duties. */
final class Runners {
    private Runners() {}

    /** A runner whose duty goes on after any failure, which is logged as that of what is named. */
    static AgentRunner of(final String duty, final IdleStrategy idle, final Agent agent) {
        final DutyErrors errors = new DutyErrors(duty);
        return new AgentRunner(idle, errors, null, new EnduringAgent(agent, errors));
    }

    /** Starts a daemon thread. */
    static void start(final AgentRunner runner, final String name) {
        AgentRunner.startOnThread(runner, runnable -> {
            final Thread thread = new Thread(runnable, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Ends threads, and returns when they have ended. The caller stays interrupted if it was; but it waits all the same, since what
     * these threads use is taken away next.
     */
    static void close(final AgentRunner... runners) {
        final boolean interrupted = Thread.interrupted(); // or each runner complains, and interrupts its thread
        try {
            for (final AgentRunner runner : runners) {
                runner.close();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
