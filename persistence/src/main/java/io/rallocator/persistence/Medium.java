package io.rallocator.persistence;

/**
 * How what was stored in a pool's mapping gets to where it survives power loss: by syncs of the file ({@link GroupSync}) or by
 * write-back of cache lines ({@link DaxLines}).
 *
 * <p>Threads: any.
 */
interface Medium extends AutoCloseable {
    /**
     * Begins to make a range durable.
     *
     * @param offset from the start of the mapping, in bytes
     * @param length in bytes
     */
    void flush(long offset, long length);

    /**
     * Returns when everything is durable that was flushed before by this thread.
     *
     * @throws PoolUnavailableException if the device says that it could not
     */
    void drain();

    @Override
    void close();
}
