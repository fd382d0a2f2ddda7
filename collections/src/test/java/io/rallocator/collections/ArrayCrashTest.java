package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A worker dies before each verb of short histories of arrays in turn, also in half of a WRITE. Another worker goes on at once;
 * what was acknowledged is there, what was under way happened or did not, and after recovery nothing is leaked.
 */
@Timeout(300)
class ArrayCrashTest {
    private static final int LENGTH = 20_000;
    private static final String LARGE = "large ".repeat(300);

    private static SimulatedPool pool;

    @BeforeAll
    static void open() {
        pool = new SimulatedPool();
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    /** One session's arrays. */
    private static final class Worker {
        private final RemoteLongArray longs;
        private final RemoteByteArray bytes;
        private final RemoteArray<String> elements;

        Worker(final WorkerSession session) {
            final StructureCatalog catalog = new StructureCatalog(session);
            pool.agentTurn();
            longs = new PersistentLongArray(
                    SmallExtents.create(session, catalog, "longs", ArrayKind.LONGS, Codecs.longs(), LENGTH));
            pool.agentTurn();
            bytes = new PersistentByteArray(
                    SmallExtents.create(session, catalog, "bytes", ArrayKind.BYTES, Codecs.bytes(), LENGTH));
            pool.agentTurn();
            elements = new PersistentArray<>(
                    SmallExtents.create(session, catalog, "elements", ArrayKind.ELEMENTS, Codecs.string(), LENGTH),
                    Codecs.string());
        }
    }

    /** What one run acknowledged, and what was under way when its worker died. */
    private static final class Run {
        private final long[] longs = new long[LENGTH];
        private final byte[] bytes = new byte[LENGTH];
        private final List<String> elements = Arrays.asList(new String[LENGTH]);
        private Worker worker;
        private int pendingLong = -1;
        private long pendingLongValue;
        private byte[] pendingBytes;
        private int pendingElement = -1;
        private String pendingElementValue;

        void change(final int index, final long value, final Function<RemoteLongArray, Long> verb) {
            pendingLong = index;
            pendingLongValue = value;
            pool.agentTurn();
            assertThat(verb.apply(worker.longs)).isEqualTo(longs[index]);
            longs[index] = value;
            pendingLong = -1;
        }

        void add(final int index, final long delta) {
            change(index, longs[index] + delta, array -> array.getAndAdd(index, delta));
        }

        void set(final int index, final long value) {
            change(index, value, array -> {
                array.set(index, value);
                return longs[index];
            });
        }

        void swap(final int index, final long value) {
            change(index, value, array -> array.getAndSet(index, value));
        }

        void write(final int index, final int length, final int value) {
            pendingBytes = bytes.clone();
            Arrays.fill(pendingBytes, index, index + length, (byte) value);
            pool.agentTurn();
            worker.bytes.write(index, pendingBytes, index, length);
            System.arraycopy(pendingBytes, 0, bytes, 0, LENGTH);
            pendingBytes = null;
        }

        void set(final int index, final String value) {
            pendingElement = index;
            pendingElementValue = value;
            pool.agentTurn();
            assertThat(worker.elements.set(index, value)).isEqualTo(elements.get(index));
            elements.set(index, value);
            pendingElement = -1;
        }

        void replace(final int index, final String value) {
            pendingElement = index;
            pendingElementValue = value;
            pool.agentTurn();
            assertThat(worker.elements.compareAndSet(index, "wrong", value)).isFalse();
            assertThat(worker.elements.compareAndSet(index, elements.get(index), value))
                    .isTrue();
            elements.set(index, value);
            pendingElement = -1;
        }

        /** Settles what was under way by what another worker finds. */
        void settle(final Worker other, final String what) {
            if (pendingLong >= 0) {
                final long found = other.longs.get(pendingLong);
                assertThat(found).as(what).isIn(longs[pendingLong], pendingLongValue);
                longs[pendingLong] = found;
            }
            if (pendingElement >= 0) {
                final String found = other.elements.get(pendingElement);
                assertThat(found).as(what).isIn(elements.get(pendingElement), pendingElementValue);
                elements.set(pendingElement, found);
            }
            if (pendingBytes != null) {
                settleWords(other, what);
            }
            pendingLong = -1;
            pendingElement = -1;
            pendingBytes = null;
        }

        private void settleWords(final Worker other, final String what) {
            final byte[] found = new byte[LENGTH];
            other.bytes.read(0, found, 0, LENGTH);
            for (int word = 0; word < LENGTH; word += 8) {
                final int end = Math.min(LENGTH, word + 8);
                final boolean isOld = Arrays.equals(found, word, end, bytes, word, end);
                final boolean isNew = Arrays.equals(found, word, end, pendingBytes, word, end);
                assertThat(isOld || isNew || isMixture(found, word, end))
                        .as(what)
                        .isTrue();
            }
            System.arraycopy(found, 0, bytes, 0, LENGTH);
        }

        /** Only the first and the last word of a write may be. */
        private boolean isMixture(final byte[] found, final int word, final int end) {
            boolean anyKept = false;
            for (int at = word; at < end; at++) {
                if (found[at] != bytes[at] && found[at] != pendingBytes[at]) {
                    return false;
                }
                anyKept |= bytes[at] == pendingBytes[at];
            }
            return anyKept;
        }

        void verify(final Worker other, final String what) {
            final long[] foundLongs = new long[LENGTH];
            other.longs.getAll(0, foundLongs, 0, LENGTH);
            assertThat(Arrays.mismatch(foundLongs, longs)).as(what).isEqualTo(-1);
            final byte[] foundBytes = new byte[LENGTH];
            other.bytes.read(0, foundBytes, 0, LENGTH);
            assertThat(Arrays.mismatch(foundBytes, bytes)).as(what).isEqualTo(-1);
            for (int i = 0; i < LENGTH; i += 1_000) {
                assertThat(other.elements.getAll(i, 40)).as(what).isEqualTo(elements.subList(i, i + 40));
            }
        }
    }

    /** What another worker does before and after the recovery. */
    private static void goOn(final Run run, final Worker other, final int round) {
        final Worker dead = run.worker;
        run.worker = other;
        run.add(1, 5);
        run.add(19_000, 5);
        run.write(10, 50, 100 + round);
        run.set(1, "other " + round);
        run.set(2, LARGE + round);
        run.set(3, (String) null);
        run.replace(19_001, "replaced " + round);
        run.worker = dead;
    }

    private static void dieEverywhere(final Consumer<Run> history) {
        long verbs = 0;
        boolean died = true;
        for (long crashAt = 0; died; crashAt++) {
            for (int tears = 0; tears < 2; tears++) {
                final String what = "died before verb " + crashAt + (tears == 1 ? ", in half of a WRITE" : "");
                pool.restart();
                final SimulatedPool.Victim victim = pool.victim(crashAt, tears == 1);
                final Run run = new Run();
                died = victim.run(() -> {
                    run.worker = new Worker(victim.open());
                    history.accept(run);
                });
                final Worker other = new Worker(pool.open("other"));
                run.settle(other, what);
                run.verify(other, what);
                if (crashAt % 2 == 0) {
                    goOn(run, other, 1);
                    run.verify(other, what);
                }
                pool.turns(12);
                goOn(run, other, 2);
                run.verify(other, what);
                pool.check(what);
                if (!victim.couldTear()) {
                    break;
                }
            }
            verbs = crashAt;
        }
        assertThat(verbs).isGreaterThan(60);
    }

    @Test
    void shouldTearNoWordWhenAWorkerDiesChangingLongsAndBytes() {
        dieEverywhere(run -> {
            run.add(1, 7);
            run.swap(1, 9);
            run.set(19_000, 11);
            run.add(19_000, -3);
            run.write(13, 30, 1);
            run.write(950, 200, 2); // over the border of an extent
            run.write(12, 3, 3);
        });
    }

    @Test
    void shouldLeakNothingWhenAWorkerDiesChangingElements() {
        dieEverywhere(run -> {
            run.set(1, "first");
            run.set(1, LARGE);
            run.set(2, "second");
            run.set(1, (String) null);
            run.replace(1, "again");
            run.replace(2, LARGE + "again");
            run.set(2, (String) null);
            run.set(19_001, "last");
            run.replace(19_001, null);
            run.set(1, "third");
        });
    }

    /** One step of who is awake and of who is about to sleep: what they count together must add up. */
    private static void count(final Worker worker, final int round) {
        pool.agentTurn();
        worker.longs.getAndIncrement(round * 3_000L);
        pool.agentTurn();
        worker.elements.set(8, round % 3 == 0 ? null : LARGE + round);
        for (boolean counted = false; !counted; ) {
            pool.agentTurn();
            final String seen = worker.elements.get(15_000);
            counted = worker.elements.compareAndSet(15_000, seen, seen == null ? "x" : seen + "x");
        }
    }

    @Test
    void shouldAddUpWhereverAWorkerSleeps() {
        final int rounds = 4;
        boolean slept = true;
        for (long pauseAt = 0; slept; pauseAt++) {
            final String what = "slept before verb " + pauseAt;
            pool.restart();
            final WorkerSession awake = pool.open("awake");
            final Worker other = new Worker(awake);
            final Runnable meanwhile = () -> {
                for (int round = 0; round < rounds; round++) {
                    count(other, round);
                    pool.turn(awake);
                }
            };
            final Worker sleeper = new Worker(pool.openSleeper(pauseAt, meanwhile));
            for (int round = 0; round < rounds; round++) {
                count(sleeper, round);
            }
            slept = pool.hasSlept();
            if (!slept) {
                meanwhile.run();
            }
            pool.turns(6);
            assertThat(other.elements.get(15_000)).as(what).isEqualTo("x".repeat(2 * rounds));
            for (int round = 0; round < rounds; round++) {
                assertThat(sleeper.longs.get(round * 3_000L)).as(what).isEqualTo(2);
            }
            pool.check(what);
        }
    }
}
