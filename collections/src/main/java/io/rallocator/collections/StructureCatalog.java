package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongUnaryOperator;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds structures by name, creates them and drops them. A name is looked for from the root word that its hash points to,
 * word by word, until a word that is UNINIT; there it is created, by one swap of that word. A dropped structure's word
 * keeps a tag of the name, and only a name with that tag gets the word again: so whoever creates a name at the same time
 * swaps the same word, one swap wins and all use its structure.
 *
 * <p>Threads: any.
 */
final class StructureCatalog {
    private static final Operation OPEN = Operation.named("heap.open");
    private static final Operation NAMES = Operation.named("heap.names");
    private static final Operation DROP = Operation.named("heap.drop");
    private static final long BUSY_NS = TimeUnit.SECONDS.toNanos(30);

    private final WorkerSession session;
    private final PoolGeometry geometry;
    private final List<StructureRoot> opened = new CopyOnWriteArrayList<>();

    StructureCatalog(final WorkerSession session) {
        this.session = session;
        this.geometry = session.geometry();
        session.dropListener(this::lookForDropped);
    }

    private void lookForDropped(final LongUnaryOperator words) {
        for (final StructureRoot root : opened) {
            if (!root.isRootOf(words.applyAsLong(geometry.rootOffset(root.index())))) {
                forget(root);
            }
        }
    }

    private void forget(final StructureRoot root) {
        root.drop();
        opened.remove(root);
    }

    /**
     * Finds a structure, or creates it.
     *
     * @param name 1 … 200 bytes in UTF-8
     * @param blueprint how to create it, and which type it must have
     * @param firstCodec id of its codec for keys or elements
     * @param secondCodec id of its codec for values, or empty
     * @return its root
     * @throws IllegalArgumentException if the name is too long, or the structure has another type or other codecs
     * @throws OutOfRemoteMemoryException if there is no room for it
     */
    StructureRoot open(
            final String name, final Blueprint blueprint, final String firstCodec, final String secondCodec) {
        checkName(name);
        checkCodecId(firstCodec);
        if (!secondCodec.isEmpty()) {
            checkCodecId(secondCodec);
        }
        final StructureRoot root = new Search(name, blueprint, firstCodec, secondCodec).run();
        session.forgetStripes();
        opened.add(root);
        requireThere(root);
        return root;
    }

    /** If it was dropped before it was in the list of those that are looked for, we see it here. */
    private void requireThere(final StructureRoot root) {
        final Lane lane = session.acquire();
        try {
            if (!root.isRootOf(lane.readLink(OPEN, geometry.rootOffset(root.index())))) {
                forget(root);
            }
        } finally {
            session.release(lane);
        }
    }

