package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where the extents of one structure are: blocks of words that begin as zero and come into being one by one, each by one
 * swap of the link word that leads to it. While the structure exists they are never freed, so an address that was learned
 * once stays right.
 *
 * <p>Threads: any; those that learn the same address at once all store the same.
 */
final class ExtentTable {
    /** Where the words of an extent begin in its block. */
    static final int WORDS_OFFSET = BlockDescriptor.HEADER_BYTES;

    private static final int ZEROS_IN_A_CHAIN = Chain.MAX_VERBS / 2;

    private final Operation operation;
    private final int operationCode;
    private final int kind;
    private final int structure;
    private final Extents extents;
    private final AtomicLongArray offsets;

    /** How many extents there can be, how large they are, and which words lead to them. */
    interface Extents {
        int count();

        /** Size of the block, header included. */
        int bytes(int extent);

        /**
         * Where the link word of an extent is.
         *
         * @param lane of the operation
         * @param extent number
         * @param creates true to make what leads to it, if that is missing
         * @return offset, or 0 if what leads to it does not exist
         */
        long linkOffset(Lane lane, int extent, boolean creates);
    }

    /**
     * Makes a table that knows nothing yet.
     *
     * @param operation under which the cost is counted
     * @param operationCode of the intents
     * @param kind of the blocks; their locator is the extent's number
     * @param structure root index
     * @param extents of the structure
     */
    ExtentTable(
            final Operation operation,
            final int operationCode,
            final int kind,
            final int structure,
            final Extents extents) {
        this.operation = operation;
        this.operationCode = operationCode;
        this.kind = kind;
        this.structure = structure;
        this.extents = extents;
        this.offsets = new AtomicLongArray(extents.count());
    }

    /**
     * Where the words of an extent are.
     *
     * @param lane of the operation
     * @param extent number
     * @return offset of the first, or 0 if the extent does not exist yet
     */
    long find(final Lane lane, final int extent) {
        final long known = offsets.getPlain(extent);
        return known == 0 ? learn(lane, extent) : known;
    }

    private long learn(final Lane lane, final int extent) {
        final long linkOffset = extents.linkOffset(lane, extent, false);
        return linkOffset == 0 ? 0 : learn(lane, extent, linkOffset, lane.readLink(operation, linkOffset));
    }

    private long learn(final Lane lane, final int extent, final long linkOffset, final long link) {
        if (link == LinkWord.UNINIT) {
            return 0;
        }
        final int bytes = Blocks.targetBytes(lane.geometry(), link, linkOffset);
        final UnsafeBuffer header = lane.writeBuffer(BlockDescriptor.HEADER_BYTES);
        final long offset = LinkWord.offset(link);
        lane.chain().read(offset, header, 0, BlockDescriptor.HEADER_BYTES).post(operation);
        if (bytes < extents.bytes(extent)
                || !Blocks.isExpected(header, 0, BlockDescriptor.HEADER_BYTES, kind, structure, extent)) {
            throw Blocks.damagedBlock(kind, offset, linkOffset, "extent " + extent);
        }
        return remember(extent, offset);
    }

    private long remember(final int extent, final long blockOffset) {
        final long words = blockOffset + WORDS_OFFSET;
        offsets.setPlain(extent, words);
        return words;
    }

    /**
     * Where the words of an extent are, making it if there is none. Uses the lane's write buffer.
     *
     * @param lane of the operation
     * @param extent number
     * @return offset of the first
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for the extent
     */
    long ensure(final Lane lane, final int extent) {
        final long known = find(lane, extent);
        return known == 0 ? create(lane, extent, extents.linkOffset(lane, extent, true)) : known;
    }

    private long create(final Lane lane, final int extent, final long linkOffset) {
        final int bytes = extents.bytes(extent);
        final long ref = lane.allocate(bytes);
        final UnsafeBuffer header = lane.writeBuffer(BlockDescriptor.HEADER_BYTES);
        BlockDescriptor.seal(header, 0, BlockDescriptor.HEADER_BYTES, kind, structure, extent, ref);
        addZeros(lane.chain(), BlockRef.offset(ref), bytes);
        final Commit commit = lane.commit()
                .begin(operationCode, structure, linkOffset, 0, LinkWord.pointTo(0, ref))
                .asHelp()
                .allocate(ref, header, 0, BlockDescriptor.HEADER_BYTES);
        if (commit.post(operation)) {
            return remember(extent, BlockRef.offset(ref));
        }
        lane.discard(ref);
        return learn(lane, extent, linkOffset, commit.witness());
    }

    /** The commit's PERSIST covers the last ones too. */
    private void addZeros(final Chain chain, final long offset, final int bytes) {
        final DirectBuffer zeros = Blocks.zeros();
        int verbs = 0;
        for (int at = 0; at < bytes; at += zeros.capacity()) {
            if (verbs++ == ZEROS_IN_A_CHAIN) {
                chain.persist().post(operation);
                verbs = 1;
            }
            chain.write(offset + at, zeros, 0, Math.min(zeros.capacity(), bytes - at));
        }
    }
}
