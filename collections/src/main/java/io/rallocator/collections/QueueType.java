package io.rallocator.collections;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.StructureTracer;
import io.rallocator.persistence.StructureType;

/** Tells recovery and the checker how the blocks of queues are reached. Found by {@link java.util.ServiceLoader}. */
public final class QueueType implements StructureType {
    /** For {@link java.util.ServiceLoader}. */
    public QueueType() {}

    @Override
    public int code() {
        return QueueLayout.TYPE;
    }

    @Override
    public String name() {
        return QueueLayout.TYPE_NAME;
    }

    @Override
    public StructureTracer tracer(
            final NvmRegion region, final PoolGeometry geometry, final int root, final long rootRef) {
        return new QueueTracer(new BlockProbe(region, geometry, root), rootRef);
    }
}
