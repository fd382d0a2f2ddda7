package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import org.agrona.DirectBuffer;
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
            read(lane, operation, table, scratch, ref, BucketBlock.indirectWord(block, entry));
        } else {
            final int length = BucketBlock.valueLength(block, entry);
            scratch.result.ensure(length).putBytes(0, block, BucketBlock.valueIndex(block, entry), length);
            scratch.setResult(0, length, 0, lane.epoch());
        }
    }

    /** Reads the value of an indirect entry into the scratch's result. */
    private static void read(
            final Lane lane,
            final Operation operation,
            final MapTable table,
            final Scratch scratch,
            final long ref,
            final long indirectWord) {
        if (isRemembered(lane, table, scratch, ref, indirectWord)) {
            return;
        }
        beginRead(lane, table, scratch, ref, indirectWord);
        if (!BucketBlock.isComposite(indirectWord)) {
            lane.chain().post(operation);
        }
        finishRead(lane, operation, table, scratch, ref, indirectWord);
        remember(lane, table, ref, scratch.result.buffer(), scratch.resultIndex, scratch.resultLength);
    }

    /** Takes a value from what this worker remembers into the scratch's result, if it does. */
    private static boolean isRemembered(
            final Lane lane, final MapTable table, final Scratch scratch, final long ref, final long indirectWord) {
        final long length = BucketBlock.valueBytes(indirectWord);
        if (table.values() == null || !table.values().canKeep(length)) {
            return false;
        }
        final UnsafeBuffer target = scratch.result.ensure((int) length);
        scratch.setResult(0, (int) length, ref, lane.epoch());
        return isRemembered(lane, table, ref, length, target, 0);
    }

    /** Copies a value that this worker remembers to its place. Returns false if it does not. */
    static boolean isRemembered(
            final Lane lane,
            final MapTable table,
            final long ref,
            final long length,
            final UnsafeBuffer target,
            final int index) {
        final LargeImages values = table.values();
        return values != null && values.canKeep(length) && values.find(ref, lane.epoch(), (int) length, target, index);
    }

    /** Remembers a value that was read, or linked, in the lane's epoch. */
    static void remember(
            final Lane lane,
            final MapTable table,
            final long ref,
            final DirectBuffer source,
            final int index,
            final int length) {
        if (table.values() != null) {
            table.values().put(ref, lane.epoch(), source, index, length);
        }
    }

    /**
     * Adds the READ of a value's block into the scratch's result, header included, to the lane's chain; nothing for a
     * composite.
     */
    static void beginRead(
            final Lane lane, final MapTable table, final Scratch scratch, final long ref, final long indirectWord) {
        if (!BucketBlock.isComposite(indirectWord)) {
            requirePossible(lane.geometry(), table, ref, indirectWord);
            final int bytes = BlockDescriptor.HEADER_BYTES + (int) indirectWord;
            lane.chain().read(BlockRef.offset(ref), scratch.result.ensure(bytes), 0, bytes);
        }
    }

    /** Verifies a value that was read into the scratch's result; a composite is read here. */
    static void finishRead(
            final Lane lane,
            final Operation operation,
            final MapTable table,
            final Scratch scratch,
            final long ref,
            final long indirectWord) {
        final int length = (int) BucketBlock.valueBytes(indirectWord);
        final int bytes = BlockDescriptor.HEADER_BYTES + length;
        scratch.setResult(BlockDescriptor.HEADER_BYTES, length, ref, lane.epoch());
        if (BucketBlock.isComposite(indirectWord)) {
            CompositeValue.requirePossible(lane.geometry(), table, ref, BucketBlock.valueBytes(indirectWord));
            final UnsafeBuffer target = scratch.result.ensure(bytes);
            CompositeValue.read(lane, operation, table, target, scratch.resultIndex, scratch.hash, ref, length);
        } else {
            verify(table, scratch.result.buffer(), 0, bytes, scratch.hash, ref);
        }
    }

    /** Adds what the value of an entry takes besides the entry to what a commit frees. */
    static void free(final Commit commit, final UnsafeBuffer block, final int entry) {
        if (BucketBlock.isComposite(block, entry)) {
            commit.freeComposite(BucketBlock.indirectRef(block, entry));
        } else if (BucketBlock.isIndirect(block, entry)) {
            commit.free(BucketBlock.indirectRef(block, entry));
        }
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
