package io.rallocator.collections;

import io.rallocator.allocator.Operation;
import org.agrona.collections.MutableLong;

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

    /**
     * Looks a key up.
     *
     * @param operation under which the cost is counted
     * @param scratch has the key; gets the value
     * @param wantsValue false to know only whether it is there
     * @return true if it is there
     */
    boolean get(Operation operation, Scratch scratch, boolean wantsValue);

    /**
     * Looks a key up that is about to be changed, and keeps its bucket for that. Without a round trip if the bucket is
     * remembered: then {@link Bucket#remembered} tells that the answer is to be proved by the change, or by
     * {@link #get}.
     *
     * @param operation under which the cost is counted
     * @param scratch has the key; gets the value
     * @param changesPresent false if a key that is there will not be changed: then it is there now
     * @return true if it is there
     */
    boolean getToChange(Operation operation, Scratch scratch, boolean changesPresent);

    /**
     * Changes a key as {@link Scratch#change} says.
     *
     * @param operation under which the cost is counted
     * @param scratch has key, value, expected value; {@link Scratch#found} tells afterwards whether the key was there,
     *     and the result is the old value if the change wants it
     * @return true if it was changed
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room even after waiting for what was freed; nothing is changed
     */
    boolean update(Operation operation, Scratch scratch);

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
     * @param removed counts the entries that were removed
     */
    void sweep(long now, Scratch scratch, MutableLong removed);

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
