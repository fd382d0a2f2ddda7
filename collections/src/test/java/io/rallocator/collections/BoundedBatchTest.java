package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches in a queue with a bound, which counts slots: a batch covers as many as it has elements. */
@Timeout(300)
class BoundedBatchTest {
    private static List<Integer> numbers(final int from, final int to) {
        return IntStream.range(from, to).boxed().toList();
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

    /** What fits of a batch; with a model. */
    private static int addAll(final RemoteQueue<Integer> queue, final List<Integer> elements) {
        final int room = queue.remainingCapacity();
        if (elements.size() <= room) {
            assertThat(queue.addAll(elements)).isTrue();
            return elements.size();
        }
        assertThatThrownBy(() -> queue.addAll(elements))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Queue full");
        return room;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 100, 1_000})
    void shouldFollowAModelWhenBatchesComeAndGoInParts(final int capacity) {
        final long seed = Long.getLong("rallocator.seed", 20_261_123L + capacity);
        final Random random = new Random(seed);
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded();
                    RemoteHeap local = pool.local()) {
                final List<RemoteQueue<Integer>> queues = List.of(
                        heap.boundedQueue("bounded", Codecs.ints(), capacity),
                        local.boundedQueue("bounded", Codecs.ints(), capacity));
                final Deque<Integer> model = new ArrayDeque<>();
                for (int i = 0; i < 1_000; i++) {
                    final RemoteQueue<Integer> queue = queues.get(random.nextInt(2));
                    final int many = 1 + random.nextInt(90);
                    switch (random.nextInt(6)) {
                        case 0, 1 -> {
                            final List<Integer> elements = numbers(1_000 * i, 1_000 * i + many);
                            final int added = addAll(queue, elements);
                            assertThat(added).isEqualTo(Math.min(many, capacity - model.size()));
                            model.addAll(elements.subList(0, added));
                        }
                        case 2 -> {
                            final boolean fits = model.size() < capacity;
                            assertThat(queue.offer(1_000 * i)).isEqualTo(fits);
                            if (fits) {
                                model.add(1_000 * i);
                            }
                        }
                        case 3 -> {
                            final List<Integer> drained = new ArrayList<>();
                            queue.drainTo(drained, many);
                            for (final Integer element : drained) {
                                assertThat(element).isEqualTo(model.poll());
                            }
                            assertThat(drained.size() == many || model.isEmpty())
                                    .isTrue();
                        }
                        default -> assertThat(queue.poll()).isEqualTo(model.poll());
                    }
                    assertThat(queue.remainingCapacity())
                            .as("seed " + seed + ", step " + i)
                            .isEqualTo(capacity - model.size());
                }
                assertThat(queues.get(0)).containsExactlyElementsOf(model);
                assertThat(queues.get(1).size()).isEqualTo(model.size());
            }
            pool.check();
        }
    }

    @Test
    void shouldGiveThePlaceOfAnElementBackWhenItIsRemovedFromTheFirstBatch() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.boundedQueue("bounded", Codecs.ints(), 3);
                queue.addAll(numbers(0, 3));
                assertThat(queue.remove((Object) 1)).isTrue();
                assertThat(queue.remainingCapacity()).isEqualTo(1);
                assertThat(queue.offer(3)).isTrue();
                assertThat(queue.offer(4)).isFalse();
                assertThat(queue.remove((Object) 2)).isTrue();
                assertThat(queue.remove((Object) 0)).isTrue();
                assertThat(queue.remainingCapacity()).isEqualTo(2);
                try (Lease<Integer> lease = queue.tryReceive()) {
                    assertThat(lease.element()).isEqualTo(3);
                    assertThat(queue.remainingCapacity()).isEqualTo(3);
                    lease.acknowledge();
                }
                queue.addAll(numbers(10, 13));
                for (int i = 10; i < 13; i++) {
                    queue.tryReceive().acknowledge();
                    assertThat(queue.remainingCapacity()).isEqualTo(i - 9);
                }
            }
            pool.check();
        }
    }

    @Test
    void shouldCostTwoRoundTripsToAddAsManyAsFitIntoASegmentAndThreeAtMostToDrainThem() {
        try (SimulatedPool pool = new SimulatedPool()) {
            pool.restart();
            final WorkerSession session = pool.openCounting("counting");
            final RemoteQueue<Integer> queue = open(pool, session, 1_000);
            pool.agentTurn();
            queue.addAll(numbers(0, 2));
            pool.agentTurn();

            long before = chains(session);
            queue.addAll(numbers(2, 6));
            assertThat(chains(session) - before).isEqualTo(2);

            pool.agentTurn();
            assertThat(queue.drainTo(new ArrayList<>(), 2)).isEqualTo(2);
            pool.agentTurn();
            before = chains(session);
            assertThat(queue.drainTo(new ArrayList<>(), 4)).isEqualTo(4);
            assertThat(chains(session) - before).isLessThanOrEqualTo(3);
        }
    }

    private static long chains(final WorkerSession session) {
        long sum = 0;
        for (final Operation operation : Operation.all()) {
            sum += session.count(operation, Figure.CHAINS);
        }
        return sum;
    }

    /** How the elements of a batch leave, the last of them by another way than the slot being swapped. */
    private enum Taking {
        DRAIN {
            @Override
            boolean one(final RemoteQueue<Integer> queue) {
                return queue.drainTo(new ArrayList<>()) > 0;
            }
        },
        POLL {
            @Override
            boolean one(final RemoteQueue<Integer> queue) {
                return queue.poll() != null;
            }
        },
        REMOVE {
            @Override
            boolean one(final RemoteQueue<Integer> queue) {
                final Integer first = queue.peek();
                return first != null && queue.remove(first);
            }
        },
        LEASE {
            @Override
            boolean one(final RemoteQueue<Integer> queue) {
                final Lease<Integer> lease = queue.tryReceive();
                return lease != null && lease.acknowledge();
            }
        };

        abstract boolean one(RemoteQueue<Integer> queue);
    }

    /** Its covers come late: they must not take places that others may have. */
    @ParameterizedTest
    @EnumSource(Taking.class)
    void shouldCountNoPlaceThatIsFreeWhenAProducerSleepsWhileItsBatchIsTaken(final Taking taking) {
        try (SimulatedPool pool = new SimulatedPool()) {
            boolean slept = true;
            for (long pauseAt = 0; slept; pauseAt++) {
                final String what = "slept before verb " + pauseAt;
                pool.restart();
                final RemoteQueue<Integer> other = open(pool, pool.open("awake"), 7);
                final WorkerSession session = pool.openSleeper(pauseAt, () -> {
                    do {
                        pool.agentTurn();
                    } while (taking.one(other));
                    pool.agentTurn();
                    other.add(100);
                    pool.agentTurn();
                });
                final RemoteQueue<Integer> sleeper = open(pool, session, 7);
                pool.agentTurn();
                sleeper.addAll(numbers(0, 4));
                slept = pool.hasSlept();
                assertThat(other.remainingCapacity()).as(what).isEqualTo(7 - other.size());
                assertThat(sleeper.remainingCapacity()).as(what).isEqualTo(7 - other.size());
                pool.check(what);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 5, 20})
    void shouldKeepTheBoundAndAdmitAllItAllowsWhenAWorkerDiesBeforeAnyVerb(final int capacity) {
        try (SimulatedPool pool = new SimulatedPool()) {
            boolean died = true;
            for (long crashAt = 0; died; crashAt++) {
                final String what = "died before verb " + crashAt;
                pool.restart();
                final SimulatedPool.Victim victim = pool.victim(crashAt, false);
                final RemoteQueue<Integer> other = open(pool, pool.open("other"), capacity);
                died = victim.run(() -> {
                    final RemoteQueue<Integer> queue = open(pool, victim.open(), capacity);
                    for (int i = 0; i < 8; i++) {
                        pool.agentTurn();
                        offerSome(queue, numbers(10 * i, 10 * i + 4));
                        pool.agentTurn();
                        queue.poll();
                        pool.agentTurn();
                        queue.drainTo(new ArrayList<>(), i % 4);
                    }
                });
                for (int turn = 0; turn < 3; turn++) {
                    final int room = capacity - other.size();
                    for (int i = 0; i <= room; i++) {
                        pool.agentTurn();
                        assertThat(other.offer(1_000 + i)).as(what).isEqualTo(i < room);
                        assertThat(other.remainingCapacity()).as(what).isEqualTo(Math.max(0, room - i - 1));
                    }
                    assertThat(other).as(what).hasSize(capacity);
                    assertThat(other.poll()).as(what).isNotNull();
                    pool.turns(12);
                }
                pool.check(what);
            }
        }
    }

    /** A producer or consumer sleeps before any verb, and others go on; what it does later to slots must change no count. */
    @ParameterizedTest
    @ValueSource(ints = {3, 5, 20})
    void shouldKeepTheBoundAndAdmitAllItAllowsWhenAWorkerSleepsBeforeAnyVerb(final int capacity) {
        try (SimulatedPool pool = new SimulatedPool()) {
            boolean slept = true;
            for (long pauseAt = 0; slept; pauseAt++) {
                final String what = "slept before verb " + pauseAt;
                pool.restart();
                final WorkerSession awake = pool.open("awake");
                final RemoteQueue<Integer> other = open(pool, awake, capacity);
                pool.agentTurn();
                addAll(other, numbers(500, 503));
                final List<Integer> taken = new ArrayList<>();
                final WorkerSession session = pool.openSleeper(pauseAt, () -> {
                    for (int i = 0; i < 6; i++) {
                        pool.agentTurn();
                        addAll(other, numbers(1_000 + 10 * i, 1_002 + 10 * i));
                        assertThat(other.size()).as(what).isLessThanOrEqualTo(capacity);
                        pool.agentTurn();
                        other.drainTo(taken, 1 + i);
                    }
                    pool.agentTurn();
                    addAll(other, numbers(2_000, 2_001 + capacity / 2));
                    assertThat(other.size()).as(what).isLessThanOrEqualTo(capacity);
                    for (int i = 0; i < 4; i++) {
                        pool.turn(awake);
                    }
                });
                final RemoteQueue<Integer> sleeper = open(pool, session, capacity);
                final List<Integer> takenLate = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    pool.agentTurn();
                    offerSome(sleeper, numbers(10 * i, 10 * i + 4));
                    pool.agentTurn();
                    sleeper.drainTo(takenLate, 3);
                }
                slept = pool.hasSlept();
                assertThat(other.size()).as(what).isLessThanOrEqualTo(capacity);
                assertThat(other.remainingCapacity()).as(what).isEqualTo(capacity - other.size());
                for (final List<Integer> list : List.of(taken, takenLate, new ArrayList<>(other))) {
                    assertThat(list.stream().filter(element -> element < 500))
                            .as(what)
                            .isSorted();
                    assertThat(list.stream().filter(element -> element >= 500))
                            .as(what)
                            .isSorted();
                }
                pool.turns(6);
                pool.check(what);
            }
        }
    }

    /** Somebody else may fill or empty the queue meanwhile. */
    private static void offerSome(final RemoteQueue<Integer> queue, final List<Integer> elements) {
        try {
            queue.addAll(elements);
        } catch (final IllegalStateException e) {
            assertThat(e).hasMessage("Queue full");
        }
    }
}
