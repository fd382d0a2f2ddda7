package io.rallocator.allocator.rdma;

/**
 * What worker and blade say to each other on a TCP connection beside the RDMA ones: who is there, what memory there is, which session's lock
 * is held, that both live, and at durability POWER what to sync. Numbers are big-endian. A worker sends one request and waits for its
 * reply.
 *
 * <pre>
 * worker: MAGIC (8) version (4)
 * blade:  OK (1) version (4) lease in ms (4) RDMA port (4) superblock: length (4), bytes
 *         memory: address (8) capacity (8) bytes a segment (4) segments (4), rkey (4) each
 *      or REFUSED (1) reason (UTF)
 * worker: LOCK (1) session (4)        blade: OK | TAKEN
 * worker: UNLOCK (1)                  blade: OK
 * worker: CONNECT (1), then connects to the RDMA port    blade: OK (1) number (4) | REFUSED (1) reason (UTF)
 * worker: DISCONNECT (1) number (4)   blade: OK
 * worker: PING (1)                    blade: OK
 * worker: PERSIST (1) ranges (4), offset (8) and length (8) each    blade: OK | REFUSED (1) reason (UTF)
 * </pre>
 */
final class ControlProtocol {
    static final long MAGIC = 0x52414C4C4F435244L;
    static final int VERSION = 1;

    static final byte LOCK = 1;
    static final byte UNLOCK = 2;
    static final byte CONNECT = 3;
    static final byte DISCONNECT = 4;
    static final byte PING = 5;
    static final byte PERSIST = 6;

    static final byte OK = 0;
    static final byte TAKEN = 1;
    static final byte REFUSED = 2;

    /** More ranges than a chain has verbs are sent in several messages. */
    static final int MAX_RANGES = 4096;

    /** Both sides give up what is larger. */
    static final int MAX_SUPERBLOCK_BYTES = 1 << 16;

    /** 1 TiB of the largest segments, or 64 GiB of the smallest that a blade has. */
    static final int MAX_SEGMENTS = 1024;

    private ControlProtocol() {}
}
