package io.rallocator.collections;

import org.agrona.DirectBuffer;

/** Is shown the encoded bytes of a value: see {@link RemoteMap#read}. */
@FunctionalInterface
public interface ValueReader {
    /**
     * Reads a value.
     *
     * @param buffer holds the value and nothing else; valid during the call only, afterwards it is empty
     * @param offset of the first byte
     * @param length bytes
     */
    void read(DirectBuffer buffer, int offset, int length);
}
