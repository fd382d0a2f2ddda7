package io.rallocator.persistence;

/**
 * Everything needed to read, free and recognise one block, in 64 bits.
 *
 * <pre>
 *   63   58 57       50 49        46 45       40 39                  0
 *  +-------+-----------+------------+-----------+---------------------+
 *  |   0   | generation| slab class | blk class | offset / 8          |
 *  +-------+-----------+------------+-----------+---------------------+
 * </pre>
 *
 * The low 46 bits are those of a {@link LinkWord}. The generation is the one with which the block was allocated:
 * freeing writes it into the block's freed byte, so a late or repeated free of an earlier life does no harm.
 */
public final class BlockRef {
    /** Bits in use; the rest are zero. */
    static final int BITS = 58;

    private static final long POINTER_MASK = (1L << 46) - 1;

    private BlockRef() {}

    /**
     * Makes a reference.
     *
     * @param offset of the block, a multiple of 8
     * @param blockClass index for {@link SizeClasses}
     * @param slabClass index for {@link PoolGeometry#slabBytes(int)}
     * @param generation 0 … 255
     * @return the reference
     */
    public static long of(final long offset, final int blockClass, final int slabClass, final int generation) {
        assert (offset & 7) == 0 && offset > 0 && offset <= LinkWord.MAX_OFFSET : offset;
        return offset >>> 3 | (long) blockClass << 40 | (long) slabClass << 46 | (long) (generation & 0xFF) << 50;
    }

    /**
     * The part that a link word carries.
     *
     * @param ref a reference
     * @return offset and block class
     */
    public static long pointer(final long ref) {
        return ref & POINTER_MASK;
    }

    /**
     * The block's offset.
     *
     * @param ref a reference
     * @return bytes, region-relative
     */
    public static long offset(final long ref) {
        return LinkWord.offset(ref);
    }

    /**
     * The block class.
     *
     * @param ref a reference
     * @return index for {@link SizeClasses}
     */
    public static int blockClass(final long ref) {
        return LinkWord.blockClass(ref);
    }

    /**
     * The class of the slab that holds the block.
     *
     * @param ref a reference
     * @return index for {@link PoolGeometry#slabBytes(int)}
     */
    public static int slabClass(final long ref) {
        return (int) (ref >>> 46) & 15;
    }

    /**
     * The generation of the block when it was allocated.
     *
     * @param ref a reference
     * @return 0 … 255
     */
    public static int generation(final long ref) {
        return (int) (ref >>> 50) & 0xFF;
    }
}
