package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.agrona.DirectBuffer;
import org.agrona.collections.MutableLong;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One map, in bytes: a table of bucket words that grows by linear hashing, one bucket at a time. Each bucket's level says
 * which keys it has, so whatever a worker believes of the table's size is only a hint where to look.
 *
 * <p>A bucket of level l is split by three swaps, any of which anyone may do: its word is frozen; the word of bucket
 * b + 2^l is set from UNINIT to the upper half; its own word is replaced by the lower half. Whoever wants to change a frozen
 * bucket finishes the split first, with blocks of its own (DESIGN trap 3). Readers never help: a frozen block still has
 * the lower half, and the upper one as long as its own word is UNINIT.
 *
 * <p>Threads: any. Methods that take a lane are called with it held; the others take one.
 */
final class MapTable implements MapStore {
    private static final Operation LOCATE = Operation.named("map.locate");
    private static final Operation SIZE = Operation.named("map.size");
    private static final int SIZE_ATTEMPTS = 16;

    private static final AtomicLong NUMBERS = new AtomicLong();

    private final long number = NUMBERS.incrementAndGet();
    private final WorkerSession session;
    private final StructureRoot root;
    private final String where;
    private final MapLayout layout;
    private final BucketWords extents;
    private final BucketCache cache;
    private final AtomicLong knownBuckets = new AtomicLong(MapLayout.FIRST_BUCKETS);
    private final BucketLocator locator;
    private final BucketUpdater updater;
    private final BucketScanner scanner;
    private final BucketCompactor compactor;
    private final BulkReader bulkReader;
    private final BulkUpdater bulkUpdater;
    private final BucketSweeper sweeper;
    private final LongSupplier clock;

    /**
     * Opens a map.
     *
     * @param session of the heap
     * @param root of the map
     * @param cache of the heap, or null
     */
    MapTable(final WorkerSession session, final StructureRoot root, final BucketCache cache) {
        this(session, root, cache, System::currentTimeMillis);
    }

    /** With a clock: ms since 1970, by which entries expire. */
    MapTable(final WorkerSession session, final StructureRoot root, final BucketCache cache, final LongSupplier clock) {
        this.session = session;
        this.root = root;
        this.where = "map '" + root.name() + "', key hash";
        this.cache = cache;
        this.clock = clock;
        layout = MapLayout.of(session.geometry(), root.parameter());
        extents = new BucketWords(layout, root.index(), root.offset());
        locator = new BucketLocator(this);
        final BucketSplitter splitter = new BucketSplitter(this);
        final BucketRewriter rewriter = new BucketRewriter(this);
        updater = new BucketUpdater(this, splitter, rewriter);
        bulkUpdater = new BulkUpdater(this, updater, splitter, rewriter);
        final BucketWalker walker = new BucketWalker(this);
        scanner = new BucketScanner(this, walker);
        sweeper = new BucketSweeper(walker, updater, rewriter);
        compactor = new BucketCompactor(this, walker, session::isInSparseSlab);
        bulkReader = new BulkReader(this);
    }

    BucketCompactor compactor() {
        return compactor;
    }

    WorkerSession session() {
        return session;
    }

    @Override
    public String name() {
        return root.name();
    }

    StructureRoot root() {
        return root;
    }

    @Override
    public String typeName() {
        return MapLayout.TYPE_NAME;
    }

    @Override
    public UnreadableElementException.Place place() {
        return UnreadableElementException.Place.KEY_HASH;
    }

    /** Of the bucket of a hash. */
    @Override
    public long wordOffset(final long hash) {
        final Bucket bucket = new Bucket();
        final Lane lane = root.acquire(session);
        try {
            locator.locateForReading(lane, LOCATE, hash, bucket);
        } finally {
            session.release(lane);
        }
        return bucket.wordOffset;
    }

    @Override
    public MapTable part(final long hash) {
        return this;
    }

    int structure() {
        return root.index();
    }

    /** No other table of this process has the same, whichever heap it is of. */
    long number() {
        return number;
    }

    MapLayout layout() {
        return layout;
    }

    BucketWords extents() {
        return extents;
    }

    /** May be null. */
    BucketCache cache() {
        return cache;
    }

