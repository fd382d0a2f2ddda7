package io.rallocator.persistence;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A structure for tests: a root block with a count and sixteen link words. Each leads to a VALUE block of 16 bytes of
 * header, a reference to one more block (or 0), and data.
 */
public final class TestTableType implements StructureType {
    /** Its code. */
    public static final int CODE = 9001;

    /** How many link words a root has. */
    public static final int LINKS = 16;

    /** Offset of the count in the root block. */
    public static final int COUNT_OFFSET = RootDescriptor.WORDS_OFFSET;

    /** Offset of the first link in the root block. */
    public static final int LINKS_OFFSET = COUNT_OFFSET + 8;

    /** Bytes of a root block. */
    public static final int ROOT_BYTES = LINKS_OFFSET + 8 * LINKS;

    /** Offset of the reference in a value block. */
    public static final int NEXT_OFFSET = BlockDescriptor.HEADER_BYTES;

    /** A count that makes the tracer fail, as a broken one would. */
    public static final long POISON = -77;

    @Override
    public int code() {
        return CODE;
    }

    @Override
    public String name() {
        return "test-table";
    }

    @Override
    public StructureTracer tracer(
            final NvmRegion region, final PoolGeometry geometry, final int root, final long rootRef) {
        return new Tracer(region, geometry, root, rootRef);
    }

    private static final class Tracer implements StructureTracer {
        private final NvmRegion region;
        private final PoolGeometry geometry;
        private final int root;
        private final long rootRef;
        private final UnsafeBuffer block = new UnsafeBuffer(new byte[SizeClasses.bytes(SizeClasses.indexFor(128))]);
        private long elements;

        Tracer(final NvmRegion region, final PoolGeometry geometry, final int root, final long rootRef) {
            this.region = region;
            this.geometry = geometry;
            this.root = root;
            this.rootRef = rootRef;
        }

        private long linkOffset(final int index) {
            return BlockRef.offset(rootRef) + LINKS_OFFSET + 8L * index;
        }

        @Override
        public boolean isReachable(final long ref, final DirectBuffer bytes, final int index) {
            for (int i = 0; i < LINKS; i++) {
                if (BlockRef.pointer(ref) == BlockRef.pointer(region.readLong(linkOffset(i)))) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void trace(final Visitor visitor) {
            if (claimedElements() == POISON) {
                throw new IllegalStateException("a broken tracer");
            }
            visitor.block(rootRef, geometry.rootOffset(root));
            for (int i = 0; i < LINKS; i++) {
                final long word = region.readLong(linkOffset(i));
                if (LinkWord.isPointer(word)) {
                    elements++;
                    follow(visitor, word, linkOffset(i));
                }
            }
        }

        private void follow(final Visitor visitor, final long word, final long linkOffset) {
            final int bytes = SizeClasses.bytes(LinkWord.blockClass(word));
            if (LinkWord.offset(word) > geometry.capacity() - bytes || bytes > block.capacity()) {
                visitor.damage(linkOffset, "an impossible link");
                return;
            }
            region.read(LinkWord.offset(word), block, 0, bytes);
            if (!BlockDescriptor.isValid(block, 0, bytes) || BlockDescriptor.structure(block, 0) != root) {
                visitor.damage(LinkWord.offset(word), "a damaged value");
                return;
            }
            visitor.block(BlockDescriptor.refOf(word, block, 0), linkOffset);
            final long next = block.getLong(NEXT_OFFSET);
            if (next != 0) {
                visitNext(visitor, next, LinkWord.offset(word) + NEXT_OFFSET);
            }
        }

        private void visitNext(final Visitor visitor, final long first, final long firstOffset) {
            long ref = first;
            long from = firstOffset;
            while (ref != 0) {
                visitor.block(ref, from);
                region.read(BlockRef.offset(ref), block, 0, 32);
                from = BlockRef.offset(ref) + NEXT_OFFSET;
                ref = block.getLong(NEXT_OFFSET);
            }
        }

        @Override
        public long tracedElements() {
            return elements;
        }

        @Override
        public long claimedElements() {
            return region.readLong(BlockRef.offset(rootRef) + COUNT_OFFSET);
        }
    }
}
