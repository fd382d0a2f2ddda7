package io.rallocator.collections;

import net.openhft.hashing.LongHashFunction;
import org.agrona.DirectBuffer;

/** Hashing and comparing of ranges of buffers, without garbage. */
final class Bytes {
    private static final LongHashFunction XX3 = LongHashFunction.xx3();

    private Bytes() {}

    /**
     * XXH3, 64 bits: where a key belongs. Part of the pool's format.
     *
     * @param buffer holds the bytes, on heap or off
     * @param index of the first
     * @param length bytes
     * @return the hash
     */
    static long hash(final DirectBuffer buffer, final int index, final int length) {
        buffer.boundsCheck(index, length);
        final byte[] array = buffer.byteArray();
        return array == null
                ? XX3.hashMemory(buffer.addressOffset() + index, length)
                : XX3.hashBytes(array, buffer.wrapAdjustment() + index, length);
    }

    static boolean equal(
            final DirectBuffer a, final int aIndex, final DirectBuffer b, final int bIndex, final int length) {
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            if (a.getLong(aIndex + i) != b.getLong(bIndex + i)) {
                return false;
            }
        }
        for (; i < length; i++) {
            if (a.getByte(aIndex + i) != b.getByte(bIndex + i)) {
                return false;
            }
        }
        return true;
    }
}
