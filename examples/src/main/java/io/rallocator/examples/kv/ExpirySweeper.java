package io.rallocator.examples.kv;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes expired keys that nobody asks for. A tick every {@code interval} goes on with a traversal of the map for at
 * most {@code budget}; when a traversal is complete, the next one waits until the earliest expiry that it saw or that
 * was set since. So the sweep takes at most {@code budget / interval} of one core, and nothing while nothing is due.
 *
 * <p>Own thread; {@link #tick} may also be called by a test that never started it.
 */
final class ExpirySweeper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ExpirySweeper.class);
    private static final int STEP = 64;
    private static final long RETRY_MS = 60_000;

    private final Keyspace keyspace;
    private final ExpiryClock clock;
    private final long intervalNs;
    private final long budgetNs;
    private ScheduledExecutorService executor;
    private long cursor;

    ExpirySweeper(Keyspace keyspace, ExpiryClock clock, Duration interval, Duration budget) {
        this.keyspace = keyspace;
        this.clock = clock;
        this.intervalNs = interval.toNanos();
        this.budgetNs = budget.toNanos();
    }

    synchronized void start() {
        executor = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "kv-expiry");
            thread.setDaemon(true);
            return thread;
        });
        executor.scheduleWithFixedDelay(this::tickSafely, intervalNs, intervalNs, TimeUnit.NANOSECONDS);
    }

    /** Goes on with the traversal for one budget; starts one only if some key may have expired. */
    synchronized void tick() {
        if (cursor == 0) {
            if (!clock.isDue()) {
                return;
            }
            clock.forget();
        }
        long start = System.nanoTime();
        List<Keyspace.Entry> live = new ArrayList<>();
        do {
            live.clear();
            cursor = keyspace.scan(cursor, STEP, live);
            live.forEach(entry -> clock.note(entry.value().expiresAtMs()));
        } while (cursor != 0 && System.nanoTime() - start < budgetNs);
    }

    private void tickSafely() {
        try {
            tick();
        } catch (RuntimeException e) {
            LOG.error("the sweep for expired keys failed and starts again in {} ms", RETRY_MS, e);
            postpone();
        }
    }

    private synchronized void postpone() {
        cursor = 0;
        clock.forget();
        clock.note(clock.nowMs() + RETRY_MS);
    }

    /** Ends the sweep after the tick under way, which is not interrupted: that could close the pool's file. */
    @Override
    public void close() {
        ScheduledExecutorService running;
        synchronized (this) {
            running = executor;
        }
        if (running == null) {
            return;
        }
        running.shutdown();
        try {
            if (!running.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("the sweep for expired keys did not end within 5 seconds");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
