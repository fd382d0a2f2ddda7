package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** What map and queue do with blocks alike: verify, allocate when memory is short, say what is damaged. */
final class Blocks {
    private static final UnsafeBuffer ZEROS = new UnsafeBuffer(ByteBuffer.allocateDirect(64 << 10));

    private Blocks() {}

    /** Zeros to write from. */
    static DirectBuffer zeros() {
        return ZEROS;
    }

    /**
     * Bytes to read for the target of a link, after making sure that they are in the pool.
     *
     * @param geometry of the pool
     * @param link a pointer
     * @param linkOffset where it was read, for the message
     * @return size of the block's class
     * @throws CorruptedPoolException if it leads out of the slabs
     */
    static int targetBytes(final PoolGeometry geometry, final long link, final long linkOffset) {
        final int bytes = SizeClasses.bytes(LinkWord.blockClass(link));
        final long offset = LinkWord.offset(link);
        if (!LinkWord.isPointer(link) || offset < geometry.slabsOffset() || offset + bytes > geometry.capacity()) {
            throw damagedWord(link, linkOffset);
        }
        return bytes;
    }

    /**
     * Tells whether a block is whole and the one that a link must lead to.
     *
     * @param buffer holds it
     * @param index where it begins
     * @param available bytes of it that were read
     * @param kind that it must have
     * @param structure that it must belong to
     * @param locator that it must have
     * @return false if it is damaged or another
     */
    static boolean isExpected(
            final DirectBuffer buffer,
            final int index,
            final int available,
            final int kind,
            final int structure,
            final long locator) {
        return BlockDescriptor.isValid(buffer, index, available)
                && BlockDescriptor.kind(buffer, index) == kind
                && BlockDescriptor.structure(buffer, index) == structure
                && BlockDescriptor.locator(buffer, index) == locator;
    }

    static CorruptedPoolException damagedWord(final long word, final long offset) {
        return new CorruptedPoolException("damaged link word at offset " + offset + ": 0x" + Long.toHexString(word)
                + " is impossible there; run `rallocator check`");
    }

    static CorruptedPoolException damagedBlock(
            final int kind, final long offset, final long linkOffset, final String what) {
        return new CorruptedPoolException("damaged " + BlockDescriptor.kindName(kind) + " block at offset " + offset
                + " (reached by the word at offset " + linkOffset + ", " + what
                + "): its CRC32C is wrong or it is another block; run `rallocator check`");
    }

    /**
     * Allocates a block for an operation that gives memory back, or that others wait for: when the blade has nothing
     * left, a free block of a larger class will do.
     *
     * @param lane of the operation
     * @param bytes needed
     * @return the block
     * @throws OutOfRemoteMemoryException if there is no free block of any class
     */
    static long allocateInNeed(final Lane lane, final int bytes) {
        try {
            return lane.allocate(bytes);
        } catch (final OutOfRemoteMemoryException e) {
            final int most = lane.geometry().maxBlockBytes();
            for (int next = SizeClasses.indexFor(bytes) + 1; next < SizeClasses.COUNT; next++) {
                if (SizeClasses.bytes(next) > most) {
                    break;
                }
                try {
                    return lane.allocate(SizeClasses.bytes(next));
                } catch (final OutOfRemoteMemoryException ignored) {
                    // the next larger class may have one
                }
            }
            throw e;
        }
    }
}
