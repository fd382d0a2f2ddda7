package io.rallocator.persistence;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;

/** CRC32C of Agrona buffers by the JDK's intrinsic. A buffer over a direct {@code ByteBuffer} is the fast case. */
public final class Crc32c {
    /** One for each thread: whether the compiler finds that a new one need not be on the heap differs from JDK to JDK. */
    private static final ThreadLocal<CRC32C> OF_THREAD = ThreadLocal.withInitial(CRC32C::new);

    private Crc32c() {}

    private static CRC32C begin() {
        final CRC32C crc = OF_THREAD.get();
        crc.reset();
        return crc;
    }

    /**
     * Checksum of a range.
     *
     * @param buffer used by this thread only meanwhile (its byte buffer's position and limit are moved)
     * @param index first byte
     * @param length bytes
     * @return the CRC32C
     */
    public static int of(final DirectBuffer buffer, final int index, final int length) {
        final CRC32C crc = begin();
        update(crc, buffer, index, length);
        return (int) crc.getValue();
    }

    /**
     * Checksum of two ranges as if the second followed the first.
     *
     * @param first buffer, used by this thread only meanwhile
     * @param firstIndex first byte in it
     * @param firstLength bytes
     * @param second buffer, used by this thread only meanwhile
     * @param secondIndex first byte in it
     * @param secondLength bytes
     * @return the CRC32C
     */
    public static int of(
            final DirectBuffer first,
            final int firstIndex,
            final int firstLength,
            final DirectBuffer second,
            final int secondIndex,
            final int secondLength) {
        final CRC32C crc = begin();
        update(crc, first, firstIndex, firstLength);
        update(crc, second, secondIndex, secondLength);
        return (int) crc.getValue();
    }

    private static void update(final CRC32C crc, final DirectBuffer buffer, final int index, final int length) {
        buffer.boundsCheck(index, length);
        final ByteBuffer bytes = buffer.byteBuffer();
        if (bytes != null) {
            final int start = buffer.wrapAdjustment() + index;
            bytes.limit(start + length).position(start);
            crc.update(bytes);
            bytes.clear();
        } else {
            crc.update(buffer.byteArray(), buffer.wrapAdjustment() + index, length);
        }
    }
}
