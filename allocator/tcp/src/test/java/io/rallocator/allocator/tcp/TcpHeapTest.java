package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteLongArray;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.SessionFencedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Collections over {@code tcp://}, from the address to the checker. */
@Timeout(60)
class TcpHeapTest {
    private static final int STEPS = 3_000;
    private static final int KEYS = 200;
    private static final int THREADS = 4;

    @TempDir
    private Path folder;

    @Test
    void shouldFollowAModelWhenTwoWorkersTakeTurns() {
        final TcpPool pool = new TcpPool(folder);
        try (pool;
                RemoteHeap first = pool.open();
                RemoteHeap second = pool.open("?cache=1m&name=second")) {
            final List<RemoteMap<Integer, byte[]>> maps = List.of(
                    first.map("map", Codecs.ints(), Codecs.bytes()), second.map("map", Codecs.ints(), Codecs.bytes()));
            final Map<Integer, byte[]> model = new HashMap<>();
            final Random random = new Random(5);
            for (int step = 0; step < STEPS; step++) {
                final RemoteMap<Integer, byte[]> map = maps.get(random.nextInt(2));
                final int key = random.nextInt(KEYS);
                if (random.nextInt(3) == 0) {
                    assertThat(map.remove(key)).isEqualTo(model.remove(key));
                } else {
                    final byte[] value = new byte[random.nextInt(600)];
                    random.nextBytes(value);
                    assertThat(map.put(key, value)).isEqualTo(model.put(key, value));
                }
                assertThat(maps.get(random.nextInt(2)).get(key)).isEqualTo(model.get(key));
            }
            assertThat(maps.get(0)).hasSize(model.size());
        }
        pool.check();
    }

    @Test
    void shouldTransferEveryElementOnceWhenManyThreadsShareAConnection() throws Exception {
        final TcpPool pool = new TcpPool(folder);
        try (pool;
                RemoteHeap heap = pool.open()) {
            final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
            final RemoteLongArray seen = heap.longArray("seen", THREADS * KEYS);
            inParallel(thread -> {
                for (int i = 0; i < KEYS; i++) {
                    queue.add(thread * KEYS + i);
                    seen.getAndAdd(queue.poll(), 1);
                }
            });
            assertThat(queue).isEmpty();
            for (int i = 0; i < THREADS * KEYS; i++) {
                assertThat(seen.get(i)).as("how often %d was taken", i).isEqualTo(1);
            }
        }
        pool.check();
    }

    @Test
    void shouldMoveValuesThatNeedManyFramesWhenTheyAreLarge() {
        final TcpPool pool = new TcpPool(folder);
        try (pool;
                RemoteHeap heap = pool.open()) {
            final RemoteMap<String, byte[]> map = heap.map("large", Codecs.string(), Codecs.bytes());
            final byte[] value = new byte[(5 << 20) + 3];
            new Random(6).nextBytes(value);
            map.put("large", value);
            assertThat(map.get("large")).isEqualTo(value);
            map.remove("large");
        }
        pool.check();
    }

    @Test
    void shouldSayThatTheSessionIsOverWhenTheBladeStopped() {
        final TcpPool pool = new TcpPool(folder);
        final RemoteHeap heap = pool.open();
        final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
        map.put(1, 2);
        pool.stop();
        assertThatThrownBy(() -> map.get(1))
                .isInstanceOfAny(SessionFencedException.class, PoolUnavailableException.class);
        assertThatThrownBy(() -> {
                    for (; ; ) {
                        map.put(1, 3);
                    }
                })
                .isInstanceOf(SessionFencedException.class)
                .hasMessageContaining("open a new heap");
        heap.close();
        pool.serve();
        try (RemoteHeap next = pool.open()) {
            assertThat(next.map("map", Codecs.ints(), Codecs.ints())).containsEntry(1, 2);
        }
        pool.stop();
        pool.check();
    }

    @Test
    void shouldSayWhatToStartWhenNobodyListens() {
        final TcpPool pool = new TcpPool(folder);
        final String address = pool.address();
        pool.stop();
        assertThatThrownBy(() -> RemoteHeap.open(address))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining(address)
                .hasMessageContaining("blade --listen");
    }

    @Test
    void shouldSayWhatIsWrongWhenTheAddressIs() {
        for (final String address :
                Arrays.asList("tcp:host", "tcp://host", "tcp://:1", "tcp://a:1,b", "tcp://a:99999")) {
            assertThatThrownBy(() -> RemoteHeap.open(address))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("tcp://HOST:PORT");
        }
        assertThatThrownBy(() -> RemoteHeap.open("tcp://a:1?size=1g"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'size'")
                .hasMessageContaining("token-file");
    }

    private interface Worker {
        void run(int thread);
    }

    private static void inParallel(final Worker worker) throws Exception {
        final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            final List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                final int thread = i;
                running.add(threads.submit(() -> worker.run(thread)));
            }
            for (final Future<?> each : running) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
