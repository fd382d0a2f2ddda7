package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.tcp.BadNetwork.Passage;
import io.rallocator.allocator.tcp.BadNetwork.Trouble;
import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.OutcomeUnknownException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import io.rallocator.persistence.SessionId;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A network that holds back what a worker sent until its lease is over, and others have perhaps changed the same keys, and then delivers it (I7):
 * nothing of it takes effect any more, nothing acknowledged is lost, and what was interrupted is settled as it was seen meanwhile (I10).
 */
@Timeout(300)
class StalledNetworkTest {
    private static final int LEAST_ROUNDS = 6;
    private static final int KEYS = 5;
    private static final int LEASE_MS = 500;
    private static final int LEAST_BYTES = 150_000;
    private static final int MORE_BYTES = 20_000;
    private static final int MARK = -1;
    private static final long SEED = Long.getLong("rallocator.seed", System.nanoTime());

    @TempDir
    private Path folder;

    private final Random random = new Random(SEED);
    private final ExecutorService worker = Executors.newSingleThreadExecutor();
    private final Map<Integer, Integer> acknowledged = new HashMap<>();
    private int stalls;
    private int unknown;

    @Test
    void shouldRefuseWhatArrivesWhenTheSessionWasDeclaredDeadMeanwhile() throws Exception {
        final TcpPool pool = new TcpPool(folder, new TcpBladeOptions("//127.0.0.1:0").leaseMs(LEASE_MS));
        try (pool;
                RemoteHeap heap = RemoteHeap.open("local:" + pool.file())) {
            final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
            for (int round = 0; round < LEAST_ROUNDS || stalls == 0 || unknown == 0; round++) {
                stallOnce(pool, heap, map, round % 2 == 0);
            }
        } finally {
            worker.shutdownNow();
        }
        pool.check();
    }

    private void stallOnce(
            final TcpPool pool, final RemoteHeap heap, final RemoteMap<Integer, Integer> map, final boolean changes)
            throws Exception {
        acknowledged.clear();
        for (int key = 0; key < KEYS; key++) {
            map.put(key, MARK);
            acknowledged.put(key, MARK);
        }
        final long fenced = pool.counters().fenced();
        try (BadNetwork network = new BadNetwork(
                pool.address(), () -> LEAST_BYTES + random.nextInt(MORE_BYTES), Trouble.STALL, Passage.AT_ONCE)) {
            final CompletableFuture<SessionId> session = new CompletableFuture<>();
            final Future<Interrupted> running = worker.submit(() -> change(network.address(), session));
            while (pool.counters().fenced() == fenced) {
                Thread.onSpinWait();
            }
            awaitEnd(heap, session.get());
            final Map<Integer, Integer> seen = new HashMap<>(map);
            if (changes) {
                map.replaceAll((key, value) -> MARK);
            }
            final Map<Integer, Integer> left = new HashMap<>(map);
            network.release();
            final Interrupted interrupted = running.get();
            stalls += network.hasStalled() ? 1 : 0;
            settle(heap, interrupted);
            assertThat(seen).as("seed %d", SEED).isEqualTo(acknowledged);
            assertThat(map).as("seed %d", SEED).isEqualTo(left);
        }
    }

    /** Until no verb of the session is executed any more; null of one that was never opened. */
    private static void awaitEnd(final RemoteHeap heap, final SessionId session) {
        while (session != null && !heap.hasEnded(session)) {
            Thread.onSpinWait();
        }
    }

    private void settle(final RemoteHeap heap, final Interrupted interrupted) {
        if (interrupted.exception == null) {
            return;
        }
        unknown++;
        final Outcome outcome = heap.outcome(interrupted.exception.operationId());
        assertThat(outcome).as("seed %d", SEED).isNotEqualTo(Outcome.UNKNOWN);
        if (outcome == Outcome.HAPPENED) {
            acknowledged.put(interrupted.key, interrupted.value);
        }
    }

    private record Interrupted(OutcomeUnknownException exception, int key, int value) {}

    /** Changes the map until the session is over. Returns the change that was interrupted, if one was. */
    private Interrupted change(final String address, final CompletableFuture<SessionId> session) {
        int value = 0;
        try (RemoteHeap heap = RemoteHeap.open(address)) {
            session.complete(heap.session());
            final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
            for (; ; ) {
                map.put(value % KEYS, value);
                acknowledged.put(value % KEYS, value);
                value++;
            }
        } catch (final OutcomeUnknownException e) {
            return new Interrupted(e, value % KEYS, value);
        } catch (final SessionFencedException | PoolUnavailableException e) {
            assertThat(e).hasMessageContaining("127.0.0.1");
            return new Interrupted(null, 0, 0);
        } finally {
            session.complete(null);
        }
    }
}
