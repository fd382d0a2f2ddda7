package io.rallocator.collections;

import io.rallocator.allocator.AllocatorStatistics;
import io.rallocator.allocator.FabricCounters;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.SessionId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A heap over several blades: a session with each. A structure is cut into parts, each of them a whole structure on one blade, and a {@link Placement} on blade 0
 * says which. Every operation is one of one part, so it is as atomic, durable and recoverable as there. Structures that blade 0 had before it
 * became one of several stay whole and stay there.
 */
final class StripedHeap extends RemoteHeap {
    private static final Logger LOGGER = LoggerFactory.getLogger(StripedHeap.class);
    private final String uri;
    private final Seats seats;

    private StripedHeap(final String uri, final Seats seats) {
        this.uri = uri;
        this.seats = seats;
    }

    /**
     * Opens the heap of several blades.
     *
     * @param address names all of them
     * @return the heap
     */
    static StripedHeap open(final HeapUri address) {
        final Seats seats = Seating.of(address);
        try {
            final StripedHeap heap = new StripedHeap(address.toString(), seats);
            heap.dropLeftovers();
            return heap;
        } catch (final RuntimeException | Error e) {
            Seats.closeAfter(e, List.of(seats::close));
            throw e;
        }
    }

    // ---- opening structures

    @Override
    public <K, V> RemoteMap<K, V> map(final String name, final Codec<K> keyCodec, final Codec<V> valueCodec) {
        requireArguments(name, keyCodec);
        Objects.requireNonNull(valueCodec, "the value's codec is null");
        final PoolHeap root = seats.root();
        if (isWhole(root, name)) {
            return root.map(name, keyCodec, valueCodec);
        }
        final String key = keyCodec.id();
        final String value = StructureCatalog.checkCodecId(valueCodec.id());
        final Placement placement = new Placement(seats, root, root.arrays().placement(name, key, value));
        requireType(placement, Placement.Type.MAP, 0);
        final Parts<MapTable> parts =
                new Parts<>(seats, placement, (heap, partName, part) -> heap.mapTable(partName, key, value));
        return new PersistentMap<>(new StripedMapStore(parts), keyCodec, valueCodec);
    }

    @Override
    public <E> RemoteQueue<E> queue(final String name, final Codec<E> codec) {
        return queue(name, codec, QueueLayout.UNBOUNDED);
    }

