package io.rallocator.allocator;

import org.agrona.concurrent.AgentRunner;

/** Starts and ends the threads of background duties. */
final class Runners {
    private Runners() {}

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
