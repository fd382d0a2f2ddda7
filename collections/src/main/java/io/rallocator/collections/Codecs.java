package io.rallocator.collections;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ConcurrentModificationException;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Codecs for common types. Numbers are little-endian. None uses Java serialization.
 *
 * <p>Threads: any; each method returns the same object every time.
 */
public final class Codecs {
    private static final Codec<String> STRING = new StringCodec();
    private static final Codec<byte[]> BYTES = new BytesCodec();
    private static final Codec<Long> LONGS = new LongCodec();
    private static final Codec<Integer> INTS = new IntCodec();
    private static final Codec<UUID> UUIDS = new UuidCodec();
    private static final Codec<ByteBuffer> BYTE_BUFFERS = new ByteBufferCodec();

    private Codecs() {}

    /**
     * Text as UTF-8, id {@code utf8}. Unpaired surrogates become {@code ?}.
     *
     * @return the codec
     */
    public static Codec<String> string() {
        return STRING;
    }

    /**
     * Byte arrays as they are, id {@code bytes}. As arrays have no equality of their own, compare what views and
     * iterators return by {@code Arrays.equals}; the methods of map and queue compare the bytes.
     *
     * @return the codec
     */
    public static Codec<byte[]> bytes() {
        return BYTES;
    }

    /**
     * Longs in 8 bytes, id {@code int64}.
     *
     * @return the codec
     */
    public static Codec<Long> longs() {
        return LONGS;
    }

    /**
     * Integers in 4 bytes, id {@code int32}.
     *
     * @return the codec
     */
    public static Codec<Integer> ints() {
        return INTS;
    }

    /**
     * UUIDs in 16 bytes, id {@code uuid}.
     *
     * @return the codec
     */
    public static Codec<UUID> uuid() {
        return UUIDS;
    }

    /**
     * The remaining bytes of byte buffers, id {@code bytes}, the same format as {@link #bytes()}. Encoding leaves the
     * position as it is, and throws {@link ConcurrentModificationException} if it sees that somebody else changes it meanwhile;
     * decoding makes a heap buffer.
     *
     * @return the codec
     */
    public static Codec<ByteBuffer> byteBuffer() {
        return BYTE_BUFFERS;
    }

    private static void requireLength(final String id, final int length, final int expected) {
        if (length != expected) {
            throw new IllegalArgumentException("codec " + id + " needs " + expected + " bytes, there are " + length);
        }
    }

    private static final class StringCodec implements Codec<String> {
        private static final int SMALL = 1024;
        private static final ThreadLocal<byte[]> BUFFER = ThreadLocal.withInitial(() -> new byte[SMALL]);

        @Override
        public String id() {
            return "utf8";
        }

        @Override
        public int encode(final String value, final MutableDirectBuffer target, final int index) {
            final int length = value.length();
            if (length > SMALL) {
                return encodeAny(value, target, index);
            }
            target.checkLimit(index + length);
            for (int i = 0; i < length; i++) {
                final char c = value.charAt(i);
                if (c >= 0x80) {
                    return encodeAny(value, target, index);
                }
                target.putByte(index + i, (byte) c);
            }
            return length;
        }

        private static int encodeAny(final String value, final MutableDirectBuffer target, final int index) {
            final byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            target.putBytes(index, bytes);
            return bytes.length;
        }

        @Override
        public String decode(final DirectBuffer source, final int index, final int length) {
            final byte[] bytes = length <= SMALL ? BUFFER.get() : new byte[length];
            source.getBytes(index, bytes, 0, length);
            return new String(bytes, 0, length, StandardCharsets.UTF_8);
        }
    }

    private static final class BytesCodec implements Codec<byte[]> {
        @Override
        public String id() {
            return "bytes";
        }

        @Override
        public int encode(final byte[] value, final MutableDirectBuffer target, final int index) {
            target.putBytes(index, value);
            return value.length;
        }

        @Override
        public byte[] decode(final DirectBuffer source, final int index, final int length) {
            final byte[] value = new byte[length];
            source.getBytes(index, value);
            return value;
        }
    }

    private static final class LongCodec implements Codec<Long> {
        @Override
        public String id() {
            return "int64";
        }

        @Override
        public int encode(final Long value, final MutableDirectBuffer target, final int index) {
            target.putLong(index, value, ByteOrder.LITTLE_ENDIAN);
            return Long.BYTES;
        }

        @Override
        public Long decode(final DirectBuffer source, final int index, final int length) {
            requireLength(id(), length, Long.BYTES);
            return source.getLong(index, ByteOrder.LITTLE_ENDIAN);
        }
    }

    private static final class IntCodec implements Codec<Integer> {
        @Override
        public String id() {
            return "int32";
        }

        @Override
        public int encode(final Integer value, final MutableDirectBuffer target, final int index) {
            target.putInt(index, value, ByteOrder.LITTLE_ENDIAN);
            return Integer.BYTES;
        }

        @Override
        public Integer decode(final DirectBuffer source, final int index, final int length) {
            requireLength(id(), length, Integer.BYTES);
            return source.getInt(index, ByteOrder.LITTLE_ENDIAN);
        }
    }

    private static final class UuidCodec implements Codec<UUID> {
        @Override
        public String id() {
            return "uuid";
        }

        @Override
        public int encode(final UUID value, final MutableDirectBuffer target, final int index) {
            target.putLong(index, value.getMostSignificantBits(), ByteOrder.LITTLE_ENDIAN);
            target.putLong(index + 8, value.getLeastSignificantBits(), ByteOrder.LITTLE_ENDIAN);
            return 16;
        }

        @Override
        public UUID decode(final DirectBuffer source, final int index, final int length) {
            requireLength(id(), length, 16);
            return new UUID(
                    source.getLong(index, ByteOrder.LITTLE_ENDIAN), source.getLong(index + 8, ByteOrder.LITTLE_ENDIAN));
        }
    }

    private static final class ByteBufferCodec implements Codec<ByteBuffer> {
        @Override
        public String id() {
            return "bytes";
        }

        @Override
        public int encode(final ByteBuffer value, final MutableDirectBuffer target, final int index) {
            final int from = value.position();
            final int length = value.limit() - from;
            if (length >= 0) {
                target.checkLimit(index + length);
                target.putBytes(index, value, from, length);
            }
            if (value.position() != from || value.limit() != from + length) { // else this would be neither's bytes
                throw new ConcurrentModificationException("position or limit of a byte buffer changed while codec "
                        + id() + " encoded it; encode a duplicate() that no other thread has");
            }
            return length;
        }

        @Override
        public ByteBuffer decode(final DirectBuffer source, final int index, final int length) {
            final byte[] value = new byte[length];
            source.getBytes(index, value);
            return ByteBuffer.wrap(value);
        }
    }
}
