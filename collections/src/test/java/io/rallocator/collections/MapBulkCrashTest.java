package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A worker dies before each verb of histories of commits of many keys, of entries that expire, and of buckets that are
 * emptied. Each key of a commit that was under way is as before or as after; what was acknowledged is there; after recovery
 * nothing is leaked, allocated twice or miscounted.
 */
@Timeout(300)
class MapBulkCrashTest {
    private static final int CROWD = 14;
    private static final String LARGE = "large ".repeat(200);
    private static final Duration SECOND = Duration.ofSeconds(1);

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

    /** What one run acknowledged, what of it expires, and what was under way when its worker died. */
    private static final class Run {
        private final Map<Integer, String> model = new HashMap<>();
        private final Map<Integer, Long> expiries = new HashMap<>();
        private final Map<Integer, String> pending = new HashMap<>();
        private final Map<Integer, Long> pendingExpiries = new HashMap<>();
        private SimulatedWorker worker;

        private void change(final Map<Integer, String> values, final Duration time, final Runnable action) {
            pending.putAll(values);
            if (time != null) {
                final long expiry = SimulatedWorker.CLOCK.get() + time.toMillis();
                values.keySet().forEach(key -> pendingExpiries.put(key, expiry));
            }
            pool.agentTurn();
            action.run();
            pending.forEach((key, value) -> settle(key, value));
            pending.clear();
            pendingExpiries.clear();
        }

        private void settle(final int key, final String value) {
            expiries.remove(key);
            if (value == null) {
                model.remove(key);
            } else {
                model.put(key, value);
                if (pendingExpiries.containsKey(key)) {
                    expiries.put(key, pendingExpiries.get(key));
                }
            }
        }

        void putAll(final Map<Integer, String> values) {
            change(values, null, () -> worker.map.putAll(values));
        }

        void deleteAll(final Collection<Integer> removed) {
            final Map<Integer, String> absent = new HashMap<>();
            removed.forEach(key -> absent.put(key, null));
            final long present =
                    removed.stream().distinct().filter(model::containsKey).count();
            change(absent, null, () -> assertThat(worker.map.deleteAll(removed)).isEqualTo(present));
        }

        void clear() {
            final Map<Integer, String> absent = new HashMap<>();
            model.keySet().forEach(key -> absent.put(key, null));
            change(absent, null, () -> worker.map.clear());
        }

        void removeValues(final Predicate<String> filter) {
            final Map<Integer, String> absent = new HashMap<>();
            model.forEach((key, value) -> {
                if (filter.test(value)) {
                    absent.put(key, null);
                }
            });
            change(
                    absent,
                    null,
                    () -> assertThat(worker.map.values().removeIf(filter)).isEqualTo(!absent.isEmpty()));
        }

        void put(final int key, final String value, final Duration time) {
            final Map<Integer, String> one = new HashMap<>(Map.of(key, value));
            final String old = model.get(key);
            change(
                    one,
                    time,
                    () -> assertThat(time == null ? worker.map.put(key, value) : worker.map.put(key, value, time))
                            .isEqualTo(old));
        }

        void expire(final int key, final Duration time) {
            change(
                    new HashMap<>(Map.of(key, model.get(key))),
                    time,
                    () -> assertThat(worker.map.expire(key, time)).isTrue());
        }

        void pass(final Duration time) {
            SimulatedWorker.CLOCK.addAndGet(time.toMillis());
            final List<Integer> expired = new ArrayList<>();
            expiries.forEach((key, expiry) -> {
                if (expiry <= SimulatedWorker.CLOCK.get()) {
                    expired.add(key);
                }
            });
            expired.forEach(model::remove);
            expired.forEach(expiries::remove);
        }

        void removeExpired() {
            pool.agentTurn();
            worker.map.removeExpired();
        }

        /** Settles what was under way, key by key, by what another worker finds. */
        void settle(final SimulatedWorker other, final String what) {
            new HashMap<>(pending).forEach((key, value) -> {
                final String found = other.map.get(key);
                assertThat(found).as(what).isIn(model.get(key), value);
                final Duration time = other.map.timeToLive(key).orElse(null);
                settle(key, found);
                expiries.remove(key);
                if (time != null) {
                    expiries.put(key, SimulatedWorker.CLOCK.get() + time.toMillis());
                }
            });
            pending.clear();
            pendingExpiries.clear();
        }

