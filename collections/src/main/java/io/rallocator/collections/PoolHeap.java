package io.rallocator.collections;

import io.rallocator.allocator.AllocatorStatistics;
import io.rallocator.allocator.Blade;
import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.allocator.ModelledFabric;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.TimeModel;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SessionId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A heap of one pool: one session, and what it has opened. */
final class PoolHeap extends RemoteHeap {
    private static final Logger LOGGER = LoggerFactory.getLogger(PoolHeap.class);

    private final String uri;
    private final WorkerSession session;
    private final Blade blade;
    private final StructureCatalog catalog;
    private final BucketCache cache;
    private final Map<StructureRoot, MapTable> maps = new HashMap<>();
    private final Map<StructureRoot, QueueTable> queues = new HashMap<>();
    private final ArrayCatalog arrays;
    private final Compactor compactor;

    /** Takes over session and blade; there is no blade ({@code null}) in another process, and none for a simulated session. */
    PoolHeap(final String uri, final WorkerSession session, final Blade blade, final BucketCache cache) {
        this.uri = uri;
        this.session = session;
        this.blade = blade;
        this.cache = cache;
        this.catalog = new StructureCatalog(session);
        this.arrays = new ArrayCatalog(session, catalog);
        this.compactor =
                new Compactor(session, catalog, root -> tableOf(maps, root, () -> new MapTable(session, root, cache)));
    }

    /**
     * Opens the heap of one pool.
     *
     * @param address of one pool
     * @return the heap
     */
    static PoolHeap open(final HeapUri address) {
        final long cacheBytes = address.cacheBytes();
        final BucketCache cache = cacheBytes == 0 ? null : new BucketCache(cacheBytes);
        final TimeModel model = address.model();
        if (!address.isEmbedded()) {
            final Fabric fabric = address.isRemote() ? address.connect() : Fabric.local(address.pool());
            return new PoolHeap(address.toString(), open(fabric, model, address), null, cache).compacting(address);
        }
        createIfMissing(address);
        final Blade blade = Blade.open(address.pool());
        try {
            return new PoolHeap(address.toString(), open(Fabric.of(blade), model, address), blade, cache)
                    .compacting(address);
        } catch (final RuntimeException e) {
            blade.close();
            throw e;
        }
    }

    private PoolHeap compacting(final HeapUri address) {
        if (address.compacts()) {
            compactor.start();
        }
        return this;
    }

    Compactor compactor() {
        return compactor;
    }

    private static WorkerSession open(final Fabric fabric, final TimeModel model, final HeapUri address) {
        return WorkerSession.over(model == null ? fabric : new ModelledFabric(fabric, model), address.workerName());
    }

    private static void createIfMissing(final HeapUri address) {
        final Path pool = address.pool();
        if (Files.exists(pool)) {
            address.checkExisting(PoolFile.readSuperblock(pool));
            return;
        }
        final PoolGeometry geometry = address.geometry();
        LOGGER.info("creating a pool of {} bytes at {}", geometry.capacity(), pool);
        PoolFile.create(pool, geometry, false, address.durability(), written -> {});
    }

    @Override
    public <K, V> RemoteMap<K, V> map(final String name, final Codec<K> keyCodec, final Codec<V> valueCodec) {
        requireArguments(name, keyCodec);
        Objects.requireNonNull(valueCodec, "the value's codec is null");
        return new PersistentMap<>(mapTable(name, keyCodec.id(), valueCodec.id()), keyCodec, valueCodec);
    }

    UUID poolId() {
        return session.poolId();
    }

    Durability durability() {
        return session.durability();
    }

    StructureCatalog catalog() {
        return catalog;
    }

    StructureSealer sealer() {
        return new StructureSealer(catalog, session.geometry(), uri);
    }

    WorkerSession workerSession() {
        return session;
    }

    ArrayCatalog arrays() {
        return arrays;
    }

    /** The bytes of a map, created if there is none of this name. */
    MapTable mapTable(final String name, final String keyCodec, final String valueCodec) {
        session.checkOpen();
        final StructureRoot root = catalog.open(
                name, MapLayout.create(session.geometry()), keyCodec, StructureCatalog.checkCodecId(valueCodec));
        return tableOf(maps, root, () -> new MapTable(session, root, cache));
    }

    @Override
    public <E> RemoteQueue<E> queue(final String name, final Codec<E> codec) {
        return openQueue(name, codec, QueueLayout.UNBOUNDED);
    }

