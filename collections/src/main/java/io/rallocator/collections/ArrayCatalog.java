package io.rallocator.collections;

import io.rallocator.allocator.WorkerSession;
import java.util.HashMap;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The arrays that one heap has opened.
 *
 * <p>Threads: any.
 */
final class ArrayCatalog {
    /** Opens an array that exists, instead of creating it. */
    static final long ANY_LENGTH = -1;

    private final WorkerSession session;
    private final StructureCatalog catalog;
    private final Map<StructureRoot, ArrayTable> tables = new HashMap<>();

    ArrayCatalog(final WorkerSession session, final StructureCatalog catalog) {
        this.session = session;
        this.catalog = catalog;
    }

    /** A length that the application gave. */
    static long given(final long length) {
        if (length < 0) {
            throw new IllegalArgumentException("the length of an array cannot be " + length);
        }
        return length;
    }

    /**
     * Opens an array.
     *
     * @param name of the array
     * @param kind of array
     * @param codec of its elements
     * @param length elements, or {@link #ANY_LENGTH}
     * @return the array
     * @throws IllegalArgumentException if it is something else, or of another length, or if there is none and the length is
     *     {@link #ANY_LENGTH}
     */
    ArrayTable open(final String name, final ArrayKind kind, final Codec<?> codec, final long length) {
        session.checkOpen();
        final ArrayTable table = find(name, kind, codec.id(), "", length);
        final long found = table.layout().length();
        if (length != ANY_LENGTH && length != found) {
            throw new IllegalArgumentException("'" + name + "' is a " + kind.typeName() + " of " + found
                    + " elements, asked for was one of " + length + "; its length cannot be changed");
        }
        return table;
    }

    /**
     * Opens a placement, creating it if there is none of this name.
     *
     * @param name of the structure
     * @param firstCodec id of its codec for keys or elements
     * @param secondCodec id of its codec for values, or empty
     * @return the placement's words
     */
    ArrayTable placement(final String name, final String firstCodec, final String secondCodec) {
        session.checkOpen();
        return find(name, ArrayKind.PLACEMENT, firstCodec, secondCodec, Placement.LENGTH);
    }

    /** Opens a placement that exists. */
    ArrayTable placement(final StructureRoot root) {
        return PoolHeap.tableOf(tables, root, () -> new ArrayTable(session, root, ArrayKind.PLACEMENT));
    }

    private ArrayTable find(
            final String name,
            final ArrayKind kind,
            final String firstCodec,
            final String secondCodec,
            final long length) {
        final Blueprint blueprint = length == ANY_LENGTH
                ? new ExistingArray(name, kind)
                : ArrayLayout.create(kind, session.geometry(), length);
        final StructureRoot root = catalog.open(name, blueprint, firstCodec, secondCodec);
        return PoolHeap.tableOf(tables, root, () -> new ArrayTable(session, root, kind));
    }

    /** Says of which type an array must be, and nothing that could create one. */
    private static final class ExistingArray implements Blueprint {
        private final String name;
        private final ArrayKind kind;

        ExistingArray(final String name, final ArrayKind kind) {
            this.name = name;
            this.kind = kind;
        }

        @Override
        public int type() {
            return kind.type();
        }

        @Override
        public String typeName() {
            return kind.typeName();
        }

        @Override
        public long parameter() {
            throw missing();
        }

        @Override
        public int rootBytes() {
            throw missing();
        }

        @Override
        public int firstBytes() {
            throw missing();
        }

        @Override
        public void fill(
                final UnsafeBuffer buffer,
                final int rootAt,
                final int firstAt,
                final int structure,
                final long firstRef) {
            throw missing();
        }

        private IllegalArgumentException missing() {
            return new IllegalArgumentException(
                    "there is no " + kind.typeName() + " '" + name + "'; say its length to create it");
        }
    }
}
