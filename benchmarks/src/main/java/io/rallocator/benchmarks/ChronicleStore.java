package io.rallocator.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import net.openhft.chronicle.map.ChronicleMap;

/** Chronicle Map over a file, told the number of entries and the size of its values. */
final class ChronicleStore implements Store {
    private final ChronicleMap<Long, byte[]> map;

    ChronicleStore(final Path folder, final int entries, final int valueBytes) throws IOException {
        map = ChronicleMap.of(Long.class, byte[].class)
                .name("peer")
                .entries(entries * 3L / 2)
                .constantValueSizeBySample(new byte[valueBytes])
                .putReturnsNull(true)
                .createPersistedTo(folder.resolve("chronicle-map").toFile());
    }

    @Override
    public byte[] get(final long key) {
        return map.get(key);
    }

    @Override
    public void put(final long key, final byte[] value) {
        map.put(key, value);
    }

    @Override
    public void close() {
        map.close();
    }
}
