package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.Links;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads blocks for recovery and the checker, believing nothing: every address is verified before it is used.
 *
 * <p>Threads: one.
 */
final class BlockProbe {
    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final int structure;
    private UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(4096));

    BlockProbe(final NvmRegion region, final PoolGeometry geometry, final int structure) {
        this.region = region;
        this.geometry = geometry;
        this.structure = structure;
    }

    NvmRegion region() {
        return region;
    }

    PoolGeometry geometry() {
        return geometry;
    }

    int structure() {
        return structure;
    }

    /** The block that was read last. */
    UnsafeBuffer block() {
        return buffer;
    }

    /** Checked length of the block that was read last. */
    int length() {
        return BlockDescriptor.length(buffer, 0);
    }

    long word(final long offset) {
        return region.readLong(offset);
    }

    long link(final long offset) {
        return Links.read(region, offset);
    }

    /**
     * Reads the block that a link leads to.
     *
     * @param link a link word
     * @param kind that the block must have
     * @param locator that it must have, or -1 for any
     * @param leastBytes that the block must have room for
     * @return what is wrong, or null
     */
    String read(final long link, final int kind, final long locator, final int leastBytes) {
        final int bytes = SizeClasses.bytes(LinkWord.blockClass(link));
        final long offset = LinkWord.offset(link);
        if (!LinkWord.isPointer(link) || offset < geometry.slabsOffset() || offset + bytes > geometry.capacity()) {
            return "the word 0x" + Long.toHexString(link) + " leads out of the pool";
        }
        if (bytes < leastBytes) {
            return "the word 0x" + Long.toHexString(link) + " leads to a block of " + bytes + " bytes, "
                    + BlockDescriptor.kindName(kind) + " needs " + leastBytes;
        }
        if (buffer.capacity() < bytes) {
            buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(bytes));
        }
        region.read(offset, buffer, 0, bytes);
        return verify(link, kind, locator, bytes);
    }

    private String verify(final long link, final int kind, final long locator, final int bytes) {
        final String at = BlockDescriptor.kindName(kind) + " block at offset " + LinkWord.offset(link) + ": ";
        if (!BlockDescriptor.isValid(buffer, 0, bytes)) {
            return at + "CRC32C or length is wrong";
        }
        if (BlockDescriptor.kind(buffer, 0) != kind) {
            return at + "it is a " + BlockDescriptor.kindName(BlockDescriptor.kind(buffer, 0)) + " block";
        }
        if (BlockDescriptor.structure(buffer, 0) != structure) {
            return at + "it belongs to structure " + BlockDescriptor.structure(buffer, 0);
        }
        if (locator >= 0 && BlockDescriptor.locator(buffer, 0) != locator) {
            return at + "its locator is " + BlockDescriptor.locator(buffer, 0) + ", not " + locator;
        }
        if (!geometry.isPlausible(ref(link))) {
            return at + "no slab can have a block there";
        }
        return null;
    }

    /** Reference of the block that was read last. */
    long ref(final long link) {
        return BlockDescriptor.refOf(link, buffer, 0);
    }

    /** Tells whether a link leads to a block. */
    static boolean leadsTo(final long link, final long ref) {
        return LinkWord.isPointer(link) && LinkWord.sameTarget(link, BlockRef.pointer(ref));
    }
}
