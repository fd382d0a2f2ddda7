package io.rallocator.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/**
 * The processor time that the agent of this process's only blade takes for what workers do: what its thread took, less what it takes for as long a time in which nobody does
 * anything, since it looks for work all the time.
 */
final class BladeCpu {
    private static final String AGENT = "rallocator-blade";
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final long IDLE_NS = 200_000_000;

    private final long thread;
    private final double idle;
    private long cpuNs;
    private long wallNs;

    /** Looks for a while how much the agent takes while nothing happens. */
    BladeCpu() {
        thread = Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
                .filter(Objects::nonNull)
                .filter(info -> info.getThreadName().equals(AGENT))
                .mapToLong(ThreadInfo::getThreadId)
                .max()
                .orElseThrow(() -> new IllegalStateException("no thread is called " + AGENT));
        start();
        while (System.nanoTime() - wallNs < IDLE_NS) {
            LockSupport.parkNanos(IDLE_NS / 10);
        }
        idle = (double) (THREADS.getThreadCpuTime(thread) - cpuNs) / (System.nanoTime() - wallNs);
    }

    void start() {
        cpuNs = THREADS.getThreadCpuTime(thread);
        wallNs = System.nanoTime();
    }

    /** Nanoseconds since the start; 0 if it took less than when idle. */
    double workNs() {
        final double expected = idle * (System.nanoTime() - wallNs);
        return Math.max(0, THREADS.getThreadCpuTime(thread) - cpuNs - expected);
    }
}
