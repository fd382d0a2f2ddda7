package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Queues with a capacity: never more elements than that, waiting for room and for elements, memory given back. */
@Timeout(180)
class BoundedQueueTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 700})
    void shouldRefuseElementsWhenItIsFull(final int capacity) throws InterruptedException {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.boundedQueue("bounded", Codecs.ints(), capacity);
                int next = 0;
                int first = 0;
                for (int round = 0; round < 5; round++) {
                    assertThat(queue.remainingCapacity()).isEqualTo(capacity - (next - first));
                    while (queue.offer(next)) {
                        next++;
                    }
                    assertThat(next - first).isEqualTo(capacity);
                    assertThat(queue.size()).isEqualTo(capacity);
                    assertThat(queue.remainingCapacity()).isZero();
                    assertThatThrownBy(() -> queue.add(-1)).isInstanceOf(IllegalStateException.class);
                    assertThat(queue.offer(-1, 1, TimeUnit.MILLISECONDS)).isFalse();
                    for (int i = 0; i < (capacity + 1) / 2; i++) {
                        assertThat(queue.take()).isEqualTo(first++);
                    }
                }
            }
            try (RemoteHeap heap = pool.embedded()) {
                assertThatThrownBy(() -> heap.boundedQueue("bounded", Codecs.ints(), capacity + 1))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("capacity of " + capacity + ",")
                        .hasMessageContaining("capacity of " + (capacity + 1));
                assertThatThrownBy(() -> heap.queue("bounded", Codecs.ints()))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("no bound");
                assertThatThrownBy(() -> heap.boundedQueue("none", Codecs.ints(), 0))
                        .isInstanceOf(IllegalArgumentException.class);
                final RemoteQueue<Integer> queue = heap.boundedQueue("bounded", Codecs.ints(), capacity);
                assertThat(queue.size()).isEqualTo(capacity - (capacity + 1) / 2);
            }
            pool.check();
        }
    }

    @Test
    void shouldCountThePlaceOfARemovedElementUntilThoseBeforeItHaveLeft() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.boundedQueue("bounded", Codecs.ints(), 3);
                for (int i = 1; i <= 3; i++) {
                    assertThat(queue.offer(i)).isTrue();
                }
                assertThat(queue.remove((Object) 2)).isTrue();
                assertThat(queue.offer(4)).isFalse();
                assertThat(queue.remove((Object) 1)).isTrue();
                assertThat(queue.remainingCapacity()).isEqualTo(2);
                assertThat(queue.offer(4)).isTrue();
                assertThat(queue.offer(5)).isTrue();
                assertThat(queue.offer(6)).isFalse();
                assertThat(queue).containsExactly(3, 4, 5);
            }
            pool.check();
        }
    }

    @Test
    void shouldAdmitExactlyItsCapacityAndKeepEachProducersOrderWhenHeapsCompete() throws Exception {
        final int capacity = 5;
        final int each = 1_500;
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            try (RemoteHeap one = pool.embedded();
                    RemoteHeap two = pool.local()) {
                final List<RemoteQueue<Integer>> queues = List.of(
                        one.boundedQueue("bounded", Codecs.ints(), capacity),
                        two.boundedQueue("bounded", Codecs.ints(), capacity));
                final ExecutorService threads = Executors.newFixedThreadPool(8);
                try {
                    final List<Callable<Integer>> fillers = new ArrayList<>();
                    for (int i = 0; i < 4; i++) {
                        final RemoteQueue<Integer> queue = queues.get(i % 2);
                        fillers.add(() -> {
                            int count = 0;
                            while (queue.offer(-1)) {
                                count++;
                            }
                            return count;
                        });
                    }
                    int admitted = 0;
                    for (final Future<Integer> filler : threads.invokeAll(fillers)) {
                        admitted += filler.get();
                    }
                    assertThat(admitted).isEqualTo(capacity);
                    queues.get(1).clear();
                    compete(threads, queues, each);
                } finally {
                    threads.shutdownNow();
                }
            }
            pool.check();
        }
    }

    private static void compete(final ExecutorService threads, final List<RemoteQueue<Integer>> queues, final int each)
            throws Exception {
        final List<Future<List<Integer>>> consumers = new ArrayList<>();
        final List<Future<?>> producers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            final int number = i;
            final RemoteQueue<Integer> queue = queues.get(i % 2);
            producers.add(threads.submit(() -> {
                for (int n = 0; n < each; n++) {
                    queue.put(number * each + n);
                }
                return null;
            }));
            consumers.add(threads.submit(() -> {
                final List<Integer> taken = new ArrayList<>();
                while (taken.size() < each) {
                    taken.add(queue.take());
                }
                return taken;
            }));
        }
        for (final Future<?> producer : producers) {
            producer.get();
        }
        final List<Integer> all = new ArrayList<>();
        for (final Future<List<Integer>> consumer : consumers) {
            final List<Integer> taken = consumer.get();
            for (int producer = 0; producer < 4; producer++) {
                final int from = producer * each;
                assertThat(taken.stream().filter(element -> element / each == from / each))
                        .isSorted();
            }
            all.addAll(taken);
        }
        assertThat(all).doesNotHaveDuplicates().hasSize(4 * each);
    }

    @Test
    void shouldGiveEachElementToOneWhenPollsAndRemovesCompete() throws Exception {
        final int count = 3_000;
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            try (RemoteHeap one = pool.embedded();
                    RemoteHeap two = pool.local()) {
                final List<RemoteQueue<Integer>> queues =
                        List.of(one.queue("shared", Codecs.ints()), two.queue("shared", Codecs.ints()));
                for (int i = 0; i < count; i++) {
                    queues.get(0).add(i);
                }
                final ExecutorService threads = Executors.newFixedThreadPool(4);
                final List<Callable<List<Integer>>> takers = new ArrayList<>();
                for (final RemoteQueue<Integer> queue : queues) {
                    takers.add(() -> {
                        final List<Integer> polled = new ArrayList<>();
                        Integer element = queue.poll();
                        while (element != null) {
                            assertThat(polled.isEmpty() || polled.get(polled.size() - 1) < element)
                                    .isTrue();
                            polled.add(element);
                            element = queue.poll();
                        }
                        return polled;
                    });
                    takers.add(() -> {
                        final List<Integer> removed = new ArrayList<>();
                        for (int i = count - 1; i > count / 2; i -= count / 50) {
                            if (queue.remove((Object) i)) {
                                removed.add(i);
                            }
                        }
                        return removed;
                    });
                }
                final List<Integer> all = new ArrayList<>();
                try {
                    for (final Future<List<Integer>> taker : threads.invokeAll(takers)) {
                        all.addAll(taker.get());
                    }
                } finally {
                    threads.shutdownNow();
                }
                assertThat(all).doesNotHaveDuplicates().hasSize(count);
                assertThat(queues.get(1)).isEmpty();
            }
            pool.check();
        }
    }

    @Test
    void shouldEndWithNothingTakenOrAddedWhenAWaitingThreadIsInterrupted() throws Exception {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> full = heap.boundedQueue("full", Codecs.ints(), 1);
                final RemoteQueue<Integer> empty = heap.queue("empty", Codecs.ints());
                full.add(1);
                interrupt(() -> {
                    full.put(2);
                    return null;
                });
                interrupt(empty::take);
                interrupt(() -> empty.poll(1, TimeUnit.HOURS));
                interrupt(() -> full.offer(2, 1, TimeUnit.HOURS));
                assertThat(full).containsExactly(1);
                empty.add(3);
                assertThat(empty.take()).isEqualTo(3);
            }
            pool.check();
        }
    }

    private static void interrupt(final Callable<?> waits) throws Exception {
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            final CountDownLatch ended = new CountDownLatch(1);
            final CountDownLatch begun = new CountDownLatch(1);
            final Future<?> waiting = executor.submit(() -> {
                begun.countDown();
                try {
                    return waits.call();
                } finally {
                    ended.countDown();
                }
            });
            begun.await();
            assertThat(ended.await(50, TimeUnit.MILLISECONDS)).isFalse();
            executor.shutdownNow();
            assertThatThrownBy(waiting::get).hasCauseInstanceOf(InterruptedException.class);
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void shouldNeverGrowWhenAMillionElementsPassThroughASmallPool() {
        try (TestPool pool = TestPool.ofMebibytes(8)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.boundedQueue("passing", Codecs.ints(), 1_000);
                for (int from = 0; from < 1_000_000; from += 1_000) {
                    for (int i = from; i < from + 1_000; i++) {
                        queue.add(i);
                    }
                    for (int i = from; i < from + 1_000; i++) {
                        if (queue.remove() != i) {
                            throw new AssertionError("not " + i);
                        }
                    }
                }
                assertThat(queue).isEmpty();
            }
            pool.check();
        }
    }

    @Test
    void shouldKeepTheBoundAndWhatWasAcknowledgedWhenAWorkerDiesBeforeAnyVerb() {
        final int capacity = 3;
        try (SimulatedPool pool = new SimulatedPool()) {
            boolean died = true;
            for (long crashAt = 0; died; crashAt++) {
                final String what = "died before verb " + crashAt;
                pool.restart();
                final SimulatedPool.Victim victim = pool.victim(crashAt, false);
                final List<Integer> elements = new ArrayList<>();
                final int[] pending = {0, 0};
                died = victim.run(() -> {
                    final RemoteQueue<Integer> queue = open(pool, victim.open(), capacity);
                    for (int i = 0; i < 3 * SimulatedWorker.SLOTS; i++) {
                        pool.agentTurn();
                        pending[0] = 1;
                        if (queue.offer(i)) {
                            elements.add(i);
                        }
                        pending[0] = 0;
                        if (i % 2 == 0) {
                            pool.agentTurn();
                            pending[1] = 1;
                            assertThat(queue.poll()).isEqualTo(elements.get(0));
                            elements.remove(0);
                            pending[1] = 0;
                        }
                    }
                });
                final RemoteQueue<Integer> other = open(pool, pool.open("other"), capacity);
                final List<Integer> left = new ArrayList<>(other);
                assertThat(left.size())
                        .as(what)
                        .isBetween(elements.size() - pending[1], Math.min(capacity, elements.size() + pending[0]));
                for (int turn = 0; turn < 2; turn++) {
                    final int room = capacity - other.size();
                    assertThat(other.remainingCapacity()).as(what).isEqualTo(room);
                    for (int i = 0; i <= room; i++) {
                        pool.agentTurn();
                        assertThat(other.offer(1_000 + i)).as(what).isEqualTo(i < room);
                    }
                    assertThat(other.poll()).as(what).isNotNull();
                    pool.turns(12);
                }
                pool.check(what);
            }
        }
    }

    private static RemoteQueue<Integer> open(
            final SimulatedPool pool, final WorkerSession session, final int capacity) {
        pool.agentTurn();
        final long parameter = (long) capacity << 32 | SimulatedWorker.SLOTS;
        final StructureRoot root = new StructureCatalog(session)
                .open(
                        "bounded",
                        QueueLayout.of(session.geometry(), parameter),
                        Codecs.ints().id(),
                        "");
        return new PersistentQueue<>(new QueueTable(session, root), Codecs.ints());
    }
}
