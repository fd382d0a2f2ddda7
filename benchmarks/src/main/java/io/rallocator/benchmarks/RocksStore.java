package io.rallocator.benchmarks;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/** RocksDB with its log on, a Bloom filter, and a block cache that holds everything. */
final class RocksStore implements Store {
    private static final long CACHE_BYTES = 2L << 30;

    private final LRUCache cache;
    private final BloomFilter filter;
    private final Options options;
    private final WriteOptions writes;
    private final WriteOptions loads;
    private final RocksDB database;

    RocksStore(final Path folder, final boolean sync) {
        RocksDB.loadLibrary();
        cache = new LRUCache(CACHE_BYTES);
        filter = new BloomFilter(10);
        options = new Options()
                .setCreateIfMissing(true)
                .setTableFormatConfig(
                        new BlockBasedTableConfig().setBlockCache(cache).setFilterPolicy(filter));
        writes = new WriteOptions().setSync(sync);
        loads = new WriteOptions();
        try {
            database = RocksDB.open(options, folder.resolve("rocksdb").toString());
        } catch (final RocksDBException e) {
            throw new IllegalStateException("RocksDB does not open", e);
        }
    }

    private static byte[] bytes(final long key) {
        return ByteBuffer.allocate(Long.BYTES).putLong(key).array();
    }

    @Override
    public byte[] get(final long key) {
        try {
            return database.get(bytes(key));
        } catch (final RocksDBException e) {
            throw new IllegalStateException("RocksDB does not read", e);
        }
    }

    @Override
    public void put(final long key, final byte[] value) {
        put(writes, key, value);
    }

    @Override
    public void load(final long key, final byte[] value) {
        put(loads, key, value);
    }

    private void put(final WriteOptions how, final long key, final byte[] value) {
        try {
            database.put(how, bytes(key), value);
        } catch (final RocksDBException e) {
            throw new IllegalStateException("RocksDB does not write", e);
        }
    }

    @Override
    public void close() {
        database.close();
        writes.close();
        loads.close();
        options.close();
        filter.close();
        cache.close();
    }
}
