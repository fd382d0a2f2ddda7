package io.rallocator.allocator;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureTracer;
import io.rallocator.persistence.StructureType;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Tells recovery how the blocks of {@link Cells} are reached. */
public final class CellsType implements StructureType {
    /** The code of this type. */
    public static final int CODE = 201;

    @Override
    public int code() {
        return CODE;
    }

    @Override
    public String name() {
        return "cells";
    }

    @Override
    public StructureTracer tracer(
            final NvmRegion region, final PoolGeometry geometry, final int root, final long rootRef) {
        final UnsafeBuffer block = Lane.direct(RootDescriptor.WORDS_OFFSET);
        region.read(BlockRef.offset(rootRef), block, 0, block.capacity());
        return new Tracer(region, geometry, root, rootRef, (int) block.getLong(RootDescriptor.PARAMETER_OFFSET));
    }

    private static final class Tracer implements StructureTracer {
        private final NvmRegion region;
        private final PoolGeometry geometry;
        private final int root;
        private final long rootRef;
        private final int cells;
        private final long words;
        private long elements;

        Tracer(
                final NvmRegion region,
                final PoolGeometry geometry,
                final int root,
                final long rootRef,
                final int cells) {
            this.region = region;
            this.geometry = geometry;
            this.root = root;
            this.rootRef = rootRef;
            this.cells = cells;
            this.words = BlockRef.offset(rootRef) + RootDescriptor.WORDS_OFFSET;
        }

        @Override
        public boolean isReachable(final long ref, final DirectBuffer block, final int index) {
            final long link = BlockDescriptor.locator(block, index) << 3;
            return link >= words
                    && link < words + 8L * cells
                    && LinkWord.sameTarget(region.readLong(link), BlockRef.pointer(ref));
        }

        @Override
        public void trace(final Visitor visitor) {
            elements = 0;
            visitor.block(rootRef, geometry.rootOffset(root));
            for (int cell = 0; cell < cells; cell++) {
                final long link = words + 8L * cell;
                final long word = region.readLong(link);
                if (LinkWord.isPointer(word)) {
                    trace(visitor, link, word);
                }
            }
        }

        private void trace(final Visitor visitor, final long link, final long word) {
            final int bytes = io.rallocator.persistence.SizeClasses.bytes(LinkWord.blockClass(word));
            final UnsafeBuffer block = Lane.direct(bytes);
            region.read(LinkWord.offset(word), block, 0, bytes);
            if (!BlockDescriptor.isValid(block, 0, bytes)
                    || BlockDescriptor.locator(block, 0) << 3 != link
                    || BlockDescriptor.structure(block, 0) != root) {
                visitor.damage(LinkWord.offset(word), "no element of the cell that points to it");
                return;
            }
            visitor.block(BlockDescriptor.refOf(word, block, 0), link);
            if (Cells.isElement(block)) {
                elements++;
            }
        }

        @Override
        public long tracedElements() {
            return elements;
        }

        @Override
        public long claimedElements() {
            long sum = 0;
            for (int stripe = 0; stripe < geometry.sessions() * geometry.lanes(); stripe++) {
                sum += Commit.stripeCount(region.readLong(words + 8L * (cells + stripe)));
            }
            return sum;
        }
    }
}
