package io.rallocator.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/** Who we are compared with, and what the writes of both survive in the comparison. */
enum Peer {
    CONCURRENT_HASH_MAP(Level.NONE, false),
    CHRONICLE_MAP(Level.PROCESS, false),
    ROCKSDB(Level.PROCESS, false),
    LMDB(Level.PROCESS, false),
    H2_MVSTORE(Level.PROCESS, false),
    MAPDB(Level.NONE, false),
    ROCKSDB_SYNC(Level.POWER, false),
    LMDB_SYNC(Level.POWER, false),
    CHRONICLE_QUEUE(Level.PROCESS, true),
    LINKED_BLOCKING_QUEUE(Level.NONE, true);

    /** What an acknowledged write of the peer survives; ours always survives the death of the process. */
    enum Level {
        /** Nothing: it is a ceiling, or (MapDB) may refuse to open after a kill. */
        NONE,
        /** The death of the process. */
        PROCESS,
        /** The loss of power: a sync for each write. */
        POWER;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Level level;
    private final boolean queue;

    Peer(final Level level, final boolean queue) {
        this.level = level;
        this.queue = queue;
    }

    Level level() {
        return level;
    }

    boolean isQueue() {
        return queue;
    }

    /** As on the command line and in JSON. */
    String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Peer named(final String text) {
        return Stream.of(values())
                .filter(peer -> peer.text().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no peer '" + text + "'; there are "
                        + String.join(", ", Stream.of(values()).map(Peer::text).toList())));
    }

    Store openStore(final Path folder, final int entries, final int valueBytes) throws IOException {
        return switch (this) {
            case CONCURRENT_HASH_MAP -> new HeapStore(entries);
            case CHRONICLE_MAP -> new ChronicleStore(folder, entries, valueBytes);
            case ROCKSDB, ROCKSDB_SYNC -> new RocksStore(folder, this == ROCKSDB_SYNC);
            case LMDB, LMDB_SYNC -> new LmdbStore(folder, entries, valueBytes, this == LMDB_SYNC);
            case H2_MVSTORE -> new MvStore(folder);
            case MAPDB -> new MapDbStore(folder);
            case CHRONICLE_QUEUE, LINKED_BLOCKING_QUEUE -> throw new IllegalArgumentException(this + " is a queue");
        };
    }

    Fifo openFifo(final Path folder) throws IOException {
        return switch (this) {
            case CHRONICLE_QUEUE -> new ChronicleFifo(folder);
            case LINKED_BLOCKING_QUEUE -> new HeapFifo();
            default -> throw new IllegalArgumentException(this + " is no queue");
        };
    }
}
