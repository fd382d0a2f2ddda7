package io.rallocator.benchmarks;

import java.util.concurrent.ConcurrentHashMap;

/** The ceiling: a map in this process' own memory, with copies as the others make them. */
final class HeapStore implements Store {
    private final ConcurrentHashMap<Long, byte[]> map;

    HeapStore(final int entries) {
        map = new ConcurrentHashMap<>(entries);
    }

    @Override
    public byte[] get(final long key) {
        final byte[] value = map.get(key);
        return value == null ? null : value.clone();
    }

    @Override
    public void put(final long key, final byte[] value) {
        map.put(key, value.clone());
    }

    @Override
    public void close() {
        map.clear();
    }
}
