package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.persistence.PoolChecker;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Interrupts end what waits, and nothing else: no operation is lost or doubled, no file is closed, the flag stays. */
@Timeout(120)
class InterruptTest {
    @TempDir(cleanup = CleanupMode.ALWAYS)
    private Path folder;

    @AfterEach
    void leaveTheThreadAsItWas() {
        assertThat(Thread.interrupted()).isFalse();
    }

    private String address(final String durability) {
        return "embedded:" + folder.resolve("pool") + "?size=16m&durability=" + durability;
    }

    /** Runs something in this thread while it is interrupted, and expects that it still is afterwards. */
    private static <T> T interrupted(final Callable<T> call) throws Exception {
        Thread.currentThread().interrupt();
        try {
            return call.call();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "power"})
    void shouldCreateUseAndCloseAPoolWhenTheThreadIsInterrupted(final String durability) throws Exception {
        final RemoteHeap created = interrupted(() -> RemoteHeap.open(address(durability)));
        final RemoteHeap attached = interrupted(() -> RemoteHeap.open("local:" + folder.resolve("pool")));
        final RemoteMap<Integer, String> map = created.map("map", Codecs.ints(), Codecs.string());
        final RemoteQueue<Integer> queue = interrupted(() -> attached.queue("queue", Codecs.ints()));
        final RemoteLongArray longs = interrupted(() -> attached.longArray("longs", 1_000));
        for (int i = 0; i < 100; i++) {
            final int key = i;
            interrupted(() -> map.put(key, "value"));
            assertThat(InterruptTest.<Boolean>interrupted(() -> queue.offer(key)))
                    .isTrue();
            assertThat(InterruptTest.<Long>interrupted(() -> longs.getAndAdd(key, 1)))
                    .isZero();
        }
        assertThat(InterruptTest.<Integer>interrupted(() -> queue.drainTo(new ArrayList<>(), 10)))
                .isEqualTo(10);
        assertThat(InterruptTest.<Integer>interrupted(queue::poll)).isEqualTo(10);
        interrupted(() -> close(attached));
        interrupted(() -> close(created));
        try (RemoteHeap heap = interrupted(() -> RemoteHeap.open(address(durability)))) {
            assertThat(interrupted(() ->
                            heap.map("map", Codecs.ints(), Codecs.string()).size()))
                    .isEqualTo(100);
            assertThat(heap.queue("queue", Codecs.ints())).hasSize(89).startsWith(11, 12);
        }
        assertThat(PoolChecker.check(folder.resolve("pool")).clean()).isTrue();
    }

    private static Void close(final RemoteHeap heap) {
        heap.close();
        return null;
    }

    /** Somebody interrupts all the time, wherever the thread is: in a sync, in a mapping, in between. */
    @ParameterizedTest
    @ValueSource(strings = {"process", "power"})
    void shouldLoseNothingWhenTheThreadIsInterruptedAllTheTime(final String durability) throws InterruptedException {
        final AtomicBoolean ended = new AtomicBoolean();
        final CountDownLatch begun = new CountDownLatch(1);
        final List<Throwable> failures = new ArrayList<>();
        final Thread worker = new Thread(() -> {
            begun.countDown();
            try {
                for (int round = 0; round < 10; round++) {
                    useAll(durability, round);
                }
            } catch (final RuntimeException | Error e) {
                failures.add(e);
            } finally {
                ended.set(true);
            }
        });
        worker.start();
        begun.await();
        while (!ended.get()) {
            worker.interrupt();
            Thread.onSpinWait();
        }
        worker.join();
        assertThat(failures).isEmpty();
        assertThat(PoolChecker.check(folder.resolve("pool")).clean()).isTrue();
    }

    private void useAll(final String durability, final int round) {
        try (RemoteHeap heap = RemoteHeap.open(address(durability));
                RemoteHeap attached = RemoteHeap.open("local:" + folder.resolve("pool"))) {
            final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
            final RemoteQueue<Integer> queue = attached.queue("queue", Codecs.ints());
            assertThat(map.sizeLong()).isEqualTo(20L * round);
            for (int i = 0; i < 20; i++) {
                assertThat(map.put(20 * round + i, i)).isNull();
                assertThat(queue.offer(i)).isTrue();
                assertThat(queue.poll()).isEqualTo(i);
            }
            assertThat(queue.poll()).isNull();
        }
    }