    private static void checkName(final String name) {
        final int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > RootDescriptor.MAX_NAME_BYTES) {
            throw new IllegalArgumentException("the name has " + bytes + " bytes in UTF-8, it must have 1 … "
                    + RootDescriptor.MAX_NAME_BYTES + "; choose another");
        }
    }

    private static void checkCodecId(final String id) {
        final int bytes = id.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > RootDescriptor.MAX_CODEC_BYTES) {
            throw new IllegalArgumentException("the codec id '" + id + "' has " + bytes
                    + " bytes in UTF-8, it must have 1 … " + RootDescriptor.MAX_CODEC_BYTES);
        }
    }

    /**
     * All structures.
     *
     * @return sorted by name
     */
    List<StructureRoot> structures() {
        final List<StructureRoot> structures = new ArrayList<>();
        final Lane lane = session.acquire();
        try {
            final int bytes = geometry.roots() * Long.BYTES;
            final UnsafeBuffer words = new UnsafeBuffer(new byte[bytes]);
            lane.chain().readLinks(geometry.rootOffset(0), words, 0, bytes).post(NAMES);
            for (int root = 0; root < geometry.roots(); root++) {
                final long link = words.getLong(root * Long.BYTES);
                if (link != LinkWord.UNINIT && !LinkWord.isSpecial(link)) {
                    final StructureRoot structure = read(lane, NAMES, root, link);
                    if (structure.type() != RootDescriptor.DROPPED) {
                        structures.add(structure);
                    }
                }
            }
        } finally {
            session.release(lane);
        }
        structures.sort(Comparator.comparing(StructureRoot::name));
        return structures;
    }

    // ---- dropping

    /**
     * Drops a structure: from here on nobody finds it; its memory comes back when the blade has taken it apart.
     *
     * @param name of any length
     * @return false if there is none of this name
     * @throws OutOfRemoteMemoryException if there is no room for the block that takes its place
     */
    boolean drop(final String name) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = session.acquire();
            try {
                final Place place = new Place(lane, name);
                while (place.look()) {
                    if (drop(lane, place)) {
                        return true;
                    }
                }
                return false;
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    private boolean drop(final Lane lane, final Place place) {
        final StructureRoot root = place.found;
        final long offset = geometry.rootOffset(root.index());
        final long ref = lane.allocate(RootDescriptor.WORDS_OFFSET);
        final UnsafeBuffer block = lane.writeBuffer(RootDescriptor.WORDS_OFFSET);
        lane.chain().read(root.offset(), block, 0, RootDescriptor.WORDS_OFFSET).post(DROP);
        block.putInt(RootDescriptor.TYPE_OFFSET, RootDescriptor.DROPPED);
        block.putLong(RootDescriptor.PARAMETER_OFFSET, root.ref());
        BlockDescriptor.seal(
                block, 0, RootDescriptor.WORDS_OFFSET, BlockDescriptor.ROOT, root.index(), root.index(), ref);
        final boolean dropped = lane.commit()
                .begin(
                        OperationCode.STRUCTURE_DROP,
                        root.index(),
                        offset,
                        place.word,
                        LinkWord.pointTo(place.word, ref))
                .allocate(ref, block, 0, RootDescriptor.WORDS_OFFSET)
                .post(DROP);
        if (!dropped) {
            lane.discard(ref);
            return false;
        }
        lane.chain().fetchAndAdd(PoolGeometry.dropsOffset(), 1);
        lane.chain().post(DROP);
        opened.stream().filter(other -> other.ref() == root.ref()).forEach(this::forget);
        return true;
    }

    private StructureRoot read(final Lane lane, final Operation operation, final int root, final long link) {
        final long linkOffset = geometry.rootOffset(root);
        final int bytes = Blocks.targetBytes(geometry, link, linkOffset);
        final long offset = LinkWord.offset(link);
        final UnsafeBuffer block = lane.readBuffer(RootDescriptor.WORDS_OFFSET);
        if (bytes >= RootDescriptor.WORDS_OFFSET) {
            lane.chain().read(offset, block, 0, RootDescriptor.WORDS_OFFSET).post(operation);
        }
        if (bytes < RootDescriptor.WORDS_OFFSET
                || !Blocks.isExpected(block, 0, RootDescriptor.WORDS_OFFSET, BlockDescriptor.ROOT, root, root)) {
            throw Blocks.damagedBlock(BlockDescriptor.ROOT, offset, linkOffset, "structure " + root);
        }
        return new StructureRoot(
                root,
                BlockDescriptor.refOf(link, block, 0),
                RootDescriptor.getText(block, RootDescriptor.NAME_OFFSET, RootDescriptor.MAX_NAME_BYTES),
                block.getInt(RootDescriptor.TYPE_OFFSET),
                block.getLong(RootDescriptor.PARAMETER_OFFSET),
                block.getLong(RootDescriptor.CREATED_OFFSET),
                RootDescriptor.getText(block, RootDescriptor.FIRST_CODEC_OFFSET, RootDescriptor.MAX_CODEC_BYTES),
                RootDescriptor.getText(block, RootDescriptor.SECOND_CODEC_OFFSET, RootDescriptor.MAX_CODEC_BYTES));
    }

    /** Looks for the place of a name in the root table, within one operation of a lane. */
    private final class Place {
        private final Lane lane;
        private final String name;
        private final long tag;

        /** The structure of the name, or null. */
        private StructureRoot found;

        /** Where it is, or else where it can be created; -1 for nowhere. */
        private int root;

        private long word;

        /** True if the blade still takes apart what had the name before. */
        private boolean isBusy;

        Place(final Lane lane, final String name) {
            this.lane = lane;
            this.name = name;
            this.tag = RootDescriptor.nameTag(name);
        }

        /** Returns true if there is a structure of the name. */
        boolean look() {
            final byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            final long hash = Bytes.hash(new UnsafeBuffer(bytes), 0, bytes.length);
            final int mask = geometry.roots() - 1;
            found = null;
            root = -1;
            isBusy = false;
            for (int i = 0; i <= mask; i++) {
                final int at = (int) (hash + i) & mask;
                final long link = lane.readLink(OPEN, geometry.rootOffset(at));
                if (link == LinkWord.UNINIT) {
                    offer(at, link);
                    return false;
                } else if (LinkWord.isSpecial(link)) {
                    if (LinkWord.value(link) == tag) {
                        offer(at, link);
                    }
                } else if (isHere(at, link)) {
                    return true;
                }
            }
            return false;
        }

        private void offer(final int at, final long link) {
            if (root == -1) {
                root = at;
                word = link;
            }
        }

        private boolean isHere(final int at, final long link) {
            final StructureRoot here = read(lane, OPEN, at, link);
            if (here.name().equals(name)) {
                isBusy |= here.type() == RootDescriptor.DROPPED;
                if (here.type() != RootDescriptor.DROPPED) {
                    found = here;
                    root = at;
                    word = link;
                }
            } else if (RootDescriptor.nameTag(here.name()) == tag) {
                throw new IllegalArgumentException("the names '" + name + "' and '" + here.name()
                        + "' have the same checksum and cannot both be in one pool; choose another");
            }
            return found != null;
        }
    }

    /** One search for a name, which may end in its creation. */
    private final class Search {
        private final String name;
        private final Blueprint blueprint;
        private final String firstCodec;
        private final String secondCodec;
        private UnsafeBuffer blocks;

        Search(final String name, final Blueprint blueprint, final String firstCodec, final String secondCodec) {
            this.name = name;
            this.blueprint = blueprint;
            this.firstCodec = firstCodec;
            this.secondCodec = secondCodec;
        }

        StructureRoot run() {
            final long deadline = System.nanoTime() + BUSY_NS;
            int attempt = 0;
            for (; ; ) {
                OutOfRemoteMemoryException exhausted = null;
                final Lane lane = session.acquire();
                try {
                    final StructureRoot root = findOrCreate(lane);
                    if (root != null) {
                        return root;
                    }
                } catch (final OutOfRemoteMemoryException e) {
                    exhausted = e;
                } finally {
                    session.release(lane);
                }
                if (exhausted != null) {
                    session.awaitReclamation(exhausted, attempt++);
                } else {
                    awaitReaper(deadline);
                }
            }
        }

        /** Returns null if what had the name before is still being taken apart. */
        private StructureRoot findOrCreate(final Lane lane) {
            final Place place = new Place(lane, name);
            while (!place.look()) {
                if (place.isBusy) {
                    return null;
                }
                requireRoom(place);
                final StructureRoot created = create(lane, place.root, place.word);
                if (created != null) {
                    return created;
                }
            }
            checkSame(place.found);
            return place.found;
        }

        private void requireRoom(final Place place) {
            if (place.root == -1) {
                throw new RallocatorException(
                        RallocatorException.Category.EXHAUSTED,
                        "all " + geometry.roots()
                                + " places for structures of the pool have had names, there is none for '"
                                + name
                                + "'; use a name again that was dropped, create a pool for more structures, or put"
                                + " several into one map");
            }
        }

        private void awaitReaper(final long deadline) {
            if (System.nanoTime() - deadline > 0) {
                throw new PoolUnavailableException(
                        "'" + name + "' was dropped, and the blade has not taken it apart for "
                                + TimeUnit.NANOSECONDS.toSeconds(BUSY_NS)
                                + " s; see whether the blade runs and whether a worker is stopped, or use another name");
            }
            LockSupport.parkNanos(500_000);
        }

        /** Returns null if somebody else swapped the word first. */
        private StructureRoot create(final Lane lane, final int root, final long word) {
            final int firstAt = BitUtil.align(blueprint.rootBytes(), Long.BYTES);
            blocks = new UnsafeBuffer(new byte[firstAt + blueprint.firstBytes()]);
            final long rootRef = lane.allocate(blueprint.rootBytes());
            final long firstRef;
            try {
                firstRef = lane.allocate(blueprint.firstBytes());
            } catch (final RuntimeException e) {
                lane.discard(rootRef);
                throw e;
            }
            final long createdMs = System.currentTimeMillis();
            fill(root, firstAt, rootRef, firstRef, createdMs);
            final boolean linked = lane.commit()
                    .begin(
                            OperationCode.STRUCTURE_CREATE,
                            root,
                            geometry.rootOffset(root),
                            word,
                            LinkWord.pointTo(word, rootRef))
                    .allocate(rootRef, blocks, 0, blueprint.rootBytes())
                    .allocate(firstRef, blocks, firstAt, blueprint.firstBytes())
                    .post(OPEN);
            if (!linked) {
                lane.discard(rootRef);
                lane.discard(firstRef);
                return null;
            }
            return new StructureRoot(
                    root, rootRef, name, blueprint.type(), blueprint.parameter(), createdMs, firstCodec, secondCodec);
        }

        private void fill(
                final int root, final int firstAt, final long rootRef, final long firstRef, final long createdMs) {
            blueprint.fill(blocks, 0, firstAt, root, firstRef);
            blocks.putInt(RootDescriptor.TYPE_OFFSET, blueprint.type());
            blocks.putInt(RootDescriptor.CREATED_BY_OFFSET, session.index());
            blocks.putLong(RootDescriptor.CREATED_OFFSET, createdMs);
            blocks.putLong(RootDescriptor.PARAMETER_OFFSET, blueprint.parameter());
            RootDescriptor.putText(blocks, RootDescriptor.NAME_OFFSET, name, RootDescriptor.MAX_NAME_BYTES, "the name");
            RootDescriptor.putText(
                    blocks,
                    RootDescriptor.FIRST_CODEC_OFFSET,
                    firstCodec,
                    RootDescriptor.MAX_CODEC_BYTES,
                    "the codec id");
            RootDescriptor.putText(
                    blocks,
                    RootDescriptor.SECOND_CODEC_OFFSET,
                    secondCodec,
                    RootDescriptor.MAX_CODEC_BYTES,
                    "the codec id");
            BlockDescriptor.seal(blocks, 0, RootDescriptor.WORDS_OFFSET, BlockDescriptor.ROOT, root, root, rootRef);
        }

        private void checkSame(final StructureRoot found) {
            final boolean same = found.type() == blueprint.type()
                    && found.firstCodec().equals(firstCodec)
                    && found.secondCodec().equals(secondCodec);
            if (!same) {
                throw new IllegalArgumentException("'" + name + "' is a "
                        + describe(found.type(), found.firstCodec(), found.secondCodec()) + ", asked for was a "
                        + describe(blueprint.type(), firstCodec, secondCodec) + "; open it as what it is");
            }
        }

        private String describe(final int type, final String first, final String second) {
            final StructureType known = StructureType.installed().get(type);
            return (known == null ? "structure of type " + type : known.name())
                    + (second.isEmpty() ? " with codec " + first : " with codecs " + first + " → " + second);
        }
    }
}
