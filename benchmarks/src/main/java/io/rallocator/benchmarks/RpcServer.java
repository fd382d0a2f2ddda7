package io.rallocator.benchmarks;

import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.NvmRegion;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.IntArrayList;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * The blade's processor in the RPC allocator: a thread that looks at all mailboxes, keeps free lists by size class, and notes each change in a bitmap in the
 * pool. A mailbox is two words, each {sequence 8, size class 8, unused 8, block 40}; the sequence tells a new request, and an answer to it.
 *
 * <p>Its processor time counts for turns that served requests only, and without what the clock takes: idle polling is not held against it.
 */
final class RpcServer implements AutoCloseable {
    static final int ANSWER_OFFSET = 8;
    static final int SEQUENCES = 255;
    static final long NONE = (1L << 40) - 1;
    private static final int MAILBOX_BYTES = 64;
    private static final int BITS = Long.SIZE;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final NvmRegion region;
    private final RemoteArea area;
    private final int workers;
    private final int blocks;
    private final List<IntArrayList> free = new ArrayList<>();
    private final int[] served;
    private final Thread thread = new Thread(this::run, "rpc-blade");
    private volatile boolean closed;
    private volatile RuntimeException failure;
    private volatile long servedCpuNs;

    RpcServer(final NvmRegion region, final WorkerSession owner, final int workers) {
        this.region = region;
        this.workers = workers;
        blocks = Integer.highestOneBit(workers * OneTierPolicy.BLOCKS_PER_WORKER * 2 - 1);
        area = new RemoteArea(
                owner, (long) workers * MAILBOX_BYTES + (long) AllocationRun.CLASSES * blocks / Byte.SIZE);
        served = new int[workers];
        for (int blockClass = 0; blockClass < AllocationRun.CLASSES; blockClass++) {
            final IntArrayList all = new IntArrayList();
            for (int block = blocks - 1; block >= 0; block--) {
                all.addInt(block);
            }
            free.add(all);
        }
        thread.setDaemon(true);
        thread.start();
    }

    long mailbox(final int worker) {
        return area.offset((long) worker * MAILBOX_BYTES);
    }

    static long request(final int sequence, final int blockClass, final long freed) {
        return (long) sequence << 56 | (long) blockClass << 48 | freed;
    }

    static int sequence(final long word) {
        return (int) (word >>> 56);
    }

    static long block(final long word) {
        return word & NONE;
    }

    /** Throws what ended the thread, if anything did. */
    void check() {
        final RuntimeException cause = failure;
        if (cause != null) {
            throw new IllegalStateException("the rpc allocator's thread ended", cause);
        }
    }

    long servedCpuNs() {
        return servedCpuNs;
    }

    private void run() {
        try {
            final IdleStrategy idle = new BackoffIdleStrategy(10, 10, 1_000, 100_000);
            final long clockNs = clockNs();
            while (!closed) {
                final long from = THREADS.getCurrentThreadCpuTime();
                final int work = turn();
                if (work > 0) {
                    final long ns = THREADS.getCurrentThreadCpuTime() - from - clockNs;
                    servedCpuNs = servedCpuNs() + Math.max(0, ns);
                }
                idle.idle(work);
            }
        } catch (final RuntimeException e) {
            failure = e;
        }
    }

    /** What one reading of the clock takes. */
    private static long clockNs() {
        final int readings = 10_000;
        final long from = THREADS.getCurrentThreadCpuTime();
        long last = from;
        for (int i = 0; i < readings; i++) {
            last = THREADS.getCurrentThreadCpuTime();
        }
        return (last - from) / readings;
    }

    private int turn() {
        int work = 0;
        for (int worker = 0; worker < workers; worker++) {
            final long mailbox = mailbox(worker);
            final long request = region.readLong(mailbox);
            if (sequence(request) != served[worker]) {
                served[worker] = sequence(request);
                region.writeLong(mailbox + ANSWER_OFFSET, serve(request));
                work++;
            }
        }
        return work;
    }

    private long serve(final long request) {
        final int blockClass = (int) (request >>> 48) & 0xFF;
        final long freed = block(request);
        if (freed != NONE) {
            flip(freed);
            free.get((int) (freed / blocks)).addInt((int) (freed % blocks));
        }
        final IntArrayList candidates = free.get(blockClass);
        if (candidates.isEmpty()) {
            throw new IllegalStateException("no block of class " + blockClass + " is free");
        }
        final long block = (long) blockClass * blocks + candidates.removeAt(candidates.size() - 1);
        flip(block);
        return request(sequence(request), blockClass, block);
    }

    private void flip(final long block) {
        final long offset = area.offset((long) workers * MAILBOX_BYTES + block / BITS * Long.BYTES);
        region.writeLong(offset, region.readLong(offset) ^ 1L << block);
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
