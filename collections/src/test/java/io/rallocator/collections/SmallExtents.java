package io.rallocator.collections;

import io.rallocator.allocator.WorkerSession;

/** Arrays of many small extents, reached through directories, in pools that are small themselves. */
final class SmallExtents {
    private static final int EXTENT_BYTES = 1_024;
    private static final int DIRECTORY_BYTES = 512;

    private SmallExtents() {}

    static ArrayTable create(
            final WorkerSession session,
            final StructureCatalog catalog,
            final String name,
            final ArrayKind kind,
            final Codec<?> codec,
            final long length) {
        final ArrayLayout layout = ArrayLayout.create(kind, session.geometry(), length, EXTENT_BYTES, DIRECTORY_BYTES);
        return new ArrayTable(session, catalog.open(name, layout, codec.id(), ""), kind);
    }
}
