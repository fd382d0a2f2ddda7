package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Names: given, changed and given up, by several workers, wherever one dies or sleeps. */
@Timeout(240)
class RenameTest {
    private static final int ROOTS = 16;

    private static TestPool smallPool() {
        return TestPool.create(PoolGeometry.of(8 << 20, new int[] {4096, 65536}, 32, 4, 4, ROOTS));
    }

    @Test
    void shouldGoOnUnderTheNewNameInEveryHeap() {
        try (TestPool pool = smallPool()) {
            try (RemoteHeap first = pool.embedded();
                    RemoteHeap second = pool.local()) {
                final RemoteMap<Integer, String> map = first.map("old", Codecs.ints(), Codecs.string());
                final RemoteMap<Integer, String> other = second.map("old", Codecs.ints(), Codecs.string());
                map.put(1, "one");
                second.rename("old", "new");
                assertThat(first.names()).containsExactly("new");
                assertThat(map.get(1)).isEqualTo("one");
                other.put(2, "two");
                assertThat(first.map("new", Codecs.ints(), Codecs.string())).hasSize(2);
                final RemoteMap<Integer, String> again = first.map("old", Codecs.ints(), Codecs.string());
                assertThat(again).isEmpty();
                again.put(3, "three");
                assertThat(map).doesNotContainKey(3);
                assertThat(second.names()).containsExactly("new", "old");
                assertThat(second.structures()).extracting(StructureInfo::name).containsExactly("new", "old");
            }
            pool.check();
            try (RemoteHeap heap = pool.embedded()) {
                assertThat(heap.map("new", Codecs.ints(), Codecs.string())).hasSize(2);
                assertThat(heap.map("old", Codecs.ints(), Codecs.string())).hasSize(1);
            }
        }
    }

