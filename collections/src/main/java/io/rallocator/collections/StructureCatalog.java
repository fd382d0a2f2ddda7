package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.NamePage;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.RootNames;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.StructureScan;
import io.rallocator.persistence.StructureType;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds structures by name, creates, renames and drops them. Each of these is one swap of the names word, see
 * {@link NameView}, so operations on the same names are linearizable, and a name is at any moment that of one structure or
 * of none. A structure itself is known by its root index; what has it open does not care for names.
 *
 * <p>Threads: any.
 */
final class StructureCatalog {
    private static final Operation OPEN = Operation.named("heap.open");
    private static final Operation NAMES = Operation.named("heap.names");
    private static final Operation SCAN = Operation.named("heap.scan");
    private static final Operation RENAME = Operation.named("heap.rename");
    private static final Operation DROP = Operation.named("heap.drop");
    private static final long BUSY_NS = TimeUnit.SECONDS.toNanos(30);

    private final WorkerSession session;
    private final PoolGeometry geometry;

    /** By the reference of the root block. */
    private final Map<Long, StructureRoot> opened = new ConcurrentHashMap<>();

    StructureCatalog(final WorkerSession session) {
        this.session = session;
        this.geometry = session.geometry();
        session.dropListener(this::lookForDropped);
    }

    private void lookForDropped(final LongUnaryOperator words) {
        for (final StructureRoot root : opened.values()) {
            if (!root.isRootOf(words.applyAsLong(geometry.rootOffset(root.index())))) {
                forget(root);
            }
        }
    }

    private void forget(final StructureRoot root) {
        root.drop();
        opened.remove(root.ref(), root);
    }

