package io.rallocator.benchmarks;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import java.util.SplittableRandom;

/** A map over TCP whose buckets the worker remembers, so that get and put are at their budgets: one round trip each. */
final class TcpMap implements AutoCloseable {
    private static final int KEYS = 2_000;
    private static final int VALUE_BYTES = 100;

    private final RemoteHeap heap;
    private final RemoteMap<Long, byte[]> map;
    private final SplittableRandom random = new SplittableRandom(1);
    private final byte[] value = new byte[VALUE_BYTES];

    TcpMap(final String address) {
        heap = RemoteHeap.open(address + "?cache=16m");
        map = heap.map("map", Codecs.longs(), Codecs.bytes());
        for (long key = 0; key < KEYS; key++) {
            map.set(key, value);
        }
    }

    void get() {
        if (map.get((long) random.nextInt(KEYS)) == null) {
            throw new IllegalStateException("a key that was put is not there");
        }
    }

    void put() {
        random.nextBytes(value);
        map.set((long) random.nextInt(KEYS), value);
    }

    /** Chains posted so far by an operation, what it did for slabs and splits left out. */
    long roundTrips(final String operation) {
        return heap.count(operation, Figure.CHAINS);
    }

    @Override
    public void close() {
        heap.close();
    }
}
