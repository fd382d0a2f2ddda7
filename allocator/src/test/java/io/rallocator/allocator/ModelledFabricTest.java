package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A modelled fabric does what the one beneath does, and takes the time that the model says. */
class ModelledFabricTest {
    private static final Operation OPERATION = Operation.named("modelled");
    private static final int VIRTUAL_CHAINS = 10;

    /** What takes time here: 2 µs a chain, 1 ns a byte, 300 ns a verb, 1 µs a PERSIST. */
    private static TimeModel model(final boolean virtual) {
        return new TimeModel(2_000, 8_000_000_000L, 300, 1_000, virtual);
    }

    @Nested
    class InRealTime extends Modelled {
        InRealTime() {
            super(model(false));
        }
    }

    @Nested
    class InVirtualTime extends Modelled {
        InVirtualTime() {
            super(model(true));
        }
    }

    abstract static class Modelled extends FabricContract {
        private final TimeModel model;

        @TempDir
        private Path folder;

        private NvmRegion region;

        Modelled(final TimeModel model) {
            this.model = model;
        }

        @Override
        protected void start() throws Exception {
            final Path file = folder.resolve("region");
            try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
                sized.setLength(CAPACITY);
            }
            region = MappedNvmRegion.map(file, CAPACITY, Durability.PROCESS, true);
        }

        @Override
        protected QueuePair connect() {
            return new ModelledQueuePair(new LocalQueuePair(region), model);
        }

        @Override
        protected void stop() {
            region.close();
        }

        @Test
        void shouldCountWhatEachPartOfAChainCosts() {
            final QueuePair queuePair = connect();
            final Chain chain = new Chain(queuePair);
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1_000]);
            for (int i = 0; i < VIRTUAL_CHAINS; i++) {
                chain.write(0, buffer, 0, 1_000).persist();
                chain.fetchAndAdd(64, 1);
                chain.post(OPERATION);
            }

            // 3 headers of 32 bytes, 1,000 bytes and a word, 2 verbs at the memory, a PERSIST
            final long each = 2_000 + (3 * 32 + 1_000 + 8) + 2 * 300 + 1_000;
            assertThat(queuePair.counters().get(OPERATION, Figure.MODELLED_NS)).isEqualTo(VIRTUAL_CHAINS * each);
        }
    }

    @Test
    void shouldTakeAsLongAsTheModelSaysInRealTime(@TempDir final Path folder) throws Exception {
        final long roundTripNs = 3_000_000;
        final Path file = folder.resolve("region");
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(4096);
        }
        try (NvmRegion region = MappedNvmRegion.map(file, 4096, Durability.PROCESS, true)) {
            final Chain chain = new Chain(
                    new ModelledQueuePair(new LocalQueuePair(region), new TimeModel(roundTripNs, 0, 0, 0, false)));
            final long from = System.nanoTime();
            chain.fetchAndAdd(0, 1);
            chain.post(OPERATION);
            assertThat(System.nanoTime() - from).isGreaterThanOrEqualTo(roundTripNs);

            Thread.currentThread().interrupt();
            chain.fetchAndAdd(0, 1);
            chain.post(OPERATION);
            assertThat(System.nanoTime() - from).isGreaterThanOrEqualTo(2 * roundTripNs);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void shouldReadParametersOfAnAddress() {
        assertThat(TimeModel.of(Map.of("name", "x"))).isNull();
        assertThat(TimeModel.of(Map.of("model-rtt", "2us"))).isEqualTo(new TimeModel(2_000, 0, 0, 0, false));
        assertThat(TimeModel.of(Map.of(
                        "model-rtt", "1ms",
                        "model-bandwidth", "100gbit",
                        "model-nvm", "300ns",
                        "model-persist", "1us",
                        "model-time", "virtual")))
                .isEqualTo(new TimeModel(1_000_000, 100_000_000_000L, 300, 1_000, true));
    }

    @Test
    void shouldSayWhatIsWrongWithAParameter() {
        assertThatThrownBy(() -> TimeModel.of(Map.of("model-rtt", "2")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parameter 'model-rtt' is '2', which is no time such as 500ns, 2us or 1ms");
        assertThatThrownBy(() -> TimeModel.of(Map.of("model-bandwidth", "0gbit")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parameter 'model-bandwidth' is '0gbit', which is no rate such as 100gbit or 800mbit");
        assertThatThrownBy(() -> TimeModel.of(Map.of("model-time", "soon")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parameter 'model-time' is 'soon', known are real and virtual");
        assertThatThrownBy(() -> new TimeModel(-1, 0, 0, 0, true)).isInstanceOf(IllegalArgumentException.class);
    }
}
