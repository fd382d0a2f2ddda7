package io.rallocator.persistence;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;

/** CRC32C of Agrona buffers by the JDK's intrinsic. A buffer over a direct {@code ByteBuffer} is the fast case. */
public final class Crc32c {
    private Crc32c() {}

    /**
     * Checksum of a range.
     *
     * @param buffer used by this thread only meanwhile (its byte buffer's position and limit are moved)
     * @param index first byte
     * @param length bytes
     * @return the CRC32C
     */
    public static int of(final DirectBuffer buffer, final int index, final int length) {
        buffer.boundsCheck(index, length);
        final CRC32C crc = new CRC32C();
        final ByteBuffer bytes = buffer.byteBuffer();
        if (bytes != null) {
            final int start = buffer.wrapAdjustment() + index;
            bytes.limit(start + length).position(start);
            crc.update(bytes);
            bytes.clear();
        } else {
            crc.update(buffer.byteArray(), buffer.wrapAdjustment() + index, length);
        }
        return (int) crc.getValue();
    }
}
