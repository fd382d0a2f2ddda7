package io.rallocator.persistence;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The names with one {@link NameDirectory#pageOf} and the structures that have them. Immutable.
 *
 * <pre>
 *  0    block header, kind NAMES, locator = page + 1
 *  16   entries (4) | 0 (4)
 *  24   of each entry: reference of the root block (8) | root index (4) | length of the name (4) | name, UTF-8, zeros up to
 *       a multiple of 8
 * </pre>
 */
public final class NamePage {
    /** A page without names. */
    public static final NamePage EMPTY = new NamePage(List.of());

    private static final int COUNT_OFFSET = 16;
    private static final int ENTRIES_OFFSET = 24;
    private static final int ROOT = 8;
    private static final int LENGTH = 12;
    private static final int NAME = 16;

    private final List<Entry> entries;

    /**
     * One name.
     *
     * @param name 1 … {@link RootDescriptor#MAX_NAME_BYTES} bytes in UTF-8
     * @param root index of the structure
     * @param ref of its root block
     */
    public record Entry(String name, int root, long ref) {}

    private NamePage(final List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /** Tells whether a block is whole and holds names, with that locator. */
    static boolean isNamesBlock(final DirectBuffer buffer, final int available, final long locator) {
        return BlockDescriptor.isValid(buffer, 0, available)
                && BlockDescriptor.kind(buffer, 0) == BlockDescriptor.NAMES
                && BlockDescriptor.structure(buffer, 0) == NameDirectory.STRUCTURE
                && BlockDescriptor.locator(buffer, 0) == locator;
    }

    /**
     * Reads a page.
     *
     * @param page its number
     * @param ref that the directory says
     * @param buffer holds the block from 0
     * @param geometry of the pool
     * @return the page
     * @throws CorruptedPoolException if it is damaged
     */
    public static NamePage decode(
            final int page, final long ref, final DirectBuffer buffer, final PoolGeometry geometry) {
        final int available = SizeClasses.bytes(BlockRef.blockClass(ref));
        if (!isNamesBlock(buffer, available, page + 1) || !BlockDescriptor.isNamedBy(buffer, 0, ref)) {
            throw damaged(page, ref);
        }
        final int length = BlockDescriptor.length(buffer, 0);
        final int count = length < ENTRIES_OFFSET ? -1 : buffer.getInt(COUNT_OFFSET);
        final List<Entry> entries = new ArrayList<>();
        int at = ENTRIES_OFFSET;
        for (int i = 0; i < count; i++) {
            final int bytes = at + NAME > length ? -1 : buffer.getInt(at + LENGTH);
            if (bytes < 1 || bytes > RootDescriptor.MAX_NAME_BYTES || at + entryBytes(bytes) > length) {
                throw damaged(page, ref);
            }
            final byte[] name = new byte[bytes];
            buffer.getBytes(at + NAME, name);
            entries.add(
                    new Entry(new String(name, StandardCharsets.UTF_8), buffer.getInt(at + ROOT), buffer.getLong(at)));
            at += entryBytes(bytes);
        }
        if (count < 0 || at != length || !entries.stream().allMatch(entry -> isPossible(entry, page, geometry))) {
            throw damaged(page, ref);
        }
        return new NamePage(entries);
    }

    private static boolean isPossible(final Entry entry, final int page, final PoolGeometry geometry) {
        return entry.root >= 0
                && entry.root < geometry.roots()
                && geometry.isPlausible(entry.ref)
                && NameDirectory.pageOf(entry.name) == page;
    }

    private static CorruptedPoolException damaged(final int page, final long ref) {
        return new CorruptedPoolException("page " + page + " of the names at offset " + BlockRef.offset(ref)
                + " is damaged; run `rallocator check`");
    }

    private static int entryBytes(final int nameBytes) {
        return NAME + BitUtil.align(nameBytes, Long.BYTES);
    }

    /**
     * Size of the block.
     *
     * @return bytes
     */
    public int bytes() {
        return ENTRIES_OFFSET
                + entries.stream()
                        .mapToInt(entry -> entryBytes(entry.name.getBytes(StandardCharsets.UTF_8).length))
                        .sum();
    }

    /**
     * Writes the block, sealed.
     *
     * @param page its number
     * @param buffer to write to
     * @param index where it begins
     * @param ref of the block
     */
    public void encode(final int page, final MutableDirectBuffer buffer, final int index, final long ref) {
        buffer.setMemory(index, bytes(), (byte) 0);
        buffer.putInt(index + COUNT_OFFSET, entries.size());
        int at = index + ENTRIES_OFFSET;
        for (final Entry entry : entries) {
            final byte[] name = entry.name.getBytes(StandardCharsets.UTF_8);
            buffer.putLong(at, entry.ref);
            buffer.putInt(at + ROOT, entry.root);
            buffer.putInt(at + LENGTH, name.length);
            buffer.putBytes(at + NAME, name);
            at += entryBytes(name.length);
        }
        BlockDescriptor.seal(buffer, index, at - index, BlockDescriptor.NAMES, NameDirectory.STRUCTURE, page + 1L, ref);
    }

    /**
     * All names of the page.
     *
     * @return unmodifiable
     */
    public List<Entry> entries() {
        return entries;
    }

    /**
     * Looks for a name.
     *
     * @param name of a structure
     * @return null if it is not here
     */
    public Entry find(final String name) {
        for (final Entry entry : entries) {
            if (entry.name.equals(name)) {
                return entry;
            }
        }
        return null;
    }

    /**
     * The page with another name.
     *
     * @param entry whose name is not in the page
     * @return a new page
     */
    public NamePage with(final Entry entry) {
        final List<Entry> more = new ArrayList<>(entries);
        more.add(entry);
        return new NamePage(more);
    }

    /**
     * The page without a name.
     *
     * @param name that is not needed any more
     * @return a new page
     */
    public NamePage without(final String name) {
        return new NamePage(
                entries.stream().filter(entry -> !entry.name.equals(name)).toList());
    }
}
