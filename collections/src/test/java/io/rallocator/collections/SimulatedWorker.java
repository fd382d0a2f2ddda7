package io.rallocator.collections;

import io.rallocator.allocator.WorkerSession;
import java.util.concurrent.atomic.AtomicLong;

/** One session's map and queue in a simulated pool; the queue has segments of a few slots. */
final class SimulatedWorker {
    static final int SLOTS = 8;

    /** By which entries expire, in ms. */
    static final AtomicLong CLOCK = new AtomicLong(1_000_000);

    final WorkerSession session;
    final StructureCatalog catalog;
    final RemoteMap<Integer, String> map;
    final RemoteQueue<Integer> queue;

    SimulatedWorker(final WorkerSession session, final Runnable beforeEach, final boolean cached) {
        this.session = session;
        catalog = new StructureCatalog(session);
        beforeEach.run();
        final StructureRoot mapRoot = catalog.open(
                "map",
                MapLayout.create(session.geometry()),
                Codecs.ints().id(),
                Codecs.string().id());
        map = new PersistentMap<>(
                new MapTable(session, mapRoot, cached ? new BucketCache(BucketCache.MIN_BYTES) : null, CLOCK::get),
                Codecs.ints(),
                Codecs.string());
        beforeEach.run();
        final StructureRoot queueRoot = catalog.open(
                "queue",
                QueueLayout.of(session.geometry(), SLOTS),
                Codecs.ints().id(),
                "");
        queue = new PersistentQueue<>(new QueueTable(session, queueRoot), Codecs.ints());
    }

    /** A queue of its own that never has more elements. */
    RemoteQueue<Integer> boundedQueue(final int capacity) {
        final StructureRoot root = catalog.open(
                "bounded",
                QueueLayout.of(session.geometry(), (long) capacity << Integer.SIZE | SLOTS),
                Codecs.ints().id(),
                "");
        return new PersistentQueue<>(new QueueTable(session, root), Codecs.ints());
    }

    /** Keys that share the first bucket while the map has its first size: the n-th of them. */
    static int crowdedKey(final int n) {
        final Scratch scratch = Scratch.enter();
        try {
            int found = -1;
            for (int key = 0; ; key++) {
                scratch.encodeKey(Codecs.ints(), key);
                if ((scratch.hash & MapLayout.mask(MapLayout.FIRST_LEVEL)) == 0 && ++found == n) {
                    return key;
                }
            }
        } finally {
            scratch.exit();
        }
    }
}
