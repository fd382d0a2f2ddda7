package io.rallocator.collections;

import io.rallocator.allocator.Operation;

/**
 * The bytes of a map: one {@link MapTable}, or several on different blades, each with the keys of some hashes.
 *
 * <p>Threads: any.
 */
interface MapStore extends ElementPlaces {
    /**
     * Finds the table of a key.
     *
     * @param hash of the key
     * @return the table that has the key, or would have it
     */
    MapTable part(long hash);

    /** This worker's clock: ms since 1970. */
    long now();

    /**
     * Changes many keys.
     *
     * @param operation under which the cost is counted
     * @param scratch of the caller
     * @param bulk keys in the order of their buckets
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room even after waiting for what was freed; those that were done
     *     stay
     */
    void updateAll(Operation operation, Scratch scratch, BulkChange bulk);

    /**
     * Removes what is expired by a moment, walking through the whole map once.
     *
     * @param now the moment; at {@link BucketSweeper#END_OF_TIME} everything is
     * @param scratch of the caller
     * @return how many entries were removed
     */
    long sweep(long now, Scratch scratch);

    /**
     * Collects the entries of the next buckets.
     *
     * @param cursor 0 to begin, then what this method returned
     * @param batch gets them
     * @param atLeast so many, unless the map ends before, or they are large
     * @return the next cursor, 0 at the end
     */
    long scan(long cursor, ScanBatch batch, int atLeast);

    /**
     * Looks many keys up.
     *
     * @param operation under which the cost is counted
     * @param keys at most {@link BucketBatch#MAX_HASHES}; those that are found get their values
     * @param from the first key to look up
     * @return the key to go on with
     */
    int getAll(Operation operation, ScanBatch keys, int from);

    /**
     * Counts the entries: exact when nobody changes the map meanwhile.
     *
     * @return count
     */
    long size();
}
