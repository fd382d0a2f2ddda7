package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Runs tasks at once and waits for all of them. */
final class Workers {
    private Workers() {}

    static <T> List<T> run(final List<Callable<T>> tasks) throws InterruptedException {
        final ExecutorService executor = Executors.newFixedThreadPool(tasks.size());
        try {
            final List<T> results = new ArrayList<>();
            for (final Future<T> future : executor.invokeAll(tasks)) {
                results.add(future.get());
            }
            return results;
        } catch (final ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            executor.shutdownNow();
        }
    }

    /** Waits until a thread sleeps between two looks at a queue, or until it ended. */
    static void awaitParked(final Thread thread) {
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (thread.getState() == Thread.State.RUNNABLE) {
            assertThat(System.nanoTime() - deadline)
                    .as("a thread that never waits")
                    .isNegative();
            Thread.onSpinWait();
        }
    }
}
