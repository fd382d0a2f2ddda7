package io.rallocator.persistence;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Tells whether a reference still means the block that it was made for, and ends that block's life by its freed byte.
 *
 * <p>Threads: one. Others may use the same pool.
 */
public final class BlockLife {
    private final NvmRegion region;
    private final PoolGeometry geometry;
    private UnsafeBuffer buffer = new UnsafeBuffer(new byte[4096]);

    /**
     * Makes one.
     *
     * @param region the pool
     * @param geometry of the pool
     */
    public BlockLife(final NvmRegion region, final PoolGeometry geometry) {
        this.region = region;
        this.geometry = geometry;
    }

    /**
     * Tells whether a block is whole, is the one that a reference names, belongs to a structure, and is not marked as
     * freed.
     *
     * @param ref any number
     * @param structure root index
     * @return true if so
     */
    public boolean isLive(final long ref, final int structure) {
        if (!geometry.isPlausible(ref)) {
            return false;
        }
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        if (buffer.capacity() < bytes) {
            buffer = new UnsafeBuffer(new byte[bytes]);
        }
        region.read(BlockRef.offset(ref), buffer, 0, bytes);
        return BlockDescriptor.isValid(buffer, 0, bytes)
                && BlockDescriptor.isNamedBy(buffer, 0, ref)
                && BlockDescriptor.structure(buffer, 0) == structure
                && isUnfreed(ref);
    }

    /**
     * Tells whether the life that a reference names is not marked as over.
     *
     * @param ref of the block
     * @return true if its freed byte is that of the life before
     */
    public boolean isUnfreed(final long ref) {
        final long offset = freedByteOffset(geometry, ref);
        return isUnfreed((byte) (region.readLong(offset & -8) >>> shift(offset)), BlockRef.generation(ref));
    }

    /**
     * Tells whether a freed byte leaves a block allocated: only the life that its header names can be freed, a mark of
     * another life does nothing (DESIGN trap 1).
     *
     * @param mark the freed byte
     * @param generation of the block
     * @return true if it is that of the life before
     */
    public static boolean isUnfreed(final byte mark, final int generation) {
        return (mark & 0xFF) == (generation - 1 & 0xFF);
    }

    private static int shift(final long offset) {
        return (int) (offset & 7) * Byte.SIZE;
    }

    /**
     * Marks a block as freed, durably, unless its life is over already: a mark never goes back, though whoever sets it
     * was away for long.
     *
     * @param ref of the block
     */
    public void end(final long ref) {
        final long offset = freedByteOffset(geometry, ref);
        final long mask = 0xFFL << shift(offset);
        final long live = (BlockRef.generation(ref) - 1 & 0xFFL) << shift(offset);
        final long freed = (BlockRef.generation(ref) & 0xFFL) << shift(offset);
        for (; ; ) {
            final long word = region.readLong(offset & -8);
            if ((word & mask) != live) {
                return;
            }
            if (region.compareAndSwap(offset & -8, word, word & ~mask | freed) == word) {
                region.persist(offset & -8, Long.BYTES);
                return;
            }
        }
    }

    /**
     * Where the freed byte of a block is: derived from the reference alone.
     *
     * @param geometry of the pool
     * @param ref of the block
     * @return offset
     */
    public static long freedByteOffset(final PoolGeometry geometry, final long ref) {
        final int slabClass = BlockRef.slabClass(ref);
        final long offset = BlockRef.offset(ref);
        final long base = geometry.unitOffset(geometry.slabUnitAt(offset, slabClass));
        final SlabLayout layout = SlabLayout.of(geometry.slabBytes(slabClass), BlockRef.blockClass(ref));
        return base + layout.freedOffset() + layout.indexAt(offset - base);
    }
}
