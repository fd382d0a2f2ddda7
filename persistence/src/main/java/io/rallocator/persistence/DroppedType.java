package io.rallocator.persistence;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A structure that was dropped and whose blocks are being freed: its root word leads to a block that leads to the root
 * block that it had. Children are marked as freed before what leads to them, so whatever is not marked is still reached;
 * what is marked may be anything by now, and so may what it seems to lead to.
 */
public final class DroppedType implements StructureType {
    /** Used by {@link java.util.ServiceLoader}. */
    public DroppedType() {}

    @Override
    public int code() {
        return RootDescriptor.DROPPED;
    }

    @Override
    public String name() {
        return "dropped";
    }

    @Override
    public StructureTracer tracer(
            final NvmRegion region, final PoolGeometry geometry, final int root, final long rootRef) {
        return new Tracer(region, geometry, root, rootRef);
    }

    /** Follows what the structure was, as far as it is still there. */
    private static final class Tracer implements StructureTracer {
        private final BlockLife lives;
        private final PoolGeometry geometry;
        private final int root;
        private final long tombRef;
        private final long formerRef;
        private final StructureTracer former;

        Tracer(final NvmRegion region, final PoolGeometry geometry, final int root, final long tombRef) {
            this.geometry = geometry;
            this.root = root;
            this.tombRef = tombRef;
            lives = new BlockLife(region, geometry);
            formerRef = region.readLong(BlockRef.offset(tombRef) + RootDescriptor.PARAMETER_OFFSET);
            former = lives.isLive(formerRef, root) ? formerTracer(region) : null;
        }

        private StructureTracer formerTracer(final NvmRegion region) {
            final UnsafeBuffer type = new UnsafeBuffer(new byte[Integer.BYTES]);
            region.read(BlockRef.offset(formerRef) + RootDescriptor.TYPE_OFFSET, type, 0, Integer.BYTES);
            final StructureType structureType = StructureType.installed().get(type.getInt(0));
            if (structureType == null) {
                throw new CorruptedPoolException(
                        "structure " + root + " was dropped, and nothing on the class path knows" + " its type "
                                + type.getInt(0) + "; serve the pool with a program that does");
            }
            return structureType.tracer(region, geometry, root, formerRef);
        }

        @Override
        public boolean isReachable(final long ref, final DirectBuffer block, final int index) {
            return ref == tombRef || ref == formerRef || former != null && former.isReachable(ref, block, index);
        }

        @Override
        public void trace(final Visitor visitor) {
            visitor.block(tombRef, geometry.rootOffset(root));
            if (former == null) {
                return;
            }
            former.trace(new Visitor() {
                @Override
                public void block(final long ref, final long linkOffset) {
                    if (lives.isLive(ref, root)) {
                        visitor.block(ref, linkOffset);
                    }
                }

                @Override
                public void damage(final long offset, final String what) {
                    // what looks like damage is the next life of a block that was freed already
                }
            });
        }

        @Override
        public long tracedElements() {
            return 0;
        }

        @Override
        public long claimedElements() {
            return -1;
        }
    }
}
