package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters.Figure;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelledHeapTest {
    @TempDir
    private Path directory;

    @Test
    void shouldCountTheModelledTimeOfAnOperation() {
        final String pool = "embedded:" + directory.resolve("pool") + "?size=16m";
        try (RemoteHeap heap = RemoteHeap.open(pool + "&model-rtt=2us&model-time=virtual");
                RemoteHeap other = RemoteHeap.open(
                        "local:" + directory.resolve("pool") + "?model-rtt=5us&model-bandwidth=1gbit")) {
            final RemoteMap<String, Long> map = heap.map("map", Codecs.string(), Codecs.longs());
            map.put("one", 1L);
            final long chains = heap.count("map.get", Figure.CHAINS);
            final long ns = heap.count("map.get", Figure.MODELLED_NS);

            assertThat(map.get("one")).isEqualTo(1L);

            assertThat(heap.count("map.get", Figure.MODELLED_NS) - ns)
                    .isEqualTo(2_000 * (heap.count("map.get", Figure.CHAINS) - chains));
            assertThat(other.map("map", Codecs.string(), Codecs.longs()).get("one"))
                    .isEqualTo(1L);
            assertThat(other.count("map.get", Figure.MODELLED_NS))
                    .isGreaterThan(5_000 * other.count("map.get", Figure.CHAINS) + 8 * 32);
        }
    }

    @Test
    void shouldSayWhatIsWrongWithTheModel() {
        final Path pool = directory.resolve("pool");

        assertThatThrownBy(() -> RemoteHeap.open("embedded:" + pool + "?size=16m&model-rtt=fast"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("parameter 'model-rtt' is 'fast', which is no time such as 500ns, 2us or 1ms");

        assertThat(pool).doesNotExist();
    }
}
