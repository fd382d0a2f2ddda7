package io.rallocator.collections;

import org.agrona.MutableDirectBuffer;

/** Fills in the encoded bytes of a value: see {@link RemoteMap#write}. */
@FunctionalInterface
public interface ValueWriter {
    /**
     * Writes a value.
     *
     * @param buffer room for the value and nothing else, zeroed; valid during the call only, afterwards it is empty
     * @param offset of the first byte
     * @param length bytes
     */
    void write(MutableDirectBuffer buffer, int offset, int length);
}
