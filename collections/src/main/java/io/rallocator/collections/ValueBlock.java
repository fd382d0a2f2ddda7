package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The block of one large value: {@code header (16) | bytes}. The locator is the low 40 bits of the key's hash: the way
 * from the block back to the one entry that can lead to it.
 */
final class ValueBlock {
    private ValueBlock() {}

    /** Copies the value of an entry of the scratch's bucket into its result. */
    static void copyValue(
            final Lane lane, final Operation operation, final MapTable table, final Scratch scratch, final int entry) {
        final UnsafeBuffer block = scratch.bucket.block;
        if (BucketBlock.isIndirect(block, entry)) {
            final long ref = BucketBlock.indirectRef(block, entry);
            read(lane, operation, table, scratch, ref, BucketBlock.indirectLength(block, entry));
        } else {
            final int length = BucketBlock.valueLength(block, entry);
            scratch.result.ensure(length).putBytes(0, block, BucketBlock.valueIndex(block, entry), length);
            scratch.resultIndex = 0;
            scratch.resultLength = length;
        }
    }

    /** Reads a value block into the scratch's result. */
    private static void read(
            final Lane lane,
            final Operation operation,
            final MapTable table,
            final Scratch scratch,
            final long ref,
            final long valueLength) {
        beginRead(lane, table, scratch, ref, valueLength);
        lane.chain().post(operation);
        finishRead(table, scratch, ref, valueLength);
    }

    /** Adds the READ of a value block into the scratch's result, header included, to the lane's chain. */
    static void beginRead(
            final Lane lane, final MapTable table, final Scratch scratch, final long ref, final long valueLength) {
        requirePossible(lane.geometry(), table, ref, valueLength);
        final int bytes = BlockDescriptor.HEADER_BYTES + (int) valueLength;
        lane.chain().read(BlockRef.offset(ref), scratch.result.ensure(bytes), 0, bytes);
    }

    /** Verifies a value block that was read into the scratch's result. */
    static void finishRead(final MapTable table, final Scratch scratch, final long ref, final long valueLength) {
        scratch.resultIndex = BlockDescriptor.HEADER_BYTES;
        scratch.resultLength = (int) valueLength;
        final int bytes = BlockDescriptor.HEADER_BYTES + scratch.resultLength;
        verify(table, scratch.result.buffer(), 0, bytes, scratch.hash, ref);
    }

    /** Makes sure that what an entry says of its value's block can be read. */
    static void requirePossible(
            final PoolGeometry geometry, final MapTable table, final long ref, final long valueLength) {
        if (!isPossible(geometry, ref, valueLength)) {
            throw Blocks.damagedBlock(
                    BlockDescriptor.VALUE, BlockRef.offset(ref), table.root().offset(), "length " + valueLength);
        }
    }

    /** Makes sure that a block that was read is the one that an entry names. */
    static void verify(
            final MapTable table,
            final UnsafeBuffer buffer,
            final int index,
            final int bytes,
            final long hash,
            final long ref) {
        if (!isRight(buffer, index, bytes, table.structure(), hash, ref)) {
            throw Blocks.damagedBlock(
                    BlockDescriptor.VALUE,
                    BlockRef.offset(ref),
                    table.root().offset(),
                    table.where() + " 0x" + Long.toHexString(hash));
        }
    }

    /** Tells whether an entry can be right about where its value is. */
    static boolean isPossible(final PoolGeometry geometry, final long ref, final long valueLength) {
        return valueLength >= 0
                && valueLength <= geometry.maxBlockBytes()
                && geometry.isPlausible(ref)
                && valueLength + BlockDescriptor.HEADER_BYTES <= SizeClasses.bytes(BlockRef.blockClass(ref));
    }

    static boolean isRight(
            final UnsafeBuffer buffer,
            final int index,
            final int bytes,
            final int structure,
            final long hash,
            final long ref) {
        return Blocks.isExpected(buffer, index, bytes, BlockDescriptor.VALUE, structure, hash & LinkWord.VALUE_MASK)
                && BlockDescriptor.length(buffer, index) == bytes
                && BlockDescriptor.generation(buffer, index) == BlockRef.generation(ref);
    }
}
