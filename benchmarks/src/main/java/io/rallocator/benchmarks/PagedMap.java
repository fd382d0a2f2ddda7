package io.rallocator.benchmarks;

/** A hash map in paged memory, of one worker: buckets of {first entry 8}, entries of {next entry 8, key 8, value}. Values have one length; a put of a key that is there changes the value in place. */
final class PagedMap {
    private static final int NEXT = 0;
    private static final int KEY = 8;
    private static final int VALUE = 16;
    private static final long NONE = 0;

    private final PagedMemory memory;
    private final PagedHeap heap;
    private final long bucketMask;

    /** The memory is zeroed; the buckets, a power of two, are at its beginning. */
    PagedMap(final PagedMemory memory, final int buckets) {
        this.memory = memory;
        heap = new PagedHeap(memory, (long) buckets * Long.BYTES);
        bucketMask = buckets - 1L;
    }

    /** Fills the value in; false if there is none. */
    boolean get(final long key, final byte[] value) {
        final long entry = find(key);
        if (entry != NONE) {
            memory.getBytes(entry + VALUE, value);
        }
        return entry != NONE;
    }

    void put(final long key, final byte[] value) {
        long entry = find(key);
        if (entry == NONE) {
            entry = PagedHeap.place(heap.allocate(VALUE + value.length));
            memory.putLong(entry + NEXT, memory.getLong(bucket(key)));
            memory.putLong(entry + KEY, key);
            memory.putLong(bucket(key), entry);
        }
        memory.putBytes(entry + VALUE, value);
    }

    private long find(final long key) {
        long entry = memory.getLong(bucket(key));
        while (entry != NONE && memory.getLong(entry + KEY) != key) {
            entry = memory.getLong(entry + NEXT);
        }
        return entry;
    }

    private long bucket(final long key) {
        final long mixed = key * 0x9E3779B97F4A7C15L;
        return (mixed >>> 32 & bucketMask) * Long.BYTES;
    }
}