    BucketLocator locator() {
        return locator;
    }

    // ---- what is known of the table's size

    long knownBuckets() {
        return knownBuckets.getPlain();
    }

    /** Bigger is better: the table never shrinks. */
    void learnBuckets(final long buckets) {
        if (buckets > knownBuckets.getPlain() && isPossibleSize(buckets)) {
            knownBuckets.setPlain(buckets);
        }
    }

    /** A damaged word may say anything. */
    boolean isPossibleSize(final long buckets) {
        return buckets >= MapLayout.FIRST_BUCKETS && buckets <= layout.maxBuckets();
    }

    /** The level of the bucket of a hash, as far as is known: the buckets at both ends of the table were split this round. */
    int expectedLevel(final long hash) {
        final long buckets = knownBuckets();
        final int level = MapLayout.levelOf(buckets);
        return (hash & MapLayout.mask(level)) < buckets - (1L << level) ? level + 1 : level;
    }

    /** A bucket of level l was split at level l − 1, and so were all before it. */
    void learnFrom(final Bucket bucket) {
        final long half = 1L << bucket.level - 1;
        learnBuckets((bucket.index < half ? bucket.index + half : bucket.index) + 1);
    }

    long bucketsOffset() {
        return root.offset() + MapLayout.BUCKETS_OFFSET;
    }

    // ---- expiry

    /** This worker's clock: ms since 1970. */
    @Override
    public long now() {
        return clock.getAsLong();
    }

    /** Tells whether an entry has not expired. Asks for the time only if it can. */
    boolean isLive(final DirectBuffer block, final int entry) {
        final long expiry = BucketBlock.expiry(block, entry);
        return expiry == BucketBlock.NEVER || expiry > now();
    }

    /** Finds the entry of a key in a bucket, unless it expired. */
    int find(final Bucket bucket, final DirectBuffer key, final int keyIndex, final int keyLength) {
        final int entry =
                bucket.length == 0 ? BucketBlock.NOT_FOUND : BucketBlock.find(bucket.block, key, keyIndex, keyLength);
        return entry == BucketBlock.NOT_FOUND || isLive(bucket.block, entry) ? entry : BucketBlock.NOT_FOUND;
    }

    // ---- operations

    @Override
    public boolean get(final Operation operation, final Scratch scratch, final boolean wantsValue) {
        final Lane lane = root.acquire(session);
        try {
            locator.locateForReading(lane, operation, scratch.hash, scratch.bucket);
            take(lane, operation, scratch, find(scratch), wantsValue);
            scratch.bucket.hint(number, scratch.bucket.word);
            return scratch.found;
        } finally {
            session.release(lane);
        }
    }

    @Override
    public boolean getToChange(final Operation operation, final Scratch scratch, final boolean changesPresent) {
        final Lane lane = root.acquire(session);
        try {
            final Bucket bucket = scratch.bucket;
            bucket.dropKept();
            locator.locateForReading(lane, operation, scratch.hash, bucket, true);
            int entry = find(scratch);
            while (entry != BucketBlock.NOT_FOUND && !changesPresent && !locator.confirm(lane, operation, bucket)) {
                locator.locateForReading(lane, operation, scratch.hash, bucket);
                entry = find(scratch);
            }
            take(lane, operation, scratch, entry, true);
            if (!bucket.remembered && !bucket.isFrozen()) {
                bucket.keep(number, lane.epoch());
            }
            bucket.hint(number, bucket.word);
            return scratch.found;
        } finally {
            session.release(lane);
        }
    }

    private int find(final Scratch scratch) {
        return find(scratch.bucket, scratch.key, 0, scratch.keyLength);
    }

    private void take(
            final Lane lane,
            final Operation operation,
            final Scratch scratch,
            final int entry,
            final boolean wantsValue) {
        scratch.found = entry != BucketBlock.NOT_FOUND;
        if (scratch.found) {
            scratch.expiry = BucketBlock.expiry(scratch.bucket.block, entry);
            if (wantsValue) {
                ValueBlock.copyValue(lane, operation, this, scratch, entry);
            }
        }
    }

