package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.PoolGeometry;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;

/** What a worker keeps in DRAM about a slab: 64 bytes beside its bitmaps, as HotSpot lays objects out with compressed references. */
class SlabFootprintTest {
    private static final int OBJECT_HEADER_BYTES = 12;
    private static final int MOST_BYTES = 64;

    private static int bytes(final Class<?> type) {
        if (type == long.class || type == double.class) {
            return 8;
        }
        if (type == short.class || type == char.class) {
            return 2;
        }
        return type == byte.class || type == boolean.class ? 1 : 4;
    }

    @Test
    void shouldTakeSixtyFourBytesBesideItsBitmaps() {
        final int fields = Arrays.stream(Slab.class.getDeclaredFields())
                .filter(field -> !Modifier.isStatic(field.getModifiers()))
                .mapToInt(field -> bytes(field.getType()))
                .sum();
        assertThat(OBJECT_HEADER_BYTES + fields).isLessThanOrEqualTo(MOST_BYTES);
    }

    @Test
    void shouldTakeThreeBitsAndAByteForEachBlock() throws ReflectiveOperationException {
        final PoolGeometry geometry = PoolGeometry.ofCapacity(64 << 20);
        final Slab slab = new Slab(geometry, 0, 0, 1, 0, null);
        long bytes = 0;
        for (final Field field : Slab.class.getDeclaredFields()) {
            field.setAccessible(true);
            final Object value = field.get(slab);
            if (value instanceof final long[] words) {
                bytes += 8L * words.length;
            } else if (value instanceof final byte[] each) {
                bytes += each.length;
            } else if (value instanceof final AtomicLongArray words) {
                bytes += 8L * words.length();
            }
        }
        final int blocks = slab.layout.blocks();
        assertThat(bytes).isBetween((long) blocks, blocks + 3L * Long.BYTES * ((blocks + 63) / 64));
    }
}
