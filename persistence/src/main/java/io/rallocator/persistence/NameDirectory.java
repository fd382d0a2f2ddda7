package io.rallocator.persistence;

import java.util.Arrays;
import java.util.BitSet;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The block behind the names word: where the {@link NamePage}s are, and which structures were dropped and may not be taken
 * apart yet. Immutable: each change of a name is one swap of the names word, to a new directory with new pages.
 *
 * <pre>
 *  0    block header, kind NAMES, locator 0
 *  16   pages, 16 (4) | dropped structures d (4)
 *  24   changes so far (8)
 *  32   reference of this block (8): so that a names word whose block class is damaged is noticed
 *  40   reference of each page, 0 for an empty one (8 each)
 *  168  root index of each dropped structure (4 each)
 * </pre>
 *
 * <p>While the names word is {@link #inRootBlocks}, there is no directory: each structure has the name that its root block
 * says, see {@link RootNames}.
 */
public final class NameDirectory {
    /** Stands for a structure in the headers of blocks that hold names: no root has this index. */
    public static final int STRUCTURE = 0xFFFF;

    /** Pages; a name is in the one that its checksum says. */
    public static final int PAGES = 16;

    /** Offset of the count of changes. */
    public static final int CHANGES_OFFSET = 24;

    private static final int PAGES_OFFSET = 16;
    private static final int DROPPED_COUNT_OFFSET = 20;
    private static final int OWN_REF_OFFSET = 32;
    private static final int REFS_OFFSET = 40;
    private static final int DROPPED_OFFSET = REFS_OFFSET + PAGES * Long.BYTES;

    /** ASCII {@code NAMES}: so that a damaged word is none by chance. */
    private static final long IN_ROOT_BLOCKS = 0x4E41_4D45_53L;

    private final long changes;
    private final long[] pages;
    private final BitSet dropped;

    /**
     * Makes one.
     *
     * @param changes that led to it, this one included
     * @param pages reference of each page, 0 for an empty one
     * @param dropped root indexes of dropped structures
     */
    public NameDirectory(final long changes, final long[] pages, final BitSet dropped) {
        this.changes = changes;
        this.pages = pages.clone();
        this.dropped = (BitSet) dropped.clone();
    }

    /**
     * The names word of a pool whose names are in the root blocks alone: a new one, or one whose names were repaired.
     *
     * @param old the word that it succeeds
     * @return the word
     */
    public static long inRootBlocks(final long old) {
        return LinkWord.special(old, IN_ROOT_BLOCKS);
    }

    /**
     * Tells whether names are in the root blocks alone.
     *
     * @param word the names word
     * @return true if there is no directory
     */
    public static boolean isInRootBlocks(final long word) {
        return (word & (LinkWord.TARGET | LinkWord.FROZEN | LinkWord.DIRTY)) == (LinkWord.SPECIAL | IN_ROOT_BLOCKS);
    }

    /**
     * The page of a name.
     *
     * @param name of a structure
     * @return 0 … {@link #PAGES} − 1
     */
    public static int pageOf(final String name) {
        return (int) RootDescriptor.nameTag(name) & PAGES - 1;
    }

    /**
     * Makes sure that the names word leads to something that can be read.
     *
     * @param geometry of the pool
     * @param word the names word, not {@link #isInRootBlocks}
     * @return bytes to read from there
     * @throws CorruptedPoolException if it leads nowhere
     */
    public static int targetBytes(final PoolGeometry geometry, final long word) {
        final int bytes = SizeClasses.bytes(LinkWord.blockClass(word));
        final long offset = LinkWord.offset(word);
        if (!LinkWord.isPointer(word)
                || (word & (LinkWord.FROZEN | LinkWord.DIRTY)) != 0
                || offset < geometry.slabsOffset()
                || offset + bytes > geometry.capacity()) {
            throw new CorruptedPoolException("damaged names word at offset " + PoolGeometry.namesOffset() + ": 0x"
                    + Long.toHexString(word) + " leads nowhere; run `rallocator check`");
        }
        return bytes;
    }

    /**
     * Reads a directory.
     *
     * @param word that led to it
     * @param buffer holds the block from 0
     * @param available bytes of it
     * @param geometry of the pool
     * @return the directory
     * @throws CorruptedPoolException if it is damaged
     */
    public static NameDirectory decode(
            final long word, final DirectBuffer buffer, final int available, final PoolGeometry geometry) {
        if (!NamePage.isNamesBlock(buffer, available, 0)
                || !isPossible(buffer, geometry)
                || buffer.getLong(OWN_REF_OFFSET) != BlockDescriptor.refOf(word, buffer, 0)) {
            throw new CorruptedPoolException("the directory of names at offset " + LinkWord.offset(word)
                    + " is damaged; run `rallocator check`");
        }
        final long[] pages = new long[PAGES];
        for (int page = 0; page < PAGES; page++) {
            pages[page] = buffer.getLong(REFS_OFFSET + Long.BYTES * page);
        }
        final BitSet dropped = new BitSet();
        for (int i = 0; i < buffer.getInt(DROPPED_COUNT_OFFSET); i++) {
            dropped.set(buffer.getInt(DROPPED_OFFSET + Integer.BYTES * i));
        }
        return new NameDirectory(buffer.getLong(CHANGES_OFFSET), pages, dropped);
    }

    private static boolean isPossible(final DirectBuffer buffer, final PoolGeometry geometry) {
        final int length = BlockDescriptor.length(buffer, 0);
        if (length < DROPPED_OFFSET || buffer.getInt(PAGES_OFFSET) != PAGES) {
            return false;
        }
        final int count = buffer.getInt(DROPPED_COUNT_OFFSET);
        boolean possible = count >= 0 && count <= geometry.roots() && length == DROPPED_OFFSET + Integer.BYTES * count;
        for (int i = 0; possible && i < count; i++) {
            final int root = buffer.getInt(DROPPED_OFFSET + Integer.BYTES * i);
            possible = root >= 0 && root < geometry.roots();
        }
        for (int page = 0; possible && page < PAGES; page++) {
            final long ref = buffer.getLong(REFS_OFFSET + Long.BYTES * page);
            possible = ref == 0 || geometry.isPlausible(ref);
        }
        return possible;
    }

    /**
     * Size of the block.
     *
     * @return bytes
     */
    public int bytes() {
        return DROPPED_OFFSET + Integer.BYTES * dropped.cardinality();
    }

    /**
     * Writes the block, sealed.
     *
     * @param buffer to write to
     * @param index where it begins
     * @param ref of the block
     */
    public void encode(final MutableDirectBuffer buffer, final int index, final long ref) {
        buffer.putInt(index + PAGES_OFFSET, PAGES);
        buffer.putInt(index + DROPPED_COUNT_OFFSET, dropped.cardinality());
        buffer.putLong(index + CHANGES_OFFSET, changes);
        buffer.putLong(index + OWN_REF_OFFSET, ref);
        for (int page = 0; page < PAGES; page++) {
            buffer.putLong(index + REFS_OFFSET + Long.BYTES * page, pages[page]);
        }
        int at = index + DROPPED_OFFSET;
        for (int root = dropped.nextSetBit(0); root >= 0; root = dropped.nextSetBit(root + 1)) {
            buffer.putInt(at, root);
            at += Integer.BYTES;
        }
        BlockDescriptor.seal(buffer, index, bytes(), BlockDescriptor.NAMES, STRUCTURE, 0, ref);
    }

    /**
     * How many changes led to this directory.
     *
     * @return from 1
     */
    public long changes() {
        return changes;
    }

    /**
     * Where a page is.
     *
     * @param page 0 … {@link #PAGES} − 1
     * @return its reference, 0 if it is empty
     */
    public long page(final int page) {
        return pages[page];
    }

    /**
     * Where all pages are.
     *
     * @return a copy
     */
    public long[] pages() {
        return pages.clone();
    }

    /**
     * Structures that were dropped; some of them may have been taken apart.
     *
     * @return root indexes, a copy
     */
    public BitSet dropped() {
        return (BitSet) dropped.clone();
    }

    @Override
    public String toString() {
        return "change " + changes + ", pages " + Arrays.toString(pages) + ", dropped " + dropped;
    }
}
