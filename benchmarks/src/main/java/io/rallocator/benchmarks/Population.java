package io.rallocator.benchmarks;

import java.util.concurrent.atomic.AtomicInteger;

/** A store and how many entries it has. */
final class Population implements AutoCloseable {
    final Store store;
    private final AtomicInteger entries = new AtomicInteger();

    Population(final Store store) {
        this.store = store;
    }

    void fill(final int count, final byte[] value) {
        for (int index = entries.get(); index < count; index++) {
            store.load(Keys.scramble(index), value);
        }
        entries.set(count);
    }

    int entries() {
        return entries.get();
    }

    /** The index of a new entry. */
    int next() {
        return entries.getAndIncrement();
    }

    @Override
    public void close() {
        store.close();
    }
}
