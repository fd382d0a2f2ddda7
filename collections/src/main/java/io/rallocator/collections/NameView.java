package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.NameDirectory;
import io.rallocator.persistence.NamePage;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.RootNames;
import io.rallocator.persistence.SizeClasses;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The names of a pool as one operation finds them, and a change of them, which is one swap of the names word: creating,
 * dropping and renaming are linearized by that word. Pages are read when they are asked for. What was read stays whole, as
 * the operation's lane pins the epoch.
 *
 * <p>Threads: that of the operation.
 */
final class NameView {
    private static final int WORDS_IN_CHAIN = 128;
    private static final int BLOCKS_IN_CHAIN = 32;

    /** So that the directory and most pages are of one block class: a lane that changes names needs a slab for each. */
    private static final int LEAST_BYTES = 512;

    private final Lane lane;
    private final PoolGeometry geometry;
    private final Operation operation;
    private final NamePage[] pages = new NamePage[NameDirectory.PAGES];
    private final boolean[] changed = new boolean[NameDirectory.PAGES];
    private long word;

    /** Null if names are in the root blocks. */
    private NameDirectory directory;

    private long directoryRef;
    private BitSet dropped;

    NameView(final Lane lane, final Operation operation) {
        this.lane = lane;
        this.geometry = lane.geometry();
        this.operation = operation;
    }

    /**
     * Reads the names as they are now, and forgets changes. Two round trips.
     *
     * @throws io.rallocator.persistence.CorruptedPoolException if they are damaged
     */
    void look() {
        word = lane.readLink(operation, PoolGeometry.namesOffset());
        if (NameDirectory.isInRootBlocks(word)) {
            directory = null;
            dropped = new BitSet();
            final NamePage[] read = readRoots();
            for (int page = 0; page < pages.length; page++) {
                pages[page] = read[page];
                changed[page] = true;
            }
            return;
        }
        final int bytes = NameDirectory.targetBytes(geometry, word);
        final UnsafeBuffer block = read(LinkWord.offset(word), bytes);
        directory = NameDirectory.decode(word, block, bytes, geometry);
        directoryRef = Blocks.refToFree(geometry, word, PoolGeometry.namesOffset(), block);
        dropped = directory.dropped();
        for (int page = 0; page < pages.length; page++) {
            pages[page] = null;
            changed[page] = false;
        }
    }

    private UnsafeBuffer read(final long offset, final int bytes) {
        final UnsafeBuffer block = lane.readBuffer(bytes);
        lane.chain().read(offset, block, 0, bytes).post(operation);
        return block;
    }

    private NamePage[] readRoots() {
        final int bytes = geometry.roots() * Long.BYTES;
        final UnsafeBuffer words = new UnsafeBuffer(new byte[bytes]);
        lane.chain().readLinks(geometry.rootOffset(0), words, 0, bytes).post(operation);
        final List<Integer> roots = new ArrayList<>();
        for (int root = 0; root < geometry.roots(); root++) {
            if (RootDescriptor.isLive(words.getLong(root * Long.BYTES))) {
                roots.add(root);
            }
        }
        final RootNames names = new RootNames();
        for (int from = 0; from < roots.size(); from += BLOCKS_IN_CHAIN) {
            final List<Integer> batch = roots.subList(from, Math.min(roots.size(), from + BLOCKS_IN_CHAIN));
            final long[] links = batch.stream()
                    .mapToLong(root -> words.getLong(root * Long.BYTES))
                    .toArray();
            final UnsafeBuffer[] blocks = readRootBlocks(batch, links);
            for (int i = 0; i < links.length; i++) {
                names.add(links[i], blocks[i]);
            }
        }
        return names.pages();
    }

    /** Reads the root blocks of some structures in one chain. */
    private UnsafeBuffer[] readRootBlocks(final List<Integer> roots, final long[] links) {
        final UnsafeBuffer[] blocks = new UnsafeBuffer[links.length];
        for (int i = 0; i < links.length; i++) {
            final long linkOffset = geometry.rootOffset(roots.get(i));
            if (Blocks.targetBytes(geometry, links[i], linkOffset) < RootDescriptor.WORDS_OFFSET) {
                throw Blocks.damagedWord(links[i], linkOffset);
            }
            blocks[i] = new UnsafeBuffer(new byte[RootDescriptor.WORDS_OFFSET]);
            lane.chain().read(LinkWord.offset(links[i]), blocks[i], 0, RootDescriptor.WORDS_OFFSET);
        }
        lane.chain().post(operation);
        for (int i = 0; i < links.length; i++) {
            if (!RootNames.isRootBlock(blocks[i], roots.get(i))) {
                throw Blocks.damagedBlock(
                        BlockDescriptor.ROOT,
                        LinkWord.offset(links[i]),
                        geometry.rootOffset(roots.get(i)),
                        "structure " + roots.get(i));
            }
        }
        return blocks;
    }

    private NamePage page(final int page) {
        if (pages[page] == null) {
            final long ref = directory.page(page);
            pages[page] = ref == 0
                    ? NamePage.EMPTY
                    : NamePage.decode(
                            page,
                            ref,
                            read(BlockRef.offset(ref), SizeClasses.bytes(BlockRef.blockClass(ref))),
                            geometry);
        }
        return pages[page];
    }

    /** The structure of a name, or null. One round trip at most. */
    NamePage.Entry find(final String name) {
        return page(NameDirectory.pageOf(name)).find(name);
    }

