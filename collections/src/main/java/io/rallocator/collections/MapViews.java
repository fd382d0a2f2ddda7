package io.rallocator.collections;

import java.util.AbstractCollection;
import java.util.AbstractSet;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Predicate;

/** The live views of a map. What they remove in bulk is removed only if the value is still the one that was seen. */
final class MapViews {
    private MapViews() {}

    /** Streams must not rely on a size: it changes meanwhile, and it counts expired entries too. */
    private static <T> Spliterator<T> uncounted(final Iterator<T> iterator, final int characteristics) {
        return Spliterators.spliteratorUnknownSize(
                iterator, characteristics | Spliterator.CONCURRENT | Spliterator.NONNULL);
    }

    /** Compares what a view shows with another set: its size counts expired entries too. */
    private static boolean isEqual(final Set<?> view, final Object object) {
        if (!(object instanceof Set)) {
            return false;
        }
        final Set<?> other = (Set<?>) object;
        int count = 0;
        try {
            for (final Object element : view) {
                if (!other.contains(element)) {
                    return false;
                }
                count++;
            }
        } catch (final ClassCastException | NullPointerException e) {
            return false; // the other one cannot have such an element
        }
        return count == other.size();
    }

    /** The keys. */
    static final class Keys<K, V> extends AbstractSet<K> {
        private final PersistentMap<K, V> map;

        Keys(final PersistentMap<K, V> map) {
            this.map = map;
        }

        @Override
        public Iterator<K> iterator() {
            return new MapIterator<>(map, PersistentMap::decodeKey);
        }

        @Override
        public Spliterator<K> spliterator() {
            return uncounted(iterator(), Spliterator.DISTINCT);
        }

        @Override
        public int size() {
            return map.size();
        }

        @Override
        public boolean isEmpty() {
            return map.isEmpty();
        }

        @Override
        public boolean contains(final Object key) {
            return map.containsKey(key);
        }

        @Override
        public boolean equals(final Object object) {
            return object == this || isEqual(this, object);
        }

        @Override
        public int hashCode() {
            return super.hashCode();
        }

        @Override
        public boolean remove(final Object key) {
            return map.delete(key);
        }

        /** Goes through the smaller side, as {@link AbstractSet#removeAll} does; bucket by bucket. */
        @Override
        public boolean removeAll(final Collection<?> keys) {
            Objects.requireNonNull(keys, "the collection is null");
            if (keys.size() > BucketBatch.MAX_HASHES && keys.size() > map.sizeLong()) {
                return map.removeKeysIf(keys::contains);
            }
            @SuppressWarnings("unchecked") // another type is the codec's ClassCastException
            final Collection<? extends K> casted = (Collection<? extends K>) keys;
            return map.deleteAll(casted) > 0;
        }

        @Override
        public boolean retainAll(final Collection<?> keys) {
            Objects.requireNonNull(keys, "the collection is null");
            return map.removeKeysIf(key -> !keys.contains(key));
        }

        @Override
        public boolean removeIf(final Predicate<? super K> filter) {
            return map.removeKeysIf(Objects.requireNonNull(filter, "the filter is null"));
        }

        @Override
        public void clear() {
            map.clear();
        }
    }

    /** The values. */
    static final class Values<K, V> extends AbstractCollection<V> {
        private final PersistentMap<K, V> map;

        Values(final PersistentMap<K, V> map) {
            this.map = map;
        }

        @Override
        public Iterator<V> iterator() {
            return new MapIterator<>(map, PersistentMap::decodeValue);
        }

        @Override
        public Spliterator<V> spliterator() {
            return uncounted(iterator(), 0);
        }

        @Override
        public int size() {
            return map.size();
        }

        @Override
        public boolean isEmpty() {
            return map.isEmpty();
        }

        @Override
        public boolean contains(final Object value) {
            return map.containsValue(value);
        }

        /** Removes one entry with this value, by equality of objects. */
        @Override
        public boolean remove(final Object value) {
            for (final Iterator<Map.Entry<K, V>> iterator = MapIterator.entries(map); iterator.hasNext(); ) {
                final Map.Entry<K, V> entry = iterator.next();
                if (entry.getValue().equals(value) && map.remove(entry.getKey(), entry.getValue())) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public boolean removeIf(final Predicate<? super V> filter) {
            Objects.requireNonNull(filter, "the filter is null");
            return map.removeIf(entry -> filter.test(entry.getValue()));
        }

        @Override
        public boolean removeAll(final Collection<?> values) {
            Objects.requireNonNull(values, "the collection is null");
            return removeIf(values::contains);
        }

        @Override
        public boolean retainAll(final Collection<?> values) {
            Objects.requireNonNull(values, "the collection is null");
            return removeIf(value -> !values.contains(value));
        }

        @Override
        public void clear() {
            map.clear();
        }
    }

    /** The entries. */
    static final class Entries<K, V> extends AbstractSet<Map.Entry<K, V>> {
        private final PersistentMap<K, V> map;

        Entries(final PersistentMap<K, V> map) {
            this.map = map;
        }

        @Override
        public Iterator<Map.Entry<K, V>> iterator() {
            return MapIterator.entries(map);
        }

        @Override
        public Spliterator<Map.Entry<K, V>> spliterator() {
            return uncounted(iterator(), Spliterator.DISTINCT);
        }

        @Override
        public int size() {
            return map.size();
        }

        @Override
        public boolean isEmpty() {
            return map.isEmpty();
        }

        @Override
        public boolean contains(final Object object) {
            return object instanceof Map.Entry
                    && map.hasMapping(((Map.Entry<?, ?>) object).getKey(), ((Map.Entry<?, ?>) object).getValue());
        }

        @Override
        public boolean equals(final Object object) {
            return object == this || isEqual(this, object);
        }

        @Override
        public int hashCode() {
            return super.hashCode();
        }

        @Override
        public boolean remove(final Object object) {
            return object instanceof Map.Entry
                    && ((Map.Entry<?, ?>) object).getKey() != null
                    && map.remove(((Map.Entry<?, ?>) object).getKey(), ((Map.Entry<?, ?>) object).getValue());
        }

        @Override
        public boolean removeIf(final Predicate<? super Map.Entry<K, V>> filter) {
            return map.removeIf(Objects.requireNonNull(filter, "the filter is null"));
        }

        /** Bucket by bucket. */
        @Override
        public boolean removeAll(final Collection<?> entries) {
            return map.deleteEntries(Objects.requireNonNull(entries, "the collection is null")) > 0;
        }

        @Override
        public boolean retainAll(final Collection<?> entries) {
            Objects.requireNonNull(entries, "the collection is null");
            return removeIf(entry -> !entries.contains(entry));
        }

        @Override
        public void clear() {
            map.clear();
        }
    }
}
