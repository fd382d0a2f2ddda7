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
 * Where the words of buckets are. Extents are never freed, so an address that was learned once stays right.
 *
 * <p>Threads: any; those that learn the same address at once all store the same.
 */
final class ExtentTable {
    private static final Operation EXTENT = Operation.named("map.extent");
    private static final int ZEROS_IN_A_CHAIN = Chain.MAX_VERBS / 2;

    private final MapLayout layout;
    private final int structure;
    private final long root;
    private final AtomicLongArray offsets;

    /**
     * Makes a table that knows nothing yet.
     *
     * @param layout of the map
     * @param structure root index
     * @param root offset of the root block
     */
    ExtentTable(final MapLayout layout, final int structure, final long root) {
        this.layout = layout;
        this.structure = structure;
        this.root = root;
        this.offsets = new AtomicLongArray(layout.directoryWords());
    }

    /**
     * Where a bucket's word is.
     *
     * @param lane of the operation
     * @param bucket index, less than the most that the directory reaches
     * @return offset, or 0 if its extent does not exist yet
     */
    long wordOffset(final Lane lane, final long bucket) {
        final int extent = layout.extentOf(bucket);
        long offset = offsets.getPlain(extent);
        if (offset == 0) {
            offset = learn(lane, extent, lane.readWord(EXTENT, linkOffset(extent)));
        }
        return offset == 0 ? 0 : offset + (bucket - layout.extentStart(extent)) * Long.BYTES;
    }

    private long linkOffset(final int extent) {
        return root + layout.directoryOffset(extent);
    }

    private long learn(final Lane lane, final int extent, final long link) {
        if (link == LinkWord.UNINIT) {
            return 0;
        }
        final int bytes = Blocks.targetBytes(lane.geometry(), link, linkOffset(extent));
        final UnsafeBuffer header = lane.writeBuffer(BlockDescriptor.HEADER_BYTES);
        final long offset = LinkWord.offset(link);
        lane.chain().read(offset, header, 0, BlockDescriptor.HEADER_BYTES).post(EXTENT);
        if (bytes < layout.extentBytes(extent)
                || !Blocks.isExpected(
                        header, 0, BlockDescriptor.HEADER_BYTES, BlockDescriptor.EXTENT, structure, extent)) {
            throw Blocks.damagedBlock(BlockDescriptor.EXTENT, offset, linkOffset(extent), "extent " + extent);
        }
        final long words = offset + MapLayout.EXTENT_WORDS_OFFSET;
        offsets.setPlain(extent, words);
        return words;
    }

    /**
     * Where a bucket's word is, making its extent if there is none. Uses the lane's write buffer.
     *
     * @param lane of the operation
     * @param bucket index, less than the most that the directory reaches
     * @return offset
     * @throws io.rallocator.persistence.OutOfRemoteMemoryException if there is no room for the extent
     */
    long ensure(final Lane lane, final long bucket) {
        final long known = wordOffset(lane, bucket);
        if (known != 0) {
            return known;
        }
        final int extent = layout.extentOf(bucket);
        final int bytes = layout.extentBytes(extent);
        final long ref = lane.allocate(bytes);
        final UnsafeBuffer header = lane.writeBuffer(BlockDescriptor.HEADER_BYTES);
        BlockDescriptor.seal(header, 0, MapLayout.EXTENT_WORDS_OFFSET, BlockDescriptor.EXTENT, structure, extent, ref);
        addZeros(lane.chain(), BlockRef.offset(ref), bytes);
        final Commit commit = lane.commit()
                .begin(OperationCode.MAP_EXTENT, structure, linkOffset(extent), 0, LinkWord.pointTo(0, ref))
                .allocate(ref, header, 0, BlockDescriptor.HEADER_BYTES);
        if (commit.post(EXTENT)) {
            offsets.setPlain(extent, BlockRef.offset(ref) + MapLayout.EXTENT_WORDS_OFFSET);
        } else {
            lane.discard(ref);
            learn(lane, extent, commit.witness());
        }
        return wordOffset(lane, bucket);
    }

    /** The commit's PERSIST covers the last ones too. */
    private static void addZeros(final Chain chain, final long offset, final int bytes) {
        final DirectBuffer zeros = Blocks.zeros();
        int verbs = 0;
        for (int at = 0; at < bytes; at += zeros.capacity()) {
            if (verbs++ == ZEROS_IN_A_CHAIN) {
                chain.persist().post(EXTENT);
                verbs = 1;
            }
            chain.write(offset + at, zeros, 0, Math.min(zeros.capacity(), bytes - at));
        }
    }
}
