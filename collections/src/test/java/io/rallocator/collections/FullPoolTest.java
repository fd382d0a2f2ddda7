package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pool that is full says so, keeps what is in it, and goes on when something was removed (I6). */
@Timeout(120)
class FullPoolTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_103);

    private TestPool pool;

    @BeforeEach
    void create() {
        pool = TestPool.create(PoolGeometry.of(6 << 20, new int[] {16 << 10, 128 << 10, 1 << 20}, 16, 4, 4, 1024));
    }

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    @Test
    void shouldKeepTheMapWholeAndGoOnWhenThePoolWasFull() {
        final Random random = new Random(SEED);
        final Map<Integer, String> model = new HashMap<>();
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = heap.map("full", Codecs.ints(), Codecs.string());
            for (int round = 0; round < 3; round++) {
                final OutOfRemoteMemoryException full = fill(map, model, random);
                assertThat(full).hasMessageContaining("free");
                assertThat(map.sizeLong()).isEqualTo(model.size());
                assertThat(map).isEqualTo(model);
                final List<Integer> keys = new ArrayList<>(model.keySet());
                for (int i = 0; i < keys.size() / 2; i++) {
                    assertThat(map.remove(keys.get(i))).isEqualTo(model.remove(keys.get(i)));
                }
                for (int i = keys.size() / 2; i < keys.size(); i += 2) {
                    map.put(keys.get(i), "short");
                    model.put(keys.get(i), "short");
                }
                assertThat(map).isEqualTo(model);
            }
            assertThat(fill(map, model, random)).isNotNull();
        }
        pool.check();
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = heap.map("full", Codecs.ints(), Codecs.string());
            assertThat(map).isEqualTo(model);
            map.clear();
            assertThat(map).isEmpty();
        }
    }

    private static OutOfRemoteMemoryException fill(
            final RemoteMap<Integer, String> map, final Map<Integer, String> model, final Random random) {
        for (; ; ) {
            final int key = random.nextInt();
            final String value = "v".repeat(random.nextInt(random.nextInt(50) == 0 ? 20_000 : 300));
            try {
                map.put(key, value);
            } catch (final OutOfRemoteMemoryException e) {
                return e;
            }
            model.put(key, value);
        }
    }

    @Test
    void shouldKeepTheQueueWholeAndGoOnWhenThePoolWasFull() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<String> queue = heap.queue("full", Codecs.string());
            int next = 0;
            int first = 0;
            for (int round = 0; round < 3; round++) {
                try {
                    for (; ; ) {
                        queue.add("element " + next + "x".repeat(next % 500));
                        next++;
                    }
                } catch (final OutOfRemoteMemoryException e) {
                    assertThat(queue.sizeLong()).isEqualTo(next - first);
                }
                final int half = first + (next - first) / 2;
                for (; first < half; first++) {
                    assertThat(queue.poll()).isEqualTo("element " + first + "x".repeat(first % 500));
                }
            }
            for (; first < next; first++) {
                assertThat(queue.poll()).startsWith("element " + first);
            }
            assertThat(queue.poll()).isNull();
        }
    }

    /** Down to the last block of the smallest class, there is a way to make room. */
    @Test
    void shouldGiveMemoryBackWithoutTakingAnyWhenThereIsNoBlockLeft() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = heap.map("map", Codecs.ints(), Codecs.string());
            final RemoteQueue<String> queue = heap.queue("queue", Codecs.string());
            final RemoteArray<String> array = heap.array("array", Codecs.string(), 10);
            for (int i = 0; i < 100; i++) {
                map.put(i, "v".repeat(100));
                queue.add("e".repeat(50));
            }
            queue.addAll(List.of("a", "b", "c"));
            array.set(1, "x".repeat(100));
            final Ballast ballast = new Ballast(heap);
            ballast.fill();
            assertThatThrownBy(() -> map.put(1000, "v".repeat(400)))
                    .isInstanceOf(OutOfRemoteMemoryException.class)
                    .hasMessageContaining("drain a queue, or set elements of an array to null, which need none");
            assertThatThrownBy(() -> heap.drop("map")).isInstanceOf(OutOfRemoteMemoryException.class);
            assertThat(array.set(1, null)).isEqualTo("x".repeat(100));
            assertThat(queue.poll()).isEqualTo("e".repeat(50));
            queue.clear();
            assertThat(map).hasSize(100);
            ballast.release(64 << 10); // the blocks that came back may be of other classes
            assertThat(map.remove(1)).isEqualTo("v".repeat(100));
            map.put(1000, "v".repeat(400));
            queue.add("again");
            assertThat(heap.drop("map")).isTrue();
            assertThat(queue).containsExactly("again");
        }
    }

    /** A part of a batch leaves by writing the others anew; without a block that is refused, and nothing is taken. */
    @Test
    void shouldTakeAPartOfABatchOrNothingWhenThereIsNoBlockLeft() {
        try (RemoteHeap heap = pool.embedded()) {
            final List<RemoteQueue<String>> queues =
                    List.of(heap.queue("queue", Codecs.string()), heap.boundedQueue("bounded", Codecs.string(), 9));
            final Ballast ballast = new Ballast(heap);
            queues.forEach(queue -> queue.addAll(List.of("a", "b", "c", "d")));
            ballast.fill();
            for (final RemoteQueue<String> queue : queues) {
                assertThatThrownBy(queue::poll).isInstanceOf(OutOfRemoteMemoryException.class);
                assertThatThrownBy(() -> queue.drainTo(new ArrayList<>(), 3))
                        .isInstanceOf(OutOfRemoteMemoryException.class);
                assertThatThrownBy(() -> queue.remove("b")).isInstanceOf(OutOfRemoteMemoryException.class);
                assertThatThrownBy(queue::tryReceive).isInstanceOf(OutOfRemoteMemoryException.class);
                assertThat(queue).containsExactly("a", "b", "c", "d");
            }
            ballast.release(64 << 10);
            for (final RemoteQueue<String> queue : queues) {
                assertThat(queue.poll()).isEqualTo("a");
                assertThat(queue.remove("c")).isTrue();
                final List<String> drained = new ArrayList<>();
                assertThat(queue.drainTo(drained)).isEqualTo(2);
                assertThat(drained).containsExactly("b", "d");
            }
            assertThat(queues.get(1).remainingCapacity()).isEqualTo(9);
        }
    }

    @Test
    void shouldRefuseANewStructureAndKeepTheOthersWhenThePoolIsFull() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<byte[]> queue = heap.queue("filler", Codecs.bytes());
            assertThatThrownBy(() -> {
                        for (; ; ) {
                            queue.add(new byte[1 << 20 >> 1]);
                        }
                    })
                    .isInstanceOf(OutOfRemoteMemoryException.class);
            assertThatThrownBy(() -> {
                        for (int i = 0; ; i++) {
                            heap.map("map " + i, Codecs.ints(), Codecs.ints());
                        }
                    })
                    .isInstanceOf(OutOfRemoteMemoryException.class);
            final int before = heap.names().size();
            queue.clear();
            heap.map("last", Codecs.ints(), Codecs.ints()).put(1, 1);
            assertThat(heap.names()).hasSize(before + 1);
        }
    }
}
