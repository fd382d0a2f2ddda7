package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A worker dies before each verb of one operation. What became of it (I10) is answered as the structure shows: at once, after others
 * have replaced what it wrote and overwritten their own intents (DESIGN trap 12), after recovery, and after the memory was
 * used again.
 */
@Timeout(300)
class OutcomeTest {
    private static final String LARGE = "large ".repeat(200);
    private static final String COMPOSITE = "composite ".repeat(900);
    private static final int LENGTH = 1_000;
    private static final int PLACE = 700;
    private static final int OVERWRITTEN_KEYS = 6;

    private static SimulatedPool pool;

    @BeforeAll
    static void open() {
        pool = new SimulatedPool();
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    /** One session's structures. */
    private static final class Worker {
        private final SimulatedWorker base;
        private final RemoteMap<Integer, String> map;
        private final RemoteQueue<Integer> queue;
        private final RemoteArray<String> array;

        Worker(final WorkerSession session) {
            base = new SimulatedWorker(session, pool::agentTurn, false);
            map = base.map;
            queue = base.queue;
            pool.agentTurn();
            array = new PersistentArray<>(
                    SmallExtents.create(session, base.catalog, "array", ArrayKind.ELEMENTS, Codecs.string(), LENGTH),
                    Codecs.string());
        }

        void create(final String name) {
            SmallExtents.create(base.session, base.catalog, name, ArrayKind.LONGS, Codecs.longs(), LENGTH);
        }

        Set<String> names() {
            return Set.copyOf(
                    base.catalog.structures().stream().map(StructureRoot::name).toList());
        }
    }

    /** Which part of the pool an operation changes, how to look at it, and how others change the same thing. */
    private enum Part {
        MAP(worker -> Map.copyOf(worker.map), (worker, round) -> {
            for (int key = 0; key < OVERWRITTEN_KEYS; key++) {
                worker.map.put(key(key), "other " + round);
            }
        }),
        QUEUE(worker -> List.copyOf(worker.queue), (worker, round) -> {
            worker.queue.add(1_000 + round);
            worker.queue.poll();
            worker.queue.poll();
        }),
        ARRAY(
                worker -> String.valueOf(worker.array.get(PLACE)),
                (worker, round) -> worker.array.set(PLACE, "other " + round)),
        NAMES(Worker::names, (worker, round) -> {
            worker.create("other " + round);
            worker.base.catalog.drop("other " + round);
        });

        private final Function<Worker, Object> view;
        private final Overwrite overwrite;

        Part(final Function<Worker, Object> view, final Overwrite overwrite) {
            this.view = view;
            this.overwrite = overwrite;
        }
    }

    private interface Overwrite {
        void by(Worker worker, int round);
    }

    private record Interrupted(String name, Part part, Consumer<Worker> prepare, Consumer<Worker> operation) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Keys that share a bucket. */
    private static int key(final int n) {
        return SimulatedWorker.crowdedKey(n);
    }

    private static Consumer<Worker> put(final int n, final String value) {
        return worker -> {
            pool.agentTurn();
            worker.map.put(key(n), value);
        };
    }

    private static Consumer<Worker> offers(final int count) {
        return worker -> {
            for (int i = 0; i < count; i++) {
                pool.agentTurn();
                worker.queue.add(i);
            }
        };
    }

    private static Consumer<Worker> element(final String value) {
        return worker -> {
            pool.agentTurn();
            worker.array.set(PLACE, value);
        };
    }

    @SuppressWarnings("unused") // there is nothing to prepare
    private static void nothing(final Worker worker) {}

    private static Interrupted map(final String name, final Consumer<Worker> prepare, final Consumer<Worker> action) {
        return new Interrupted("map " + name, Part.MAP, prepare, action);
    }

    private static Interrupted queue(final String name, final Consumer<Worker> prepare, final Consumer<Worker> action) {
        return new Interrupted("queue " + name, Part.QUEUE, prepare, action);
    }

    private static Interrupted array(final String name, final Consumer<Worker> prepare, final Consumer<Worker> action) {
        return new Interrupted("array " + name, Part.ARRAY, prepare, action);
    }

    private static Interrupted heap(final String name, final Consumer<Worker> prepare, final Consumer<Worker> action) {
        return new Interrupted("heap " + name, Part.NAMES, prepare, action);
    }

    static Stream<Interrupted> operations() {
        final Consumer<Worker> crowd =
                put(0, "a").andThen(put(1, "b")).andThen(put(2, "c")).andThen(put(3, "d"));
        final Consumer<Worker> expired = put(0, "a").andThen(worker -> {
            pool.agentTurn();
            worker.map.put(key(1), "short-lived", Duration.ofMillis(5));
            SimulatedWorker.CLOCK.addAndGet(10);
        });
        return Stream.of(
                map("put, first", OutcomeTest::nothing, put(0, "new")),
                map("put, new", put(1, "one"), put(0, "new")),
                map("put, over", put(0, "old"), put(0, "new")),
                map("put, that splits", crowd, put(4, "e")),
                map("put, large over large", put(0, LARGE), put(0, LARGE + "!")),
                map("put, composite over composite", put(0, COMPOSITE), put(0, COMPOSITE + "!")),
                map("put, among expired ones", expired, put(2, "new")),
                map("remove", put(0, "old").andThen(put(1, "stays")), w -> w.map.remove(key(0))),
                map("remove, the last one", put(0, "old"), w -> w.map.remove(key(0))),
                map("remove, composite", put(0, COMPOSITE), w -> w.map.remove(key(0))),
                map("compute", put(0, "old"), w -> w.map.compute(key(0), (key, old) -> old + "!")),
                map("compute to nothing", put(0, "old"), w -> w.map.compute(key(0), (key, old) -> null)),
                map("merge", put(0, "old"), w -> w.map.merge(key(0), "!", String::concat)),
                map("putIfAbsent", OutcomeTest::nothing, w -> w.map.putIfAbsent(key(0), "new")),
                map("replace if equal", put(0, "old"), w -> w.map.replace(key(0), "old", "new")),
                map("putAll into one bucket", crowd, w -> w.map.putAll(Map.of(key(0), "x", key(1), "y"))),
                queue("offer, first", OutcomeTest::nothing, offers(1)),
                queue("offer", offers(2), offers(1)),
                queue("offer into a new segment", offers(SimulatedWorker.SLOTS), offers(1)),
                queue("poll", offers(3), w -> w.queue.poll()),
                queue(
                        "poll that leaves a segment",
                        offers(SimulatedWorker.SLOTS + 2).andThen(w -> w.queue.drainTo(new ArrayList<>(), 8)),
                        w -> w.queue.poll()),
                queue("remove from the middle", offers(4), w -> w.queue.remove((Object) 2)),
                array("set, first in its extent", OutcomeTest::nothing, element("new")),
                array("set, over null", element("old").andThen(element(null)), element("new")),
                array("set, over another", element("old"), element("new")),
                array("set to null", element("old"), element(null)),
                array("compareAndSet", element("old"), w -> w.array.compareAndSet(PLACE, "old", "new")),
                array("compareAndSet to null", element("old"), w -> w.array.compareAndSet(PLACE, "old", null)),
                heap("create", OutcomeTest::nothing, w -> w.create("new")),
                heap("drop", w -> w.create("old"), w -> w.base.catalog.drop("old")),
                heap("rename", w -> w.create("old"), w -> w.base.catalog.rename("old", "new")));
    }

    /** One death of one operation's worker. */
    private static final class Death {
        private final Interrupted interrupted;
        private final String what;
        private final Worker other;
        private final SimulatedPool.Victim victim;
        private final boolean died;
        private long verbsBefore;
        private Object before;
        private boolean isReplacedBeforeRecovery;

        Death(final Interrupted interrupted, final long crashAt) {
            this.interrupted = interrupted;
            what = interrupted + ", died before verb " + crashAt;
            pool.restart();
            other = new Worker(pool.open("other"));
            pool.agentTurn();
            other.map.put(-1, "has a slab for buckets");
            pool.agentTurn();
            other.array.set(PLACE + 1, "has one for elements");
            pool.agentTurn();
            victim = pool.victim(crashAt, false);
            died = victim.run(() -> {
                final Worker worker = new Worker(victim.open());
                interrupted.prepare.accept(worker);
                pool.agentTurn();
                verbsBefore = victim.verbs();
                before = interrupted.part.view.apply(other);
                interrupted.operation.accept(worker);
            });
        }

        /** Asks again and again while the world goes on; returns the outcome, or null if the worker had no commit under way. */
        Outcome ask() {
            final Object now = interrupted.part.view.apply(other);
            final OperationId id = victim.interrupted();
            if (id == null) {
                return null;
            }
            final Outcome shown = now.equals(before) ? Outcome.DID_NOT_HAPPEN : Outcome.HAPPENED;
            assertOutcome(id, shown, "at once");
            isReplacedBeforeRecovery = true;
            for (int round = 0; round < 3; round++) {
                overwrite(round);
                assertOutcome(id, shown, "replaced " + (round + 1) + " times");
            }
            isReplacedBeforeRecovery &= shown == Outcome.HAPPENED;
            pool.turns(12);
            assertOutcome(id, shown, "recovered");
            overwrite(3);
            pool.turns(12);
            assertOutcome(id, shown, "reused");
            return shown;
        }

        /** Without the blade's duty, which is recovery among others, unless there is no memory. */
        void overwrite(final int round) {
            try {
                interrupted.part.overwrite.by(other, round);
            } catch (final PoolUnavailableException e) {
                isReplacedBeforeRecovery = false;
                pool.agentTurn();
                interrupted.part.overwrite.by(other, round);
            }
        }

        private void assertOutcome(final OperationId id, final Outcome shown, final String when) {
            assertThat(other.base.session.outcome(id))
                    .as("%s: %s, %s", what, id, when)
                    .isEqualTo(shown);
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void shouldAnswerWhatTheStructureShowsWhereverTheWorkerDies(final Interrupted interrupted) {
        final Set<Outcome> outcomes = EnumSet.noneOf(Outcome.class);
        final Death unharmed = new Death(interrupted, Long.MAX_VALUE);
        final Object after = interrupted.part.view.apply(unharmed.other);
        assertThat(after).isNotEqualTo(unharmed.before);
        boolean replaced = false;
        boolean died = true;
        for (long crashAt = unharmed.verbsBefore; died; crashAt++) {
            final Death death = new Death(interrupted, crashAt);
            died = death.died;
            if (death.before == null) {
                continue; // a heartbeat more than in the first run: it was not at the operation yet
            }
            assertThat(interrupted.part.view.apply(death.other)).as(death.what).isIn(death.before, after);
            final Outcome outcome = death.ask();
            replaced |= death.isReplacedBeforeRecovery;
            if (outcome != null) {
                outcomes.add(outcome);
            }
            pool.check(death.what);
        }
        assertThat(outcomes).containsExactlyInAnyOrder(Outcome.HAPPENED, Outcome.DID_NOT_HAPPEN);
        assertThat(replaced)
                .as("asked after it was replaced and before recovery")
                .isTrue();
    }

    /** Two that died wanted to put null in place of the same element: if nobody can tell which did, that is the answer. */
    @Test
    void shouldNeverAnswerWrongWhenTwoThatDiedReplacedTheSameElementByNull() {
        final Interrupted first = array("set to null", element("old"), element(null));
        final Set<Outcome> outcomes = EnumSet.noneOf(Outcome.class);
        boolean died = true;
        for (long crashAt = new Death(first, Long.MAX_VALUE).verbsBefore; died; crashAt++) {
            final Death death = new Death(first, crashAt);
            died = death.died;
            final OperationId id = death.victim.interrupted();
            if (id == null) {
                continue;
            }
            final boolean happened = death.other.array.get(PLACE) == null;
            final SimulatedPool.Victim rival = pool.victim(Long.MAX_VALUE, false);
            rival.run(() -> new Worker(rival.open()).array.set(PLACE, null)); // dies having done it, if it was not done
            for (int round = 0; round < 3; round++) {
                death.overwrite(round);
            }
            final Outcome outcome = death.other.base.session.outcome(id);
            assertThat(outcome).as(death.what).isNotEqualTo(happened ? Outcome.DID_NOT_HAPPEN : Outcome.HAPPENED);
            outcomes.add(outcome);
            pool.turns(12);
            assertThat(death.other.base.session.outcome(id)).as(death.what).isEqualTo(outcome);
            pool.check(death.what);
        }
        assertThat(outcomes).contains(Outcome.HAPPENED);
    }

    @Test
    void shouldKeepTheAnswerUntilTheLineIsTakenAgainAndThenSayThatItIsUnknown() {
        final Interrupted interrupted = map("put", put(0, "old"), put(0, "new"));
        final long verbsBefore = new Death(interrupted, Long.MAX_VALUE).verbsBefore;
        Death death = null;
        for (long crashAt = verbsBefore; death == null || death.victim.interrupted() == null; crashAt++) {
            death = new Death(interrupted, crashAt);
        }
        final OperationId id = death.victim.interrupted();
        pool.turns(12);
        boolean taken = false;
        for (int opened = 0; !taken; opened++) {
            assertThat(death.other.base.session.outcome(id)).isEqualTo(Outcome.DID_NOT_HAPPEN);
            final int[] line = {-1};
            final SimulatedPool.Victim next = pool.victim(Long.MAX_VALUE, false);
            next.run(() -> {
                final WorkerSession session = next.open();
                line[0] = session.index();
                final Worker worker = new Worker(session);
                for (int i = 0; i < 4; i++) {
                    put(1, "next " + i).accept(worker);
                }
            });
            taken = line[0] == id.session();
            pool.turns(12);
            assertThat(opened).as("lines that were free").isLessThan(4);
            assertThat(taken)
                    .as("the line that was used before is the last to be used")
                    .isEqualTo(opened == 2);
        }
        assertThat(death.other.base.session.outcome(id)).isEqualTo(Outcome.UNKNOWN);
        pool.check("taken again");
    }

    @Test
    void shouldBeReadFromItsTextAndRefuseWhatIsNone() {
        final OperationId id = new OperationId(UUID.randomUUID(), 3, 1_048_575, 15, 1L << 52);
        assertThat(OperationId.parse(id.toString())).isEqualTo(id);
        for (final String text :
                new String[] {"", "op-1-2-3", "op-1-2-3-x", "op-1-2-3-4", "op-1-2-3-4@5", "op--1-2-3-4"}) {
            assertThatThrownBy(() -> OperationId.parse(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("op-3-17-0-42");
        }
        pool.restart();
        try (WorkerSession session = pool.open("asks");
                RemoteHeap heap = RemoteHeap.over(session)) {
            final UUID poolId = session.poolId();
            assertThat(heap.outcome(new OperationId(poolId, 0, 7, 1, 1))).isEqualTo(Outcome.DID_NOT_HAPPEN);
            assertThatThrownBy(() -> heap.outcome(id))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("another pool");
            assertThatThrownBy(() -> heap.outcome(new OperationId(poolId, 0, 1, 2, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("there is no operation");
        }
    }
}
