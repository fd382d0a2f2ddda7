package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.EpochHold;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.NamePage;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.RootDescriptor;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Creates one structure, in three steps: a root word that is free leads to it, pending; it gets its name; the root word is
 * not pending any more. The second step is when it exists for others. Whoever dies before it leaves a structure for the
 * blade to take apart; whoever dies before the third one leaves that to the next who opens it.
 *
 * <p>Threads: that of the operation.
 */
final class StructureCreator {
    private static final int WORDS_IN_CHAIN = 512;

    private final WorkerSession session;
    private final PoolGeometry geometry;
    private final Operation operation;
    private final String name;
    private final Blueprint blueprint;
    private final String firstCodec;
    private final String secondCodec;
    private UnsafeBuffer blocks;

    /** What was created and has no name yet. */
    private int root;

    private long rootWord;
    private long rootRef;
    private long firstRef;

    /** True if some root word will be free. */
    private boolean anyPending;

    StructureCreator(
            final WorkerSession session,
            final Operation operation,
            final String name,
            final Blueprint blueprint,
            final String firstCodec,
            final String secondCodec) {
        this.session = session;
        this.geometry = session.geometry();
        this.operation = operation;
        this.name = name;
        this.blueprint = blueprint;
        this.firstCodec = firstCodec;
        this.secondCodec = secondCodec;
    }

    /**
     * Creates the structure, unless somebody else is faster.
     *
     * @param lane of the operation
     * @param names as they were found, without the name
     * @return the name, or null: look again
     * @throws OutOfRemoteMemoryException if there is no room
     * @throws RallocatorException of category EXHAUSTED if no root word is free
     */
    NamePage.Entry create(final Lane lane, final NameView names) {
        if (!findRootWord(lane, names)) {
            if (!anyPending) {
                throw full();
            }
            if (names.anyListedAsDropped()) {
                names.commit(OperationCode.STRUCTURE_LIST); // some of them may be gone
            }
            return null;
        }
        if (!link(lane)) {
            return null;
        }
        final NamePage.Entry entry = new NamePage.Entry(name, root, rootRef);
        try {
            if (nameIt(names, entry)) {
                unfreeze(lane, operation, geometry.rootOffset(root), rootWord);
                return entry;
            }
        } catch (final OutOfRemoteMemoryException | CorruptedPoolException e) {
            giveUp(lane);
            throw e;
        }
        giveUp(lane);
        return null;
    }

    /** True if the last {@link #create} found no root word, but will when the blade has taken something apart. */
    boolean isWaiting() {
        return anyPending;
    }

    private RallocatorException full() {
        return new RallocatorException(
                RallocatorException.Category.EXHAUSTED,
                "all " + geometry.roots() + " places for structures of the pool are in use, there is none for '" + name
                        + "'; drop a structure, create a pool for more structures, or put several into one map");
    }

    // ---- step 1

    /**
     * Looks for a root word from the one that the name's checksum points to, so that those who create different names
     * seldom meet. One that is listed as dropped, or that the hold names, is not free yet: the blade may believe that it is
     * still at work there.
     */
    private boolean findRootWord(final Lane lane, final NameView names) {
        anyPending = false;
        final int words = Math.min(geometry.roots(), WORDS_IN_CHAIN);
        final UnsafeBuffer window = new UnsafeBuffer(new byte[words * Long.BYTES]);
        final int first = name.hashCode() & geometry.roots() - 1;
        for (int from = first & -words, i = 0; i < geometry.roots(); i += words) {
            final int at = from + i & geometry.roots() - 1;
            lane.chain().readLinks(geometry.rootOffset(at), window, 0, window.capacity());
            final int hold = lane.chain().readWord(PoolGeometry.epochHoldOffset());
            lane.chain().post(operation);
            final int held = heldRoot(lane.chain().result(hold));
            for (int j = 0; j < words; j++) {
                final int candidate = (first + j & words - 1) + at;
                final long word = window.getLong((candidate - at) * Long.BYTES);
                if (LinkWord.isPointer(word)) {
                    anyPending |= RootDescriptor.isPending(word);
                } else if (candidate == held || names.isListedAsDropped(candidate)) {
                    anyPending = true;
                } else {
                    anyPending = false;
                    root = candidate;
                    rootWord = word;
                    return true;
                }
            }
        }
        anyPending |= names.anyListedAsDropped();
        return false;
    }

