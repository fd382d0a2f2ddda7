package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sizes at their borders, wrong arguments, and codecs that misbehave. */
@Timeout(60)
class MapLimitsTest {
    private TestPool pool;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(64);
    }

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    private static byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) (length * 31 + 7));
        return bytes;
    }

    @Test
    void shouldKeepValuesOfAnySizeWhenTheyFitOneBlock() {
        final int most;
        final int[] lengths;
        try (RemoteHeap heap = pool.embedded()) {
            most = heap.geometry().maxBlockBytes() - 16;
            lengths = new int[] {0, 1, 511, 512, 513, 1_000, 4_096, 65_535, 1 << 19, most - 1, most};
            final RemoteMap<Integer, byte[]> map = heap.map("sizes", Codecs.ints(), Codecs.bytes());
            for (final int length : lengths) {
                assertThat(map.put(length, bytes(length))).isNull();
            }
            for (final int length : lengths) {
                assertThat(map.get(length)).isEqualTo(bytes(length));
                assertThat(map.put(length, bytes(most - length))).isEqualTo(bytes(length));
                assertThat(map.replace(length, bytes(most - length), bytes(length)))
                        .isTrue();
                assertThat(map.replace(length, bytes(most - length), bytes(0))).isEqualTo(length == most - length);
            }
            final int tooLong = (int) (heap.geometry().capacity() + 1);
            assertThatThrownBy(() -> map.put(0, new byte[tooLong]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the value has " + tooLong + " bytes")
                    .hasMessageContaining("can be stored in this pool");
            assertThat(map.get(0)).isEqualTo(bytes(0));
            assertThat(map.sizeLong()).isEqualTo(lengths.length);
        }
        pool.check();
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, byte[]> map = heap.map("sizes", Codecs.ints(), Codecs.bytes());
            final int[] shown = {0};
            map.forEach((key, value) -> {
                assertThat(value).isEqualTo(bytes(key));
                shown[0]++;
            });
            assertThat(shown[0]).isEqualTo(lengths.length);
            for (final int length : lengths) {
                assertThat(map.remove(length, bytes(length + 1))).isFalse();
                assertThat(map.remove(length)).isEqualTo(bytes(length));
            }
            assertThat(map).isEmpty();
        }
    }

    @Test
    void shouldTakeKeysUpToTheirLimitWhenPutAndFindNothingBeyond() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<String, String> map = heap.map("keys", Codecs.string(), Codecs.string());
            for (final int length : new int[] {0, 1, 7, 8, 9, 4_094, 4_095}) {
                map.put("k".repeat(length), "value " + length);
            }
            for (final int length : new int[] {0, 1, 7, 8, 9, 4_094, 4_095}) {
                assertThat(map.get("k".repeat(length))).isEqualTo("value " + length);
            }
            final String tooLong = "k".repeat(4_096);
            assertThatThrownBy(() -> map.put(tooLong, ""))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the key has 4096 bytes")
                    .hasMessageContaining("at most 4095");
            assertThatThrownBy(() -> map.compute(tooLong, (key, old) -> "")).hasMessageContaining("4096");
            assertThat(map.get(tooLong)).isNull();
            assertThat(map.containsKey(tooLong)).isFalse();
            assertThat(map.remove(tooLong)).isNull();
            assertThat(map.sizeLong()).isEqualTo(7);
        }
    }

    @Test
    void shouldWorkInAPoolOfSmallSlabsWhenKeysAndValuesFit() {
        final PoolGeometry small = PoolGeometry.of(16 << 20, new int[] {4096}, 64, 4, 4, 16);
        try (TestPool smallPool = TestPool.create(small)) {
            try (RemoteHeap heap = smallPool.embedded()) {
                final RemoteMap<Integer, byte[]> map = heap.map("small", Codecs.ints(), Codecs.bytes());
                final int most = heap.geometry().maxBlockBytes() - 16;
                for (int key = 0; key < 3_000; key++) {
                    map.put(key, bytes(key % 200));
                }
                map.put(-1, bytes(most));
                for (int key = 0; key < 3_000; key++) {
                    assertThat(map.get(key)).isEqualTo(bytes(key % 200));
                }
                assertThat(map.get(-1)).isEqualTo(bytes(most));
                final long mostListed = (most - 16) / 8 * (long) most;
                map.put(0, bytes((int) mostListed));
                assertThat(map.get(0)).isEqualTo(bytes((int) mostListed));
                assertThatThrownBy(() -> map.put(0, bytes((int) mostListed + 1)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("0 to " + mostListed);
                heap.queue("queue", Codecs.ints()).add(1);
            }
            smallPool.check();
        }
    }

    @Test
    void shouldSayWhatDoesNotFitWhenThePoolHasTooManyLanesForItsBlocks() {
        final PoolGeometry narrow = PoolGeometry.of(16 << 20, new int[] {4096}, 64, 64, 64, 16);
        try (TestPool narrowPool = TestPool.create(narrow)) {
            try (RemoteHeap heap = narrowPool.embedded()) {
                assertThatThrownBy(() -> heap.map("map", Codecs.ints(), Codecs.ints()))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("fewer sessions or lanes");
                heap.queue("queue", Codecs.ints()).add(1);
            }
            narrowPool.check();
        }
    }

    @Test
    void shouldThrowWhatJavaUtilThrowsWhenArgumentsAreWrong() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<String, Long> map = heap.map("nulls", Codecs.string(), Codecs.longs());
            final Object wrongType = 7;
            map.put("one", 1L);
            assertThatThrownBy(() -> map.put(null, 1L)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.put("two", null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.get(null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.remove(null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.containsKey(null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.containsValue(null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.replace("one", null, 2L)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.merge("one", null, Long::sum)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.compute("one", null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> map.get(wrongType)).isInstanceOf(ClassCastException.class);
            assertThatThrownBy(() -> map.remove("one", "1")).isInstanceOf(ClassCastException.class);
            assertThatThrownBy(() -> map.scan(0, 0, (key, value) -> {})).isInstanceOf(IllegalArgumentException.class);
            assertThat(map.remove("one", null)).isFalse();
            assertThat(map).containsExactly(java.util.Map.entry("one", 1L));
        }
    }

    @Test
    void shouldChangeNothingWhenAFunctionThrows() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<String, Long> map = heap.map("functions", Codecs.string(), Codecs.longs());
            map.put("one", 1L);
            assertThatThrownBy(() -> map.compute("one", (key, old) -> {
                        throw new IllegalStateException("mine");
                    }))
                    .hasMessage("mine");
            assertThatThrownBy(() -> map.computeIfAbsent("two", key -> {
                        throw new IllegalStateException("mine");
                    }))
                    .hasMessage("mine");
            assertThat(map).containsExactly(java.util.Map.entry("one", 1L));
        }
    }

    @Test
    void shouldAllowTheMapInsideAFunctionOfTheMap() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<String, Long> map = heap.map("nested", Codecs.string(), Codecs.longs());
            final Long result = map.compute(
                    "outer",
                    (key, old) -> map.computeIfAbsent("inner", inner -> 20L) + map.merge("inner", 1L, Long::sum));
            assertThat(result).isEqualTo(41);
            assertThat(map).containsEntry("outer", 41L).containsEntry("inner", 21L);
        }
    }

    @Test
    void shouldReportWhatAndWhereWhenACodecFails() {
        final Codec<UUID> failing = new Codec<>() {
            @Override
            public String id() {
                return "utf8";
            }

            @Override
            public int encode(final UUID value, final MutableDirectBuffer target, final int index) {
                return -1;
            }

            @Override
            public UUID decode(final DirectBuffer source, final int index, final int length) {
                source.getLong(index + length); // reads past its bytes
                return null;
            }
        };
        try (RemoteHeap heap = pool.embedded()) {
            heap.map("texts", Codecs.string(), Codecs.string()).put("key", "text");
            heap.queue("texts too", Codecs.string()).add("text");
            final RemoteMap<String, UUID> map = heap.map("texts", Codecs.string(), failing);
            assertThatThrownBy(() -> map.get("key"))
                    .isInstanceOf(RallocatorException.class)
                    .hasMessageContaining("codec utf8 cannot decode 4 bytes of map 'texts', key hash 0x")
                    .hasCauseInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> map.put("key", UUID.randomUUID()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("encode must return what it wrote");
            assertThatThrownBy(() -> heap.queue("texts too", failing).poll())
                    .isInstanceOf(RallocatorException.class)
                    .hasMessageContaining("queue 'texts too', slot offset 0x");
            assertThat(heap.map("texts", Codecs.string(), Codecs.string())).containsEntry("key", "text");
        }
    }

    @Test
    void shouldSeeTheSameBytesWhenTwoCodecsShareAFormat() {
        try (RemoteHeap heap = pool.embedded()) {
            heap.map("bytes", Codecs.bytes(), Codecs.bytes()).put(new byte[] {1}, new byte[] {2, 3});
            final RemoteMap<ByteBuffer, ByteBuffer> map = heap.map("bytes", Codecs.byteBuffer(), Codecs.byteBuffer());
            assertThat(map).containsEntry(ByteBuffer.wrap(new byte[] {1}), ByteBuffer.wrap(new byte[] {2, 3}));
            assertThat(heap.map("bytes", Codecs.bytes(), Codecs.bytes()).containsValue(new byte[] {2, 3}))
                    .isTrue();
        }
    }
}
