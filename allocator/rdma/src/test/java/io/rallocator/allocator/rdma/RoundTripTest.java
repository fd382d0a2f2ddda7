package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What operations cost on the wire, from the counters: the table in docs/rdma.md. */
@Timeout(300)
class RoundTripTest {
    private static final int KEYS = 16;
    private static final int ROUNDS = 48;

    @TempDir
    private Path folder;

    private RdmaBlade blade;

    private RemoteHeap open(final Durability durability) {
        final Path pool = folder.resolve("pool");
        PoolFile.create(pool, PoolGeometry.ofCapacity(64 << 20), true, durability, written -> {});
        blade = RdmaBlade.open(
                pool, SoftwareFabricProvider.NIC, new RdmaBladeOptions("//127.0.0.1:0").allowUnauthenticated());
        return RemoteHeap.open("soft" + blade.address());
    }

    private interface Work {
        void run(int i);
    }

    /** Wire round trips of one call of a warm operation, hundredths rounded up; the retries and helpers of its name included. */
    private static double cost(final RemoteHeap heap, final String operation, final Figure figure, final Work work) {
        for (int i = 0; i < KEYS; i++) {
            work.run(i);
        }
        final long before = heap.count(operation, figure);
        for (int i = 0; i < ROUNDS; i++) {
            work.run(i);
        }
        return Math.ceil(100.0 * (heap.count(operation, figure) - before) / ROUNDS) / 100;
    }

    private static void requireAtMost(
            final RemoteHeap heap, final String operation, final double most, final Work work) {
        final double cost = cost(heap, operation, Figure.WIRE_ROUND_TRIPS, work);
        assertThat(cost).as(operation).isLessThanOrEqualTo(most);
    }

    /** Only a poll reads before it swaps, so only that is fenced: else what the budgets count is what goes over the wire. */
    @Test
    void shouldCostNoMoreThanItsChainsWhenAnOperationIsWarmAtProcess() {
        try (RemoteHeap heap = open(Durability.PROCESS)) {
            final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
            final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
            requireAtMost(heap, "map.put", 3, i -> map.put(i % KEYS, i));
            requireAtMost(heap, "map.get", 2, i -> map.get(i % KEYS));
            requireAtMost(heap, "queue.offer", 1.2, queue::add);
            requireAtMost(heap, "queue.poll", 2.2, i -> queue.poll());
            for (final String operation : new String[] {"map.put", "map.get", "queue.offer"}) {
                assertThat(heap.count(operation, Figure.WIRE_ROUND_TRIPS))
                        .as(operation)
                        .isEqualTo(heap.count(operation, Figure.CHAINS));
            }
        } finally {
            blade.close();
        }
    }

    @Test
    void shouldStayWithinTheTableWhenTheBladeMakesDurableWhatIsPersistedAtPower() {
        try (RemoteHeap heap = open(Durability.POWER)) {
            final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
            final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
            requireAtMost(heap, "map.put", 9, i -> map.put(i % KEYS, i));
            requireAtMost(heap, "map.get", 2, i -> map.get(i % KEYS));
            requireAtMost(heap, "queue.offer", 7, queue::add);
            requireAtMost(heap, "queue.poll", 8, i -> queue.poll());
        } finally {
            blade.close();
        }
    }
}