    @Override
    public boolean update(final Operation operation, final Scratch scratch) {
        scratch.requireNotComputed(this);
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = root.acquire(session);
            try {
                return updater.update(lane, operation, scratch);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    @Override
    public void updateAll(final Operation operation, final Scratch scratch, final BulkChange bulk) {
        scratch.requireNotComputed(this, bulk.entries);
        int attempt = 0;
        while (bulk.done < bulk.entries.count()) {
            final int before = bulk.done;
            OutOfRemoteMemoryException exhausted = null;
            final Lane lane = root.acquire(session);
            try {
                bulkUpdater.update(lane, operation, scratch, bulk);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            if (exhausted != null) {
                attempt = bulk.done == before ? attempt + 1 : 0;
                session.awaitReclamation(exhausted, attempt);
            }
        }
    }

    @Override
    public void sweep(final long now, final Scratch scratch, final MutableLong removed) {
        final BucketSweeper.Sweep sweep = new BucketSweeper.Sweep(now, this, removed);
        int attempt = 0;
        while (!sweep.isEnded()) {
            final long before = removed.value;
            OutOfRemoteMemoryException exhausted = null;
            final Lane lane = root.acquire(session);
            try {
                sweeper.step(lane, scratch, sweep);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            if (exhausted != null) {
                attempt = removed.value == before ? attempt + 1 : 0;
                session.awaitReclamation(exhausted, attempt);
            }
        }
    }

    @Override
    public long scan(final long cursor, final ScanBatch batch, final int atLeast) {
        final Lane lane = root.acquire(session);
        try {
            return scanner.collect(lane, cursor, batch, atLeast);
        } finally {
            session.release(lane);
        }
    }

    @Override
    public int getAll(final Operation operation, final ScanBatch keys, final int from) {
        final Lane lane = root.acquire(session);
        try {
            return bulkReader.read(lane, operation, keys, from);
        } finally {
            session.release(lane);
        }
    }

    /**
     * Counts the entries: exact when nobody changes the map meanwhile. The stripes are read before and after the changes
     * that they do not show yet: those that became settled in between would be missed, or counted twice.
     *
     * @return count
     */
    @Override
    public long size() {
        session.settle();
        final GrowingBuffer stripes = new GrowingBuffer();
        final int bytes = layout.stripeWords() * Long.BYTES;
        long seen = readStripes(stripes, bytes);
        for (int attempt = 1; ; attempt++) {
            final long size = sum(stripes.buffer(), bytes) + session.unsettledDelta(structure());
            final long now = readStripes(stripes, bytes);
            if (now == seen || attempt == SIZE_ATTEMPTS) {
                return size;
            }
            seen = now;
        }
    }

    /** Returns a hash of all stripes; each has a sequence that goes up with every change. */
    private long readStripes(final GrowingBuffer target, final int bytes) {
        final UnsafeBuffer words = target.ensure(bytes);
        final Lane lane = root.acquire(session);
        try {
            lane.chain()
                    .read(root.offset() + MapLayout.STRIPES_OFFSET, words, 0, bytes)
                    .post(SIZE);
        } finally {
            session.release(lane);
        }
        return Bytes.hash(words, 0, bytes);
    }

    private static long sum(final UnsafeBuffer words, final int bytes) {
        long sum = 0;
        for (int at = 0; at < bytes; at += Long.BYTES) {
            sum += Commit.stripeCount(words.getLong(at));
        }
        return sum;
    }

    /** What names a place in this map in messages. */
    String where() {
        return where;
    }

    /** Remembers an unfrozen bucket that was read or written in the lane's epoch. */
    void remember(final Lane lane, final long index, final long word, final UnsafeBuffer block, final int length) {
        if (cache != null && !LinkWord.isFrozen(word)) {
            cache.put(structure(), index, word, block, length, lane.epoch());
        }
    }

    /** What this worker remembers of large values, or null. */
    LargeImages values() {
        return cache == null ? null : cache.large();
    }

    /** Forgets a bucket whose word was found changed. */
    void forget(final Bucket bucket) {
        bucket.dropKept();
        forget(bucket.index);
    }

    void forget(final long index) {
        if (cache != null) {
            cache.forget(structure(), index);
        }
    }
}