    @Override
    public <E> RemoteQueue<E> boundedQueue(final String name, final Codec<E> codec, final int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("the capacity " + capacity + " of queue '" + name + "' is less than 1");
        }
        return queue(name, codec, capacity);
    }

    /** A queue has one part: its elements have one order, which no two blades could keep without asking each other. */
    private <E> RemoteQueue<E> queue(final String name, final Codec<E> codec, final int capacity) {
        requireArguments(name, codec);
        final PoolHeap root = seats.root();
        if (isWhole(root, name)) {
            return root.openQueue(name, codec, capacity);
        }
        final Placement placement = new Placement(seats, root, root.arrays().placement(name, codec.id(), ""));
        requireType(placement, Placement.Type.QUEUE, capacity);
        final String codecId = codec.id();
        final StripedQueueStore store = new StripedQueueStore(
                new Parts<>(seats, placement, (heap, partName, part) -> heap.queueTable(partName, codecId, capacity)));
        store.table(); // what cannot be used is refused here
        return new PersistentQueue<>(store, codec);
    }

    @Override
    public RemoteLongArray longArray(final String name, final long length) {
        return longs(name, ArrayCatalog.given(length));
    }

    @Override
    public RemoteLongArray longArray(final String name) {
        return longs(name, ArrayCatalog.ANY_LENGTH);
    }

    private RemoteLongArray longs(final String name, final long length) {
        requireArguments(name, Codecs.longs());
        final PoolHeap root = seats.root();
        if (isWhole(root, name)) {
            return root.longs(name, length);
        }
        final Placement placement = array(root, name, Placement.Type.LONGS, Codecs.longs(), length);
        final Stripes stripes = stripes(placement);
        return new StripedLongArray(
                name, stripes, new Parts<>(seats, placement, (heap, part, i) -> heap.longs(part, stripes.lengthOf(i))));
    }

    @Override
    public RemoteByteArray byteArray(final String name, final long length) {
        return bytes(name, ArrayCatalog.given(length));
    }

    @Override
    public RemoteByteArray byteArray(final String name) {
        return bytes(name, ArrayCatalog.ANY_LENGTH);
    }

    private RemoteByteArray bytes(final String name, final long length) {
        requireArguments(name, Codecs.bytes());
        final PoolHeap root = seats.root();
        if (isWhole(root, name)) {
            return root.bytes(name, length);
        }
        final Placement placement = array(root, name, Placement.Type.BYTES, Codecs.bytes(), length);
        final Stripes stripes = stripes(placement);
        return new StripedByteArray(
                name, stripes, new Parts<>(seats, placement, (heap, part, i) -> heap.bytes(part, stripes.lengthOf(i))));
    }

    @Override
    public <E> RemoteArray<E> array(final String name, final Codec<E> codec, final long length) {
        return elements(name, codec, ArrayCatalog.given(length));
    }

    @Override
    public <E> RemoteArray<E> array(final String name, final Codec<E> codec) {
        return elements(name, codec, ArrayCatalog.ANY_LENGTH);
    }

    private <E> RemoteArray<E> elements(final String name, final Codec<E> codec, final long length) {
        requireArguments(name, codec);
        final PoolHeap root = seats.root();
        if (isWhole(root, name)) {
            return root.elements(name, codec, length);
        }
        final Placement placement = array(root, name, Placement.Type.ELEMENTS, codec, length);
        final Stripes stripes = stripes(placement);
        return new StripedArray<>(
                stripes,
                new Parts<>(seats, placement, (heap, part, i) -> heap.elements(part, codec, stripes.lengthOf(i))));
    }

    private Placement array(
            final PoolHeap root,
            final String name,
            final Placement.Type type,
            final Codec<?> codec,
            final long length) {
        if (length == ArrayCatalog.ANY_LENGTH) {
            final Placement existing = existing(root, name);
            if (existing == null || existing.description() == 0) {
                throw new IllegalArgumentException(
                        "there is no " + type.typeName() + " '" + name + "'; say its length to create it");
            }
            requireType(existing, type, Placement.parameterOf(existing.description()));
        }
        final Placement placement = new Placement(seats, root, root.arrays().placement(name, codec.id(), ""));
        requireType(
                placement,
                type,
                length == ArrayCatalog.ANY_LENGTH ? stripes(placement).length() : length);
        return placement;
    }

    private static Stripes stripes(final Placement placement) {
        return new Stripes(Placement.parameterOf(placement.description()));
    }

    private static void requireType(final Placement placement, final Placement.Type type, final long parameter) {
        final long wanted = type.word(parameter);
        final long found = placement.describe(wanted);
        if (found != wanted) {
            throw new IllegalArgumentException("'" + placement.name() + "' is a " + describe(found)
                    + ", asked for was a " + (Placement.Type.of(found) == type ? describe(wanted) : type.typeName())
                    + "; open it as what it is");
        }
    }

    private static String describe(final long word) {
        final Placement.Type type = Placement.Type.of(word);
        final long parameter = Placement.parameterOf(word);
        if (type == null) {
            return "structure of a type that this version does not know, " + Long.toHexString(word);
        }
        return switch (type) {
            case MAP -> type.typeName();
            case QUEUE ->
                type.typeName()
                        + (parameter == QueueLayout.UNBOUNDED
                                ? " without a bound"
                                : " with a capacity of " + parameter);
            case LONGS, BYTES, ELEMENTS -> type.typeName() + " of " + parameter + " elements";
        };
    }

    private static void requireName(final String name) {
        if (Objects.requireNonNull(name, "the name is null").indexOf(Placement.PART_MARK) == 0) {
            throw new IllegalArgumentException("the name '" + name + "' begins with " + Placement.PART_MARK
                    + ", as those of parts of structures do in a heap over several blades; choose another");
        }
    }

    private static void requireArguments(final String name, final Codec<?> codec) {
        requireName(name);
        Objects.requireNonNull(codec, "the codec is null");
    }

    /** Tells whether blade 0 had a structure before there were others. */
    private static boolean isWhole(final PoolHeap root, final String name) {
        final StructureRoot found = root.catalog().find(name);
        return found != null && found.type() != ArrayKind.PLACEMENT.type();
    }

    /** The placement of a structure that is there, or null. */
    private Placement existing(final PoolHeap root, final String name) {
        final StructureRoot found = root.catalog().find(name);
        return found == null || found.type() != ArrayKind.PLACEMENT.type()
                ? null
                : new Placement(seats, root, root.arrays().placement(found));
    }

    // ---- all structures

    @Override
    public List<String> names() {
        return seats.root().names().stream()
                .filter(StripedHeap::isOfApplication)
                .toList();
    }

    private static boolean isOfApplication(final String name) {
        return name.charAt(0) != Placement.PART_MARK;
    }

    @Override
    public List<StructureInfo> structures() {
        final PoolHeap root = seats.root();
        return root.catalog().structures().stream()
                .filter(each -> isOfApplication(each.name()))
                .map(each -> info(root, each))
                .toList();
    }

    private StructureInfo info(final PoolHeap root, final StructureRoot structure) {
        final StructureInfo info = StructureInfo.of(structure);
        if (structure.type() != ArrayKind.PLACEMENT.type()) {
            return info;
        }
        final long word = new Placement(seats, root, root.arrays().placement(structure)).description();
        final Placement.Type type = Placement.Type.of(word);
        final long parameter = Placement.parameterOf(word);
        return new StructureInfo(
                info.name(),
                type == null ? info.type() : type.typeName(),
                info.codecs(),
                info.created(),
                type == null || type == Placement.Type.MAP || type == Placement.Type.QUEUE
                        ? OptionalLong.empty()
                        : OptionalLong.of(parameter),
                type == Placement.Type.QUEUE && parameter != QueueLayout.UNBOUNDED
                        ? OptionalInt.of((int) parameter)
                        : OptionalInt.empty());
    }

    @Override
    public StructureStatistics statistics(final String name) {
        final PoolHeap root = seats.root();
        requireName(name);
        final Placement placement = existing(root, name);
        final StructureStatistics own = root.statistics(name);
        if (placement == null) {
            return own;
        }
        long elements = 0;
        long blocks = own.blocks();
        long bytes = own.bytes();
        long unreadable = own.unreadable();
        for (int part = 0; part < Placement.PARTS; part++) {
            final StructureStatistics found = statistics(placement, part);
            if (found != null) {
                elements += found.elements();
                blocks += found.blocks();
                bytes += found.bytes();
                unreadable += found.unreadable();
            }
        }
        final StructureInfo info = info(root, root.catalog().find(name));
        return new StructureStatistics(info, elements, blocks, bytes, unreadable);
    }

    /** Returns null for a part that nobody has used yet. */
    private StructureStatistics statistics(final Placement placement, final int part) {
        for (; ; ) {
            final long word = placement.read(part);
            if (word == PartWord.UNPLACED) {
                return null;
            }
            final StructureStatistics found =
                    statistics(PartWord.blade(word), placement.partName(part, PartWord.instance(word)));
            if (placement.read(part) == word && !PartWord.isMoving(word)) {
                return found;
            }
            new PartMover(seats, placement).await(part, placement.read(part));
        }
    }

    private StructureStatistics statistics(final int blade, final String partName) {
        if (seats.state(blade) == BladeInfo.State.RETIRED) {
            return null;
        }
        final PoolHeap heap = seats.heap(blade);
        try {
            return heap.statistics(partName);
        } catch (final NoSuchElementException e) {
            return null;
        }
    }

    @Override
    public void rename(final String name, final String newName) {
        requireName(name);
        requireName(newName);
        seats.root().rename(name, newName);
    }

    // ---- dropping

    @Override
    public boolean drop(final String name) {
        requireName(name);
        final PoolHeap root = seats.root();
        final Placement placement = existing(root, name);
        if (!root.drop(name)) {
            return false;
        }
        if (placement != null && placement.isDropped()) {
            dropParts(placement);
        }
        return true;
    }

    private void dropParts(final Placement placement) {
        int left = 0;
        RallocatorException failure = null;
        for (int part = 0; part < Placement.PARTS; part++) {
            final long word = placement.word(part);
            try {
                dropPart(placement, part, word);
                dropPart(placement, part, PartWord.next(word));
            } catch (final RallocatorException e) {
                failure = e;
                left++;
            }
        }
        if (failure != null) {
            LOGGER.warn(
                    "'{}' was dropped; {} of its parts are taken apart when the heap is next opened while their blades answer: {}",
                    placement.name(),
                    left,
                    failure.getMessage());
        }
    }

    /** Drops the instance that a word names first, sealed or not. */
    private void dropPart(final Placement placement, final int part, final long word) {
        final int blade = PartWord.blade(word);
        if (blade >= 0 && seats.state(blade) != BladeInfo.State.RETIRED) {
            final PoolHeap heap = seats.heap(blade);
            heap.drop(placement.partName(part, PartWord.instance(word)));
            heap.drop(placement.sealedName(part, PartWord.instance(word)));
        }
    }

    /**
     * Drops parts whose placement is gone: somebody died, or a blade was away, when a structure was dropped; or somebody slept while it was,
     * and then made a part; or somebody copied a part into an instance that was not to be used. An instance is made after its placement's word names it, and neither an id
     * nor an instance is used twice: so what is looked for first, the instance, is nobody's if no placement names it afterwards.
     */
    private void dropLeftovers() {
        for (final Seat seat : seats.all()) {
            if (seat.isHere()) {
                dropLeftovers(seat.heap());
            }
        }
    }

    private void dropLeftovers(final PoolHeap heap) {
        final List<String> parts = heap.names().stream()
                .filter(name -> Placement.PartName.of(name) != null)
                .toList();
        if (parts.isEmpty()) {
            return;
        }
        final Map<String, Placement> placements = new HashMap<>();
        placements().forEach(each -> placements.put(each.id(), each));
        for (final String name : parts) {
            final Placement.PartName part = Placement.PartName.of(name);
            final Placement placement = placements.get(part.id());
            if (placement == null || !PartWord.names(placement.word(part.part()), part.instance())) {
                heap.drop(name);
            }
        }
    }

    Seats seats() {
        return seats;
    }

    /** All placements that there are, with their words as they are now. */
    List<Placement> placements() {
        final PoolHeap root = seats.root();
        return root.catalog().structures().stream()
                .filter(each -> each.type() == ArrayKind.PLACEMENT.type())
                .map(each -> new Placement(seats, root, root.arrays().placement(each)))
                .toList();
    }

    // ---- blades

    @Override
    public List<BladeInfo> blades() {
        for (int number = seats.members().count() - 1; number >= 0; number--) {
            seats.state(number); // which also finds those that have joined
        }
        return seats.all().stream().map(Seat::info).toList();
    }

    @Override
    public int drain(final int blade, final IntConsumer progress) {
        Objects.requireNonNull(progress, "the progress is null");
        final int moved = new BladeDrain(seats, blade).run(this::placements, progress);
        dropLeftovers();
        return moved;
    }

    // ---- sessions

    @Override
    public Outcome outcome(final OperationId id) {
        return seats.ofPool(Objects.requireNonNull(id, "the id is null").pool()).outcome(id);
    }

    @Override
    public SessionId session() {
        throw manySessions();
    }

    @Override
    public boolean hasEnded(final SessionId other) {
        Objects.requireNonNull(other, "the session is null");
        throw manySessions();
    }

    private UnsupportedOperationException manySessions() {
        seats.root();
        return new UnsupportedOperationException("a heap over " + seats.all().size()
                + " blades has as many sessions, and" + " each may end by itself; open a heap of one blade");
    }

    @Override
    public boolean isOpen() {
        return seats.all().get(0).isHere();
    }

    // ---- figures

    @Override
    public long count(final String operation, final FabricCounters.Figure figure) {
        return seats.all().stream()
                .map(Seat::last)
                .filter(Objects::nonNull)
                .mapToLong(heap -> heap.count(operation, figure))
                .sum();
    }

    @Override
    public AllocatorStatistics allocatorStatistics() {
        return seats.all().stream()
                .map(Seat::last)
                .filter(Objects::nonNull)
                .map(RemoteHeap::allocatorStatistics)
                .reduce(new AllocatorStatistics(0, 0, 0, 0), AllocatorStatistics::plus);
    }

    @Override
    public PoolGeometry geometry() {
        return seats.root().geometry();
    }

    @Override
    public void close() {
        seats.close();
    }

    @Override
    public String toString() {
        return "RemoteHeap " + uri;
    }
}
