package io.rallocator.persistence;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/** All names of a pool at one moment, for the blade, the checker and people. Workers read what they need, in chains. */
public final class NameTable {
    private final List<NamePage.Entry> entries = new ArrayList<>();
    private final Map<Integer, String> names = new HashMap<>();
    private final BitSet dropped;

    private NameTable(final NamePage[] pages, final BitSet dropped) {
        this.dropped = dropped;
        for (final NamePage page : pages) {
            entries.addAll(page.entries());
        }
        entries.forEach(entry -> names.put(entry.root(), entry.name()));
    }

    /**
     * Reads the names as they are at one moment, while others change them: a directory counts the changes, so whoever
     * finds the same count again has read blocks that were in use meanwhile.
     *
     * @param region of the pool
     * @param geometry of the pool
     * @return the names
     * @throws CorruptedPoolException if a name cannot be read
     */
    public static NameTable read(final NvmRegion region, final PoolGeometry geometry) {
        for (; ; ) {
            final long word = Links.read(region, PoolGeometry.namesOffset());
            final NameTable table;
            final long changes;
            try {
                if (NameDirectory.isInRootBlocks(word)) {
                    changes = 0;
                    table = new NameTable(readRoots(region, geometry), new BitSet());
                } else {
                    final NameDirectory directory = readDirectory(region, geometry, word);
                    changes = directory.changes();
                    table = new NameTable(readPages(region, geometry, directory), directory.dropped());
                }
            } catch (final CorruptedPoolException e) {
                if (Links.read(region, PoolGeometry.namesOffset()) == word) {
                    throw e;
                }
                continue;
            }
            if (Links.read(region, PoolGeometry.namesOffset()) == word
                    && (changes == 0
                            || changes == region.readLong(LinkWord.offset(word) + NameDirectory.CHANGES_OFFSET))) {
                return table;
            }
        }
    }

    static NameDirectory readDirectory(final NvmRegion region, final PoolGeometry geometry, final long word) {
        final int bytes = NameDirectory.targetBytes(geometry, word);
        final UnsafeBuffer block = new UnsafeBuffer(new byte[bytes]);
        region.read(LinkWord.offset(word), block, 0, bytes);
        return NameDirectory.decode(word, block, bytes, geometry);
    }

    private static NamePage[] readPages(
            final NvmRegion region, final PoolGeometry geometry, final NameDirectory directory) {
        final NamePage[] pages = new NamePage[NameDirectory.PAGES];
        for (int page = 0; page < pages.length; page++) {
            pages[page] = readPage(region, geometry, page, directory.page(page));
        }
        return pages;
    }

    static NamePage readPage(final NvmRegion region, final PoolGeometry geometry, final int page, final long ref) {
        if (ref == 0) {
            return NamePage.EMPTY;
        }
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        final UnsafeBuffer block = new UnsafeBuffer(new byte[bytes]);
        region.read(BlockRef.offset(ref), block, 0, bytes);
        return NamePage.decode(page, ref, block, geometry);
    }

    private static NamePage[] readRoots(final NvmRegion region, final PoolGeometry geometry) {
        final RootNames names = new RootNames();
        final UnsafeBuffer block = new UnsafeBuffer(new byte[RootDescriptor.WORDS_OFFSET]);
        for (int root = 0; root < geometry.roots(); root++) {
            final long word = Links.read(region, geometry.rootOffset(root));
            if (RootDescriptor.isLive(word) && LinkWord.offset(word) <= geometry.capacity() - block.capacity()) {
                region.read(LinkWord.offset(word), block, 0, block.capacity());
                if (RootNames.isRootBlock(block, root)) {
                    names.add(word, block);
                }
            }
        }
        return names.pages();
    }

    /**
     * All names.
     *
     * @return in no order
     */
    public List<NamePage.Entry> entries() {
        return List.copyOf(entries);
    }

    /**
     * The name of a structure.
     *
     * @param root its index
     * @return null if it has none
     */
    public String name(final int root) {
        return names.get(root);
    }

    /**
     * Structures that were dropped; some of them may have been taken apart.
     *
     * @return root indexes, a copy
     */
    public BitSet dropped() {
        return (BitSet) dropped.clone();
    }
}
