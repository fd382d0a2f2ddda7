package io.rallocator.allocator;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.DroppedTracer;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.Links;
import io.rallocator.persistence.NameDirectory;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.StructureTracer;
import io.rallocator.persistence.StructureType;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks, for one block, the one link that could reach it. Made afresh for each recovery. A doubt (damage on the way, a
 * structure of a type that is not on the class path) keeps the block.
 *
 * <p>Threads: one.
 */
final class ReachabilityIndex {
    private static final Logger LOGGER = LoggerFactory.getLogger(ReachabilityIndex.class);

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final Map<Integer, StructureType> types = StructureType.installed();
    private final Int2ObjectHashMap<StructureTracer> tracers = new Int2ObjectHashMap<>();

    ReachabilityIndex(final NvmRegion region, final PoolGeometry geometry) {
        this.region = region;
        this.geometry = geometry;
    }

    /**
     * Tells whether a block must be kept.
     *
     * @param ref of the block
     * @param block its bytes, header verified
     * @param index where it begins
     * @return false only if no link leads to it
     */
    boolean isReachable(final long ref, final DirectBuffer block, final int index) {
        final int structure = BlockDescriptor.structure(block, index);
        if (structure == NameDirectory.STRUCTURE) {
            return isReachableName(ref, BlockDescriptor.locator(block, index));
        }
        if (structure >= geometry.roots()) {
            return false;
        }
        final long root = Links.read(region, geometry.rootOffset(structure));
        if (!LinkWord.isPointer(root)) {
            return false;
        }
        if (LinkWord.sameTarget(root, BlockRef.pointer(ref))) {
            return true;
        }
        try {
            final StructureTracer tracer = tracer(structure, root);
            return tracer == null || tracer.isReachable(ref, block, index);
        } catch (final CorruptedPoolException e) {
            LOGGER.error(
                    "cannot decide whether a block at offset {} is reachable; it is kept", BlockRef.offset(ref), e);
            return true;
        }
    }

    /** Read anew each time, as others go on to change names; what they free stays whole meanwhile. */
    private boolean isReachableName(final long ref, final long locator) {
        try {
            final long word = Links.read(region, PoolGeometry.namesOffset());
            return !NameDirectory.isInRootBlocks(word)
                    && (locator == 0
                            ? LinkWord.sameTarget(word, BlockRef.pointer(ref))
                            : locator <= NameDirectory.PAGES && pages(word)[(int) locator - 1] == ref);
        } catch (final CorruptedPoolException e) {
            LOGGER.error("cannot decide whether names at offset {} are in use; they are kept", BlockRef.offset(ref), e);
            return true;
        }
    }

    private long[] pages(final long word) {
        final int bytes = NameDirectory.targetBytes(geometry, word);
        final UnsafeBuffer block = Lane.direct(bytes);
        region.read(LinkWord.offset(word), block, 0, bytes);
        return NameDirectory.decode(word, block, bytes, geometry).pages();
    }

    private StructureTracer tracer(final int structure, final long root) {
        StructureTracer tracer = tracers.get(structure);
        if (tracer == null) {
            tracer = open(structure, root);
            if (tracer != null) {
                tracers.put(structure, tracer);
            }
        }
        return tracer;
    }

    private StructureTracer open(final int structure, final long root) {
        final long offset = LinkWord.offset(root);
        final int bytes = SizeClasses.bytes(LinkWord.blockClass(root));
        if (bytes < RootDescriptor.WORDS_OFFSET || offset + bytes > geometry.capacity()) {
            throw new CorruptedPoolException("damaged root word at offset " + geometry.rootOffset(structure));
        }
        final UnsafeBuffer block = Lane.direct(RootDescriptor.WORDS_OFFSET);
        region.read(offset, block, 0, block.capacity());
        if (!BlockDescriptor.isValid(block, 0, block.capacity())
                || BlockDescriptor.kind(block, 0) != BlockDescriptor.ROOT) {
            throw new CorruptedPoolException("damaged root block at offset " + offset + "; run `rallocator check`");
        }
        final StructureType type = types.get(block.getInt(RootDescriptor.TYPE_OFFSET));
        if (type == null) {
            LOGGER.warn(
                    "structure {} has type {}, which is not on the class path: its blocks are kept",
                    structure,
                    block.getInt(RootDescriptor.TYPE_OFFSET));
            return null;
        }
        final long ref = BlockDescriptor.refOf(root, block, 0);
        return RootDescriptor.isPending(root)
                ? new DroppedTracer(region, geometry, structure, ref, type)
                : type.tracer(region, geometry, structure, ref);
    }
}
