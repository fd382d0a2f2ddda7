package io.rallocator.persistence;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Group commit: one sync of the device serves all threads that asked for one before it began. Who asks while one runs waits
 * for the next, since that one may have begun before its stores.
 *
 * <p>Other processes have their own; the file system merges syncs that meet. A thread waits for threads of its own process
 * only, so a stopped process holds up nobody else (I9).
 */
final class GroupSync implements Medium {
    private final DeviceSync device;
    private final AtomicLong asked = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private boolean running;
    private volatile long served;

    /** After a failed sync the kernel may have dropped what it could not write: nothing can be promised any more. */
    private IOException failure;

    GroupSync(final DeviceSync device) {
        this.device = device;
    }

    /** Nothing yet: a sync covers the whole file. */
    @Override
    public void flush(final long offset, final long length) {}

    @Override
    public void drain() {
        sync();
    }

    @Override
    public void close() {
        try {
            device.close();
        } catch (final IOException e) {
            throw new PoolUnavailableException("cannot close the pool's file: " + e, e);
        }
    }

    /**
     * Makes durable what the calling thread stored, and whatever it saw of others.
     *
     * @throws PoolUnavailableException if the device failed, now or before: what was acknowledged is safe, the rest is unknown
     */
    void sync() {
        final long ticket = asked.incrementAndGet(); // after the stores: a sync that begins later covers them
        if (lead(ticket)) {
            run();
        }
    }

    /** Waits until a sync covers the ticket, or returns true if the caller is to run one. */
    private boolean lead(final long ticket) {
        lock.lock();
        try {
            while (running && served < ticket && failure == null) {
                ended.awaitUninterruptibly();
            }
            requireWorking();
            running |= served < ticket;
            return served < ticket;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        final long covered = asked.get();
        IOException thrown = null;
        try {
            device.sync();
        } catch (final IOException e) {
            thrown = e;
        }
        lock.lock();
        try {
            running = false;
            failure = failure == null ? thrown : failure;
            if (thrown == null) {
                served = covered;
            }
            ended.signalAll();
            requireWorking();
        } finally {
            lock.unlock();
        }
    }

    private void requireWorking() {
        if (failure != null) {
            throw new PoolUnavailableException(
                    "the device did not take what was written (" + failure + "); what was acknowledged before is safe,"
                            + " what was under way is not known: check the device, then open the pool again",
                    failure);
        }
    }
}
