package io.rallocator.persistence;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The block that lists the chunks of one value that is larger than a block. It owns them: nothing else leads to a chunk,
 * and freeing the list implies freeing every chunk before.
 *
 * <pre>
 *  0   block header, kind CHUNKS
 *  16  bytes of the value (8)
 *  24  chunks: n (4) | 0 (4)
 *  32  reference of each chunk, in order (8 n)
 * </pre>
 *
 * A chunk is {@code header (16), kind CHUNK | bytes}, with structure and locator of its list. Each but the last is filled to
 * the end of its block class, so the list needs no lengths. Both kinds are immutable and checked to their last byte.
 */
public final class ChunksDescriptor {
    /** Offset of the value's length. */
    public static final int BYTES_OFFSET = BlockDescriptor.HEADER_BYTES;

    /** Offset of the count of chunks. */
    public static final int COUNT_OFFSET = BYTES_OFFSET + Long.BYTES;

    /** Offset of the first reference. */
    public static final int REFS_OFFSET = COUNT_OFFSET + Long.BYTES;

    private ChunksDescriptor() {}

    /**
     * Checked length of a list.
     *
     * @param count of chunks
     * @return bytes
     */
    public static int length(final int count) {
        return REFS_OFFSET + Long.BYTES * count;
    }

    /**
     * Most chunks that one list can have.
     *
     * @param geometry of the pool
     * @return count
     */
    public static int maxCount(final PoolGeometry geometry) {
        return (geometry.maxBlockBytes() - REFS_OFFSET) / Long.BYTES;
    }

    /**
     * Most bytes of a value that one list can have, in chunks of the largest block.
     *
     * @param geometry of the pool
     * @return bytes
     */
    public static long maxBytes(final PoolGeometry geometry) {
        return (long) maxCount(geometry) * (geometry.maxBlockBytes() - BlockDescriptor.HEADER_BYTES);
    }

    /**
     * Most bytes of a value that a chunk can have.
     *
     * @param ref of the chunk
     * @return bytes
     */
    public static int capacity(final long ref) {
        return SizeClasses.bytes(BlockRef.blockClass(ref)) - BlockDescriptor.HEADER_BYTES;
    }

    /**
     * Writes the head of a list; the references follow by {@link #putRef}.
     *
     * @param buffer holds the block
     * @param bytes of the value
     * @param count of chunks
     */
    public static void putHead(final MutableDirectBuffer buffer, final long bytes, final int count) {
        buffer.putLong(BYTES_OFFSET, bytes);
        buffer.putLong(COUNT_OFFSET, count);
    }

    /**
     * Writes one reference.
     *
     * @param buffer holds the block
     * @param position from 0
     * @param ref of the chunk
     */
    public static void putRef(final MutableDirectBuffer buffer, final int position, final long ref) {
        buffer.putLong(REFS_OFFSET + Long.BYTES * position, ref);
    }

    /**
     * Bytes of the value.
     *
     * @param buffer holds the block from 0
     * @return bytes
     */
    public static long bytes(final DirectBuffer buffer) {
        return buffer.getLong(BYTES_OFFSET);
    }

    /**
     * How many chunks there are.
     *
     * @param buffer holds the block from 0
     * @return count
     */
    public static int count(final DirectBuffer buffer) {
        return buffer.getInt(COUNT_OFFSET);
    }

    /**
     * One reference.
     *
     * @param buffer holds the block from 0
     * @param position from 0
     * @return a {@link BlockRef}
     */
    public static long ref(final DirectBuffer buffer, final int position) {
        return buffer.getLong(REFS_OFFSET + Long.BYTES * position);
    }

    /**
     * Tells whether a buffer holds a whole list that a reference leads to, every chunk of which can be in the pool.
     *
     * @param geometry of the pool
     * @param buffer holds the block from 0
     * @param available bytes of it that were read
     * @param ref of the list
     * @return false if it is damaged, of another life, or another block
     */
    public static boolean isWhole(
            final PoolGeometry geometry, final DirectBuffer buffer, final int available, final long ref) {
        return BlockDescriptor.isValid(buffer, 0, available)
                && BlockDescriptor.kind(buffer, 0) == BlockDescriptor.CHUNKS
                && BlockDescriptor.isNamedBy(buffer, 0, ref)
                && hasPossibleChunks(geometry, buffer);
    }

    private static boolean hasPossibleChunks(final PoolGeometry geometry, final DirectBuffer buffer) {
        final int length = BlockDescriptor.length(buffer, 0);
        if (length < length(1)
                || (length - REFS_OFFSET) % Long.BYTES != 0
                || count(buffer) != (length - REFS_OFFSET) / Long.BYTES) {
            return false;
        }
        long before = 0;
        long room = 0;
        for (int i = 0; i < count(buffer); i++) {
            final long chunk = ref(buffer, i);
            if (!geometry.isPlausible(chunk)) {
                return false;
            }
            before = room;
            room += capacity(chunk);
        }
        return before < bytes(buffer) && bytes(buffer) <= room;
    }
}
