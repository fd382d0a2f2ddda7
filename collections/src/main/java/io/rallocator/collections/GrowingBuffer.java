package io.rallocator.collections;

import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/** A reused buffer on the heap that grows when asked and keeps what is in it. */
final class GrowingBuffer {
    private static final int INITIAL = 1024;

    /** What is larger holds one value, and is not worth growing ahead. */
    private static final int LARGE = 4 << 20;

    private byte[] bytes = new byte[INITIAL];
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);

    UnsafeBuffer buffer() {
        return buffer;
    }

    /**
     * Makes room.
     *
     * @param capacity bytes needed
     * @return the buffer, with its content
     */
    UnsafeBuffer ensure(final int capacity) {
        if (bytes.length < capacity) {
            bytes = Arrays.copyOf(bytes, capacity <= LARGE ? BitUtil.findNextPositivePowerOfTwo(capacity) : capacity);
            buffer.wrap(bytes);
        }
        return buffer;
    }

    void trim(final int keptBytes) {
        if (bytes.length > keptBytes) {
            bytes = new byte[INITIAL];
            buffer.wrap(bytes);
        }
    }
}