        void verify(final SimulatedWorker other, final String what) {
            assertThat(other.map).as(what).isEqualTo(model);
            assertThat(other.map.getAll(model.keySet())).as(what).isEqualTo(model);
        }
    }

    private static Map<Integer, String> values(final int from, final int to, final String text) {
        final Map<Integer, String> values = new LinkedHashMap<>();
        for (int i = from; i < to; i++) {
            values.put(keys[i], (i % 4 == 1 ? LARGE : "") + text + i);
        }
        return values;
    }

    private static List<Integer> keys(final int from, final int to) {
        final List<Integer> list = new ArrayList<>();
        for (int i = from; i < to; i++) {
            list.add(keys[i]);
        }
        return list;
    }

    private static void dieEverywhere(final boolean cached, final Consumer<Run> history) {
        long crashAt = 0;
        boolean died = true;
        for (; died; crashAt++) {
            for (int tears = 0; tears < 2; tears++) {
                final String what = "died before verb " + crashAt + (tears == 1 ? ", in half of a WRITE" : "");
                pool.restart();
                final SimulatedPool.Victim victim = pool.victim(crashAt, tears == 1);
                final Run run = new Run();
                died = victim.run(() -> {
                    run.worker = new SimulatedWorker(victim.open(), pool::agentTurn, cached);
                    history.accept(run);
                });
                final SimulatedWorker other = new SimulatedWorker(pool.open("other"), pool::agentTurn, cached);
                run.settle(other, what);
                run.verify(other, what);
                run.worker = other;
                if (crashAt % 2 == 0) {
                    run.putAll(values(3, 7, "other"));
                    run.verify(other, what);
                }
                pool.turns(12);
                run.verify(other, what);
                run.removeExpired();
                run.deleteAll(keys(2, 5));
                run.verify(other, what);
                assertThat(other.map.sizeLong()).as(what).isEqualTo(run.model.size());
                pool.check(what);
                if (!victim.couldTear()) {
                    break;
                }
            }
        }
        assertThat(crashAt).isGreaterThan(100);
    }

    @Test
    void shouldLoseNothingWhenAWorkerDiesPuttingAndRemovingManyKeys() {
        dieEverywhere(false, run -> {
            run.putAll(values(0, 9, "first"));
            run.putAll(values(5, CROWD, "second"));
            run.deleteAll(keys(0, 8));
            run.putAll(values(0, 3, "third"));
            run.clear();
        });
    }

    @Test
    void shouldLoseNothingWhenAWorkerWithACacheDiesPuttingAndRemovingManyKeys() {
        dieEverywhere(true, run -> {
            run.putAll(values(0, 5, "first"));
            run.deleteAll(keys(0, 5));
            run.putAll(values(2, 8, "second"));
            run.deleteAll(keys(2, 8));
        });
    }

    @Test
    void shouldLoseNothingWhenAWorkerDiesRemovingWhatAFilterChose() {
        dieEverywhere(true, run -> {
            run.putAll(values(0, 8, "first"));
            run.removeValues(value -> value.startsWith(LARGE) || value.endsWith("2"));
            run.removeValues(value -> true);
        });
    }

    @Test
    void shouldLoseNothingWhenAWorkerDiesWhileEntriesExpire() {
        dieEverywhere(false, run -> {
            for (int i = 0; i < 6; i++) {
                run.put(keys[i], i % 3 == 1 ? LARGE + i : "v" + i, i % 2 == 0 ? SECOND : SECOND.multipliedBy(2));
            }
            run.expire(keys[4], SECOND.multipliedBy(4));
            run.pass(SECOND);
            run.put(keys[0], LARGE + "again", null);
            run.pass(SECOND);
            run.removeExpired();
            run.put(keys[7], "late", SECOND);
            run.pass(SECOND);
            run.putAll(values(7, 9, "after"));
        });
    }
}
