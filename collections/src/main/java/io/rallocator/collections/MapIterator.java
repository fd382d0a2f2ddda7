package io.rallocator.collections;

import java.util.AbstractMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Walks over a map batch by batch; holds nothing of the pool in between. What cannot be decoded can be passed, or removed:
 * entries are removed by the bytes of their keys.
 *
 * <p>Threads: one.
 */
final class MapIterator<K, V, T> implements Iterator<T> {
    /** Entries that are collected at once. */
    static final int BATCH = 128;

    /** Decodes what an iterator shows of an entry. */
    @FunctionalInterface
    interface Part<K, V, T> {
        /**
         * Decodes.
         *
         * @param map that is walked over
         * @param batch holds the entry
         * @param entry number in the batch
         * @param view to be wrapped around the bytes
         * @return what is shown
         */
        T decode(PersistentMap<K, V> map, ScanBatch batch, int entry, UnsafeBuffer view);
    }

    private final PersistentMap<K, V> map;
    private final Part<K, V, T> part;
    private final ScanBatch batch = new ScanBatch();
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private long cursor;
    private boolean ended;
    private int next;

    /** Holds the key that was shown last; null if there is none to remove. */
    private ScanBatch lastBatch;

    private int lastEntry;

    MapIterator(final PersistentMap<K, V> map, final Part<K, V, T> part) {
        this.map = map;
        this.part = part;
    }

    /** Shows keys and values together. */
    static <K, V> Iterator<Map.Entry<K, V>> entries(final PersistentMap<K, V> map) {
        return new MapIterator<>(
                map,
                (of, batch, entry, view) ->
                        new Entry<>(of, of.decodeKey(batch, entry, view), of.decodeValue(batch, entry, view)));
    }

    @Override
    public boolean hasNext() {
        while (next == batch.count() && !ended) {
            fill();
        }
        return next < batch.count();
    }

    private void fill() {
        keepLast();
        batch.clear();
        next = 0;
        boolean isFilled = false;
        try {
            cursor = map.table().scan(cursor, batch, BATCH);
            ended = cursor == 0;
            isFilled = true;
        } finally {
            if (!isFilled) {
                batch.clear(); // what was read was not verified
            }
        }
    }

    /** The last entry may still be removed. */
    private void keepLast() {
        if (lastBatch == batch) {
            lastBatch = new ScanBatch();
            lastBatch.add(batch, lastEntry, false);
            lastEntry = 0;
        }
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        lastBatch = batch;
        lastEntry = next++;
        return part.decode(map, batch, lastEntry, view);
    }

    @Override
    public void remove() {
        if (lastBatch == null) {
            throw new IllegalStateException("next() was not called, or its entry is removed already");
        }
        map.delete(lastBatch, lastEntry);
        lastBatch = null;
    }

    /** An entry as it was seen; setting its value puts. */
    private static final class Entry<K, V> extends AbstractMap.SimpleEntry<K, V> {
        private static final long serialVersionUID = 1L;

        private final transient PersistentMap<K, V> map;

        Entry(final PersistentMap<K, V> map, final K key, final V value) {
            super(key, value);
            this.map = map;
        }

        @Override
        public V setValue(final V value) {
            map.set(getKey(), Objects.requireNonNull(value, "the value is null"));
            return super.setValue(value);
        }
    }
}