    /** All names. A round trip for each page. */
    List<NamePage.Entry> all() {
        final List<NamePage.Entry> all = new ArrayList<>();
        for (int page = 0; page < pages.length; page++) {
            all.addAll(page(page).entries());
        }
        return all;
    }

    /** The root blocks of some structures, in their order; {@value #BLOCKS_IN_CHAIN} a round trip. */
    List<StructureRoot> roots(final List<NamePage.Entry> entries) {
        final List<StructureRoot> roots = new ArrayList<>();
        for (int from = 0; from < entries.size(); from += BLOCKS_IN_CHAIN) {
            final List<NamePage.Entry> batch = entries.subList(from, Math.min(entries.size(), from + BLOCKS_IN_CHAIN));
            final UnsafeBuffer[] blocks = readRootBlocks(
                    batch.stream().map(NamePage.Entry::root).toList(),
                    batch.stream()
                            .mapToLong(entry -> BlockRef.pointer(entry.ref()))
                            .toArray());
            for (int i = 0; i < blocks.length; i++) {
                roots.add(StructureRoot.of(batch.get(i), blocks[i]));
            }
        }
        return roots;
    }

    /** Tells whether a root word waits for the structure that was there to be off the list of dropped ones. */
    boolean isListedAsDropped(final int root) {
        return dropped.get(root);
    }

    boolean anyListedAsDropped() {
        return !dropped.isEmpty();
    }

    // ---- changes

    /** Adds a name that is not there. */
    void add(final NamePage.Entry entry) {
        final int page = NameDirectory.pageOf(entry.name());
        pages[page] = page(page).with(entry);
        changed[page] = true;
    }

    /** Removes a name. */
    void remove(final String name) {
        final int page = NameDirectory.pageOf(name);
        pages[page] = page(page).without(name);
        changed[page] = true;
    }

    /** Removes the name of a structure that shall be taken apart. */
    void drop(final NamePage.Entry entry) {
        remove(entry.name());
        dropped.set(entry.root());
    }

    /**
     * Makes the changes, if nobody changed the names since the {@link #look}, and takes off the list of dropped structures
     * those that are taken apart: no structure begins at such a root word while it is on the list.
     *
     * @param code of the operation
     * @return false if somebody was faster: look again
     * @throws OutOfRemoteMemoryException if there is no room for the new blocks
     */
    boolean commit(final int code) {
        takeOffWhatIsGone();
        final long[] refs = directory == null ? new long[NameDirectory.PAGES] : directory.pages();
        final int[] offsets = new int[NameDirectory.PAGES + 1];
        final List<Long> allocated = new ArrayList<>();
        try {
            int bytes = 0;
            for (int page = 0; page < pages.length; page++) {
                if (changed[page]) {
                    refs[page] = pages[page].entries().isEmpty() ? 0 : allocate(pages[page].bytes(), allocated);
                    offsets[page] = bytes;
                    bytes += BitUtil.align(pages[page].bytes(), Long.BYTES);
                }
            }
            final NameDirectory next =
                    new NameDirectory(directory == null ? 1 : directory.changes() + 1, refs, dropped);
            offsets[pages.length] = bytes;
            final long nextRef = allocate(next.bytes(), allocated);
            final UnsafeBuffer buffer = lane.writeBuffer(bytes + next.bytes());
            if (post(code, next, nextRef, buffer, offsets)) {
                return true;
            }
        } catch (final OutOfRemoteMemoryException e) {
            allocated.forEach(lane::discard);
            throw e;
        }
        allocated.forEach(lane::discard);
        return false;
    }

    private long allocate(final int bytes, final List<Long> allocated) {
        final long ref = Blocks.allocate(lane, Math.max(bytes, LEAST_BYTES), geometry.maxBlockBytes());
        allocated.add(ref);
        return ref;
    }

    private boolean post(
            final int code,
            final NameDirectory next,
            final long nextRef,
            final UnsafeBuffer buffer,
            final int[] offsets) {
        final Commit commit = lane.commit()
                .begin(
                        code,
                        NameDirectory.STRUCTURE,
                        PoolGeometry.namesOffset(),
                        word,
                        LinkWord.pointTo(word, nextRef));
        next.encode(buffer, offsets[pages.length], nextRef);
        commit.allocate(nextRef, buffer, offsets[pages.length], next.bytes());
        for (int page = 0; page < pages.length; page++) {
            if (changed[page] && next.page(page) != 0) {
                pages[page].encode(page, buffer, offsets[page], next.page(page));
                commit.allocate(next.page(page), buffer, offsets[page], pages[page].bytes());
            }
            if (changed[page] && directory != null && directory.page(page) != 0) {
                commit.free(directory.page(page));
            }
        }
        if (directory != null) {
            commit.free(directoryRef);
        }
        return commit.post(operation);
    }

    private void takeOffWhatIsGone() {
        final int[] listed = dropped.stream().toArray();
        final int[] verbs = new int[WORDS_IN_CHAIN];
        for (int from = 0; from < listed.length; from += WORDS_IN_CHAIN) {
            final int to = Math.min(listed.length, from + WORDS_IN_CHAIN);
            for (int i = from; i < to; i++) {
                verbs[i - from] = lane.chain().readLink(geometry.rootOffset(listed[i]));
            }
            lane.chain().post(operation);
            for (int i = from; i < to; i++) {
                if (!LinkWord.isPointer(lane.chain().result(verbs[i - from]))) {
                    dropped.clear(listed[i]);
                }
            }
        }
    }
}
