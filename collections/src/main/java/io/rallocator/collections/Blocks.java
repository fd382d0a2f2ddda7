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

    /**
     * The reference of a block that is about to be freed. A damaged link could name a class that is not the block's, and
     * then the wrong block would be marked: so make sure that a slab can have such a block there.
     *
     * @param geometry of the pool
     * @param link that leads to the block
     * @param linkOffset where it was read, for the message
     * @param block holds the block from 0, header verified
     * @return the reference
     * @throws CorruptedPoolException if the link is impossible
     */
    static long refToFree(
            final PoolGeometry geometry, final long link, final long linkOffset, final DirectBuffer block) {
        final long ref = BlockDescriptor.refOf(link, block, 0);
        if (!geometry.isPlausible(ref)) {
            throw damagedWord(link, linkOffset);
        }
        return ref;
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
     * Allocates a block; when the blade has nothing left for its class, a free block of a larger class will do.
     *
     * @param lane of the operation
     * @param bytes needed
     * @param mostBytes largest block to take: {@link PoolGeometry#maxBlockBytes()} for an operation that gives memory
     *     back or that others wait for
     * @return the block
     * @throws OutOfRemoteMemoryException if there is no free block of any of these classes
     */
    static long allocate(final Lane lane, final int bytes, final int mostBytes) {
        try {
            return lane.allocate(bytes);
        } catch (final OutOfRemoteMemoryException e) {
            // each further class can cost a wait for the blade's answer: a few of them, ever larger, are enough
            final int wanted = SizeClasses.indexFor(bytes);
            for (int step = 1; wanted + step < SizeClasses.COUNT; step *= 2) {
                final int larger = SizeClasses.bytes(wanted + step);
                if (larger > mostBytes) {
                    break;
                }
                try {
                    return lane.allocate(larger);
                } catch (final OutOfRemoteMemoryException ignored) {
                    // the next one may have one
                }
            }
            throw e;
        }
    }
}
