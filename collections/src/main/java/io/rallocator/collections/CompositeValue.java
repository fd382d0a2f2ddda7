package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.CompositeWriter;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.ChunksDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads values that are larger than a block: a chain for the list, then one for each
 * {@value CompositeWriter#MAX_CHUNKS_IN_CHAIN} chunks or {@value CompositeWriter#MAX_BYTES_IN_CHAIN} bytes. Chunks go
 * straight to their place in the value; their headers, beside it.
 */
final class CompositeValue {
    /** Longest value. A few of them, and their copies, must fit the arrays of a Java process. */
    static final int MAX_BYTES = 1 << 30;

    private static final int HEADERS_BYTES = CompositeWriter.MAX_CHUNKS_IN_CHAIN * BlockDescriptor.HEADER_BYTES;

    private CompositeValue() {}

    /** Tells whether an entry can be right about where its list is. */
    static boolean isPossible(final PoolGeometry geometry, final long ref, final long valueLength) {
        return valueLength > 0 && valueLength <= MAX_BYTES && geometry.isPlausible(ref);
    }

    /** Tells whether a buffer holds the list of a value from 0. */
    static boolean isRightList(
            final PoolGeometry geometry,
            final UnsafeBuffer list,
            final int structure,
            final long hash,
            final long ref,
            final long valueLength) {
        return ChunksDescriptor.isWhole(geometry, list, SizeClasses.bytes(BlockRef.blockClass(ref)), ref)
                && BlockDescriptor.structure(list, 0) == structure
                && BlockDescriptor.locator(list, 0) == (hash & LinkWord.VALUE_MASK)
                && ChunksDescriptor.bytes(list) == valueLength;
    }

    /** Tells whether a chunk is whole, its header in one buffer and its part of the value in another. */
    static boolean isRightChunk(
            final UnsafeBuffer headers,
            final int header,
            final UnsafeBuffer value,
            final int at,
            final int bytes,
            final int structure,
            final long hash,
            final long ref) {
        return BlockDescriptor.isValidApart(headers, header, value, at, bytes)
                && BlockDescriptor.kind(headers, header) == BlockDescriptor.CHUNK
                && BlockDescriptor.structure(headers, header) == structure
                && BlockDescriptor.locator(headers, header) == (hash & LinkWord.VALUE_MASK)
                && BlockDescriptor.isNamedBy(headers, header, ref);
    }

    /** Makes sure that what an entry says of its list can be read. */
    static void requirePossible(
            final PoolGeometry geometry, final MapTable table, final long ref, final long valueLength) {
        if (!isPossible(geometry, ref, valueLength)) {
            throw Blocks.damagedBlock(
                    BlockDescriptor.CHUNKS, BlockRef.offset(ref), table.root().offset(), "length " + valueLength);
        }
    }

    /** Reads and verifies a value that is possible, to its place in a buffer. */
    static void read(
            final Lane lane,
            final Operation operation,
            final MapTable table,
            final UnsafeBuffer value,
            final int index,
            final long hash,
            final long ref,
            final int valueLength) {
        final int listBytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        final UnsafeBuffer list = lane.listBuffer(listBytes + HEADERS_BYTES);
        lane.chain().read(BlockRef.offset(ref), list, 0, listBytes).post(operation);
        if (!isRightList(lane.geometry(), list, table.structure(), hash, ref, valueLength)) {
            throw damaged(table, BlockDescriptor.CHUNKS, ref, hash);
        }
        final int count = ChunksDescriptor.count(list);
        final int end = index + valueLength;
        int at = index;
        for (int first = 0; first < count; ) {
            final int read = readSome(lane, operation, list, first, listBytes, value, at, end);
            for (int i = 0; i < read; i++) {
                final long chunk = ChunksDescriptor.ref(list, first + i);
                final int bytes = Math.min(ChunksDescriptor.capacity(chunk), end - at);
                final int header = listBytes + i * BlockDescriptor.HEADER_BYTES;
                if (!isRightChunk(list, header, value, at, bytes, table.structure(), hash, chunk)) {
                    throw damaged(table, BlockDescriptor.CHUNK, chunk, hash);
                }
                at += bytes;
            }
            first += read;
        }
    }

    /** Reads some chunks in one chain; returns how many. */
    private static int readSome(
            final Lane lane,
            final Operation operation,
            final UnsafeBuffer list,
            final int first,
            final int headersAt,
            final UnsafeBuffer value,
            final int from,
            final int end) {
        final Chain chain = lane.chain();
        final int most = Math.min(CompositeWriter.MAX_CHUNKS_IN_CHAIN, ChunksDescriptor.count(list) - first);
        int at = from;
        int count = 0;
        while (count < most) {
            final long chunk = ChunksDescriptor.ref(list, first + count);
            final int bytes = Math.min(ChunksDescriptor.capacity(chunk), end - at);
            if (count > 0 && at + bytes - from > CompositeWriter.MAX_BYTES_IN_CHAIN) {
                break;
            }
            final int header = headersAt + count * BlockDescriptor.HEADER_BYTES;
            chain.read(BlockRef.offset(chunk), list, header, BlockDescriptor.HEADER_BYTES)
                    .read(BlockRef.offset(chunk) + BlockDescriptor.HEADER_BYTES, value, at, bytes);
            at += bytes;
            count++;
        }
        chain.post(operation);
        return count;
    }

    private static CorruptedPoolException damaged(
            final MapTable table, final int kind, final long ref, final long hash) {
        return Blocks.damagedBlock(
                kind, BlockRef.offset(ref), table.root().offset(), table.where() + " 0x" + Long.toHexString(hash));
    }
}
