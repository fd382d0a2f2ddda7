package io.rallocator.benchmarks;

/** A map from longs to bytes, ours or a peer's, as a workload uses it. Any thread may call. */
interface Store extends AutoCloseable {
    /** A copy of the value, or {@code null}. */
    byte[] get(long key);

    /** Puts an entry; it is as durable as the peer's level says when this returns. */
    void put(long key, byte[] value);

    /** Puts an entry while the store is filled: nothing is measured, and nothing need be durable. */
    default void load(final long key, final byte[] value) {
        put(key, value);
    }

    @Override
    void close();
}
