package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.persistence.OutcomeUnknownException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One heap over several blades that are reached by TCP, and go away one after the other. */
class StripedTcpTest {
    private static final int BLADES = 3;
    private static final int KEYS = 300;
    private static final int ROUNDS = 6;
    private static final long SEED = Long.getLong("rallocator.seed", System.nanoTime());

    @TempDir
    private Path folder;

    private final Random random = new Random(SEED);
    private final List<TcpPool> pools = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();

    @BeforeEach
    void serve() {
        for (int blade = 0; blade < BLADES; blade++) {
            pools.add(new TcpPool(folder.resolve("blade" + blade)));
            addresses.add(pools.get(blade).address().substring("tcp://".length()));
        }
    }

    @AfterEach
    void stop() {
        pools.forEach(TcpPool::close);
        pools.forEach(TcpPool::check);
    }

    private RemoteHeap open() {
        return RemoteHeap.open("tcp://" + String.join(",", addresses));
    }

    private static RemoteMap<Integer, Integer> map(final RemoteHeap heap) {
        return heap.map("map", Codecs.ints(), Codecs.ints());
    }

    @Test
    void shouldLoseNothingAndGoOnWithTheOthersWhenBladesGoAwayAndComeBack() {
        final Map<Integer, Integer> model = new HashMap<>();
        try (RemoteHeap heap = open()) {
            final RemoteMap<Integer, Integer> map = map(heap);
            for (int key = 0; key < KEYS; key++) {
                map.put(key, key);
                model.put(key, key);
            }
            int failed = 0;
            for (int round = 0; round < ROUNDS; round++) {
                final int away = random.nextInt(BLADES);
                pools.get(away).stop();
                for (int i = 0; i < KEYS; i++) {
                    failed += put(map, random.nextInt(KEYS), round * KEYS + i, model) ? 0 : 1;
                }
                pools.get(away).serve(addresses.get(away));
                awaitAll(map);
                assertThat(map).as("seed %d, round %d", SEED, round).isEqualTo(model);
            }
            assertThat(failed).as("seed %d", SEED).isBetween(ROUNDS * KEYS / 6, ROUNDS * KEYS / 2);
        }
        try (RemoteHeap heap = open()) {
            assertThat(map(heap)).as("seed %d", SEED).isEqualTo(model);
        }
    }

    /** Returns false if the blade of the key is away; the model knows what happened. */
    private static boolean put(
            final RemoteMap<Integer, Integer> map, final int key, final int value, final Map<Integer, Integer> model) {
        try {
            assertThat(map.put(key, value)).isEqualTo(model.put(key, value));
            return true;
        } catch (final PoolUnavailableException | SessionFencedException e) {
            assertThat(e).hasMessageContaining("127.0.0.1");
            return false;
        } catch (final OutcomeUnknownException e) {
            throw new AssertionError("nothing was under way when the blade was stopped", e);
        }
    }

    /** Blades that are back are tried once a second. */
    private static void awaitAll(final RemoteMap<Integer, Integer> map) {
        for (; ; ) {
            try {
                assertThat(map.size()).isEqualTo(KEYS);
                return;
            } catch (final PoolUnavailableException | SessionFencedException e) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void shouldServeSeveralWorkersAtOnce() throws Exception {
        try (RemoteHeap first = open();
                RemoteHeap second = open()) {
            final List<Thread> threads = new ArrayList<>();
            final List<Throwable> failures = new ArrayList<>();
            for (final RemoteHeap heap : List.of(first, second)) {
                final Thread thread = new Thread(() -> {
                    final RemoteMap<Integer, Integer> map = map(heap);
                    for (int i = 0; i < KEYS; i++) {
                        map.merge(i % 20, 1, Integer::sum);
                    }
                });
                thread.setUncaughtExceptionHandler((which, failure) -> {
                    synchronized (failures) {
                        failures.add(failure);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (final Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            assertThat(map(first).values().stream().collect(Collectors.summingInt(Integer::intValue)))
                    .isEqualTo(2 * KEYS);
        }
    }
}
