package io.rallocator.collections;

import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.StructureDroppedException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives memory back that scattered blocks hold: when a session's slabs have much more room than what is in use in them, it moves what maps have in the sparse ones,
 * and the slabs go back to the blade (DESIGN section 9). Each session does that for the slabs that it owns, whichever maps the blocks are of. It works a tenth of the time, so
 * that others hardly notice. Blocks of queues, of arrays, and of values that are larger than a block stay where they are.
 *
 * <p>Threads: one of its own.
 */
final class Compactor implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Compactor.class);
    private static final long FIRST_WAIT_MS = 250;
    private static final long LONGEST_WAIT_MS = 60_000;
    private static final int SHARE_OF_TIME = 10;

    /** It is begun when slabs that are not empty have so much room beside what is in use, and so many bytes of it. */
    private static final double LEAST_SHARE = 0.3;

    private static final long LEAST_BYTES = 4 << 20;

    private final WorkerSession session;
    private final StructureCatalog catalog;
    private final Function<StructureRoot, MapTable> tables;
    private final ScheduledThreadPoolExecutor thread;
    private long waitMs = FIRST_WAIT_MS;
    private volatile boolean closing;

    Compactor(
            final WorkerSession session,
            final StructureCatalog catalog,
            final Function<StructureRoot, MapTable> tables) {
        this.session = session;
        this.catalog = catalog;
        this.tables = tables;
        thread = new ScheduledThreadPoolExecutor(1, runnable -> {
            final Thread made = new Thread(runnable, "rallocator-compactor-" + session.index());
            made.setDaemon(true);
            return made;
        });
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        thread.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    void start() {
        thread.schedule(this::duty, waitMs, TimeUnit.MILLISECONDS); // does nothing once this is closed
    }

    /** If a pass gains nothing, the next one comes later. */
    private void duty() {
        try {
            if (isDue()) {
                final long held = session.allocatorStatistics().heldBytes();
                run();
                final boolean gained = session.allocatorStatistics().heldBytes() < held - held / 8;
                waitMs = gained ? FIRST_WAIT_MS : Math.min(LONGEST_WAIT_MS, 2 * waitMs);
            } else {
                waitMs = FIRST_WAIT_MS;
            }
            start();
        } catch (final HeapClosedException e) {
            LOGGER.debug("the heap is closed, nothing more is compacted", e);
        } catch (final RallocatorException e) {
            LOGGER.warn("slabs cannot be compacted now; this is tried again: {}", e.getMessage());
            waitMs = Math.min(LONGEST_WAIT_MS, 2 * waitMs);
            if (session.isOpen()) {
                start();
            }
        }
    }

    private boolean isDue() {
        final long scattered = session.scatteredBytes();
        return scattered > LEAST_BYTES
                && scattered > LEAST_SHARE * session.allocatorStatistics().liveBytes();
    }

    /** Moves what is in sparse slabs, once through all maps of the pool. */
    void run() {
        final long bytes = session.beginCompaction();
        LOGGER.debug("emptying slabs of {} bytes", bytes);
        if (bytes > 0) {
            try {
                for (final StructureRoot each : catalog.structures()) {
                    if (each.type() == MapLayout.TYPE && !closing) {
                        compact(each);
                    }
                }
            } catch (final OutOfRemoteMemoryException e) {
                LOGGER.debug("there is no room to move blocks to", e);
            } finally {
                session.endCompaction();
            }
        } else {
            session.endCompaction();
        }
    }

    private void compact(final StructureRoot found) {
        final StructureRoot root = catalog.find(found.name());
        if (root == null || root.type() != MapLayout.TYPE) {
            return; // dropped or renamed just now
        }
        final MapTable table = tables.apply(root);
        final ScanBatch keys = new ScanBatch();
        final Scratch scratch = Scratch.enter();
        try {
            long cursor = 0;
            do {
                final long from = System.nanoTime();
                cursor = table.compactor().step(cursor, keys, scratch);
                rest(System.nanoTime() - from);
            } while (cursor != 0 && !closing);
        } catch (final StructureDroppedException e) {
            LOGGER.debug("'{}' was dropped while it was compacted", found.name(), e);
        } finally {
            scratch.exit();
        }
    }

    private void rest(final long workedNs) {
        if (!closing) {
            LockSupport.parkNanos((SHARE_OF_TIME - 1) * workedNs);
        }
    }

    /** Waits until nothing is under way. Idempotent. */
    @Override
    public void close() {
        closing = true;
        thread.shutdown(); // what waits is given up, what runs sees that this is closing
        boolean interrupted = false;
        while (!thread.isTerminated()) {
            try {
                thread.awaitTermination(1, TimeUnit.MINUTES);
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