    @Override
    public <E> RemoteQueue<E> boundedQueue(final String name, final Codec<E> codec, final int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("the capacity " + capacity + " of queue '" + name + "' is less than 1");
        }
        return openQueue(name, codec, capacity);
    }

    <E> RemoteQueue<E> openQueue(final String name, final Codec<E> codec, final int capacity) {
        requireArguments(name, codec);
        return new PersistentQueue<>(queueTable(name, codec.id(), capacity), codec);
    }

    /** The bytes of a queue, created if there is none of this name. */
    QueueTable queueTable(final String name, final String codec, final int capacity) {
        session.checkOpen();
        final StructureRoot root = catalog.open(name, QueueLayout.create(session.geometry(), capacity), codec, "");
        final QueueTable table = tableOf(queues, root, () -> new QueueTable(session, root));
        final int actual = table.layout().capacity();
        if (actual != capacity) {
            throw new IllegalArgumentException("queue '" + name + "' " + bound(actual) + ", asked for was one that "
                    + bound(capacity) + "; open it as what it is");
        }
        return table;
    }

    private static String bound(final int capacity) {
        return capacity == QueueLayout.UNBOUNDED ? "has no bound" : "has a capacity of " + capacity;
    }

    @Override
    public RemoteLongArray longArray(final String name, final long length) {
        return longs(name, ArrayCatalog.given(length));
    }

    @Override
    public RemoteLongArray longArray(final String name) {
        return longs(name, ArrayCatalog.ANY_LENGTH);
    }

    RemoteLongArray longs(final String name, final long length) {
        requireArguments(name, Codecs.longs());
        return new PersistentLongArray(arrays.open(name, ArrayKind.LONGS, Codecs.longs(), length));
    }

    @Override
    public RemoteByteArray byteArray(final String name, final long length) {
        return bytes(name, ArrayCatalog.given(length));
    }

    @Override
    public RemoteByteArray byteArray(final String name) {
        return bytes(name, ArrayCatalog.ANY_LENGTH);
    }

    RemoteByteArray bytes(final String name, final long length) {
        requireArguments(name, Codecs.bytes());
        return new PersistentByteArray(arrays.open(name, ArrayKind.BYTES, Codecs.bytes(), length));
    }

    @Override
    public <E> RemoteArray<E> array(final String name, final Codec<E> codec, final long length) {
        return elements(name, codec, ArrayCatalog.given(length));
    }

    @Override
    public <E> RemoteArray<E> array(final String name, final Codec<E> codec) {
        return elements(name, codec, ArrayCatalog.ANY_LENGTH);
    }

    <E> RemoteArray<E> elements(final String name, final Codec<E> codec, final long length) {
        requireArguments(name, codec);
        return new PersistentArray<>(arrays.open(name, ArrayKind.ELEMENTS, codec, length), codec);
    }

    private static void requireArguments(final String name, final Codec<?> codec) {
        Objects.requireNonNull(name, "the name is null");
        Objects.requireNonNull(codec, "the codec is null");
    }

    /** What this heap knows of a structure, made once; of those that were dropped it forgets it. */
    static <T> T tableOf(final Map<StructureRoot, T> tables, final StructureRoot root, final Supplier<T> opening) {
        synchronized (tables) {
            T table = tables.get(root);
            if (table == null) {
                tables.keySet().removeIf(StructureRoot::isDropped);
                table = opening.get();
                tables.put(root, table);
            }
            return table;
        }
    }

    @Override
    public List<String> names() {
        return catalog.names();
    }

    @Override
    public List<StructureInfo> structures() {
        return catalog.structures().stream().map(StructureInfo::of).toList();
    }

    @Override
    public StructureStatistics statistics(final String name) {
        return catalog.statistics(Objects.requireNonNull(name, "the name is null"));
    }

    @Override
    public void rename(final String name, final String newName) {
        session.checkOpen();
        catalog.rename(
                Objects.requireNonNull(name, "the name is null"),
                Objects.requireNonNull(newName, "the new name is null"));
    }

    @Override
    public boolean drop(final String name) {
        return catalog.drop(Objects.requireNonNull(name, "the name is null"));
    }

    @Override
    public List<BladeInfo> blades() {
        session.checkOpen();
        return List.of(new BladeInfo(0, poolId(), uri, BladeInfo.State.IN_USE, isOpen()));
    }

    @Override
    public int drain(final int blade, final IntConsumer progress) {
        Objects.requireNonNull(progress, "the progress is null");
        session.checkOpen();
        throw new IllegalArgumentException("this heap has one blade, from which nothing can be moved"
                + (blade == 0 ? "" : ", and no blade " + blade) + "; open it with the addresses of several");
    }

    @Override
    public Outcome outcome(final OperationId id) {
        return session.outcome(Objects.requireNonNull(id, "the id is null"));
    }

    @Override
    public SessionId session() {
        return session.id();
    }

    @Override
    public boolean hasEnded(final SessionId other) {
        return session.isOver(Objects.requireNonNull(other, "the session is null"));
    }

    @Override
    public boolean isOpen() {
        return session.isOpen();
    }

    @Override
    public long count(final String operation, final FabricCounters.Figure figure) {
        Objects.requireNonNull(figure, "the figure is null");
        final Operation known = Operation.find(operation);
        return known == null ? 0 : session.count(known, figure);
    }

    @Override
    public AllocatorStatistics allocatorStatistics() {
        return session.allocatorStatistics();
    }

    @Override
    public PoolGeometry geometry() {
        return session.geometry();
    }

    @Override
    public void close() {
        compactor.close();
        try {
            session.close();
        } finally {
            if (blade != null) {
                blade.close();
            }
        }
    }

    @Override
    public String toString() {
        return "RemoteHeap " + uri;
    }
}
