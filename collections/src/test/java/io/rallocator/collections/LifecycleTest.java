package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.HeapClosedException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Closing under load, use after closing, interrupts while waiting. */
@Timeout(60)
class LifecycleTest {
    private TestPool pool;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(32);
    }

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    @Test
    void shouldThrowFromEveryMethodWhenTheHeapIsClosed() {
        final RemoteHeap heap = pool.embedded("cache=64k");
        final RemoteMap<String, String> map = heap.map("map", Codecs.string(), Codecs.string());
        final RemoteQueue<String> queue = heap.queue("queue", Codecs.string());
        map.put("key", "value");
        queue.add("element");
        final Iterator<Map.Entry<String, String>> entries = map.entrySet().iterator();
        final Iterator<String> elements = queue.iterator();
        heap.close();
        heap.close();
        final List<org.assertj.core.api.ThrowableAssert.ThrowingCallable> calls = List.of(
                () -> map.get("key"),
                () -> map.put("key", "other"),
                () -> map.remove("key"),
                () -> map.compute("key", (key, old) -> old),
                () -> map.merge("key", "x", String::concat),
                map::size,
                map::isEmpty,
                map::clear,
                () -> map.scan(0, 1, (key, value) -> {}),
                entries::hasNext,
                queue::poll,
                queue::peek,
                queue::take,
                queue::size,
                queue::clear,
                () -> queue.offer("x"),
                elements::hasNext,
                heap::names,
                () -> heap.map("map", Codecs.string(), Codecs.string()),
                () -> heap.map("new", Codecs.string(), Codecs.string()),
                () -> heap.queue("queue", Codecs.string()));
        for (int i = 0; i < calls.size(); i++) {
            assertThatThrownBy(calls.get(i)).as("call %d", i).isInstanceOf(HeapClosedException.class);
        }
    }

    @Test
    void shouldThrowInEveryThreadWhenTheHeapIsClosedUnderThem() throws InterruptedException {
        for (int round = 0; round < 10; round++) {
            final RemoteHeap heap = pool.embedded(round % 2 == 0 ? "cache=0" : "cache=1m");
            final RemoteMap<Integer, String> map = heap.map("map", Codecs.ints(), Codecs.string());
            final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
            final AtomicInteger closed = new AtomicInteger();
            final AtomicReference<Throwable> wrong = new AtomicReference<>();
            final int threads = 8;
            final CountDownLatch running = new CountDownLatch(threads);
            final List<Thread> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                final int me = i;
                final Thread thread = new Thread(() -> {
                    try {
                        useForEver(map, queue, me, running);
                    } catch (final HeapClosedException e) {
                        closed.incrementAndGet();
                    } catch (final InterruptedException | RuntimeException | Error e) {
                        wrong.set(e);
                    }
                });
                thread.start();
                all.add(thread);
            }
            running.await();
            heap.close();
            for (final Thread thread : all) {
                thread.join();
            }
            assertThat(wrong.get()).isNull();
            assertThat(closed).hasValue(threads);
            pool.check();
        }
    }

    private static void useForEver(
            final RemoteMap<Integer, String> map,
            final RemoteQueue<Integer> queue,
            final int me,
            final CountDownLatch running)
            throws InterruptedException {
        for (int i = 0; ; i++) {
            if (i == 50) {
                running.countDown();
            }
            final int key = i % 1_000;
            switch (me % 4) {
                case 0 -> map.put(key, "value " + i);
                case 1 -> map.get(key);
                case 2 -> {
                    queue.offer(i);
                    map.remove(key);
                }
                default -> {
                    if (i < 50) {
                        queue.poll();
                    } else {
                        queue.take();
                    }
                }
            }
        }
    }

    @Test
    void shouldTakeNothingWhenInterruptedWhileWaiting() throws InterruptedException {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
            final AtomicReference<Object> outcome = new AtomicReference<>();
            final Thread taker = new Thread(() -> {
                try {
                    outcome.set(queue.take());
                } catch (final InterruptedException e) {
                    outcome.set(e);
                }
            });
            taker.start();
            Workers.awaitParked(taker);
            taker.interrupt();
            taker.join();
            assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
            queue.add(1);
            Thread.currentThread().interrupt();
            assertThatThrownBy(queue::take).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> queue.poll(1, TimeUnit.DAYS)).isInstanceOf(InterruptedException.class);
            assertThat(queue.take()).isEqualTo(1);
        }
    }

    @Test
    void shouldLoseNothingWhenTakersAreInterruptedAllTheTime() throws InterruptedException {
        final int count = 5_000;
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
            final AtomicInteger taken = new AtomicInteger();
            final Thread taker = new Thread(() -> {
                int expected = 0;
                while (expected < count) {
                    try {
                        assertThat(queue.take()).isEqualTo(expected);
                        expected++;
                        taken.incrementAndGet();
                    } catch (final InterruptedException e) {
                        // as if nothing had happened
                    }
                }
            });
            taker.start();
            for (int i = 0; i < count; i++) {
                queue.put(i);
                if (i % 3 == 0) {
                    taker.interrupt();
                }
            }
            taker.join(TimeUnit.SECONDS.toMillis(30));
            assertThat(taken).hasValue(count);
            assertThat(queue).isEmpty();
        }
    }

    @Test
    void shouldHandOverFromOneHeapToAnotherWhenATakerWaits() throws InterruptedException {
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local()) {
            final RemoteQueue<String> queue = first.queue("queue", Codecs.string());
            final AtomicReference<String> taken = new AtomicReference<>();
            final Thread taker = new Thread(() -> {
                try {
                    taken.set(queue.take());
                } catch (final InterruptedException e) {
                    taken.set("interrupted");
                }
            });
            taker.start();
            Workers.awaitParked(taker);
            second.queue("queue", Codecs.string()).put("handed over");
            taker.join();
            assertThat(taken).hasValue("handed over");
        }
    }
}
