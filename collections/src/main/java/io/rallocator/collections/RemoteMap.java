package io.rallocator.collections;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BiConsumer;

/**
 * A concurrent map whose entries live in a blade's non-volatile memory. Any number of threads, heaps and processes may
 * use the same map at once.
 *
 * <p><b>Atomicity.</b> Every method that changes one key, {@code compute}, {@code merge} and {@code replaceAll}'s single
 * steps included, takes effect by one compare-and-swap: all or nothing, in an order that all users agree on. Bulk methods
 * ({@code putAll}, {@code clear}, {@code replaceAll}, what views remove in bulk) are a sequence of such changes.
 *
 * <p><b>Crash guarantee.</b> When a method returned, its change survives the death of any process. A change that was under
 * way when its process died has either happened or not. No process ever waits for a dead or stopped one.
 *
 * <p><b>Functions</b> given to {@code compute} and its kin may be called more than once if others change the same key
 * meanwhile, or did since the heap's cache learned its value: the result of the last call counts. They may use the same map. They must have no effect besides their result. One that throws changes nothing; one whose
 * result encodes to the bytes that are there writes nothing.
 *
 * <p><b>Equality.</b> Keys are equal if they encode to equal bytes; so are values in {@code replace(key, old, new)},
 * {@code remove(key, value)} and {@code containsValue}. Equality and hash code of the map itself are those of
 * {@link java.util.AbstractMap}. A key or value of another type than the codec's is a {@link ClassCastException}, where
 * {@code ConcurrentHashMap} answers that it is not there.
 *
 * <p><b>Iterators</b> of the views are weakly consistent: they never fail, show each entry that stays exactly once, and
 * may or may not show what was added or removed meanwhile. {@code Iterator.remove} removes the key whatever its value is by
 * then; {@code Entry.setValue} puts.
 *
 * <p><b>Time to live.</b> An entry that was put with one is absent for every operation from the moment on at which it expires,
 * by the clock of the worker that looks: the clocks of all hosts must be near. A put without one ends it; whatever changes the
 * value of a present key otherwise ({@code replace}, {@code compute} and its kin) keeps it. An expired entry takes memory, and counts
 * in the map's size, until its bucket is next changed or {@link #removeExpired} comes by.
 *
 * <p><b>Memory.</b> What is removed goes back to the blade slab by slab; a bucket without entries takes 8 bytes. The table of buckets
 * does not shrink.
 *
 * <p><b>Limits.</b> A key has at most 4,095 bytes when encoded (less in pools with slabs below 64 KiB). A value has 0 bytes to
 * 1 GiB (2<sup>30</sup> bytes), if the pool has the memory; in pools whose largest slab is below 64 KiB less, because one
 * block must list its chunks: 1.5 MB with slabs of 4 KiB. The process needs room for a few copies of it on its heap. Values up
 * to 512 bytes are kept with their key, values up to the pool's largest block less 16 bytes (4 MiB in pools from 256 MiB on,
 * 1 MiB below) in a block of their own, larger ones in chunks. Views, iterators and {@code scan} read all entries of a bucket
 * at once, a handful, whose values must not have more than 2 GiB together. Null keys and values are not allowed.
 *
 * <p><b>Bulk methods</b> of the views ({@code removeAll}, {@code retainAll}, {@code removeIf}) work bucket by bucket: some round
 * trips to read 128 entries, and one for each bucket that loses any. Those that look at values remove an entry only if its
 * value is still the one that they looked at. What a filter throws ends them; what was removed before stays so.
 *
 * <p><b>Cost</b> in round trips, on values up to 512 bytes: {@code get} 2, or 1 if the heap's cache knows the bucket;
 * {@code put}, {@code remove}, {@code compute} and its kin 3, or 1. A value with a block of its own costs {@code get} one more,
 * unless the heap's cache has it. A value in n chunks costs
 * {@code get} 1 + c more, {@code put} c more, and its replacement or removal 1 + ⌈n ÷ 200⌉ more; c is the number of chains, of up
 * to 16 chunks and 16 MiB each. Slabs, and waiting for the blade to hand them out, come on top.
 *
 * <p>All methods throw {@link io.rallocator.persistence.HeapClosedException} after the heap was closed,
 * {@link io.rallocator.persistence.SessionFencedException} if this worker was declared dead, and
 * {@link io.rallocator.persistence.CorruptedPoolException} if stored bytes are damaged. Methods that add throw
 * {@link io.rallocator.persistence.OutOfRemoteMemoryException} if the blade has no memory left (the map is as it was; remove
 * something) and {@link IllegalArgumentException} if key or value exceed the limits. A removal writes its
 * bucket anew, so it throws too if there is no block at all, not even a larger one.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public interface RemoteMap<K, V> extends ConcurrentMap<K, V> {
    /**
     * How many entries there are: exact when nobody changes the map meanwhile, after crashes too; otherwise it may be
     * off by the changes under way. Costs a few round trips for each live session of the pool.
     *
     * @return count
     */
    long sizeLong();

    /**
     * {@link #sizeLong()}, at most {@link Integer#MAX_VALUE}.
     *
     * @return count
     */
    @Override
    int size();

    /**
     * Puts, without asking for the value before.
     *
     * <p>Cost in round trips: 3, or 1 if the heap's cache knows the bucket, however large the value before was; unlike
     * {@link #put} it reads and decodes nothing of that one.
     *
     * @param key of the entry
     * @param value the new value
     * @return true if the key was absent
     */
    boolean set(K key, V value);

    /**
     * Removes a key, without asking for its value. Costs what {@link #set} costs.
     *
     * @param key to remove
     * @return true if the key was present
     */
    boolean delete(Object key);

    /**
     * Puts an entry that expires.
     *
     * @param key of the entry
     * @param value the new value
     * @param timeToLive from now on; positive, rounded up to milliseconds
     * @return the value before, or null
     * @throws IllegalArgumentException if the time to live is not positive
     */
    V put(K key, V value, Duration timeToLive);

    /**
     * Puts an entry that expires, if the key is absent.
     *
     * @param key of the entry
     * @param value the new value
     * @param timeToLive from now on; positive, rounded up to milliseconds
     * @return the value that is there, or null if the new one is
     * @throws IllegalArgumentException if the time to live is not positive
     */
    V putIfAbsent(K key, V value, Duration timeToLive);

    /**
     * Puts an entry that expires, without asking for the value before, as {@link #set(Object, Object)} does.
     *
     * @param key of the entry
     * @param value the new value
     * @param timeToLive from now on; positive, rounded up to milliseconds
     * @return true if the key was absent
     * @throws IllegalArgumentException if the time to live is not positive
     */
    boolean set(K key, V value, Duration timeToLive);

    /**
     * Lets a present entry expire, earlier or later than it did, and leaves its value as it is.
     *
     * @param key of the entry
     * @param timeToLive from now on; positive, rounded up to milliseconds
     * @return true if the key was present
     * @throws IllegalArgumentException if the time to live is not positive
     */
    boolean expire(K key, Duration timeToLive);

    /**
     * Lets a present entry expire no more.
     *
     * @param key of the entry
     * @return true if the key was present and would have expired
     */
    boolean persist(K key);

    /**
     * How long a present entry has still to live.
     *
     * @param key of the entry
     * @return at least a millisecond; empty if the key is absent or its entry does not expire
     */
    Optional<Duration> timeToLive(K key);

    /**
     * Removes every entry that has expired when this method begins, walking through the whole map once: 2 round trips for
     * every 128 buckets, and 1 or 2 for each bucket that has any.
     *
     * @return how many were removed
     */
    long removeExpired();

    /**
     * Puts many entries, each as {@link #put} does but for the value before.
     *
     * <p>Cost in round trips: for every 128 entries 2 to read, and 1 for each bucket that they go to: up to 8 of 8,192
     * entries, or 1 MiB, that go to one bucket are put by one commit. A growing map splits buckets besides.
     *
     * @param map the entries; none of them null
     */
    @Override
    void putAll(Map<? extends K, ? extends V> map);

    /**
     * Removes many keys, in as few round trips as {@link #putAll}.
     *
     * @param keys none of them null
     * @return how many were present
     */
    long deleteAll(Collection<? extends K> keys);

    /**
     * Looks many keys up together. Each is answered as {@link #get} answers, at its own moment.
     *
     * <p>Cost in round trips: 2 for every 128 keys, or 1 if the heap's cache knows all their buckets, 1 more if the map has grown since this heap last looked or any of
     * their values have more than 512 bytes, and some for values whose bytes do not fit in one read of 1 MiB together.
     *
     * @param keys none of them null
     * @return those that are present with their values, in the order of {@code keys}, by the given key objects; a copy
     */
    Map<K, V> getAll(Collection<? extends K> keys);

    /**
     * Shows the encoded bytes of a key's value, without decoding them and without an object for them. The fabric
     * reads them straight into a buffer of this thread (values up to 512 bytes come with their bucket, and are copied from
     * there), so the reader sees all of a value in one piece, however large, and as it was at one moment.
     *
     * <p>Nothing of the pool is held meanwhile: the reader may take its time and may use this and other maps. What it
     * throws reaches the caller.
     *
     * @param key to look up
     * @param reader called once if the key is there, in this thread; keep no reference to the buffer
     * @return true if the key is there
     */
    boolean read(K key, ValueReader reader);

    /**
     * Puts a value whose encoded bytes the caller writes itself, without an object and a codec: they go from that buffer
     * straight to the pool. They must be what the map's codec can read, unless all its users {@link #read} them.
     *
     * <p>The writer is called once, before anything is changed, with nothing of the pool held: it may use this and other
     * maps. If it throws, nothing is changed and the caller gets what it threw.
     *
     * @param key with which the value is associated, whether or not it has one
     * @param length of the value in bytes; 0 calls the writer with an empty buffer
     * @param writer fills the buffer, in this thread; bytes that it does not write are 0
     * @throws IllegalArgumentException if the length is negative or over the limit
     */
    void write(K key, int length, ValueWriter writer);

    /**
     * Shows some entries. Called again and again with what it returned, it shows every entry that stays in the map
     * exactly once, and others at most once, however the map grows meanwhile. No state is kept in between, so a scan can be
     * dropped, or resumed by another process.
     *
     * @param cursor 0 to begin, then the last result
     * @param atLeast so many entries are shown, unless the map ends before
     * @param visitor is shown key and value, with nothing held: it may use the map
     * @return the next cursor, 0 at the end
     * @throws IllegalArgumentException if {@code atLeast} is less than 1
     */
    long scan(long cursor, int atLeast, BiConsumer<? super K, ? super V> visitor);
}
