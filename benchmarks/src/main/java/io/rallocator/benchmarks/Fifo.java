package io.rallocator.benchmarks;

/** A queue of bytes, ours or a peer's. One thread offers, one polls; they may be the same. */
interface Fifo extends AutoCloseable {
    void offer(byte[] element);

    /** The next element, or {@code null} if there is none now. */
    byte[] poll();

    @Override
    void close();
}
