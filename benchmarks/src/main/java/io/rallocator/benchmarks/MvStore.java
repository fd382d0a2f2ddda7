package io.rallocator.benchmarks;

import java.nio.file.Path;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/** H2's MVStore: a commit, which writes to the file, for each put. */
final class MvStore implements Store {
    private static final int CACHE_MEGABYTES = 1024;

    private final MVStore store;
    private final MVMap<Long, byte[]> map;

    MvStore(final Path folder) {
        store = new MVStore.Builder()
                .fileName(folder.resolve("mvstore").toString())
                .cacheSize(CACHE_MEGABYTES)
                .autoCommitDisabled()
                .open();
        map = store.openMap("entries");
    }

    @Override
    public byte[] get(final long key) {
        final byte[] value = map.get(key);
        return value == null ? null : value.clone();
    }

    @Override
    public void put(final long key, final byte[] value) {
        map.put(key, value.clone());
        store.commit();
    }

    @Override
    public void load(final long key, final byte[] value) {
        map.put(key, value.clone());
    }

    @Override
    public void close() {
        store.close();
    }
}