    @Test
    void shouldRefuseWhatCannotBeRenamed() {
        try (TestPool pool = smallPool()) {
            try (RemoteHeap heap = pool.embedded()) {
                heap.queue("a", Codecs.ints());
                heap.queue("b", Codecs.ints());
                assertThatThrownBy(() -> heap.rename("a", "b"))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("'a' cannot be renamed to 'b'");
                assertThatThrownBy(() -> heap.rename("c", "d"))
                        .isInstanceOf(NoSuchElementException.class)
                        .hasMessageContaining("no structure 'c'");
                assertThatThrownBy(() -> heap.rename("c", "c")).isInstanceOf(NoSuchElementException.class);
                assertThatThrownBy(() -> heap.rename("a", "")).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> heap.rename("a", "x".repeat(201)))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> heap.rename("a", "\uD800")).isInstanceOf(IllegalArgumentException.class);
                heap.rename("a", "a");
                heap.rename("a", "ü".repeat(100));
                assertThat(heap.names()).containsExactly("b", "ü".repeat(100));
            }
            pool.check();
        }
    }

    @Test
    void shouldHaveRoomForAnyNumberOfNamesOneAfterTheOther() {
        final int count = Integer.getInteger("rallocator.names", 20_000);
        try (TestPool pool = smallPool()) {
            try (RemoteHeap heap = pool.embedded()) {
                for (int i = 0; i < count; i++) {
                    heap.longArray("name " + i, 4);
                    if (i >= 4) {
                        assertThat(heap.drop("name " + (i - 4))).isTrue();
                    }
                }
                assertThat(heap.names()).hasSize(4);
            }
            pool.check();
        }
    }

    @Test
    void shouldSayThatAllRootWordsAreInUseAndGoOnAfterADrop() {
        try (TestPool pool = smallPool()) {
            try (RemoteHeap heap = pool.embedded()) {
                for (int i = 0; i < ROOTS; i++) {
                    heap.longArray("array " + i, 4).set(0, i);
                }
                assertThatThrownBy(() -> heap.longArray("too many", 4))
                        .isInstanceOf(RallocatorException.class)
                        .hasMessageContaining("all " + ROOTS + " places for structures");
                assertThat(heap.longArray("array 3", 4).get(0)).isEqualTo(3);
                heap.rename("array 3", "still there");
                assertThat(heap.drop("array 5")).isTrue();
                heap.longArray("too many", 4).set(0, 77);
                assertThat(heap.names()).hasSize(ROOTS).contains("too many", "still there");
                assertThat(heap.longArray("still there", 4).get(0)).isEqualTo(3);
            }
            pool.check();
        }
    }

    // ---- deaths and sleeps

    /** Creates, renames and drops, and keeps what must be there; one operation may be under way. */
    private static final class History {
        final Map<String, Integer> model = new HashMap<>();
        Map<String, Integer> after = model;

        void play(final SimulatedWorker worker, final Runnable turn) {
            for (int i = 0; i < 3; i++) {
                create(worker, "s" + i, turn);
            }
            rename(worker, "s0", "t0", turn);
            rename(worker, "s1", "s0", turn);
            drop(worker, "t0", turn);
            create(worker, "t0", turn);
            drop(worker, "s2", turn);
            rename(worker, "s0", "s2", turn);
        }

        private void create(final SimulatedWorker worker, final String name, final Runnable turn) {
            after = new HashMap<>(model);
            after.put(name, 0);
            turn.run();
            open(worker, name);
            done();
        }

        private void rename(final SimulatedWorker worker, final String from, final String to, final Runnable turn) {
            final int value = model.get(from) + 1;
            turn.run();
            after = new HashMap<>(model);
            after.put(from, value);
            open(worker, from).set(0, value);
            done();
            turn.run();
            after = new HashMap<>(model);
            after.put(to, after.remove(from));
            worker.catalog.rename(from, to);
            done();
        }

        private void drop(final SimulatedWorker worker, final String name, final Runnable turn) {
            turn.run();
            after = new HashMap<>(model);
            after.remove(name);
            assertThat(worker.catalog.drop(name)).isTrue();
            done();
        }

        private void done() {
            model.clear();
            model.putAll(after);
            after = model;
        }

        /** What there is is what was acknowledged, with or without what was under way. */
        void verify(final SimulatedWorker reader, final String what) {
            final Map<String, Integer> found = new HashMap<>();
            for (final String name : reader.catalog.names()) {
                if (!name.equals("map") && !name.equals("queue")) {
                    found.put(name, (int) open(reader, name).get(0));
                }
            }
            assertThat(found).as(what).isIn(model, after);
        }
    }

    private static RemoteLongArray open(final SimulatedWorker worker, final String name) {
        return open(worker.session, worker.catalog, name);
    }

    private static RemoteLongArray open(
            final WorkerSession session, final StructureCatalog catalog, final String name) {
        return new PersistentLongArray(SmallExtents.create(session, catalog, name, ArrayKind.LONGS, Codecs.longs(), 4));
    }

    @Test
    void shouldHaveDoneItOrNotWhereverTheWorkerDies() {
        try (SimulatedPool pool = new SimulatedPool()) {
            boolean died = true;
            for (long crashAt = 0; died; crashAt++) {
                final String what = "died before verb " + crashAt;
                pool.restart();
                final SimulatedWorker other = new SimulatedWorker(pool.open("other"), pool::agentTurn, false);
                final SimulatedPool.Victim victim = pool.victim(crashAt, crashAt % 2 == 0);
                final History history = new History();
                died = victim.run(() -> {
                    final SimulatedWorker worker = new SimulatedWorker(victim.open(), pool::agentTurn, false);
                    history.play(worker, () -> {
                        pool.turn(other.session);
                        other.catalog.names();
                    });
                });
                if (crashAt % 3 > 0) { // else nobody opens anything before the blade finds it
                    history.verify(other, what);
                }
                pool.turns(80);
                history.verify(other, what + ", recovered");
                assertThat(pool.rootsInUse())
                        .as(what + ": nothing is left by the dead")
                        .isEqualTo(other.catalog.names().size());
                pool.agentTurn();
                open(other, "one more");
                pool.agentTurn();
                other.catalog.rename("one more", "and another");
                pool.turns(40);
                pool.check(what);
            }
        }
    }

    /** The blade dies before every fourth of its changes, while structures are dropped and one who drops dies too. */
    @Test
    void shouldTakeApartWhatWasDroppedAndNothingElseWhereverTheBladeDies() {
        try (SimulatedPool pool = new SimulatedPool()) {
            boolean died = true;
            for (long crashAt = 0; died; crashAt += 4) {
                final String what = "blade dies before change " + crashAt;
                pool.restart();
                final SimulatedWorker other = new SimulatedWorker(pool.open("other"), pool::agentTurn, false);
                pool.turns(2);
                final BooleanSupplier bladeDied = pool.crashBlade(crashAt, crashAt * 7 % 31);
                final SimulatedPool.Victim victim = pool.victim(70 + crashAt % 90, false);
                final History history = new History();
                final boolean victimDied = victim.run(() -> {
                    final SimulatedWorker worker = new SimulatedWorker(victim.open(), () -> pool.turns(2), false);
                    history.play(worker, () -> pool.turns(2));
                });
                pool.turns(200);
                history.verify(other, what);
                assertThat(victimDied || history.model.size() == 2).as(what).isTrue();
                assertThat(pool.rootsInUse())
                        .as(what)
                        .isEqualTo(other.catalog.names().size());
                died = bladeDied.getAsBoolean();
                pool.check(what);
            }
        }
    }

    /** While one sleeps before a verb, the other does everything to the same names. */
    @Test
    void shouldBeLinearizableWhereverAWorkerSleeps() {
        try (SimulatedPool pool = new SimulatedPool()) {
            boolean slept = true;
            for (long pauseAt = 40; slept; pauseAt++) {
                final String what = "slept before verb " + pauseAt;
                pool.restart();
                final SimulatedWorker other = new SimulatedWorker(pool.open("other"), pool::agentTurn, false);
                pool.turns(2);
                final Runnable meanwhile = () -> {
                    for (final String name : List.of("s0", "t0", "s1")) {
                        pool.turn(other.session);
                        if (other.catalog.names().contains(name)) {
                            other.catalog.rename(name, name + " away");
                            pool.turn(other.session);
                            other.catalog.rename(name + " away", name);
                        } else {
                            open(other, name).set(0, 5);
                            pool.turn(other.session);
                            assertThat(other.catalog.drop(name)).isTrue();
                        }
                        pool.turn(other.session);
                    }
                };
                final SimulatedWorker sleeper =
                        new SimulatedWorker(pool.openSleeper(pauseAt, meanwhile), pool::agentTurn, false);
                final History history = new History();
                history.play(sleeper, () -> pool.turn(other.session));
                slept = pool.hasSlept();
                history.verify(other, what);
                history.verify(sleeper, what);
                pool.turns(60);
                assertThat(pool.rootsInUse())
                        .as(what)
                        .isEqualTo(other.catalog.names().size());
                pool.check(what);
            }
        }
    }

    /** Two create the same name at once: one of them gives up what it has begun, and uses the other's. */
    @Test
    void shouldUseTheSameStructureWhenTheNameIsGivenAwayMeanwhile() {
        try (SimulatedPool pool = new SimulatedPool()) {
            boolean slept = true;
            for (long pauseAt = 0; slept; pauseAt++) {
                final String what = "slept before verb " + pauseAt;
                pool.restart();
                final WorkerSession other = pool.open("other");
                final StructureCatalog others = new StructureCatalog(other);
                final Runnable meanwhile = () -> {
                    pool.agentTurn();
                    open(other, others, "it").set(0, 7);
                    pool.agentTurn();
                    others.rename("it", "away");
                    pool.agentTurn();
                    others.rename("away", "it");
                };
                final WorkerSession sleeper = pool.openSleeper(pauseAt, meanwhile);
                pool.agentTurn();
                final RemoteLongArray array = open(sleeper, new StructureCatalog(sleeper), "it");
                final long value = array.get(0);
                slept = pool.hasSlept();
                assertThat(value).as(what).isEqualTo(slept ? 7 : 0);
                assertThat(others.names()).as(what).containsExactly("it");
                assertThat(pool.rootsInUse()).as(what).isEqualTo(1);
                pool.check(what);
            }
        }
    }

    // ---- races

    /** Whatever several workers do to three names, each name is that of one structure or of none. */
    @Test
    void shouldKeepNamesUniqueWhenWorkersRace() throws InterruptedException, ExecutionException {
        final ExecutorService threads = Executors.newFixedThreadPool(5);
        try (TestPool pool = smallPool()) {
            try (RemoteHeap first = pool.embedded();
                    RemoteHeap second = pool.local()) {
                first.queue("token0", Codecs.ints()).add(42);
                final List<Future<?>> churning = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    final int seed = i;
                    churning.add(threads.submit(() -> churn(seed % 2 == 0 ? first : second, seed, 300)));
                }
                final AtomicBoolean done = new AtomicBoolean();
                final Future<?> watching = threads.submit(() -> watch(second, done));
                for (final Future<?> each : churning) {
                    each.get();
                }
                done.set(true);
                watching.get();
                assertThat(first.queue(tokens(first).get(0), Codecs.ints())).containsExactly(42);
            }
            pool.check();
        } finally {
            threads.shutdownNow();
        }
    }

    private static void watch(final RemoteHeap heap, final AtomicBoolean done) {
        do {
            assertThat(heap.names()).doesNotHaveDuplicates();
            assertThat(tokens(heap)).as("names of what is only renamed").hasSize(1);
        } while (!done.get());
    }

    private static List<String> tokens(final RemoteHeap heap) {
        return heap.names().stream().filter(name -> name.startsWith("token")).toList();
    }

    private static void churn(final RemoteHeap heap, final int seed, final int rounds) {
        for (int i = 0; i < rounds; i++) {
            final String name = "n" + (i + seed) % 3;
            switch ((i * 7 + seed) % 4) {
                case 0 -> heap.longArray(name, 4);
                case 1 -> heap.drop(name);
                case 2 -> renameIfPossible(heap, name, "n" + (i + seed + 1) % 3);
                default -> renameIfPossible(heap, "token" + i % 2, "token" + (i + 1) % 2);
            }
        }
    }

    private static void renameIfPossible(final RemoteHeap heap, final String from, final String to) {
        try {
            heap.rename(from, to);
        } catch (final NoSuchElementException | IllegalStateException e) {
            assertThat(e).hasMessageContaining(from);
        }
    }
}
