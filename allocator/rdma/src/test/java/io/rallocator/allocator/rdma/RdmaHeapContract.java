package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteLongArray;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Collections over {@code rdma://}, from the address to the checker. */
@Timeout(300)
abstract class RdmaHeapContract {
    private static final int STEPS_AT_PROCESS = 2_000;
    private static final int STEPS_AT_POWER = 100; // each syncs the disk a few times
    private static final int KEYS = 100;
    private static final int THREADS = 4;

    private final Durability durability;
    private final String scheme;

    @TempDir
    private Path folder;

    private Path pool;
    private RdmaBlade blade;

    RdmaHeapContract(final Durability durability, final String scheme) {
        this.durability = durability;
        this.scheme = scheme;
    }

    abstract Transport transport();

    abstract String host();

    /** Where the pool's file is. */
    Path folder() throws IOException {
        return folder;
    }

    @BeforeEach
    void serve() throws IOException {
        pool = folder().resolve("pool");
        PoolFile.create(pool, PoolGeometry.ofCapacity(64 << 20), true, durability, written -> {});
        open();
    }

    private void open() {
        blade = RdmaBlade.open(pool, transport(), new RdmaBladeOptions("//" + host() + ":0").allowUnauthenticated());
    }

    @AfterEach
    void check() {
        blade.close();
        final CheckReport report = PoolChecker.check(pool);
        assertThat(report.clean()).as(report.toString()).isTrue();
    }

    private RemoteHeap heap(final String parameters) {
        return RemoteHeap.open(blade.address().replace("rdma:", scheme + ":") + parameters);
    }

    @Test
    void shouldFollowAModelWhenTwoWorkersTakeTurnsOnAMap() {
        try (RemoteHeap first = heap("");
                RemoteHeap second = heap("?cache=1m&name=second")) {
            final List<RemoteMap<Integer, byte[]>> maps = List.of(
                    first.map("map", Codecs.ints(), Codecs.bytes()), second.map("map", Codecs.ints(), Codecs.bytes()));
            final Map<Integer, byte[]> model = new HashMap<>();
            final Random random = new Random(5);
            final int steps = durability == Durability.POWER ? STEPS_AT_POWER : STEPS_AT_PROCESS;
            for (int step = 0; step < steps; step++) {
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
    }

    @Test
    void shouldTransferEveryElementOnceWhenManyThreadsShareAQueue() throws Exception {
        try (RemoteHeap heap = heap("")) {
            final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
            final int each = durability == Durability.POWER ? KEYS / 10 : KEYS;
            final RemoteLongArray seen = heap.longArray("seen", (long) THREADS * each);
            inParallel(thread -> {
                for (int i = 0; i < each; i++) {
                    queue.add(thread * each + i);
                    seen.getAndAdd(queue.poll(), 1);
                }
            });
            assertThat(queue).isEmpty();
            for (int i = 0; i < THREADS * each; i++) {
                assertThat(seen.get(i)).as("how often %d was taken", i).isEqualTo(1);
            }
        }
    }

    @Test
    void shouldMoveValuesThatNeedManyRequestsWhenTheyAreLarge() {
        try (RemoteHeap heap = heap("")) {
            final RemoteMap<String, byte[]> map = heap.map("large", Codecs.string(), Codecs.bytes());
            final byte[] value = new byte[(5 << 20) + 3];
            new Random(6).nextBytes(value);
            map.put("large", value);
            assertThat(map.get("large")).isEqualTo(value);
            map.remove("large");
        }
    }

    @Test
    void shouldHaveEverythingThatWasAcknowledgedWhenTheBladeServesAgain() {
        try (RemoteHeap heap = heap("")) {
            final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
            for (int i = 0; i < KEYS; i++) {
                map.put(i, -i);
            }
        }
        blade.close();
        open();
        try (RemoteHeap heap = heap("")) {
            final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
            for (int i = 0; i < KEYS; i++) {
                assertThat(map).containsEntry(i, -i);
            }
        }
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
