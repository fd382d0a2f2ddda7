package io.rallocator.benchmarks;

import java.nio.file.Path;
import java.util.Map;
import org.mapdb.DB;
import org.mapdb.DBMaker;
import org.mapdb.Serializer;

/** MapDB's hash map over a mapped file, without its transactions, which sync at each commit. */
final class MapDbStore implements Store {
    private final DB database;
    private final Map<Long, byte[]> map;

    MapDbStore(final Path folder) {
        database = DBMaker.fileDB(folder.resolve("mapdb").toFile())
                .fileMmapEnable()
                .fileMmapPreclearDisable()
                .cleanerHackEnable()
                .make();
        map = database.hashMap("entries", Serializer.LONG, Serializer.BYTE_ARRAY)
                .create();
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
        database.close();
    }
}
