package io.rallocator.collections;

import java.util.AbstractMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Walks over a map batch by batch; holds nothing of the pool in between.
 *
 * <p>Threads: one.
 */
final class MapIterator<K, V> implements Iterator<Map.Entry<K, V>> {
    /** Entries that are collected at once. */
    static final int BATCH = 128;

    private final PersistentMap<K, V> map;
    private final ScanBatch batch = new ScanBatch();
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private long cursor;
    private boolean ended;
    private int next;
    private Entry last;

    MapIterator(final PersistentMap<K, V> map) {
        this.map = map;
    }

    @Override
    public boolean hasNext() {
        while (next == batch.count() && !ended) {
            batch.clear();
            next = 0;
            cursor = map.table().scan(cursor, batch, BATCH);
            ended = cursor == 0;
        }
        return next < batch.count();
    }

    @Override
    public Map.Entry<K, V> next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        final int entry = next++;
        last = new Entry(map.decodeKey(batch, entry, view), map.decodeValue(batch, entry, view));
        return last;
    }

    @Override
    public void remove() {
        if (last == null) {
            throw new IllegalStateException("next() was not called, or its entry is removed already");
        }
        map.delete(last.getKey());
        last = null;
    }

    /** An entry as it was seen; setting its value puts. */
    private final class Entry extends AbstractMap.SimpleEntry<K, V> {
        private static final long serialVersionUID = 1L;

        Entry(final K key, final V value) {
            super(key, value);
        }

        @Override
        public V setValue(final V value) {
            map.put(getKey(), Objects.requireNonNull(value, "the value is null"));
            return super.setValue(value);
        }
    }
}
