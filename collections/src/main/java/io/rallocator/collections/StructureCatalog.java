package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.RootDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds structures by name, and creates them. A name is looked for from the root word that its hash points to, word by
 * word, until a word that is UNINIT; there it is created, by one swap of that word. Structures are never removed, so what
 * was passed over once need not be looked at again.
 *
 * <p>Threads: any. When two workers create the same name at once, one swap wins and both use its structure.
 */
final class StructureCatalog {
    private static final Operation OPEN = Operation.named("heap.open");
    private static final Operation NAMES = Operation.named("heap.names");

    private final WorkerSession session;
    private final PoolGeometry geometry;

    StructureCatalog(final WorkerSession session) {
        this.session = session;
        this.geometry = session.geometry();
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
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = session.acquire();
            try {
                return new Search(lane, name, blueprint, firstCodec, secondCodec).run();
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
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
     * The names of all structures.
     *
     * @return sorted
     */
    List<String> names() {
        final List<String> names = new ArrayList<>();
        final Lane lane = session.acquire();
        try {
            final int bytes = geometry.roots() * Long.BYTES;
            final UnsafeBuffer words = new UnsafeBuffer(new byte[bytes]);
            lane.chain().read(geometry.rootOffset(0), words, 0, bytes).post(NAMES);
            for (int root = 0; root < geometry.roots(); root++) {
                final long link = words.getLong(root * Long.BYTES);
                if (link != LinkWord.UNINIT) {
                    names.add(read(lane, NAMES, root, link).name());
                }
            }
        } finally {
            session.release(lane);
        }
        Collections.sort(names);
        return Collections.unmodifiableList(names);
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
                offset,
                RootDescriptor.getText(block, RootDescriptor.NAME_OFFSET, RootDescriptor.MAX_NAME_BYTES),
                block.getInt(RootDescriptor.TYPE_OFFSET),
                block.getLong(RootDescriptor.PARAMETER_OFFSET),
                RootDescriptor.getText(block, RootDescriptor.FIRST_CODEC_OFFSET, RootDescriptor.MAX_CODEC_BYTES),
                RootDescriptor.getText(block, RootDescriptor.SECOND_CODEC_OFFSET, RootDescriptor.MAX_CODEC_BYTES));
    }

    /** One search for a name, which may end in its creation. */
    private final class Search {
        private final Lane lane;
        private final String name;
        private final Blueprint blueprint;
        private final String firstCodec;
        private final String secondCodec;
        private UnsafeBuffer blocks;
        private long rootRef;
        private long firstRef;

        Search(
                final Lane lane,
                final String name,
                final Blueprint blueprint,
                final String firstCodec,
                final String secondCodec) {
            this.lane = lane;
            this.name = name;
            this.blueprint = blueprint;
            this.firstCodec = firstCodec;
            this.secondCodec = secondCodec;
        }

        StructureRoot run() {
            try {
                return search();
            } finally {
                if (rootRef != 0) {
                    lane.discard(rootRef);
                }
                if (firstRef != 0) {
                    lane.discard(firstRef);
                }
            }
        }

        private StructureRoot search() {
            final byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            final long hash = Bytes.hash(new UnsafeBuffer(bytes), 0, bytes.length);
            final int mask = geometry.roots() - 1;
            for (int i = 0; i <= mask; i++) {
                final int root = (int) (hash + i) & mask;
                long link = lane.readWord(OPEN, geometry.rootOffset(root));
                if (link == LinkWord.UNINIT) {
                    link = create(root);
                    if (link == LinkWord.UNINIT) {
                        return new StructureRoot(
                                root,
                                BlockRef.offset(linkedRoot),
                                name,
                                blueprint.type(),
                                blueprint.parameter(),
                                firstCodec,
                                secondCodec);
                    }
                }
                final StructureRoot found = read(lane, OPEN, root, link);
                if (found.name().equals(name)) {
                    checkSame(found);
                    return found;
                }
            }
            throw new RallocatorException(
                    RallocatorException.Category.EXHAUSTED,
                    "all " + geometry.roots() + " structures of the pool have names, there is no room for '" + name
                            + "'; create a pool for more structures, or put several into one map");
        }

        private long linkedRoot;

        /** Returns UNINIT if the structure was created here, else the word that somebody else put there. */
        private long create(final int root) {
            final int firstAt = BitUtil.align(blueprint.rootBytes(), Long.BYTES);
            if (rootRef == 0) {
                blocks = new UnsafeBuffer(new byte[firstAt + blueprint.firstBytes()]);
                rootRef = lane.allocate(blueprint.rootBytes());
                firstRef = lane.allocate(blueprint.firstBytes());
            }
            fill(root, firstAt);
            final long rootLink = rootRef;
            final long firstLink = firstRef;
            rootRef = 0;
            firstRef = 0;
            final boolean linked = lane.commit()
                    .begin(
                            OperationCode.STRUCTURE_CREATE,
                            root,
                            geometry.rootOffset(root),
                            LinkWord.UNINIT,
                            LinkWord.pointTo(LinkWord.UNINIT, rootLink))
                    .allocate(rootLink, blocks, 0, blueprint.rootBytes())
                    .allocate(firstLink, blocks, firstAt, blueprint.firstBytes())
                    .post(OPEN);
            if (linked) {
                linkedRoot = rootLink;
                return LinkWord.UNINIT;
            }
            rootRef = rootLink;
            firstRef = firstLink;
            return lane.commit().witness();
        }

        private void fill(final int root, final int firstAt) {
            blocks.setMemory(0, blocks.capacity(), (byte) 0);
            blueprint.fill(blocks, 0, firstAt, root, firstRef);
            blocks.putInt(RootDescriptor.TYPE_OFFSET, blueprint.type());
            blocks.putInt(RootDescriptor.CREATED_BY_OFFSET, session.index());
            blocks.putLong(RootDescriptor.CREATED_OFFSET, System.currentTimeMillis());
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
            if (type == MapLayout.TYPE) {
                return MapLayout.TYPE_NAME + " with codecs " + first + " → " + second;
            }
            return (type == QueueLayout.TYPE ? QueueLayout.TYPE_NAME : "structure of type " + type) + " with codec "
                    + first;
        }
    }
}
