package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.OutOfRemoteMemoryException;

/**
 * One array, in bytes: the only place that knows where in the pool a byte of it is. Extents come into being when they are
 * first written to; one that does not exist reads as zeros.
 *
 * <p>Threads: any.
 */
final class ArrayTable implements ElementPlaces {
    private static final Operation EXTENT = Operation.named("array.extent");

    private final WorkerSession session;
    private final StructureRoot root;
    private final ArrayLayout layout;
    private final String where;
    private final ExtentTable extents;

    /**
     * Opens an array.
     *
     * @param session of the heap
     * @param root of the array
     * @param kind of array
     */
    ArrayTable(final WorkerSession session, final StructureRoot root, final ArrayKind kind) {
        this.session = session;
        this.root = root;
        layout = ArrayLayout.of(kind, session.geometry(), root.parameter());
        where = kind.typeName() + " '" + root.name() + "'";
        final ExtentTable.Extents leaves = layout.hasDirectories() ? new InDirectories() : new InRoot(false);
        extents = new ExtentTable(EXTENT, OperationCode.ARRAY_EXTENT, BlockDescriptor.EXTENT, root.index(), leaves);
    }

    /** Blocks whose link words are in the root block. */
    private final class InRoot implements ExtentTable.Extents {
        private final boolean directories;

        InRoot(final boolean directories) {
            this.directories = directories;
        }

        @Override
        public int count() {
            return directories ? layout.directories() : layout.extents();
        }

        @Override
        public int bytes(final int extent) {
            return directories ? layout.directoryBytes(extent) : layout.extentBytes(extent);
        }

        @Override
        public long linkOffset(final Lane lane, final int extent, final boolean creates) {
            return root.offset() + ArrayLayout.linkOffset(extent);
        }
    }

    /** Extents whose link words are in directories. */
    private final class InDirectories implements ExtentTable.Extents {
        private final ExtentTable directories = new ExtentTable(
                EXTENT, OperationCode.ARRAY_DIRECTORY, BlockDescriptor.DIRECTORY, root.index(), new InRoot(true));

        @Override
        public int count() {
            return layout.extents();
        }

        @Override
        public int bytes(final int extent) {
            return layout.extentBytes(extent);
        }

        @Override
        public long linkOffset(final Lane lane, final int extent, final boolean creates) {
            final int directory = layout.directoryOf(extent);
            final long words = creates ? directories.ensure(lane, directory) : directories.find(lane, directory);
            return words == 0 ? 0 : words + layout.inDirectory(extent);
        }
    }

    @Override
    public String name() {
        return root.name();
    }

    StructureRoot root() {
        return root;
    }

    @Override
    public String typeName() {
        return layout.kind().typeName();
    }

    @Override
    public UnreadableElementException.Place place() {
        return UnreadableElementException.Place.INDEX;
    }

    /** Of the slot of an element. */
    @Override
    public long wordOffset(final long index) {
        final Lane lane = acquire();
        try {
            return find(lane, index * Long.BYTES);
        } finally {
            release(lane);
        }
    }

    int structure() {
        return root.index();
    }

    ArrayLayout layout() {
        return layout;
    }

    WorkerSession session() {
        return session;
    }

    /** What names this array in messages. */
    String where() {
        return where;
    }

    // ---- lanes

    /** Takes a lane, as {@link StructureRoot#acquire}; give it back by {@link #release}. */
    Lane acquire() {
        return root.acquire(session);
    }

    void release(final Lane lane) {
        session.release(lane);
    }

    /**
     * Takes a lane, and makes sure that a byte has a place in the pool.
     *
     * @param at byte of the array
     * @return the lane, with which {@link #find} does not answer 0
     * @throws OutOfRemoteMemoryException if there is no room for its extent even after waiting for what was freed
     */
    Lane acquireToWrite(final long at) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = acquire();
            boolean isReady = false;
            try {
                ensure(lane, at);
                isReady = true;
                return lane;
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                if (!isReady) {
                    release(lane);
                }
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    // ---- addresses; both methods may post the lane's chain, and use its write buffer

    /**
     * Where a byte is.
     *
     * @param lane held
     * @param at byte of the array
     * @return offset in the pool, or 0 if its extent does not exist yet
     */
    long find(final Lane lane, final long at) {
        final int extent = layout.extentOf(at);
        final long words = extents.find(lane, extent);
        return words == 0 ? 0 : words + (at - layout.extentStart(extent));
    }

    /**
     * Where a byte is, making its extent if there is none.
     *
     * @param lane held
     * @param at byte of the array
     * @return offset in the pool
     * @throws OutOfRemoteMemoryException if there is no room for the extent; give the lane back and wait for reclamation
     */
    long ensure(final Lane lane, final long at) {
        final int extent = layout.extentOf(at);
        return extents.ensure(lane, extent) + (at - layout.extentStart(extent));
    }

    /** The byte behind the last one that is in one piece with a byte. */
    long pieceEnd(final long at) {
        return layout.extentEnd(layout.extentOf(at));
    }
}
