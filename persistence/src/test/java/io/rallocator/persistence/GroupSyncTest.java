package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One sync serves all who asked before it began, and nobody who asked later. */
@Timeout(60)
class GroupSyncTest {
    private static final int THREADS = 8;

    /** A device whose syncs end when the test says so. */
    private static final class SimulatedDevice implements DeviceSync {
        private final AtomicInteger began = new AtomicInteger();
        private final Semaphore mayEnd = new Semaphore(0);
        private volatile IOException failure;

        @Override
        public void sync() throws IOException {
            began.incrementAndGet();
            mayEnd.acquireUninterruptibly();
            if (failure != null) {
                throw failure;
            }
        }

        @Override
        public void close() {
            // nothing is open
        }

        void awaitSyncs(final int count) {
            while (began.get() < count) {
                Thread.onSpinWait();
            }
        }
    }

    private static Thread start(final Runnable what) {
        final Thread thread = new Thread(what);
        thread.start();
        return thread;
    }

    private static void awaitWaiting(final List<Thread> threads) {
        for (final Thread thread : threads) {
            while (thread.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
        }
    }

    private static void join(final List<Thread> threads) throws InterruptedException {
        for (final Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void shouldServeAllWhoAskDuringASyncByOneMore() throws InterruptedException {
        final SimulatedDevice device = new SimulatedDevice();
        final GroupSync sync = new GroupSync(device);
        final List<Thread> first = List.of(start(sync::sync));
        device.awaitSyncs(1);
        final List<Thread> others = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            others.add(start(sync::sync));
        }
        awaitWaiting(others);
        device.mayEnd.release();
        join(first);
        device.awaitSyncs(2);
        assertThat(others).allMatch(Thread::isAlive);
        device.mayEnd.release();
        join(others);
        assertThat(device.began).hasValue(2);
    }

    @Test
    void shouldCoverEveryStoreThatCameBeforeTheCallWhenManyThreadsSync() throws InterruptedException {
        final AtomicLong stored = new AtomicLong();
        final AtomicLong durable = new AtomicLong();
        final AtomicInteger syncs = new AtomicInteger();
        final GroupSync sync = new GroupSync(new DeviceSync() {
            @Override
            public void sync() {
                durable.accumulateAndGet(stored.get(), Math::max);
                syncs.incrementAndGet();
            }

            @Override
            public void close() {
                // nothing is open
            }
        });
        final CountDownLatch missing = new CountDownLatch(1);
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            threads.add(start(() -> {
                for (int n = 0; n < 2_000; n++) {
                    final long mine = stored.incrementAndGet();
                    sync.sync();
                    if (durable.get() < mine) {
                        missing.countDown();
                    }
                }
            }));
        }
        join(threads);
        assertThat(missing.getCount())
                .as("1: every sync covered the stores before it")
                .isOne();
        assertThat(syncs.get()).isLessThanOrEqualTo(THREADS * 2_000);
    }

    @Test
    void shouldPromiseNothingAnyMoreWhenTheDeviceFailed() throws InterruptedException {
        final SimulatedDevice device = new SimulatedDevice();
        final GroupSync sync = new GroupSync(device);
        device.failure = new IOException("no medium");
        device.mayEnd.release();
        assertThatThrownBy(sync::sync)
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("no medium");
        device.failure = null; // the kernel has forgotten what it could not write
        assertThatThrownBy(sync::sync).isInstanceOf(PoolUnavailableException.class);
        assertThat(device.began).hasValue(1);
    }

    @Test
    void shouldSyncAndStayInterruptedWhenTheThreadIs(@TempDir final Path folder) throws IOException {
        final Path file = Files.createFile(folder.resolve("file"));
        try (FileSync device = new FileSync(file)) {
            Thread.currentThread().interrupt();
            device.sync();
            assertThat(Thread.interrupted()).isTrue();
            device.sync();
        }
    }
}
