package io.rallocator.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;

/** LMDB: a transaction a write; without sync the writable mapping keeps what is committed through the process' death. */
final class LmdbStore implements Store {
    /** One thread's reader, renewed for each get, and its buffers. */
    private static final class Access {
        private final Txn<ByteBuffer> reader;
        private final ByteBuffer key = ByteBuffer.allocateDirect(Long.BYTES);
        private final ByteBuffer value;

        Access(final Txn<ByteBuffer> reader, final int valueBytes) {
            this.reader = reader;
            this.value = ByteBuffer.allocateDirect(valueBytes);
            reader.reset();
        }

        ByteBuffer key(final long number) {
            return key.clear().putLong(number).flip();
        }
    }

    private final Env<ByteBuffer> environment;
    private final Dbi<ByteBuffer> database;
    private final Queue<Access> all = new ConcurrentLinkedQueue<>();
    private final ThreadLocal<Access> access;

    LmdbStore(final Path folder, final int entries, final int valueBytes, final boolean sync) throws IOException {
        final Path home = Files.createDirectories(folder.resolve("lmdb"));
        final Env.Builder<ByteBuffer> builder = Env.create()
                .setMapSize((256L << 20) + 6L * entries * (valueBytes + 64))
                .setMaxDbs(1)
                .setMaxReaders(64);
        environment = sync
                ? builder.open(home.toFile(), EnvFlags.MDB_NOTLS)
                : builder.open(home.toFile(), EnvFlags.MDB_NOTLS, EnvFlags.MDB_NOSYNC, EnvFlags.MDB_WRITEMAP);
        database = environment.openDbi("entries", DbiFlags.MDB_CREATE);
        access = ThreadLocal.withInitial(() -> {
            final Access mine = new Access(environment.txnRead(), valueBytes);
            all.add(mine);
            return mine;
        });
    }

    @Override
    public byte[] get(final long key) {
        final Access mine = access.get();
        mine.reader.renew();
        try {
            final ByteBuffer found = database.get(mine.reader, mine.key(key));
            if (found == null) {
                return null;
            }
            final byte[] value = new byte[found.remaining()];
            found.get(value);
            return value;
        } finally {
            mine.reader.reset();
        }
    }

    @Override
    public void put(final long key, final byte[] value) {
        final Access mine = access.get();
        mine.value.clear().put(value).flip();
        try (Txn<ByteBuffer> writer = environment.txnWrite()) {
            database.put(writer, mine.key(key), mine.value);
            writer.commit();
        }
    }

    @Override
    public void close() {
        all.forEach(each -> each.reader.close());
        database.close();
        environment.close();
    }
}
