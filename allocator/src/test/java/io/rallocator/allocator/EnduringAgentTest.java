package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A background duty outlives a turn for which there was no memory, and any other failure. */
@Timeout(60)
class EnduringAgentTest {
    @Test
    void shouldGoOnWhenThereWasNoMemoryForATurn() throws InterruptedException {
        final CountDownLatch turns = new CountDownLatch(5);
        final Agent duty = new Agent() {
            @Override
            public int doWork() {
                turns.countDown();
                if (turns.getCount() % 2 == 0) {
                    throw new OutOfMemoryError("there is none");
                }
                throw new IllegalStateException("it failed");
            }

            @Override
            public String roleName() {
                return "test-duty";
            }
        };
        try (AgentRunner runner = Runners.of("the test's duty", YieldingIdleStrategy.INSTANCE, duty)) {
            Runners.start(runner, "test-duty");
            assertThat(turns.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }
}
