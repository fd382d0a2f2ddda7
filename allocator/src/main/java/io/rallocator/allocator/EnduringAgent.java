package io.rallocator.allocator;

import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;

/**
 * Lets a background duty go on when there was no memory for one of its turns: an {@code AgentRunner} would end, and a session whose epochs
 * nobody announces any more holds back the memory of all.
 *
 * <p>Threads: the duty's.
 */
final class EnduringAgent implements Agent {
    private final Agent agent;
    private final ErrorHandler errors;

    EnduringAgent(final Agent agent, final ErrorHandler errors) {
        this.agent = agent;
        this.errors = errors;
    }

    @Override
    public int doWork() throws Exception {
        try {
            return agent.doWork();
        } catch (final OutOfMemoryError e) {
            errors.onError(e);
            return 0;
        }
    }

    @Override
    public void onStart() {
        agent.onStart();
    }

    @Override
    public void onClose() {
        agent.onClose();
    }

    @Override
    public String roleName() {
        return agent.roleName();
    }
}