    /** Runs an operation on a lane, again when memory has come back. */
    <T> T onLane(final Function<Lane, T> operation) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = session.acquire();
            try {
                return operation.apply(lane);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    private static void checkName(final String name) {
        checkText("name", name, RootDescriptor.MAX_NAME_BYTES);
    }

    /**
     * Makes sure that a codec's id can be stored.
     *
     * @param id of the codec
     * @return the same
     * @throws IllegalArgumentException if it is empty, too long or no text
     */
    static String checkCodecId(final String id) {
        checkText(
                "codec's id",
                Objects.requireNonNull(id, "the codec's id is null; it must name the format"),
                RootDescriptor.MAX_CODEC_BYTES);
        return id;
    }

    private static void checkText(final String what, final String text, final int mostBytes) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > mostBytes) {
            throw new IllegalArgumentException("the " + what + " has " + bytes.length
                    + " bytes in UTF-8, it must have 1 … " + mostBytes + "; choose another");
        }
        if (!new String(bytes, StandardCharsets.UTF_8).equals(text)) {
            throw new IllegalArgumentException(
                    "the " + what + " has half a surrogate pair, which UTF-8 cannot hold; choose another");
        }
    }

    // ---- opening

    /**
     * Finds a structure, or creates it. Three round trips for one that is open in this heap, five for another.
     *
     * @param name 1 … 200 bytes in UTF-8
     * @param blueprint how to create it, and which type it must have
     * @param firstCodec id of its codec for keys or elements
     * @param secondCodec id of its codec for values, or empty
     * @return its root; the same as before, if it was opened before and not dropped
     * @throws IllegalArgumentException if the name is too long, or the structure has another type or other codecs
     * @throws OutOfRemoteMemoryException if there is no room for it
     * @throws io.rallocator.persistence.CorruptedPoolException if names or the structure are damaged
     */
    StructureRoot open(
            final String name, final Blueprint blueprint, final String firstCodec, final String secondCodec) {
        checkName(name);
        checkCodecId(firstCodec);
        if (!secondCodec.isEmpty()) {
            checkCodecId(secondCodec);
        }
        final StructureRoot root = findOrCreate(name, blueprint, firstCodec, secondCodec);
        checkSame(name, root, blueprint, firstCodec, secondCodec);
        return known(root);
    }

    /** From here on this heap learns when the structure is dropped. */
    private StructureRoot known(final StructureRoot root) {
        final StructureRoot known = opened.get(root.ref());
        if (known == root) {
            return root;
        }
        session.forgetStripes();
        final StructureRoot other = opened.putIfAbsent(root.ref(), root);
        if (other != null) {
            return other;
        }
        requireThere(root);
        return root;
    }

    private StructureRoot findOrCreate(
            final String name, final Blueprint blueprint, final String firstCodec, final String secondCodec) {
        final StructureCreator creator = new StructureCreator(session, OPEN, name, blueprint, firstCodec, secondCodec);
        final long deadline = System.nanoTime() + BUSY_NS;
        for (; ; ) {
            final StructureRoot root = onLane(lane -> findOrCreate(lane, name, creator));
            if (root != null) {
                return root;
            }
            awaitReaper(name, deadline);
        }
    }

    /** Returns null if it cannot be created before the blade has taken apart what was dropped. */
    private StructureRoot findOrCreate(final Lane lane, final String name, final StructureCreator creator) {
        final NameView names = new NameView(lane, OPEN);
        for (; ; ) {
            names.look();
            NamePage.Entry entry = names.find(name);
            if (entry == null) {
                entry = creator.create(lane, names);
            }
            if (entry != null) {
                return root(lane, entry);
            }
            if (creator.isWaiting()) {
                return null;
            }
        }
    }

    private static void awaitReaper(final String name, final long deadline) {
        if (System.nanoTime() - deadline > 0) {
            throw new PoolUnavailableException("there is no place for '" + name + "', and the blade has not taken apart"
                    + " what was dropped for " + TimeUnit.NANOSECONDS.toSeconds(BUSY_NS)
                    + " s; see whether the blade runs and whether a worker is stopped");
        }
        LockSupport.parkNanos(500_000);
    }

    /** What has a name is there until our lane lets the epoch go, even if it is dropped meanwhile. */
    private StructureRoot root(final Lane lane, final NamePage.Entry entry) {
        final StructureRoot known = opened.get(entry.ref());
        if (known != null && known.index() == entry.root() && !known.isDropped()) {
            known.name(entry.name());
            return known;
        }
        final long offset = BlockRef.offset(entry.ref());
        final long rootOffset = geometry.rootOffset(entry.root());
        final UnsafeBuffer block = lane.readBuffer(RootDescriptor.WORDS_OFFSET);
        final int verb = lane.chain().readLink(rootOffset);
        lane.chain().read(offset, block, 0, RootDescriptor.WORDS_OFFSET).post(OPEN);
        final long word = lane.chain().result(verb);
        if (!LinkWord.isPointer(word) || LinkWord.offset(word) != offset) {
            throw Blocks.damagedWord(word, rootOffset);
        }
        if (!RootNames.isRootBlock(block, entry.root()) || !BlockDescriptor.isNamedBy(block, 0, entry.ref())) {
            throw Blocks.damagedBlock(BlockDescriptor.ROOT, offset, rootOffset, "structure " + entry.root());
        }
        final StructureRoot root = StructureRoot.of(entry, block);
        if (RootDescriptor.isPending(word)) {
            StructureCreator.unfreeze(lane, OPEN, rootOffset, word);
        }
        return root;
    }

    /** If it was dropped before it was in the list of those that are looked for, we see it here. */
    void requireThere(final StructureRoot root) {
        final Lane lane = session.acquire();
        try {
            if (!root.isRootOf(lane.readLink(OPEN, geometry.rootOffset(root.index())))) {
                forget(root);
            }
        } finally {
            session.release(lane);
        }
    }

    private static void checkSame(
            final String name,
            final StructureRoot found,
            final Blueprint blueprint,
            final String firstCodec,
            final String secondCodec) {
        final boolean same = found.type() == blueprint.type()
                && found.firstCodec().equals(firstCodec)
                && found.secondCodec().equals(secondCodec);
        if (!same) {
            throw new IllegalArgumentException("'" + name + "' is a "
                    + describe(found.type(), found.firstCodec(), found.secondCodec()) + ", asked for was a "
                    + describe(blueprint.type(), firstCodec, secondCodec) + "; open it as what it is");
        }
    }

    private static String describe(final int type, final String first, final String second) {
        final StructureType known = StructureType.installed().get(type);
        return (known == null ? "structure of type " + type : known.name())
                + (second.isEmpty() ? " with codec " + first : " with codecs " + first + " → " + second);
    }

    // ---- listing

    /**
     * Finds a structure of any type. Costs what opening it costs.
     *
     * @param name of the structure
     * @return its root, or null if there is none of this name
     */
    StructureRoot find(final String name) {
        final StructureRoot root = onLane(lane -> {
            final NameView names = new NameView(lane, OPEN);
            names.look();
            final NamePage.Entry entry = names.find(name);
            return entry == null ? null : root(lane, entry);
        });
        return root == null ? null : known(root);
    }

    /**
     * All names, as they are at one moment. Two round trips, and one for each page of names, of which there are 16.
     *
     * @return sorted
     */
    List<String> names() {
        return onLane(lane -> {
            final NameView names = new NameView(lane, NAMES);
            names.look();
            return names.all().stream().map(NamePage.Entry::name).sorted().toList();
        });
    }

    /**
     * All structures.
     *
     * @return sorted by name
     */
    List<StructureRoot> structures() {
        return onLane(lane -> {
            final NameView names = new NameView(lane, NAMES);
            names.look();
            return names.roots(names.all()).stream()
                    .sorted(Comparator.comparing(StructureRoot::name))
                    .toList();
        });
    }

    /**
     * Follows all links of a structure.
     *
     * @param name of the structure
     * @return what it holds
     * @throws NoSuchElementException if there is none
     */
    StructureStatistics statistics(final String name) {
        return onLane(lane -> {
            final NameView names = new NameView(lane, SCAN);
            names.look();
            final NamePage.Entry entry = names.find(name);
            if (entry == null) {
                throw new NoSuchElementException("there is no structure '" + name + "'");
            }
            final StructureRoot root = names.roots(List.of(entry)).get(0);
            final StructureType type = StructureType.installed().get(root.type());
            if (type == null) {
                throw new IllegalStateException(
                        "'" + name + "' has type " + root.type() + ", which nothing on the class path knows");
            }
            return StructureStatistics.of(
                    root,
                    StructureScan.of(
                            type.tracer(new LaneRegion(lane, SCAN), geometry, root.index(), root.ref()),
                            geometry.capacity() / SizeClasses.bytes(0)));
        });
    }

    // ---- renaming

    /**
     * Gives a structure another name.
     *
     * @param from its name
     * @param to 1 … 200 bytes in UTF-8
     * @throws IllegalArgumentException if the new name is too long
     * @throws NoSuchElementException if there is no structure of the old name
     * @throws IllegalStateException if there is another structure of the new name
     * @throws OutOfRemoteMemoryException if there is no room for the blocks of names that it changes
     */
    void rename(final String from, final String to) {
        checkName(to);
        final NamePage.Entry renamed = onLane(lane -> rename(lane, from, to));
        final StructureRoot known = opened.get(renamed.ref());
        if (known != null) {
            known.name(to);
        }
    }

    private static NamePage.Entry rename(final Lane lane, final String from, final String to) {
        final NameView names = new NameView(lane, RENAME);
        for (; ; ) {
            names.look();
            final NamePage.Entry entry = names.find(from);
            if (entry == null) {
                throw new NoSuchElementException("there is no structure '" + from + "' to be renamed to '" + to + "'");
            }
            if (from.equals(to)) {
                return entry;
            }
            if (names.find(to) != null) {
                throw new IllegalStateException("'" + from + "' cannot be renamed to '" + to
                        + "': a structure has that name; drop or rename it first");
            }
            names.remove(from);
            final NamePage.Entry renamed = new NamePage.Entry(to, entry.root(), entry.ref());
            names.add(renamed);
            if (names.commit(OperationCode.STRUCTURE_RENAME)) {
                return renamed;
            }
        }
    }

    // ---- dropping

    /**
     * Drops a structure: from here on nobody finds it; its memory comes back when the blade has taken it apart.
     *
     * @param name of any length
     * @return false if there is none of this name
     * @throws OutOfRemoteMemoryException if there is no room for the blocks of names that it changes
     */
    boolean drop(final String name) {
        final NamePage.Entry dropped = onLane(lane -> drop(lane, name));
        if (dropped == null) {
            return false;
        }
        final StructureRoot known = opened.get(dropped.ref());
        if (known != null) {
            forget(known);
        }
        return true;
    }

    private NamePage.Entry drop(final Lane lane, final String name) {
        final NameView names = new NameView(lane, DROP);
        for (; ; ) {
            names.look();
            final NamePage.Entry entry = names.find(name);
            if (entry == null) {
                return null;
            }
            names.drop(entry);
            if (names.commit(OperationCode.STRUCTURE_DROP)) {
                freeze(lane, entry);
                return entry;
            }
        }
    }

    /** The root word of what was dropped is pending; then sessions are told. The blade does it if we die before. */
    private void freeze(final Lane lane, final NamePage.Entry entry) {
        final long offset = geometry.rootOffset(entry.root());
        final long word = lane.readLink(DROP, offset);
        if (RootDescriptor.isLive(word) && LinkWord.offset(word) == BlockRef.offset(entry.ref())) {
            lane.chain().swapLink(offset, word, word | LinkWord.FROZEN);
            lane.chain().persist();
        }
        lane.chain().fetchAndAdd(PoolGeometry.dropsOffset(), 1);
        lane.chain().post(DROP);
    }
}
