package io.rallocator.benchmarks;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.StructureStatistics;
import java.nio.file.Path;

/** Ours, served by this process. */
final class RallocatorStore implements Store {
    /** What an entry takes beside its value, roughly: key, headers, words, and what the sizes of blocks leave unused. */
    private static final long ENTRY_BYTES = 100;

    private final RemoteHeap heap;
    private final RemoteMap<Long, byte[]> map;

    RallocatorStore(final Path folder, final int entries, final int valueBytes, final Peer.Level level) {
        final String durability = level == Peer.Level.POWER ? "power" : "process";
        heap = RemoteHeap.open("embedded:" + folder.resolve("pool") + "?size=" + poolBytes(entries, valueBytes)
                + "&durability=" + durability);
        map = heap.map("map", Codecs.longs(), Codecs.bytes());
    }

    static long poolBytes(final int entries, final int valueBytes) {
        return (64L << 20) + 2L * entries * (valueBytes + ENTRY_BYTES) / 4096 * 4096;
    }

    @Override
    public byte[] get(final long key) {
        return map.get(key);
    }

    @Override
    public void put(final long key, final byte[] value) {
        map.set(key, value);
    }

    /** Bytes of the blocks that the map consists of, for each entry. */
    double bytesPerEntry() {
        final StructureStatistics statistics = heap.statistics("map");
        return (double) statistics.bytes() / statistics.elements();
    }

    @Override
    public void close() {
        heap.close();
    }
}
