package io.rallocator.persistence;

/**
 * What is inside one slab: a header, the block bitmap, one freed byte per block, and blocks of one size.
 *
 * <pre>
 *  0    magic "RASL" (4) | CRC32C of bytes 8 … 39 (4)      persistent, constant while the slab is handed out
 *  8    unit (4) | slab generation (4)
 *  16   slab class (4) | block class (4)
 *  24   blocks (4) | block bytes (4)
 *  32   reserved (8)
 *  48   state: checked word, 1 OPEN, 2 SEALED              persistent, owner
 *  64   block bitmap, one bit a block, 64 a word           exact when SEALED, owner
 *       freed bytes, one a block                           anyone: the generation of the life that was freed
 *       blocks, the first at a multiple of 64
 * </pre>
 *
 * A block whose freed byte is f is allocated next with generation f + 1; it is free again when f equals its generation.
 */
public final class SlabLayout {
    /** First four bytes of a slab. */
    public static final int MAGIC = 0x4C534152;

    /** Size of the header. */
    public static final int HEADER_BYTES = 64;

    /** Offset of the CRC. */
    public static final int CRC_OFFSET = 4;

    /** First byte under the CRC. */
    public static final int CRC_FROM = 8;

    /** First byte after the CRC. */
    public static final int CRC_TO = 40;

    /** Offset of the first unit's index. */
    public static final int UNIT_OFFSET = 8;

    /** Offset of the slab's generation. */
    public static final int GENERATION_OFFSET = 12;

    /** Offset of the slab class. */
    public static final int SLAB_CLASS_OFFSET = 16;

    /** Offset of the block class. */
    public static final int BLOCK_CLASS_OFFSET = 20;

    /** Offset of the number of blocks. */
    public static final int BLOCKS_OFFSET = 24;

    /** Offset of the size of a block. */
    public static final int BLOCK_BYTES_OFFSET = 28;

    /** Offset of the state word. */
    public static final int STATE_OFFSET = 48;

    /** State: the bitmap lags behind, recovery scans the slab. */
    public static final int OPEN = 1;

    /** State: the bitmap is exact but for freed bytes. */
    public static final int SEALED = 2;

    /** Offset of the bitmap. */
    public static final int BITMAP_OFFSET = HEADER_BYTES;

    private static final int BLOCK_ALIGNMENT = 64;
    private static final int SMALLEST_SLAB_SHIFT = 12;
    private static final int LARGEST_SLAB_SHIFT = 23;

    /** Twice the bits of an offset in a slab: with less, the rounded reciprocal could give the block behind. */
    private static final int RECIPROCAL_SHIFT = 2 * LARGEST_SLAB_SHIFT;

    private static final SlabLayout[][] CACHE = new SlabLayout[12][SizeClasses.COUNT];

    private final int slabBytes;
    private final int blockClass;
    private final int blockBytes;
    private final int blocks;
    private final int freedOffset;
    private final int firstBlock;

    /** 2^{@value #RECIPROCAL_SHIFT} ÷ size of a block, rounded up. */
    private final long reciprocal;

    private SlabLayout(final int slabBytes, final int blockClass) {
        this.slabBytes = slabBytes;
        this.blockClass = blockClass;
        this.blockBytes = SizeClasses.bytes(blockClass);
        int count = (slabBytes - HEADER_BYTES) / blockBytes;
        while (count > 0 && overhead(count) + (long) count * blockBytes > slabBytes) {
            count--;
        }
        if (count == 0) {
            throw new IllegalArgumentException(
                    "a block of " + blockBytes + " bytes does not fit a slab of " + slabBytes + " bytes");
        }
        this.blocks = count;
        this.freedOffset = BITMAP_OFFSET + bitmapBytes(count);
        this.firstBlock = overhead(count);
        this.reciprocal = ((1L << RECIPROCAL_SHIFT) + blockBytes - 1) / blockBytes;
    }

    /**
     * The layout for a slab size and a block class.
     *
     * @param slabBytes a power of two, 4 KiB … 8 MiB
     * @param blockClass index for {@link SizeClasses}
     * @return the layout, shared
     * @throws IllegalArgumentException if not one block fits
     */
    public static SlabLayout of(final int slabBytes, final int blockClass) {
        final int row = Integer.numberOfTrailingZeros(slabBytes) - SMALLEST_SLAB_SHIFT;
        SlabLayout layout = CACHE[row][blockClass];
        if (layout == null) {
            layout = new SlabLayout(slabBytes, blockClass);
            CACHE[row][blockClass] = layout;
        }
        return layout;
    }

    /**
     * Bytes before the first block.
     *
     * @param blocks in the slab
     * @return bytes, a multiple of 64
     */
    static int overhead(final int blocks) {
        final int used = HEADER_BYTES + bitmapBytes(blocks) + blocks;
        return (used + BLOCK_ALIGNMENT - 1) & -BLOCK_ALIGNMENT;
    }

    private static int bitmapBytes(final int blocks) {
        return (blocks + 63) / 64 * 8;
    }

    /**
     * Size of the slab.
     *
     * @return bytes
     */
    public int slabBytes() {
        return slabBytes;
    }

    /**
     * The block class.
     *
     * @return index for {@link SizeClasses}
     */
    public int blockClass() {
        return blockClass;
    }

    /**
     * Size of one block.
     *
     * @return bytes
     */
    public int blockBytes() {
        return blockBytes;
    }

    /**
     * How many blocks there are.
     *
     * @return at least 1
     */
    public int blocks() {
        return blocks;
    }

    /**
     * Words of the bitmap.
     *
     * @return count
     */
    public int bitmapWords() {
        return (blocks + 63) >>> 6;
    }

    /**
     * Where the freed bytes begin.
     *
     * @return offset in the slab
     */
    public int freedOffset() {
        return freedOffset;
    }

    /**
     * Where the blocks begin.
     *
     * @return offset in the slab, a multiple of 64
     */
    public int firstBlock() {
        return firstBlock;
    }

    /**
     * Where a block begins.
     *
     * @param index 0 … {@link #blocks()} − 1
     * @return offset in the slab
     */
    public int blockOffset(final int index) {
        return firstBlock + index * blockBytes;
    }

    /**
     * Which block begins at an offset.
     *
     * @param offsetInSlab of a block
     * @return its index
     */
    public int indexAt(final long offsetInSlab) {
        final long distance = offsetInSlab - firstBlock;
        // every operation does this several times, and a division takes ten times as long as a multiplication
        return distance >>> LARGEST_SLAB_SHIFT == 0
                ? (int) (distance * reciprocal >>> RECIPROCAL_SHIFT)
                : (int) (distance / blockBytes);
    }

    /**
     * Tells whether a block begins at an offset.
     *
     * @param offsetInSlab any
     * @return false if none does
     */
    public boolean isBlockAt(final long offsetInSlab) {
        final int index = indexAt(offsetInSlab);
        return index >= 0 && index < blocks && blockOffset(index) == offsetInSlab;
    }
}
