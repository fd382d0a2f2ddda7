package io.rallocator.collections;

import io.rallocator.allocator.Operation;
import java.time.Duration;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.agrona.collections.MutableLong;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A {@link MapStore} seen through two codecs. Codecs and functions run before a lane is taken and after it was released.
 *
 * <p>Threads: any; each works on its own {@link Scratch}.
 */
final class PersistentMap<K, V> extends AbstractMap<K, V> implements RemoteMap<K, V> {
    private static final Operation GET = Operation.named("map.get");
    private static final Operation GET_ALL = Operation.named("map.getAll");
    private static final Operation PUT_ALL = Operation.named("map.putAll");
    private static final Operation REMOVE_ALL = Operation.named("map.removeAll");
    private static final Operation EXPIRE = Operation.named("map.expire");
    private static final Operation PUT = Operation.named("map.put");
    private static final Operation REMOVE = Operation.named("map.remove");
    private static final Operation COMPUTE = Operation.named("map.compute");

    private final MapStore table;
    private final Codec<K> keyCodec;
    private final Codec<V> valueCodec;

    PersistentMap(final MapStore table, final Codec<K> keyCodec, final Codec<V> valueCodec) {
        this.table = table;
        this.keyCodec = keyCodec;
        this.valueCodec = valueCodec;
    }

    MapStore table() {
        return table;
    }

    // ---- one key

    @Override
    public V get(final Object key) {
        return getOrDefault(key, null);
    }

