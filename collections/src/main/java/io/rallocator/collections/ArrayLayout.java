package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SizeClasses;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where the bytes of an array are. The elements one after another, in bytes from 0, are cut into extents of equal size, of
 * which the last ends with the array, rounded up to a word. Extents are reached from the root block, which goes on after
 * {@link RootDescriptor#WORDS_OFFSET} with
 *
 * <pre>
 *  384  link words: of the extents; if they are too many, of directories, each with the link words of as many extents as fit
 * </pre>
 *
 * An extent or directory is {@code header (16) | words}. One whose link word is UNINIT does not exist: all in it is zero. The
 * structure's parameter is {@code length 44 | block class of extents 6 | block class of directories 6 | 1 with directories}.
 */
final class ArrayLayout implements Blueprint {
    static final int LINKS_OFFSET = RootDescriptor.WORDS_OFFSET;

    private static final int MIN_EXTENT_BYTES = 4096;
    private static final int EXTENTS_IN_A_POOL = 1024;
    private static final int DIRECTORY_BYTES = 32 << 10;
    private static final int EXTENT_CLASS_SHIFT = 44;
    private static final int DIRECTORY_CLASS_SHIFT = 50;
    private static final int DIRECTORIES_SHIFT = 56;
    private static final long LENGTH_MASK = (1L << EXTENT_CLASS_SHIFT) - 1;
    private static final int CLASS_MASK = 63;

    private final ArrayKind kind;
    private final long length;
    private final long bytes;
    private final int extentClass;
    private final long extentBytes;
    private final long extents;
    private final int directoryClass;
    private final int linksInDirectory;
    private final boolean hasDirectories;

    private ArrayLayout(
            final ArrayKind kind,
            final long length,
            final int extentClass,
            final int directoryClass,
            final boolean hasDirectories) {
        this.kind = kind;
        this.length = length;
        this.extentClass = extentClass;
        this.directoryClass = directoryClass;
        this.hasDirectories = hasDirectories;
        bytes = Math.max(Long.BYTES, BitUtil.align(length * kind.elementBytes(), Long.BYTES));
        extentBytes = payload(extentClass);
        extents = (bytes + extentBytes - 1) / extentBytes;
        linksInDirectory = payload(directoryClass) / Long.BYTES;
    }

    private static int payload(final int blockClass) {
        return SizeClasses.bytes(blockClass) - ExtentTable.WORDS_OFFSET;
    }

    /**
     * The layout for a new array.
     *
     * @param kind of array
     * @param geometry of the pool
     * @param length elements
     * @return the layout
     * @throws IllegalArgumentException if the length is negative or more than the pool could hold
     */
    static ArrayLayout create(final ArrayKind kind, final PoolGeometry geometry, final long length) {
        final long extent = Math.max(MIN_EXTENT_BYTES, geometry.capacity() / EXTENTS_IN_A_POOL);
        return create(kind, geometry, length, extent, DIRECTORY_BYTES);
    }

    /**
     * The layout for a new array.
     *
     * @param kind of array
     * @param geometry of the pool
     * @param length elements
     * @param extentBytes most bytes of an extent
     * @param directoryBytes most bytes of a directory, and of the root block if it leads to extents
     * @return the layout
     * @throws IllegalArgumentException if the length is negative or more than the pool could hold
     */
    static ArrayLayout create(
            final ArrayKind kind,
            final PoolGeometry geometry,
            final long length,
            final long extentBytes,
            final int directoryBytes) {
        final long most = geometry.capacity() / kind.elementBytes();
        if (length < 0 || length > most) {
            throw new IllegalArgumentException("the length of a " + kind.typeName() + " in this pool of "
                    + geometry.capacity() + " bytes is 0 … " + most + ", not " + length);
        }
        final int extentClass = largestClass(geometry, extentBytes);
        final int directoryClass = largestClass(geometry, directoryBytes);
        final ArrayLayout direct = new ArrayLayout(kind, length, extentClass, directoryClass, false);
        if (direct.fits(Math.min(directoryBytes, geometry.maxBlockBytes()))) {
            return direct;
        }
        final ArrayLayout tree = new ArrayLayout(kind, length, extentClass, directoryClass, true);
        if (!tree.fits(geometry.maxBlockBytes())) {
            throw new IllegalArgumentException(
                    "a " + kind.typeName() + " of " + length + " elements needs "
                            + tree.extents + " extents of " + SizeClasses.bytes(extentClass)
                            + " bytes, more than two blocks of this pool can lead to; create the pool with larger slab classes");
        }
        return tree;
    }

    private static int largestClass(final PoolGeometry geometry, final long bytes) {
        final int most = (int) Math.min(bytes, Math.min(geometry.maxBlockBytes(), SizeClasses.maxBytes()));
        final int blockClass = SizeClasses.indexFor(most);
        return SizeClasses.bytes(blockClass) > most ? blockClass - 1 : blockClass;
    }

    private boolean fits(final long mostRootBytes) {
        return links() <= (mostRootBytes - LINKS_OFFSET) / Long.BYTES && extents <= Integer.MAX_VALUE;
    }

    /**
     * The layout of an array in the pool.
     *
     * @param kind of array
     * @param geometry of the pool
     * @param parameter from its root block
     * @return the layout
     * @throws CorruptedPoolException if the parameter is impossible
     */
    static ArrayLayout of(final ArrayKind kind, final PoolGeometry geometry, final long parameter) {
        final int extentClass = (int) (parameter >>> EXTENT_CLASS_SHIFT) & CLASS_MASK;
        final int directoryClass = (int) (parameter >>> DIRECTORY_CLASS_SHIFT) & CLASS_MASK;
        final long length = lengthOf(parameter);
        if (parameter >>> DIRECTORIES_SHIFT <= 1
                && length <= geometry.capacity() / kind.elementBytes()
                && SizeClasses.bytes(extentClass) <= geometry.maxBlockBytes()
                && SizeClasses.bytes(directoryClass) <= geometry.maxBlockBytes()) {
            final boolean hasDirectories = parameter >>> DIRECTORIES_SHIFT == 1;
            final ArrayLayout layout = new ArrayLayout(kind, length, extentClass, directoryClass, hasDirectories);
            if (layout.fits(geometry.maxBlockBytes())) {
                return layout;
            }
        }
        throw new CorruptedPoolException("the root block of a " + kind.typeName() + " has the impossible parameter 0x"
                + Long.toHexString(parameter) + "; run `rallocator check`");
    }

    /** The length that a root block's parameter says. */
    static long lengthOf(final long parameter) {
        return parameter & LENGTH_MASK;
    }

    // ---- the root block

    @Override
    public int type() {
        return kind.type();
    }

    @Override
    public String typeName() {
        return kind.typeName();
    }

    @Override
    public long parameter() {
        return length
                | (long) extentClass << EXTENT_CLASS_SHIFT
                | (long) directoryClass << DIRECTORY_CLASS_SHIFT
                | (hasDirectories ? 1L << DIRECTORIES_SHIFT : 0);
    }

    @Override
    public int rootBytes() {
        return linkOffset((int) links());
    }

    @Override
    public int firstBytes() {
        return hasDirectories ? directoryBytes(0) : extentBytes(0);
    }

    @Override
    public void fill(
            final UnsafeBuffer buffer, final int rootAt, final int firstAt, final int structure, final long firstRef) {
        buffer.putLong(rootAt + LINKS_OFFSET, LinkWord.pointTo(LinkWord.UNINIT, firstRef));
        final int firstKind = hasDirectories ? BlockDescriptor.DIRECTORY : BlockDescriptor.EXTENT;
        BlockDescriptor.seal(buffer, firstAt, ExtentTable.WORDS_OFFSET, firstKind, structure, 0, firstRef);
    }

    /** Where a link word is in the root block. */
    static int linkOffset(final int link) {
        return LINKS_OFFSET + link * Long.BYTES;
    }

    /** Link words in the root block. */
    private long links() {
        return hasDirectories ? directories() : extents;
    }

    // ---- sizes

    ArrayKind kind() {
        return kind;
    }

    /** Elements. */
    long length() {
        return length;
    }

    int extents() {
        return (int) extents;
    }

    /** Bytes of the array, rounded up to a word. */
    long bytes() {
        return bytes;
    }

    /** The extent that holds a byte. */
    int extentOf(final long at) {
        return (int) (at / extentBytes);
    }

    /** The first byte of an extent. */
    long extentStart(final int extent) {
        return extent * extentBytes;
    }

    /** The byte behind the last one of an extent. */
    long extentEnd(final int extent) {
        return Math.min(bytes, extentStart(extent + 1));
    }

    /** Size of an extent's block. */
    int extentBytes(final int extent) {
        return ExtentTable.WORDS_OFFSET + (int) (extentEnd(extent) - extentStart(extent));
    }

    boolean hasDirectories() {
        return hasDirectories;
    }

    int directories() {
        return (int) ((extents + linksInDirectory - 1) / linksInDirectory);
    }

    /** The directory that has the link word of an extent. */
    int directoryOf(final int extent) {
        return extent / linksInDirectory;
    }

    /** The extent that the first link word of a directory leads to. */
    int firstExtent(final int directory) {
        return directory * linksInDirectory;
    }

    /** Where the link word of an extent is among its directory's. */
    int inDirectory(final int extent) {
        return extent % linksInDirectory * Long.BYTES;
    }

    /** Size of a directory's block. */
    int directoryBytes(final int directory) {
        final long before = (long) directory * linksInDirectory;
        return ExtentTable.WORDS_OFFSET + (int) Math.min(linksInDirectory, extents - before) * Long.BYTES;
    }
}
