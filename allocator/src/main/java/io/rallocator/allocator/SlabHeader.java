package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.Crc32c;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.SlabLayout;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Writes and verifies the first 64 bytes of a slab. */
final class SlabHeader {
    private SlabHeader() {}

    static long stateWord(final int state) {
        return CheckedWord.of(state);
    }

    static void encode(
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

    /** True if the header is whole and belongs to this life of this slab: a slab that was never used has another. */
    static boolean isValid(final DirectBuffer buffer, final int unit, final int generation, final int slabClass) {
        final int blockClass = buffer.getInt(SlabLayout.BLOCK_CLASS_OFFSET);
        return buffer.getInt(0) == SlabLayout.MAGIC
                && buffer.getInt(SlabLayout.CRC_OFFSET) == crc(buffer, 0)
                && buffer.getInt(SlabLayout.UNIT_OFFSET) == unit
                && buffer.getInt(SlabLayout.GENERATION_OFFSET) == generation
                && buffer.getInt(SlabLayout.SLAB_CLASS_OFFSET) == slabClass
                && blockClass >= 0
                && blockClass < SizeClasses.COUNT;
    }

    private static int crc(final DirectBuffer buffer, final int index) {
        return Crc32c.of(buffer, index + SlabLayout.CRC_FROM, SlabLayout.CRC_TO - SlabLayout.CRC_FROM);
    }
}