    @Test
    void shouldDoWhatItWasAskedToWhenInterruptedBeforeAnyVerb() {
        try (SimulatedPool pool = new SimulatedPool()) {
            for (int verb = 0; ; verb++) {
                pool.restart();
                final SimulatedWorker worker = new SimulatedWorker(
                        pool.openSleeper(verb, () -> Thread.currentThread().interrupt()), pool::agentTurn, false);
                for (int i = 0; i < 40; i++) {
                    pool.agentTurn();
                    assertThat(worker.map.put(i, "value " + i)).isNull();
                    pool.agentTurn();
                    worker.queue.add(i);
                }
                for (int i = 0; i < 40; i++) {
                    pool.agentTurn();
                    assertThat(worker.map.remove(i)).isEqualTo("value " + i);
                    pool.agentTurn();
                    assertThat(worker.queue.poll()).isEqualTo(i);
                }
                final boolean slept = pool.hasSlept();
                assertThat(Thread.interrupted()).isEqualTo(slept);
                pool.check("interrupted before verb " + verb);
                if (!slept) {
                    assertThat(verb).isGreaterThan(100);
                    return;
                }
            }
        }
    }

    /** What waits, and one that could go on at once. */
    private interface Waiter {
        Object run() throws InterruptedException;
    }

    @Test
    void shouldTakeAndAddNothingWhenTheThreadIsInterruptedBeforeItWouldWait() throws InterruptedException {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
                final RemoteQueue<Integer> bounded = heap.boundedQueue("bounded", Codecs.ints(), 5);
                for (final RemoteQueue<Integer> each : List.of(queue, bounded)) {
                    each.add(1);
                    final List<Waiter> waiters = List.of(
                            each::take,
                            () -> each.poll(1, TimeUnit.DAYS),
                            () -> each.poll(0, TimeUnit.NANOSECONDS),
                            () -> each.offer(2, 1, TimeUnit.DAYS),
                            () -> each.offer(2, -1, TimeUnit.DAYS),
                            () -> {
                                each.put(2);
                                return null;
                            });
                    for (final Waiter waiter : waiters) {
                        Thread.currentThread().interrupt();
                        assertThatThrownBy(waiter::run).isInstanceOf(InterruptedException.class);
                        assertThat(Thread.interrupted()).isFalse();
                        assertThat(each).containsExactly(1);
                    }
                    each.put(3);
                    assertThat(each.take()).isEqualTo(1);
                    assertThat(each.poll(1, TimeUnit.DAYS)).isEqualTo(3);
                    assertThat(each.poll(-1, TimeUnit.DAYS)).isNull();
                }
            }
            pool.check();
        }
    }

    /** A producer of a full queue and a consumer of an empty one, interrupted again and again. */
    @Test
    void shouldLoseAndDoubleNothingWhenBothSidesAreInterruptedWhileTheyWait() throws InterruptedException {
        final int count = 2_000;
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded();
                    RemoteHeap other = pool.local()) {
                final RemoteQueue<Integer> in = heap.boundedQueue("queue", Codecs.ints(), 2);
                final RemoteQueue<Integer> out = other.boundedQueue("queue", Codecs.ints(), 2);
                final List<Integer> taken = new ArrayList<>();
                final Thread producer = new Thread(() -> {
                    for (int i = 0; i < count; ) {
                        i += isDone(i % 2 == 0 ? putter(in, i) : offerer(in, i)) ? 1 : 0;
                    }
                });
                final Thread consumer = new Thread(() -> {
                    while (taken.size() < count) {
                        isDone(() -> taken.add(taken.size() % 2 == 0 ? out.take() : out.poll(1, TimeUnit.DAYS)));
                    }
                });
                producer.start();
                consumer.start();
                while (producer.isAlive() || consumer.isAlive()) {
                    producer.interrupt();
                    consumer.interrupt();
                    Thread.yield();
                }
                assertThat(taken).hasSize(count).doesNotHaveDuplicates().isSorted();
                assertThat(in).isEmpty();
            }
            pool.check();
        }
    }

    private static Waiter putter(final RemoteQueue<Integer> queue, final int element) {
        return () -> {
            queue.put(element);
            return true;
        };
    }

    private static Waiter offerer(final RemoteQueue<Integer> queue, final int element) {
        return () -> {
            assertThat(queue.offer(element, 1, TimeUnit.DAYS)).isTrue();
            return true;
        };
    }

    /** Returns false if an interrupt ended it: as if it had not begun. */
    private static boolean isDone(final Waiter waiter) {
        try {
            waiter.run();
            return true;
        } catch (final InterruptedException e) {
            return false;
        }
    }
}
