package io.rallocator.allocator;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.ChunksDescriptor;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Builds a composite: a value that is larger than a block, as chunks and the list that owns them
 * ({@link ChunksDescriptor}). The chunks are written and persisted here, a few to a chain and straight from the caller's
 * buffer; the list is left to the commit that links it, whose intent names it and, through it, them.
 *
 * <p>Crash guarantee: until that intent is durable, everything is in slabs that are not sealed, so recovery's scan finds
 * it unreachable. Nothing of this survives the release of the lane: link the list or {@link #discard} it before.
 *
 * <p>Threads: the lane's holder.
 */
public final class CompositeWriter {
    /** Most chunks that one chain reads or writes. */
    public static final int MAX_CHUNKS_IN_CHAIN = 16;

    /** Most bytes of chunks that one chain reads or writes, unless a single one has more. */
    public static final int MAX_BYTES_IN_CHAIN = 16 << 20;

    private final Lane lane;
    private final PoolGeometry geometry;
    private final LongArrayList chunks = new LongArrayList();
    private final UnsafeBuffer headers = Lane.direct(MAX_CHUNKS_IN_CHAIN * BlockDescriptor.HEADER_BYTES);
    private UnsafeBuffer list = Lane.direct(1024);
    private long listRef;

    /** Chunks are of the largest block of this slab class, or of a smaller one as the pool fills up. */
    private int slabClass;

    private Operation operation;
    private int structure;
    private long locator;
    private DirectBuffer source;

    CompositeWriter(final Lane lane) {
        this.lane = lane;
        this.geometry = lane.geometry();
    }

    /**
     * Allocates list and chunks and writes the chunks: a round trip for each {@value #MAX_CHUNKS_IN_CHAIN} of them or
     * {@value #MAX_BYTES_IN_CHAIN} bytes, besides what their slabs cost.
     *
     * @param op under which the cost is counted
     * @param root index of the structure
     * @param blockLocator of list and chunks
     * @param value holds the bytes
     * @param index of the first
     * @param length more than fits one block, at most {@link ChunksDescriptor#maxBytes}
     * @return reference of the list, whose bytes are {@link #list()}
     * @throws OutOfRemoteMemoryException if the blade has no memory left, or has not answered yet; nothing is kept
     */
    public long write(
            final Operation op,
            final int root,
            final long blockLocator,
            final DirectBuffer value,
            final int index,
            final int length) {
        forget();
        operation = op;
        structure = root;
        locator = blockLocator;
        source = value;
        slabClass = geometry.slabClasses() - 1;
        boolean written = false;
        try {
            allocateChunks(length);
            listRef = allocateList();
            writeChunks(index, length);
            sealList(length);
            written = true;
            return listRef;
        } finally {
            source = null;
            if (!written) {
                discard();
            }
        }
    }

    /** All of it before anything is written: waiting for the blade, or an error, then costs no copy of the value. */
    private void allocateChunks(final int length) {
        int at = 0;
        while (at < length) {
            final long chunk = allocateChunk(length, at);
            chunks.addLong(chunk);
            at += ChunksDescriptor.capacity(chunk);
            if (chunks.size() % MAX_CHUNKS_IN_CHAIN == 0) {
                lane.allocator().writer().writeHeaders(); // one chain could not take those of many slabs
            }
        }
    }

    private void writeChunks(final int index, final int length) {
        int at = index;
        for (int first = 0; first < chunks.size(); ) {
            final int last = endOfChain(first);
            at = writeChunks(first, last, at, index + length);
            first = last;
        }
    }

    private int endOfChain(final int first) {
        int last = first;
        long bytes = 0;
        do {
            bytes += ChunksDescriptor.capacity(chunks.getLong(last++));
        } while (last < chunks.size()
                && last - first < MAX_CHUNKS_IN_CHAIN
                && bytes + ChunksDescriptor.capacity(chunks.getLong(last)) <= MAX_BYTES_IN_CHAIN);
        return last;
    }

    /** As large as can be had: larger slabs first, smaller ones when the blade has no more of those. */
    private long allocateChunk(final int length, final int at) {
        for (; ; ) {
            final int most = geometry.maxBlockBytes(slabClass);
            try {
                return lane.allocate(Math.min(most, BlockDescriptor.HEADER_BYTES + length - at));
            } catch (final SlabsOverdueException e) {
                throw e;
            } catch (final OutOfRemoteMemoryException e) {
                if (!canBeSmaller(length - at)) {
                    throw exhausted(length, at, e);
                }
                slabClass--;
            }
        }
    }

    private boolean canBeSmaller(final int left) {
        if (slabClass == 0) {
            return false;
        }
        final int capacity = geometry.maxBlockBytes(slabClass - 1) - BlockDescriptor.HEADER_BYTES;
        return chunks.size() + (left - 1) / capacity + 1 <= ChunksDescriptor.maxCount(geometry);
    }

    private OutOfRemoteMemoryException exhausted(
            final int length, final int at, final OutOfRemoteMemoryException cause) {
        return new OutOfRemoteMemoryException(
                "no room for a value of " + length + " bytes: " + at + " bytes in " + chunks.size()
                        + " blocks could be allocated, and were given back; " + cause.getMessage(),
                cause);
    }

    private int writeChunks(final int first, final int last, final int from, final int end) {
        final Chain chain = lane.chain();
        int at = from;
        for (int i = first; i < last; i++) {
            final long chunk = chunks.getLong(i);
            final int bytes = Math.min(ChunksDescriptor.capacity(chunk), end - at);
            final int header = (i - first) * BlockDescriptor.HEADER_BYTES;
            BlockDescriptor.sealApart(
                    headers, header, source, at, bytes, BlockDescriptor.CHUNK, structure, locator, chunk);
            chain.write(BlockRef.offset(chunk), headers, header, BlockDescriptor.HEADER_BYTES)
                    .write(BlockRef.offset(chunk) + BlockDescriptor.HEADER_BYTES, source, at, bytes);
            at += bytes;
        }
        chain.persist().post(operation);
        return at;
    }

    private long allocateList() {
        return lane.allocate(ChunksDescriptor.length(chunks.size()));
    }

    private void sealList(final int length) {
        final int bytes = ChunksDescriptor.length(chunks.size());
        if (list.capacity() < bytes) {
            list = Lane.direct(bytes);
        }
        ChunksDescriptor.putHead(list, length, chunks.size());
        for (int i = 0; i < chunks.size(); i++) {
            ChunksDescriptor.putRef(list, i, chunks.getLong(i));
        }
        BlockDescriptor.seal(list, 0, bytes, BlockDescriptor.CHUNKS, structure, locator, listRef);
    }

    /**
     * The list's block.
     *
     * @return its bytes from 0, sealed
     */
    public DirectBuffer list() {
        return list;
    }

    /**
     * Length of the list's block.
     *
     * @return bytes
     */
    public int listLength() {
        return ChunksDescriptor.length(chunks.size());
    }

    /** What was written before is linked by now, or for recovery to decide about. */
    private void forget() {
        chunks.clear();
        listRef = 0;
    }

    /** Gives back what was written last. To be called only if it was not linked. */
    public void discard() {
        for (int i = chunks.size() - 1; i >= 0; i--) {
            lane.discard(chunks.getLong(i));
        }
        if (listRef != 0) {
            lane.discard(listRef);
        }
        forget();
    }
}
