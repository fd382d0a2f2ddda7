package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;

/**
 * Where the words of a map's buckets are.
 *
 * <p>Threads: any.
 */
final class BucketWords implements ExtentTable.Extents {
    private static final Operation EXTENT = Operation.named("map.extent");

    private final MapLayout layout;
    private final long root;
    private final ExtentTable extents;

    /**
     * Makes a table that knows nothing yet.
     *
     * @param layout of the map
     * @param structure root index
     * @param root offset of the root block
     */
    BucketWords(final MapLayout layout, final int structure, final long root) {
        this.layout = layout;
        this.root = root;
        this.extents = new ExtentTable(EXTENT, OperationCode.MAP_EXTENT, BlockDescriptor.EXTENT, structure, this);
    }

    @Override
    public int count() {
        return layout.directoryWords();
    }

    @Override
    public int bytes(final int extent) {
        return layout.extentBytes(extent);
    }

    @Override
    public long linkOffset(final Lane lane, final int extent, final boolean creates) {
        return root + layout.directoryOffset(extent);
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
        final long words = extents.find(lane, extent);
        return words == 0 ? 0 : words + inExtent(bucket, extent);
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
        final int extent = layout.extentOf(bucket);
        return extents.ensure(lane, extent) + inExtent(bucket, extent);
    }

    private long inExtent(final long bucket, final int extent) {
        return (bucket - layout.extentStart(extent)) * Long.BYTES;
    }
}