    @Override
    public V getOrDefault(final Object key, final V defaultValue) {
        final Scratch scratch = Scratch.enter();
        try {
            return encodeAnyKey(scratch, key) && table.get(GET, scratch, true)
                    ? decodeValue(scratch, false)
                    : defaultValue;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public boolean containsKey(final Object key) {
        final Scratch scratch = Scratch.enter();
        try {
            return encodeAnyKey(scratch, key) && table.get(GET, scratch, false);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public V put(final K key, final V value) {
        return put(key, value, null, Change.ALWAYS, Change.OLD);
    }

    @Override
    public V put(final K key, final V value, final Duration timeToLive) {
        return put(key, value, requirePositive(timeToLive), Change.ALWAYS, Change.OLD);
    }

    @Override
    public V putIfAbsent(final K key, final V value) {
        return put(key, value, null, Change.IF_ABSENT, Change.OBSTACLE);
    }

    @Override
    public V putIfAbsent(final K key, final V value, final Duration timeToLive) {
        return put(key, value, requirePositive(timeToLive), Change.IF_ABSENT, Change.OBSTACLE);
    }

    @Override
    public V replace(final K key, final V value) {
        return put(key, value, null, Change.IF_PRESENT, Change.OLD);
    }

    private V put(final K key, final V value, final Duration timeToLive, final int condition, final int wanted) {
        final Scratch scratch = Scratch.enter();
        try {
            encodeKey(scratch, key);
            encodeValue(scratch, value);
            scratch.change.set(condition, false, wanted);
            scratch.change.expiry = expiryAfter(timeToLive);
            scratch.change.keepsExpiry = condition == Change.IF_PRESENT;
            final boolean changed = table.update(PUT, scratch);
            return scratch.found ? decodeValue(scratch, changed) : null;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public boolean set(final K key, final V value) {
        return setUntil(key, value, null);
    }

    @Override
    public boolean set(final K key, final V value, final Duration timeToLive) {
        return setUntil(key, value, requirePositive(timeToLive));
    }

    private boolean setUntil(final K key, final V value, final Duration timeToLive) {
        final Scratch scratch = Scratch.enter();
        try {
            encodeKey(scratch, key);
            encodeValue(scratch, value);
            scratch.change.set(Change.ALWAYS, false, Change.NOTHING);
            scratch.change.expiry = expiryAfter(timeToLive);
            table.update(PUT, scratch);
            return !scratch.found;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public boolean replace(final K key, final V oldValue, final V newValue) {
        final Scratch scratch = Scratch.enter();
        try {
            encodeKey(scratch, key);
            scratch.encodeExpected(valueCodec, Objects.requireNonNull(oldValue, "the old value is null"));
            encodeValue(scratch, newValue);
            scratch.change.set(Change.IF_EQUAL, false, Change.NOTHING);
            scratch.change.keepsExpiry = true;
            return table.update(PUT, scratch);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public V remove(final Object key) {
        final Scratch scratch = Scratch.enter();
        try {
            scratch.change.set(Change.IF_PRESENT, true, Change.OLD);
            return encodeAnyKey(scratch, key) && table.update(REMOVE, scratch) ? decodeValue(scratch, true) : null;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public boolean remove(final Object key, final Object value) {
        final Scratch scratch = Scratch.enter();
        try {
            if (!encodeAnyKey(scratch, key) || value == null) {
                return false;
            }
            scratch.encodeExpected(valueCodec, castValue(value));
            scratch.change.set(Change.IF_EQUAL, true, Change.NOTHING);
            return table.update(REMOVE, scratch);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public boolean delete(final Object key) {
        final Scratch scratch = Scratch.enter();
        try {
            scratch.change.set(Change.IF_PRESENT, true, Change.NOTHING);
            return encodeAnyKey(scratch, key) && table.update(REMOVE, scratch);
        } finally {
            scratch.exit();
        }
    }

    /** Removes the key of an entry of a batch, as its bytes are: nobody decodes it or encodes it again. */
    void delete(final ScanBatch batch, final int entry) {
        final Scratch scratch = Scratch.enter();
        try {
            scratch.copyKey(batch.buffer(), batch.keyIndex(entry), batch.keyLength(entry));
            scratch.change.set(Change.IF_PRESENT, true, Change.NOTHING);
            table.update(REMOVE, scratch);
        } finally {
            scratch.exit();
        }
    }

    /** Tells whether a key has a value, compared by encoded bytes. */
    boolean hasMapping(final Object key, final Object value) {
        if (key == null || value == null) {
            return false;
        }
        final Scratch scratch = Scratch.enter();
        try {
            if (!encodeAnyKey(scratch, key) || !table.get(GET, scratch, true)) {
                return false;
            }
            scratch.encodeExpected(valueCodec, castValue(value));
            return scratch.isResultExpected();
        } finally {
            scratch.exit();
        }
    }

    // ---- time to live

    private static Duration requirePositive(final Duration timeToLive) {
        if (Objects.requireNonNull(timeToLive, "the time to live is null").compareTo(Duration.ZERO) <= 0) {
            throw new IllegalArgumentException("the time to live must be positive, not " + timeToLive);
        }
        return timeToLive;
    }

    /** The moment in ms since 1970, rounded up; a time to live that exceeds what a long can count has no end. */
    private long expiryAfter(final Duration timeToLive) {
        if (timeToLive == null) {
            return BucketBlock.NEVER;
        }
        try {
            return Math.addExact(table.now(), timeToLive.plusNanos(999_999).toMillis());
        } catch (final ArithmeticException e) {
            return BucketBlock.NEVER;
        }
    }

    @Override
    public boolean expire(final K key, final Duration timeToLive) {
        return changeExpiry(key, Change.IF_PRESENT, requirePositive(timeToLive));
    }

    @Override
    public boolean persist(final K key) {
        return changeExpiry(key, Change.IF_EXPIRING, null);
    }

    private boolean changeExpiry(final K key, final int condition, final Duration timeToLive) {
        final Scratch scratch = Scratch.enter();
        try {
            scratch.change.setExpiryOnly(condition, expiryAfter(timeToLive));
            return encodeAnyKey(scratch, key) && table.update(EXPIRE, scratch);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public Optional<Duration> timeToLive(final K key) {
        final Scratch scratch = Scratch.enter();
        try {
            if (!encodeAnyKey(scratch, key) || !table.get(GET, scratch, false) || scratch.expiry == BucketBlock.NEVER) {
                return Optional.empty();
            }
            return Optional.of(Duration.ofMillis(Math.max(1, scratch.expiry - table.now())));
        } finally {
            scratch.exit();
        }
    }

    @Override
    public long removeExpired() {
        return sweep(table.now());
    }

    private long sweep(final long now) {
        final Scratch scratch = Scratch.enter();
        try {
            final MutableLong removed = new MutableLong();
            table.sweep(now, scratch, removed);
            return removed.value;
        } finally {
            scratch.exit();
        }
    }

    // ---- many keys

    /** Reads and commits bucket by bucket, not key by key. */
    @Override
    public void putAll(final Map<? extends K, ? extends V> map) {
        Objects.requireNonNull(map, "the map is null");
        final ScanBatch batch = new ScanBatch();
        final Scratch scratch = Scratch.enter();
        try {
            for (final Map.Entry<? extends K, ? extends V> entry : map.entrySet()) {
                encodeKey(scratch, entry.getKey());
                encodeValue(scratch, entry.getValue());
                batch.add(scratch);
                if (batch.isEnoughForAChange()) {
                    updateAll(PUT_ALL, scratch, BulkChange.put(batch));
                }
            }
            updateAll(PUT_ALL, scratch, BulkChange.put(batch));
        } finally {
            scratch.exit();
        }
    }

    @Override
    public long deleteAll(final Collection<? extends K> keys) {
        Objects.requireNonNull(keys, "the collection of keys is null");
        final ScanBatch batch = new ScanBatch();
        final Scratch scratch = Scratch.enter();
        long removed = 0;
        try {
            for (final K key : keys) {
                if (encodeAnyKey(scratch, key)) {
                    batch.add(batch.copy(scratch.key, 0, scratch.keyLength), scratch.keyLength);
                }
                if (batch.isEnoughForAChange()) {
                    removed += updateAll(REMOVE_ALL, scratch, BulkChange.remove(batch));
                }
            }
            return removed + updateAll(REMOVE_ALL, scratch, BulkChange.remove(batch));
        } finally {
            scratch.exit();
        }
    }

    /**
     * Removes entries that have given keys and values, in as few round trips as {@link #deleteAll}.
     *
     * @param entries what is no entry is in no map
     * @return how many were removed
     */
    long deleteEntries(final Collection<?> entries) {
        final ScanBatch batch = new ScanBatch();
        final Scratch scratch = Scratch.enter();
        long removed = 0;
        try {
            for (final Object object : entries) {
                if (object instanceof Map.Entry) {
                    addEntry(scratch, batch, (Map.Entry<?, ?>) object);
                }
                if (batch.isEnoughForAChange()) {
                    removed += updateAll(REMOVE_ALL, scratch, BulkChange.removeIfEqual(batch));
                }
            }
            return removed + updateAll(REMOVE_ALL, scratch, BulkChange.removeIfEqual(batch));
        } finally {
            scratch.exit();
        }
    }

    private void addEntry(final Scratch scratch, final ScanBatch batch, final Map.Entry<?, ?> entry) {
        if (entry.getKey() != null && entry.getValue() != null && encodeAnyKey(scratch, entry.getKey())) {
            scratch.encodeValue(valueCodec, castValue(entry.getValue()));
            batch.add(scratch);
        }
    }

    /**
     * Removes every entry that a filter chooses, in few round trips for each batch that is scanned. An entry whose value
     * was changed since the filter saw it stays.
     *
     * @param filter called with nothing held
     * @return true if any was removed
     */
    boolean removeIf(final Predicate<? super Map.Entry<K, V>> filter) {
        final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        return removeChosen(
                (batch, entry) -> filter.test(new AbstractMap.SimpleImmutableEntry<>(
                        decodeKey(batch, entry, view), decodeValue(batch, entry, view))),
                true);
    }

    /** Removes every key that a filter chooses, whatever its value is by then. */
    boolean removeKeysIf(final Predicate<? super K> filter) {
        final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        return removeChosen((batch, entry) -> filter.test(decodeKey(batch, entry, view)), false);
    }

    /** Tells whether an entry of a batch is to be removed. */
    @FunctionalInterface
    private interface Choice {
        boolean isChosen(ScanBatch batch, int entry);
    }

    private boolean removeChosen(final Choice choice, final boolean compares) {
        final ScanBatch batch = new ScanBatch();
        final ScanBatch chosen = new ScanBatch();
        long removed = 0;
        long cursor = 0;
        do {
            batch.clear();
            cursor = table.scan(cursor, batch, MapIterator.BATCH);
            for (int entry = 0; entry < batch.count(); entry++) {
                if (choice.isChosen(batch, entry)) {
                    chosen.add(batch, entry, compares);
                }
            }
            removed += removeAll(chosen, compares); // by and by: the filter's answers are young, so is what was read
        } while (cursor != 0);
        return removed > 0;
    }

    private long removeAll(final ScanBatch chosen, final boolean compares) {
        final Scratch scratch = Scratch.enter();
        try {
            final BulkChange bulk = compares ? BulkChange.removeIfEqual(chosen) : BulkChange.remove(chosen);
            return updateAll(REMOVE_ALL, scratch, bulk);
        } finally {
            scratch.exit();
        }
    }

    /** Returns how many entries were removed. */
    private long updateAll(final Operation operation, final Scratch scratch, final BulkChange bulk) {
        bulk.entries.sortByBucket();
        table.updateAll(operation, scratch, bulk);
        bulk.entries.clear();
        return bulk.removed;
    }

    @Override
    public Map<K, V> getAll(final Collection<? extends K> keys) {
        Objects.requireNonNull(keys, "the collection of keys is null");
        final Map<K, V> found = new LinkedHashMap<>();
        final ScanBatch batch = new ScanBatch();
        final List<K> objects = new ArrayList<>(Math.min(keys.size(), BucketBatch.MAX_HASHES));
        final Scratch scratch = Scratch.enter();
        try {
            for (final K key : keys) {
                if (encodeAnyKey(scratch, key)) {
                    batch.add(batch.copy(scratch.key, 0, scratch.keyLength), scratch.keyLength);
                    objects.add(key);
                }
                if (objects.size() == BucketBatch.MAX_HASHES) {
                    getAll(batch, objects, found);
                }
            }
            getAll(batch, objects, found);
        } finally {
            scratch.exit();
        }
        return found;
    }

    private void getAll(final ScanBatch batch, final List<K> keys, final Map<K, V> found) {
        final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        final int keyBytes = batch.used();
        for (int from = 0; from < batch.count(); ) {
            final int next = table.getAll(GET_ALL, batch, from);
            for (int entry = from; entry < next; entry++) {
                if (batch.hasValue(entry)) {
                    found.put(keys.get(entry), decodeValue(batch, entry, view));
                }
            }
            batch.dropValues(keyBytes);
            from = next;
        }
        batch.clear();
        keys.clear();
    }

    // ---- bytes

    @Override
    public boolean read(final K key, final ValueReader reader) {
        Objects.requireNonNull(reader, "the reader is null");
        final Scratch scratch = Scratch.enter();
        try {
            if (!encodeAnyKey(scratch, key) || !table.get(GET, scratch, true)) {
                return false;
            }
            reader.read(scratch.viewResult(), 0, scratch.resultLength);
            return true;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public void write(final K key, final int length, final ValueWriter writer) {
        Objects.requireNonNull(writer, "the writer is null");
        final Scratch scratch = Scratch.enter();
        try {
            encodeKey(scratch, key);
            if (length < 0 || length > layout(scratch).maxValueBytes()) {
                throw tooLong(scratch, "the value has " + length + " bytes");
            }
            writer.write(scratch.reserveValue(length), 0, length);
            scratch.hideValue();
            scratch.change.set(Change.ALWAYS, false, Change.NOTHING);
            table.update(PUT, scratch);
        } finally {
            scratch.exit();
        }
    }

    // ---- functions

    @Override
    public V computeIfAbsent(final K key, final Function<? super K, ? extends V> function) {
        Objects.requireNonNull(function, "the function is null");
        final Scratch scratch = Scratch.enter();
        try {
            encodeKey(scratch, key);
            scratch.beginToCompute(table.part(scratch.hash));
            if (table.getToChange(COMPUTE, scratch, false)) {
                return decodeValue(scratch, false);
            }
            final V value = function.apply(key);
            if (value == null) {
                return scratch.bucket.remembered && table.get(COMPUTE, scratch, true)
                        ? decodeValue(scratch, false)
                        : null;
            }
            encodeValue(scratch, value);
            scratch.change.set(Change.IF_ABSENT, false, Change.OBSTACLE);
            return table.update(COMPUTE, scratch) ? value : decodeValue(scratch, false);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public V computeIfPresent(final K key, final BiFunction<? super K, ? super V, ? extends V> function) {
        Objects.requireNonNull(function, "the function is null");
        return compute(key, (k, old) -> old == null ? null : function.apply(k, old));
    }

    @Override
    public V merge(final K key, final V value, final BiFunction<? super V, ? super V, ? extends V> function) {
        Objects.requireNonNull(function, "the function is null");
        Objects.requireNonNull(value, "the value is null");
        return compute(key, (k, old) -> old == null ? value : function.apply(old, value));
    }

    @Override
    public V compute(final K key, final BiFunction<? super K, ? super V, ? extends V> function) {
        Objects.requireNonNull(function, "the function is null");
        final Scratch scratch = Scratch.enter();
        try {
            encodeKey(scratch, key);
            scratch.beginToCompute(table.part(scratch.hash));
            table.getToChange(COMPUTE, scratch, true);
            for (; ; ) {
                final V old = scratch.found ? decodeValue(scratch, false) : null;
                final V value = function.apply(key, old);
                if (scratch.found) {
                    scratch.expectResult();
                }
                if (value != null) {
                    encodeValue(scratch, value);
                }
                if (leavesAsItIs(scratch, value) ? isStill(scratch) : computeTo(scratch, value)) {
                    return value;
                }
            }
        } finally {
            scratch.exit();
        }
    }

    /** Nothing is to be written. */
    private static <V> boolean leavesAsItIs(final Scratch scratch, final V value) {
        return scratch.found ? value != null && scratch.isValueExpected() : value == null;
    }

    /** What was read is what a compute answers with. If it was remembered only, it is read once more. */
    private boolean isStill(final Scratch scratch) {
        final boolean wasFound = scratch.found;
        return !scratch.bucket.remembered
                || table.get(COMPUTE, scratch, true) == wasFound && (!wasFound || scratch.isResultExpected());
    }

    private boolean computeTo(final Scratch scratch, final V value) {
        scratch.change.set(scratch.found ? Change.IF_EQUAL : Change.IF_ABSENT, value == null, Change.OBSTACLE);
        scratch.change.keepsExpiry = true;
        return table.update(COMPUTE, scratch);
    }

    @Override
    public void replaceAll(final BiFunction<? super K, ? super V, ? extends V> function) {
        Objects.requireNonNull(function, "the function is null");
        scanAll((key, value) -> computeIfPresent(
                key, (k, old) -> Objects.requireNonNull(function.apply(k, old), "the function's result is null")));
    }

    @Override
    public void forEach(final BiConsumer<? super K, ? super V> action) {
        scanAll(Objects.requireNonNull(action, "the action is null"));
    }

    // ---- all keys

    @Override
    public long sizeLong() {
        return table.size();
    }

    @Override
    public int size() {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(0, sizeLong()));
    }

    /** Needs no counting: looks for the first entry. */
    @Override
    public boolean isEmpty() {
        final ScanBatch batch = new ScanBatch();
        table.scan(0, batch, 1);
        return batch.count() == 0;
    }

    @Override
    public void clear() {
        sweep(BucketSweeper.END_OF_TIME);
    }

    @Override
    public boolean containsValue(final Object value) {
        Objects.requireNonNull(value, "the value is null");
        final ScanBatch batch = new ScanBatch();
        final Scratch scratch = Scratch.enter();
        try {
            scratch.encodeExpected(valueCodec, castValue(value));
            long cursor = 0;
            do {
                batch.clear();
                cursor = table.scan(cursor, batch, MapIterator.BATCH);
                for (int entry = 0; entry < batch.count(); entry++) {
                    if (batch.valueLength(entry) == scratch.expectedLength
                            && Bytes.equal(
                                    batch.buffer(),
                                    batch.valueIndex(entry),
                                    scratch.expected,
                                    0,
                                    scratch.expectedLength)) {
                        return true;
                    }
                }
            } while (cursor != 0);
            return false;
        } finally {
            scratch.exit();
        }
    }

    private void scanAll(final BiConsumer<? super K, ? super V> visitor) {
        long cursor = 0;
        do {
            cursor = scan(cursor, MapIterator.BATCH, visitor);
        } while (cursor != 0);
    }

    @Override
    public long scan(final long cursor, final int atLeast, final BiConsumer<? super K, ? super V> visitor) {
        Objects.requireNonNull(visitor, "the visitor is null");
        if (atLeast < 1) {
            throw new IllegalArgumentException("a scan must show at least 1 entry, not " + atLeast);
        }
        final ScanBatch batch = new ScanBatch();
        final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        long next = cursor;
        int shown = 0;
        do {
            batch.clear();
            next = table.scan(next, batch, atLeast - shown);
            for (int entry = 0; entry < batch.count(); entry++) {
                visitor.accept(decodeKey(batch, entry, view), decodeValue(batch, entry, view));
            }
            shown += batch.count();
        } while (next != 0 && shown < atLeast);
        return next;
    }

    /** Counts the entries that it shows, as {@link #size} counts expired ones too. */
    @Override
    public boolean equals(final Object object) {
        if (object == this) {
            return true;
        }
        if (!(object instanceof Map)) {
            return false;
        }
        final Map<?, ?> other = (Map<?, ?>) object;
        int count = 0;
        try {
            for (final Map.Entry<K, V> entry : entrySet()) {
                if (!entry.getValue().equals(other.get(entry.getKey()))) {
                    return false;
                }
                count++;
            }
        } catch (final ClassCastException | NullPointerException e) {
            return false; // the other one cannot have such a key
        }
        return count == other.size();
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }

    @Override
    public Set<K> keySet() {
        return new MapViews.Keys<>(this);
    }

    @Override
    public Collection<V> values() {
        return new MapViews.Values<>(this);
    }

    @Override
    public Set<Map.Entry<K, V>> entrySet() {
        return new MapViews.Entries<>(this);
    }

    // ---- codecs

    @SuppressWarnings("unchecked")
    private K castKey(final Object key) {
        return (K) Objects.requireNonNull(key, "the key is null"); // another type is the codec's ClassCastException
    }

    @SuppressWarnings("unchecked")
    private V castValue(final Object value) {
        return (V) value;
    }

    private void encodeKey(final Scratch scratch, final K key) {
        if (!encodeAnyKey(scratch, key)) {
            throw new IllegalArgumentException("the key has " + scratch.keyLength + " bytes in codec " + keyCodec.id()
                    + ", at most " + layout(scratch).maxKeyBytes()
                    + " fit in this pool; shorten it, or use its hash as the key");
        }
    }

    /** Of the pool that has the key. */
    private MapLayout layout(final Scratch scratch) {
        return table.part(scratch.hash).layout();
    }

    /** Returns false if the key is so long that it cannot be in the map. */
    private boolean encodeAnyKey(final Scratch scratch, final Object key) {
        scratch.encodeKey(keyCodec, castKey(key));
        return scratch.keyLength <= layout(scratch).maxKeyBytes();
    }

    private void encodeValue(final Scratch scratch, final V value) {
        scratch.encodeValue(valueCodec, Objects.requireNonNull(value, "the value is null"));
        if (scratch.valueLength > layout(scratch).maxValueBytes()) {
            throw tooLong(scratch, "the value has " + scratch.valueLength + " bytes in codec " + valueCodec.id());
        }
    }

    private IllegalArgumentException tooLong(final Scratch scratch, final String what) {
        return new IllegalArgumentException(what + ", 0 to " + layout(scratch).maxValueBytes()
                + " can be stored in this pool; split it over several keys, or create the pool larger or with larger"
                + " slab classes");
    }

    /** Decodes what an operation found, and has perhaps replaced or removed. */
    private V decodeValue(final Scratch scratch, final boolean gone) {
        return scratch.decode(valueCodec, table, scratch.hash, gone);
    }

    K decodeKey(final ScanBatch batch, final int entry, final UnsafeBuffer view) {
        final int index = batch.keyIndex(entry);
        final int length = batch.keyLength(entry);
        return Decoding.decode(keyCodec, view, batch.buffer(), index, length, table, batch.hash(entry));
    }

    V decodeValue(final ScanBatch batch, final int entry, final UnsafeBuffer view) {
        final int index = batch.valueIndex(entry);
        final int length = batch.valueLength(entry);
        return Decoding.decode(valueCodec, view, batch.buffer(), index, length, table, batch.hash(entry));
    }
}
