package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What it costs to open a structure, in round trips: as the Javadoc of {@link RemoteHeap} says. */
@Timeout(60)
class OpeningCostTest {
    private static final List<Consumer<RemoteHeap>> OPENINGS = List.of(
            heap -> heap.map("map", Codecs.string(), Codecs.string()),
            heap -> heap.queue("queue", Codecs.string()),
            heap -> heap.boundedQueue("bounded", Codecs.string(), 3),
            heap -> heap.longArray("longs", 10),
            heap -> heap.byteArray("bytes", 10),
            heap -> heap.array("array", Codecs.string(), 10));

    @Test
    void shouldCostThreeRoundTripsAgainAndFiveAtFirstWhenAStructureExists() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap creator = pool.embedded();
                    RemoteHeap other = pool.local()) {
                assertThat(costs(creator)).allMatch(cost -> cost >= 8 && cost <= 20); // slabs included
                assertThat(costs(creator)).containsOnly(3L);
                assertThat(costs(other)).containsOnly(5L);
                assertThat(costs(other)).containsOnly(3L);
            }
            pool.check();
        }
    }

    private static List<Long> costs(final RemoteHeap heap) {
        final List<Long> costs = new ArrayList<>();
        for (final Consumer<RemoteHeap> opening : OPENINGS) {
            final long before = roundTrips(heap);
            opening.accept(heap);
            costs.add(roundTrips(heap) - before);
        }
        return costs;
    }

    private static long roundTrips(final RemoteHeap heap) {
        return heap.count("heap.open", Figure.CHAINS);
    }
}
