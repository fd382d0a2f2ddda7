package io.rallocator.collections;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Lets workers call one structure at once, and observes every call. */
final class Race implements AutoCloseable {
    private static final int SPINS = 1_000;

    private final ExecutorService executor;
    private final int workers;

    Race(final int workers) {
        this.workers = workers;
        executor = Executors.newFixedThreadPool(workers);
    }

    /**
     * Runs one script a worker.
     *
     * @param views each worker's view of the structure
     * @param scripts what each worker does, in order
     * @return all calls
     */
    <S> List<Call<S>> run(final List<S> views, final List<List<Call.Action<S>>> scripts) throws InterruptedException {
        final AtomicInteger missing = new AtomicInteger(workers);
        final List<Callable<List<Call<S>>>> tasks = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            final int worker = i;
            tasks.add(() -> {
                awaitAll(missing);
                final List<Call<S>> calls = new ArrayList<>();
                for (final Call.Action<S> action : scripts.get(worker)) {
                    calls.add(Call.observe(worker, action, views.get(worker)));
                }
                return calls;
            });
        }
        final List<Call<S>> calls = new ArrayList<>();
        for (final Future<List<Call<S>>> future : executor.invokeAll(tasks)) {
            try {
                calls.addAll(future.get());
            } catch (final ExecutionException e) {
                throw new AssertionError(e.getCause());
            }
        }
        return calls;
    }

    /** Spins, as waking takes longer than a script; yields in the end, as there may be fewer processors than workers. */
    private static void awaitAll(final AtomicInteger missing) {
        missing.decrementAndGet();
        for (int i = 0; missing.get() > 0; i++) {
            if (i < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
