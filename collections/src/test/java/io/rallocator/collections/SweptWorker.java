package io.rallocator.collections;

import io.rallocator.allocator.WorkerSession;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One session's structures of every kind, small ones: segments of a few slots, extents of a kilobyte, a bucket that many
 * keys share. So short histories come to every border.
 */
final class SweptWorker {
    static final String LARGE = "large ".repeat(200);

    /** Three chunks in a pool of small slabs. */
    static final String COMPOSITE = "composite ".repeat(900);

    static final int LENGTH = 1_000;
    private static final int BOUND = 3;
    private static final int CROWD = 12;
    private static final int[] KEYS = new int[CROWD];

    static {
        for (int i = 0; i < CROWD; i++) {
            KEYS[i] = SimulatedWorker.crowdedKey(i);
        }
    }

    final WorkerSession session;
    final RemoteHeap heap;
    final AtomicLong clock;
    final RemoteMap<Integer, String> map;
    final RemoteQueue<String> queue;
    final RemoteQueue<String> bounded;
    final RemoteArray<String> array;

    /** Of four elements: for what walks through all of them. */
    final RemoteArray<String> few;

    final RemoteLongArray longs;
    final RemoteByteArray bytes;

    SweptWorker(final WorkerSession session, final AtomicLong clock) {
        this.session = session;
        this.clock = clock;
        final StructureCatalog catalog = new StructureCatalog(session);
        final StructureRoot mapRoot = catalog.open(
                "map",
                MapLayout.create(session.geometry()),
                Codecs.ints().id(),
                Codecs.string().id());
        map = new PersistentMap<>(new MapTable(session, mapRoot, null, clock::get), Codecs.ints(), Codecs.string());
        queue = queue(session, catalog, "queue", QueueLayout.UNBOUNDED);
        bounded = queue(session, catalog, "bounded", BOUND);
        array = elements(session, catalog, "array", LENGTH);
        few = elements(session, catalog, "few", 4);
        longs = new PersistentLongArray(
                SmallExtents.create(session, catalog, "longs", ArrayKind.LONGS, Codecs.longs(), LENGTH));
        bytes = new PersistentByteArray(
                SmallExtents.create(session, catalog, "bytes", ArrayKind.BYTES, Codecs.bytes(), 8L * LENGTH));
        heap = RemoteHeap.over(session); // after the other catalog: it is the one that hears of drops
    }

    private static RemoteQueue<String> queue(
            final WorkerSession session, final StructureCatalog catalog, final String name, final long capacity) {
        final QueueLayout layout = QueueLayout.of(session.geometry(), capacity << Integer.SIZE | SimulatedWorker.SLOTS);
        final StructureRoot root = catalog.open(name, layout, Codecs.string().id(), "");
        return new PersistentQueue<>(new QueueTable(session, root), Codecs.string());
    }

    private static RemoteArray<String> elements(
            final WorkerSession session, final StructureCatalog catalog, final String name, final int length) {
        return new PersistentArray<>(
                SmallExtents.create(session, catalog, name, ArrayKind.ELEMENTS, Codecs.string(), length),
                Codecs.string());
    }

    /** Keys that share a bucket as long as the map is small: the n-th of them. */
    static int key(final int n) {
        return KEYS[n];
    }

    /** What every operation finds: three entries in one bucket, elements in both queues and all arrays. */
    void fill() {
        map.put(key(0), "a");
        map.put(key(1), "b");
        map.put(key(2), LARGE);
        for (int i = 1; i <= 4; i++) {
            queue.add("element " + i);
        }
        bounded.add("first");
        bounded.add("second");
        array.set(0L, "x");
        array.set(1L, LARGE);
        for (int i = 0; i < few.size(); i++) {
            few.set(i, "few " + (4 - i));
        }
        longs.set(0, 5);
        longs.set(1, 6);
        bytes.fill(0, 24, (byte) 1);
    }
}
