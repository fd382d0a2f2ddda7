package io.rallocator.persistence;

import org.agrona.DirectBuffer;

/**
 * Follows a structure that was dropped and whose blocks are being freed: its root word is pending, see
 * {@link RootDescriptor#isPending}. Children are marked as freed before what leads to them, so whatever is not marked is
 * still reached; what is marked does not count.
 */
public final class DroppedTracer implements StructureTracer {
    private final BlockLife lives;
    private final int root;
    private final long rootRef;
    private final StructureTracer former;

    /**
     * Makes one.
     *
     * @param region the pool
     * @param geometry of the pool
     * @param root index of the structure
     * @param rootRef reference of its root block, whose header was verified
     * @param type of the structure
     */
    public DroppedTracer(
            final NvmRegion region,
            final PoolGeometry geometry,
            final int root,
            final long rootRef,
            final StructureType type) {
        this.lives = new BlockLife(region, geometry);
        this.root = root;
        this.rootRef = rootRef;
        this.former = lives.isLive(rootRef, root) ? type.tracer(region, geometry, root, rootRef) : null;
    }

    @Override
    public boolean isReachable(final long ref, final DirectBuffer block, final int index) {
        return former != null && (ref == rootRef || former.isReachable(ref, block, index));
    }

    @Override
    public void trace(final Visitor visitor) {
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
                visitor.damage(offset, what);
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
