package io.rallocator.collections;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.function.LongFunction;

/**
 * Values of one codec, made of numbers: equal numbers give equal values, different numbers different ones.
 *
 * @param type of the values
 * @param codec of the values
 * @param maker makes the value of a number that fits an int
 */
record Sample<T>(Class<T> type, Codec<T> codec, LongFunction<T> maker) {
    /** One value in so many is as long as {@link #LONG_CHARS}, where the codec's length is not fixed. */
    private static final int LONG_EVERY = 32;

    private static final int LONG_CHARS = 1_200;

    static final Sample<String> STRINGS = new Sample<>(String.class, Codecs.string(), Sample::text);
    static final Sample<Long> LONGS = new Sample<>(Long.class, Codecs.longs(), n -> n * 0x1_0000_0001L);
    static final Sample<Integer> INTS = new Sample<>(Integer.class, Codecs.ints(), n -> (int) n);
    static final Sample<UUID> UUIDS = new Sample<>(UUID.class, Codecs.uuid(), n -> new UUID(n, ~n));
    static final Sample<byte[]> BYTES =
            new Sample<>(byte[].class, Codecs.bytes(), n -> text(n).getBytes(StandardCharsets.UTF_8));
    static final Sample<ByteBuffer> BYTE_BUFFERS =
            new Sample<>(ByteBuffer.class, Codecs.byteBuffer(), n -> ByteBuffer.wrap(BYTES.of(n)));

    /** One for each codec in {@link Codecs}. */
    static final List<Sample<?>> ALL = List.of(STRINGS, LONGS, INTS, UUIDS, BYTES, BYTE_BUFFERS);

    private static String text(final long number) {
        final String text = "näme " + number;
        return Math.floorMod(number, LONG_EVERY) == LONG_EVERY - 1 ? text + "…".repeat(LONG_CHARS) : text;
    }

    T of(final long number) {
        return maker.apply(number);
    }

    /** Something whose equality is the value's: arrays have none of their own. */
    static Object comparable(final Object value) {
        return value instanceof byte[] ? ByteBuffer.wrap((byte[]) value) : value;
    }

    @Override
    public String toString() {
        return type.getSimpleName();
    }
}
