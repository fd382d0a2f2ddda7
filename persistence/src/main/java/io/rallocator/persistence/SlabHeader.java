package io.rallocator.persistence;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Writes and verifies the first 64 bytes of a slab, see {@link SlabLayout}. */
public final class SlabHeader {
    private SlabHeader() {}

    /**
     * A state word.
     *
     * @param state {@link SlabLayout#OPEN} or {@link SlabLayout#SEALED}
     * @return the word
     */
    public static long stateWord(final int state) {
        return CheckedWord.of(state);
    }

    /**
     * Writes a header, state OPEN.
     *
     * @param buffer receives {@link SlabLayout#HEADER_BYTES} bytes
     * @param index where
     * @param unit first unit of the slab
     * @param generation of the slab
     * @param slabClass of the slab
     * @param layout of its blocks
     */
    public static void encode(
            final MutableDirectBuffer buffer,
            final int index,
            final int unit,
            final int generation,
            final int slabClass,
            final SlabLayout layout) {
        buffer.setMemory(index, SlabLayout.HEADER_BYTES, (byte) 0);
        buffer.putInt(index, SlabLayout.MAGIC);
        buffer.putInt(index + SlabLayout.UNIT_OFFSET, unit);
        buffer.putInt(index + SlabLayout.GENERATION_OFFSET, generation);
        buffer.putInt(index + SlabLayout.SLAB_CLASS_OFFSET, slabClass);
        buffer.putInt(index + SlabLayout.BLOCK_CLASS_OFFSET, layout.blockClass());
        buffer.putInt(index + SlabLayout.BLOCKS_OFFSET, layout.blocks());
        buffer.putInt(index + SlabLayout.BLOCK_BYTES_OFFSET, layout.blockBytes());
        buffer.putInt(index + SlabLayout.CRC_OFFSET, crc(buffer, index));
        buffer.putLong(index + SlabLayout.STATE_OFFSET, stateWord(SlabLayout.OPEN));
    }

    /**
     * Tells whether a header is whole, of whatever slab: magic and CRC are right, and a slab of this pool can have its
     * block class.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @param geometry of the pool
     * @return true if so
     */
    public static boolean isWhole(final DirectBuffer buffer, final int index, final PoolGeometry geometry) {
        final int slabClass = slabClass(buffer, index);
        final int blockClass = blockClass(buffer, index);
        return buffer.getInt(index) == SlabLayout.MAGIC
                && buffer.getInt(index + SlabLayout.CRC_OFFSET) == crc(buffer, index)
                && slabClass >= 0
                && slabClass < geometry.slabClasses()
                && blockClass >= 0
                && blockClass < SizeClasses.COUNT
                && SizeClasses.bytes(blockClass) + SlabLayout.overhead(1) <= geometry.slabBytes(slabClass);
    }

    /**
     * Tells whether a header is whole and belongs to this life of this slab: a slab that was never used has another.
     *
     * @param buffer begins with the header
     * @param unit first unit of the slab
     * @param generation of the slab
     * @param slabClass of the slab
     * @return true if so
     */
    public static boolean isValid(
            final DirectBuffer buffer, final int unit, final int generation, final int slabClass) {
        final int blockClass = blockClass(buffer, 0);
        return buffer.getInt(0) == SlabLayout.MAGIC
                && buffer.getInt(SlabLayout.CRC_OFFSET) == crc(buffer, 0)
                && unit(buffer, 0) == unit
                && generation(buffer, 0) == generation
                && slabClass(buffer, 0) == slabClass
                && blockClass >= 0
                && blockClass < SizeClasses.COUNT;
    }

    /**
     * Unit in a header.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return first unit of the slab
     */
    public static int unit(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + SlabLayout.UNIT_OFFSET);
    }

    /**
     * Generation in a header.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return of the slab
     */
    public static int generation(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + SlabLayout.GENERATION_OFFSET);
    }

    /**
     * Slab class in a header.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return index for {@link PoolGeometry#slabBytes(int)}
     */
    public static int slabClass(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + SlabLayout.SLAB_CLASS_OFFSET);
    }

    /**
     * Block class in a header.
     *
     * @param buffer holds the header
     * @param index where it begins
     * @return index for {@link SizeClasses}
     */
    public static int blockClass(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index + SlabLayout.BLOCK_CLASS_OFFSET);
    }

    private static int crc(final DirectBuffer buffer, final int index) {
        return Crc32c.of(buffer, index + SlabLayout.CRC_FROM, SlabLayout.CRC_TO - SlabLayout.CRC_FROM);
    }
}
