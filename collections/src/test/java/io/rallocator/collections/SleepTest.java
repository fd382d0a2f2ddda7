package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A worker sleeps before each verb of a short history in turn, and another one works on the same map and queue until it is
 * done: it waits for nothing (I9). Then the sleeper goes on from where it was: nothing is lost, doubled or out of order (I8).
 */
@Timeout(300)
class SleepTest {
    private static final int CROWD = 24;

    private static SimulatedPool pool;
    private static int[] keys;

    @BeforeAll
    static void open() {
        pool = new SimulatedPool();
        keys = new int[CROWD];
        for (int i = 0; i < CROWD; i++) {
            keys[i] = SimulatedWorker.crowdedKey(i);
        }
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    /** A history of a sleeper and what another one does meanwhile. */
    private interface Play {
        void prepare(SimulatedWorker other);

        void meanwhile(SimulatedWorker other);

        void play(SimulatedWorker sleeper);

        void verify(SimulatedWorker other, String what);
    }

    private interface Plays {
        Play next();
    }

    private static void sleepEverywhere(final boolean cached, final int leastVerbs, final Plays plays) {
        long pauseAt = 0;
        boolean slept;
        do {
            final String what = "slept before verb " + pauseAt;
            pool.restart();
            final Play play = plays.next();
            final WorkerSession awake = pool.open("awake");
            final SimulatedWorker other = new SimulatedWorker(awake, pool::agentTurn, cached);
            play.prepare(other);
            final WorkerSession session = pool.openSleeper(pauseAt, () -> {
                play.meanwhile(other);
                for (int i = 0; i < 4; i++) {
                    pool.turn(awake); // epochs pass as far as the sleeper lets them
                }
            });
            final SimulatedWorker sleeper = new SimulatedWorker(session, pool::agentTurn, cached);
            play.play(sleeper);
            slept = pool.hasSlept();
            if (!slept) {
                play.meanwhile(other);
            }
            play.verify(other, what);
            pool.turns(6);
            play.verify(sleeper, what);
            pool.check(what);
            pauseAt++;
        } while (slept);
        assertThat(pauseAt).isGreaterThan(leastVerbs);
    }

    /** Both fill and empty the same buckets, which split under them; both count in one entry. */
    private static final class MapPlay implements Play {
        private static final int COUNTER = -1;
        private final Map<Integer, String> model = new HashMap<>();
        private int count;

        private void put(final SimulatedWorker worker, final int n, final String value) {
            pool.agentTurn();
            worker.map.put(keys[n], value);
            model.put(keys[n], value);
        }

        private void remove(final SimulatedWorker worker, final int n) {
            pool.agentTurn();
            assertThat(worker.map.remove(keys[n])).isEqualTo(model.remove(keys[n]));
        }

        private void count(final SimulatedWorker worker) {
            pool.agentTurn();
            worker.map.merge(COUNTER, "x", String::concat);
            count++;
        }

        @Override
        public void prepare(final SimulatedWorker other) {
            put(other, 0, "prepared");
            count(other);
        }

        @Override
        public void meanwhile(final SimulatedWorker other) {
            for (int n = 1; n < CROWD; n += 2) {
                put(other, n, n % 4 == 1 ? "awake".repeat(150) : "awake " + n);
                count(other);
            }
            for (int n = 1; n < CROWD; n += 6) {
                remove(other, n);
            }
            pool.agentTurn();
            assertThat(other.map.get(keys[0])).isNotNull();
        }

        @Override
        public void play(final SimulatedWorker sleeper) {
            for (int n = 2; n < 10; n += 2) {
                put(sleeper, n, n == 6 ? "asleep".repeat(150) : "asleep " + n);
                count(sleeper);
            }
            pool.agentTurn();
            assertThat(sleeper.map.get(keys[4])).isEqualTo("asleep 4");
            remove(sleeper, 2);
            put(sleeper, 0, "replaced");
            count(sleeper);
        }

        @Override
        public void verify(final SimulatedWorker worker, final String what) {
            final Map<Integer, String> expected = new HashMap<>(model);
            expected.put(COUNTER, "x".repeat(count));
            assertThat(worker.map).as(what).isEqualTo(expected);
            assertThat(worker.map.sizeLong()).as(what).isEqualTo(expected.size());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLoseNoEntryWhereverAWorkerSleeps(final boolean cached) {
        sleepEverywhere(cached, 150, MapPlay::new);
    }

    /** One reads and replaces values of several blocks that the other one replaces and removes meanwhile. */
    private static final class CompositePlay implements Play {
        private static final String FIRST = "first ".repeat(1_500);
        private static final String SECOND = "second".repeat(1_000);
        private static final String THIRD = "third ".repeat(1_200);

        private static void put(final SimulatedWorker worker, final int n, final String value) {
            pool.agentTurn();
            worker.map.put(keys[n], value);
        }

        @Override
        public void prepare(final SimulatedWorker other) {
            put(other, 0, FIRST);
            put(other, 1, FIRST);
        }

        @Override
        public void meanwhile(final SimulatedWorker other) {
            for (int i = 0; i < 3; i++) {
                put(other, 0, SECOND);
                pool.agentTurn();
                assertThat(other.map.remove(keys[1])).isIn(FIRST, THIRD, SECOND, null);
                put(other, 1, SECOND);
            }
        }

        @Override
        public void play(final SimulatedWorker sleeper) {
            pool.agentTurn();
            assertThat(sleeper.map.get(keys[0])).isIn(FIRST, SECOND);
            pool.agentTurn();
            assertThat(sleeper.map.put(keys[1], THIRD)).isIn(FIRST, SECOND);
            pool.agentTurn();
            assertThat(sleeper.map.get(keys[1])).isIn(THIRD, SECOND);
            pool.agentTurn();
            if (sleeper.map.replace(keys[0], SECOND, THIRD)) {
                pool.agentTurn();
                assertThat(sleeper.map.get(keys[0])).isIn(THIRD, SECOND);
            }
        }

        @Override
        public void verify(final SimulatedWorker worker, final String what) {
            assertThat(worker.map.get(keys[0])).as(what).isIn(THIRD, SECOND);
            assertThat(worker.map.get(keys[1])).as(what).isIn(THIRD, SECOND);
            assertThat(worker.map.sizeLong()).as(what).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReadAndReplaceWholeCompositesWhereverAWorkerSleeps(final boolean cached) {
        sleepEverywhere(cached, 80, CompositePlay::new);
    }

    /** Both offer and poll across several segments. */
    private static final class QueuePlay implements Play {
        private static final int AWAKE = 1_000;
        private static final int BATCH_STEP = 10_000;

        /** Order of one producer's elements. */
        private static final Comparator<Integer> AS_OFFERED = Comparator.comparingInt(
                        (Integer element) -> element % BATCH_STEP)
                .thenComparingInt(element -> element / BATCH_STEP);

        private final List<Integer> takenAwake = new ArrayList<>();
        private final List<Integer> takenAsleep = new ArrayList<>();
        private final List<Integer> removed = new ArrayList<>();
        private final int most;
        private final int batch;
        private int offered;

        /** Takes so many elements at a time, and puts so many into a batch. */
        QueuePlay(final int most, final int batch) {
            this.most = most;
            this.batch = batch;
        }

        private void offer(final SimulatedWorker worker, final int element) {
            pool.agentTurn();
            if (batch == 1) {
                worker.queue.add(element);
            } else {
                final List<Integer> elements = new ArrayList<>();
                for (int i = 0; i < batch; i++) {
                    elements.add(element + BATCH_STEP * i);
                }
                worker.queue.addAll(elements);
            }
            offered += batch;
        }

        private void poll(final SimulatedWorker worker, final List<Integer> taken) {
            pool.agentTurn();
            if (most > 1) {
                worker.queue.drainTo(taken, most);
                return;
            }
            final Integer element = worker.queue.poll();
            if (element != null) {
                taken.add(element);
            }
        }

        private static void remove(final SimulatedWorker worker, final Integer element, final List<Integer> removed) {
            pool.agentTurn();
            if (worker.queue.remove(element)) {
                removed.add(element);
            }
        }

        @Override
        public void prepare(final SimulatedWorker other) {
            for (int i = 0; i < SimulatedWorker.SLOTS - 2; i++) {
                offer(other, AWAKE + i);
            }
        }

        @Override
        public void meanwhile(final SimulatedWorker other) {
            for (int i = 0; i < 3 * SimulatedWorker.SLOTS; i++) {
                offer(other, AWAKE + 100 + i);
                poll(other, takenAwake);
                if (i % 2 == 0) {
                    poll(other, takenAwake);
                }
                if (i % 4 == 0) {
                    remove(other, i / 4, removed);
                }
            }
        }

        @Override
        public void play(final SimulatedWorker sleeper) {
            for (int i = 0; i < SimulatedWorker.SLOTS; i++) {
                offer(sleeper, i);
                if (i % 3 != 0) {
                    poll(sleeper, takenAsleep);
                }
                if (i % 3 == 0) {
                    remove(sleeper, i / 2 + 1, removed);
                    remove(sleeper, AWAKE + i, removed);
                }
            }
        }

        @Override
        public void verify(final SimulatedWorker worker, final String what) {
            final List<Integer> left = new ArrayList<>(worker.queue);
            final Set<Integer> all = new HashSet<>(left);
            all.addAll(takenAwake);
            all.addAll(takenAsleep);
            all.addAll(removed);
            assertThat(left.size() + takenAwake.size() + takenAsleep.size() + removed.size())
                    .as(what)
                    .isEqualTo(offered);
            assertThat(all).as(what).hasSize(offered);
            assertThat(worker.queue.sizeLong()).as(what).isEqualTo(left.size());
            for (final List<Integer> list : List.of(left, takenAwake, takenAsleep)) {
                assertThat(list.stream().filter(element -> element % BATCH_STEP < AWAKE))
                        .as(what)
                        .isSortedAccordingTo(AS_OFFERED);
                assertThat(list.stream().filter(element -> element % BATCH_STEP >= AWAKE))
                        .as(what)
                        .isSortedAccordingTo(AS_OFFERED);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "1, 3", "2, 3", "64, 3"})
    void shouldDeliverEachElementOnceWhereverAWorkerSleeps(final int most, final int batch) {
        sleepEverywhere(false, 100, () -> new QueuePlay(most, batch));
    }

    /** Both fill a bounded queue again and again, and take from it what makes room. */
    private static final class BoundedPlay implements Play {
        private static final int CAPACITY = 3;
        private static final int AWAKE = 1_000;
        private final Map<SimulatedWorker, RemoteQueue<Integer>> queues = new HashMap<>();
        private final List<Integer> offered = new ArrayList<>();
        private final List<Integer> taken = new ArrayList<>();

        private RemoteQueue<Integer> queue(final SimulatedWorker worker) {
            pool.agentTurn();
            return queues.computeIfAbsent(worker, w -> w.boundedQueue(CAPACITY));
        }

        private void offer(final SimulatedWorker worker, final int element) {
            if (queue(worker).offer(element)) {
                offered.add(element);
            }
        }

        private void take(final SimulatedWorker worker, final int most) {
            queue(worker).drainTo(taken, most);
        }

        @Override
        public void prepare(final SimulatedWorker other) {
            offer(other, AWAKE);
            offer(other, AWAKE + 1);
        }

        @Override
        public void meanwhile(final SimulatedWorker other) {
            for (int i = 2; i < 2 * SimulatedWorker.SLOTS; i++) {
                offer(other, AWAKE + i);
                assertThat(queue(other).size()).isLessThanOrEqualTo(CAPACITY);
                take(other, i % 3);
            }
        }

        @Override
        public void play(final SimulatedWorker sleeper) {
            for (int i = 0; i < SimulatedWorker.SLOTS; i++) {
                offer(sleeper, i);
                take(sleeper, i % 3);
            }
        }

        @Override
        public void verify(final SimulatedWorker worker, final String what) {
            final List<Integer> all = new ArrayList<>(queue(worker));
            assertThat(all).as(what).hasSizeLessThanOrEqualTo(CAPACITY);
            assertThat(queue(worker).size()).as(what).isEqualTo(all.size());
            all.addAll(taken);
            assertThat(all).as(what).containsExactlyInAnyOrderElementsOf(offered);
        }
    }

    @Test
    void shouldKeepTheCapacityWhereverAWorkerSleeps() {
        sleepEverywhere(false, 80, BoundedPlay::new);
    }
}
