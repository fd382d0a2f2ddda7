package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.tcp.BadNetwork.Passage;
import io.rallocator.allocator.tcp.BadNetwork.Trouble;
import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.OutcomeUnknownException;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A worker whose connection is cut again and again: each change has happened, or has not, or is settled by its id in the next heap (I10). The
 * model is exact: nothing is lost, and nothing happens twice.
 */
class CutConnectionTest {
    private static final int CUTS = Integer.getInteger("rallocator.cuts", 150);
    private static final int LATE_CUTS = Math.max(6, CUTS / 25);
    /** Some connections get to a change: the first may have to adopt slabs of the dead, 64 KiB each. */
    private static final int MOST_BYTES = 400_000;

    private static final int KEYS = 50;
    private static final long SEED = Long.getLong("rallocator.seed", System.nanoTime());

    @TempDir
    private Path folder;

    private final Random random = new Random(SEED);
    private final Map<Integer, Integer> map = new HashMap<>();
    private final Queue<Integer> queue = new ArrayDeque<>();
    private int step;
    private int unknown;

    @Test
    void shouldSettleEveryChangeWhenItsConnectionIsCut() throws Exception {
        cutAndSettle(CUTS, Passage.AT_ONCE);
        if (CUTS >= 100) {
            assertThat(unknown).as("interrupted in a change").isPositive();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IN_SINGLE_BYTES", "DELAYED"})
    void shouldSettleEveryChangeWhenFramesComeInPartsAndLateAndTheConnectionIsCut(final Passage passage)
            throws Exception {
        cutAndSettle(LATE_CUTS, passage);
    }

    private void cutAndSettle(final int cuts, final Passage passage) throws Exception {
        final TcpPool pool = new TcpPool(folder);
        try (pool;
                BadNetwork network =
                        new BadNetwork(pool.address(), () -> random.nextInt(MOST_BYTES), Trouble.CUT, passage)) {
            Interrupted interrupted = null;
            for (int cut = 0; cut < cuts || step <= cuts; cut++) {
                assertThat(cut)
                        .as("connections, after %d changes, seed %d", step, SEED)
                        .isLessThan(50 * cuts);
                try (RemoteHeap heap = RemoteHeap.open(network.address() + "?timeout-ms=20000")) {
                    if (interrupted != null) {
                        settle(heap.outcome(interrupted.exception.operationId()), interrupted.model);
                        interrupted = null;
                    }
                    interrupted = work(heap);
                } catch (final SessionFencedException | PoolUnavailableException e) {
                    // Cut before, while it was opened, or in an operation that had no effect: another heap goes on.
                    assertThat(e).hasMessageContaining("127.0.0.1");
                }
            }
            try (RemoteHeap heap = pool.open()) {
                if (interrupted != null) {
                    settle(heap.outcome(interrupted.exception.operationId()), interrupted.model);
                }
                assertThat(heap.map("map", Codecs.ints(), Codecs.ints()))
                        .as("seed %d", SEED)
                        .isEqualTo(map);
                assertThat(heap.queue("queue", Codecs.ints()))
                        .as("seed %d", SEED)
                        .containsExactlyElementsOf(queue);
            }
        }
        pool.check();
    }

    /** What was sent before the cut may be executed after it, but not after the answer. */
    @Test
    void shouldNotSayThatAChangeDidNotHappenWhileItIsUnderWay() throws Exception {
        final TcpPool pool = new TcpPool(folder);
        int interrupted = 0;
        try (pool;
                RemoteHeap asker = pool.open();
                BadNetwork network = new BadNetwork(
                        pool.address(), () -> 150_000 + random.nextInt(20_000), Trouble.LATE_CUT, Passage.AT_ONCE)) {
            final RemoteMap<Integer, Integer> seen = asker.map("map", Codecs.ints(), Codecs.ints());
            for (int cut = 0; cut < LATE_CUTS; cut++) {
                try (RemoteHeap heap = RemoteHeap.open(network.address())) {
                    final RemoteMap<Integer, Integer> changed = heap.map("map", Codecs.ints(), Codecs.ints());
                    for (; ; ) {
                        changed.put(1, ++step);
                    }
                } catch (final OutcomeUnknownException e) {
                    interrupted++;
                    final int value = asker.outcome(e.operationId()) == Outcome.HAPPENED ? step : step - 1;
                    awaitEnd(pool, e.operationId().session());
                    assertThat(seen.get(1)).as("seed %d", SEED).isEqualTo(value);
                    step = value;
                } catch (final SessionFencedException | PoolUnavailableException e) {
                    assertThat(e).hasMessageContaining("127.0.0.1");
                    step--;
                }
            }
        }
        assertThat(interrupted).isPositive();
        pool.check();
    }

    private static void awaitEnd(final TcpPool pool, final int session) {
        PoolLock lock = null;
        while (lock == null) {
            Thread.onSpinWait();
            lock = PoolLock.tryAcquire(PoolLock.sessionLock(pool.file(), session));
        }
        lock.close();
    }

    private record Interrupted(OutcomeUnknownException exception, Runnable model) {}

    private void settle(final Outcome outcome, final Runnable model) {
        unknown++;
        assertThat(outcome).as("seed %d, step %d", SEED, step).isNotEqualTo(Outcome.UNKNOWN);
        if (outcome == Outcome.HAPPENED) {
            model.run();
        }
    }

    /** Changes things until the connection is cut. Returns the change that was interrupted, if one was. */
    private Interrupted work(final RemoteHeap heap) {
        final RemoteMap<Integer, Integer> remoteMap;
        final RemoteQueue<Integer> remoteQueue;
        try {
            remoteMap = heap.map("map", Codecs.ints(), Codecs.ints());
            remoteQueue = heap.queue("queue", Codecs.ints());
        } catch (final OutcomeUnknownException e) {
            return null; // both are made if they are not there
        }
        for (; ; ) {
            final int number = step++;
            final int key = random.nextInt(KEYS);
            final Runnable change;
            final Runnable model;
            switch (random.nextInt(5)) {
                case 0 -> {
                    change = () -> assertThat(remoteMap.put(key, number)).isEqualTo(map.get(key));
                    model = () -> map.put(key, number);
                }
                case 1 -> {
                    change = () -> assertThat(remoteMap.remove(key)).isEqualTo(map.get(key));
                    model = () -> map.remove(key);
                }
                case 2 -> {
                    change = () -> remoteQueue.add(number);
                    model = () -> queue.add(number);
                }
                case 3 -> {
                    change = () -> assertThat(remoteQueue.poll()).isEqualTo(queue.peek());
                    model = queue::poll;
                }
                default -> {
                    change = () -> assertThat(remoteMap.get(key)).isEqualTo(map.get(key));
                    model = () -> {};
                }
            }
            try {
                change.run();
            } catch (final OutcomeUnknownException e) {
                return new Interrupted(e, model);
            }
            model.run();
        }
    }
}