    private static int heldRoot(final long hold) {
        return EpochHold.isOpen(hold) ? -1 : EpochHold.root(hold);
    }

    private boolean link(final Lane lane) {
        final int firstAt = BitUtil.align(blueprint.rootBytes(), Long.BYTES);
        blocks = new UnsafeBuffer(new byte[firstAt + blueprint.firstBytes()]);
        rootRef = lane.allocate(blueprint.rootBytes());
        try {
            firstRef = lane.allocate(blueprint.firstBytes());
        } catch (final RuntimeException e) {
            lane.discard(rootRef);
            throw e;
        }
        fill(firstAt);
        final long free = rootWord;
        rootWord = LinkWord.pointTo(free, rootRef) | LinkWord.FROZEN;
        final boolean linked = lane.commit()
                .begin(OperationCode.STRUCTURE_CREATE, root, geometry.rootOffset(root), free, rootWord)
                .asHelp()
                .allocate(rootRef, blocks, 0, blueprint.rootBytes())
                .allocate(firstRef, blocks, firstAt, blueprint.firstBytes())
                .post(operation);
        if (!linked) {
            lane.discard(rootRef);
            lane.discard(firstRef);
        }
        return linked;
    }

    private void fill(final int firstAt) {
        blueprint.fill(blocks, 0, firstAt, root, firstRef);
        blocks.putInt(RootDescriptor.TYPE_OFFSET, blueprint.type());
        blocks.putInt(RootDescriptor.CREATED_BY_OFFSET, RootDescriptor.creator(session.index(), session.incarnation()));
        blocks.putLong(RootDescriptor.CREATED_OFFSET, System.currentTimeMillis());
        blocks.putLong(RootDescriptor.PARAMETER_OFFSET, blueprint.parameter());
        RootDescriptor.putText(blocks, RootDescriptor.NAME_OFFSET, name, RootDescriptor.MAX_NAME_BYTES, "the name");
        RootDescriptor.putText(
                blocks, RootDescriptor.FIRST_CODEC_OFFSET, firstCodec, RootDescriptor.MAX_CODEC_BYTES, "the codec id");
        RootDescriptor.putText(
                blocks,
                RootDescriptor.SECOND_CODEC_OFFSET,
                secondCodec,
                RootDescriptor.MAX_CODEC_BYTES,
                "the codec id");
        BlockDescriptor.seal(blocks, 0, RootDescriptor.WORDS_OFFSET, BlockDescriptor.ROOT, root, root, rootRef);
    }

    // ---- steps 2 and 3

    /** Returns false if the name is taken meanwhile. */
    private static boolean nameIt(final NameView names, final NamePage.Entry entry) {
        names.add(entry);
        while (!names.commit(OperationCode.STRUCTURE_NAME)) {
            names.look();
            if (names.find(entry.name()) != null) {
                return false;
            }
            names.add(entry);
        }
        return true;
    }

    /** Nobody but us has seen it: its blocks go back, and the root word is free again. */
    private void giveUp(final Lane lane) {
        lane.commit()
                .begin(
                        OperationCode.STRUCTURE_GIVE_UP,
                        root,
                        geometry.rootOffset(root),
                        rootWord,
                        LinkWord.special(rootWord, 0))
                .asHelp()
                .free(rootRef)
                .free(firstRef)
                .post(operation);
    }

    /** The root word of a structure that has a name is not pending. Does nothing if somebody else did it. */
    static void unfreeze(final Lane lane, final Operation operation, final long offset, final long word) {
        lane.chain().swapLink(offset, word, word & ~LinkWord.FROZEN);
        lane.chain().persist().post(operation);
    }
}
