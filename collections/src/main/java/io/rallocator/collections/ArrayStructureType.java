package io.rallocator.collections;

import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.StructureTracer;
import io.rallocator.persistence.StructureType;

/** What the kinds of arrays tell recovery and the checker alike. */
abstract class ArrayStructureType implements StructureType {
    private final ArrayKind kind;

    ArrayStructureType(final ArrayKind kind) {
        this.kind = kind;
    }

    @Override
    public int code() {
        return kind.type();
    }

    @Override
    public String name() {
        return kind.typeName();
    }

    @Override
    public StructureTracer tracer(
            final NvmRegion region, final PoolGeometry geometry, final int root, final long rootRef) {
        return new ArrayTracer(new BlockProbe(region, geometry, root), kind, rootRef);
    }
}
