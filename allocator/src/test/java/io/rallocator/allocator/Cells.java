package io.rallocator.allocator;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SizeClasses;
import java.util.function.BiConsumer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The smallest structure: an array of link words, each of which points to an element block with one long in it, or to a
 * tombstone. Size stripes follow the link words. Opened anew by every session.
 */
final class Cells {
    /** What {@link #get} returns for an empty cell. */
    static final long ABSENT = Long.MIN_VALUE;

    static final Operation CREATE = Operation.named("cells.create");
    static final Operation GET = Operation.named("cells.get");
    static final Operation PUT = Operation.named("cells.put");
    static final Operation REMOVE = Operation.named("cells.remove");
    static final Operation SIZE = Operation.named("cells.size");
    static final Operation DROP = Operation.named("cells.drop");

    private static final int VALUE_OFFSET = BlockDescriptor.HEADER_BYTES;
    private static final int PUT_CODE = 1;
    private static final int REMOVE_CODE = 2;
    private static final int CREATE_CODE = 3;

    private final WorkerSession session;
    private final int root;
    private final int count;
    private final long words;

    /** Waits, with no lane held, for memory; gets what was thrown and how often this was tried. */
    BiConsumer<OutOfRemoteMemoryException, Integer> waiting;

    private Cells(final WorkerSession session, final int root, final int count, final long words) {
        this.session = session;
        this.root = root;
        this.count = count;
        this.words = words;
        this.waiting = session::awaitReclamation;
    }

    static boolean isElement(final UnsafeBuffer block) {
        return BlockDescriptor.length(block, 0) > BlockDescriptor.HEADER_BYTES;
    }

    /** Creates the cells, or opens them if the root exists. */
    static Cells open(final WorkerSession session, final int root, final int count) {
        final long link = session.geometry().rootOffset(root);
        final Lane lane = session.acquire();
        try {
            final long old = lane.readWord(CREATE, link);
            if (LinkWord.isPointer(old)) {
                return new Cells(session, root, count, LinkWord.offset(old) + RootDescriptor.WORDS_OFFSET);
            }
            final int stripes =
                    session.geometry().sessions() * session.geometry().lanes();
            final int bytes = RootDescriptor.WORDS_OFFSET + 8 * (count + stripes);
            final long ref = lane.allocate(bytes);
            final UnsafeBuffer block = lane.writeBuffer(bytes);
            block.setMemory(0, bytes, (byte) 0);
            block.putInt(RootDescriptor.TYPE_OFFSET, CellsType.CODE);
            block.putLong(RootDescriptor.PARAMETER_OFFSET, count);
            BlockDescriptor.seal(block, 0, RootDescriptor.WORDS_OFFSET, BlockDescriptor.ROOT, root, root, ref);
            if (!lane.commit()
                    .begin(CREATE_CODE, root, link, old, LinkWord.pointTo(old, ref))
                    .allocate(ref, block, 0, bytes)
                    .post(CREATE)) {
                throw new IllegalStateException("somebody else created root " + root);
            }
            return new Cells(session, root, count, BlockRef.offset(ref) + RootDescriptor.WORDS_OFFSET);
        } finally {
            session.release(lane);
        }
    }

    WorkerSession session() {
        return session;
    }

    int count() {
        return count;
    }

    long link(final int cell) {
        return words + 8L * cell;
    }

    long get(final int cell) {
        final Lane lane = session.acquire();
        try {
            final long word = lane.readWord(GET, link(cell));
            if (!LinkWord.isPointer(word)) {
                return ABSENT;
            }
            final UnsafeBuffer block = read(lane, word, link(cell));
            return isElement(block) ? block.getLong(VALUE_OFFSET) : ABSENT;
        } finally {
            session.release(lane);
        }
    }

    /** Sets a cell to a block of so many bytes that holds a value. */
    void put(final int cell, final long value, final int bytes) {
        write(cell, value, Math.max(bytes, VALUE_OFFSET + 8), PUT);
    }

    void remove(final int cell) {
        write(cell, 0, BlockDescriptor.HEADER_BYTES, REMOVE);
    }

    private void write(final int cell, final long value, final int bytes, final Operation operation) {
        for (int attempt = 0; ; attempt++) {
            try {
                final Lane lane = session.acquire();
                try {
                    write(lane, cell, value, bytes, operation);
                    return;
                } finally {
                    session.release(lane);
                }
            } catch (final OutOfRemoteMemoryException e) {
                waiting.accept(e, attempt);
            }
        }
    }

    /** Runs on a lane of the caller's. */
    void write(final Lane lane, final int cell, final long value, final int bytes, final Operation operation) {
        final boolean element = operation == PUT;
        long old = lane.readWord(operation, link(cell));
        final long ref = lane.allocate(bytes);
        for (; ; ) {
            long delta = element ? 1 : 0;
            long oldRef = 0;
            if (LinkWord.isPointer(old)) {
                final UnsafeBuffer oldBlock = read(lane, old, link(cell));
                oldRef = BlockDescriptor.refOf(old, oldBlock, 0);
                delta -= isElement(oldBlock) ? 1 : 0;
            }
            final UnsafeBuffer block = encode(lane, cell, value, bytes, ref);
            final Commit commit = lane.commit()
                    .begin(element ? PUT_CODE : REMOVE_CODE, root, link(cell), old, LinkWord.pointTo(old, ref))
                    .allocate(ref, block, 0, bytes);
            if (oldRef != 0) {
                commit.free(oldRef);
            }
            if (delta != 0) {
                commit.stripe(stripe(lane), delta);
            }
            if (commit.post(operation)) {
                return;
            }
            old = commit.witness();
        }
    }

    /** Builds the block of an element, or of a tombstone if it has no room for a value. */
    UnsafeBuffer encode(final Lane lane, final int cell, final long value, final int bytes, final long ref) {
        final UnsafeBuffer block = lane.writeBuffer(bytes);
        block.setMemory(0, bytes, (byte) value);
        if (bytes > VALUE_OFFSET) {
            block.putLong(VALUE_OFFSET, value);
        }
        BlockDescriptor.seal(block, 0, bytes, BlockDescriptor.ELEMENT, root, link(cell) >>> 3, ref);
        return block;
    }

    /** Makes the root word that of a structure without a name, whose creator is gone. */
    void drop() {
        final Lane lane = session.acquire();
        try {
            final long link = session.geometry().rootOffset(root);
            final long old = lane.readWord(DROP, link);
            lane.chain().compareAndSwap(link, old, old | LinkWord.FROZEN);
            lane.chain().persist();
            lane.chain().post(DROP);
        } finally {
            session.release(lane);
        }
    }

    /** Where the lane's stripe is. */
    long stripe(final Lane lane) {
        return words + 8L * (count + lane.stripeIndex());
    }

    private UnsafeBuffer read(final Lane lane, final long word, final long link) {
        final int bytes = SizeClasses.bytes(LinkWord.blockClass(word));
        final UnsafeBuffer block = lane.readBuffer(bytes);
        lane.chain().read(LinkWord.offset(word), block, 0, bytes).post(GET);
        if (!BlockDescriptor.isValid(block, 0, bytes)
                || BlockDescriptor.structure(block, 0) != root
                || BlockDescriptor.locator(block, 0) << 3 != link) {
            throw new AssertionError("the word 0x" + Long.toHexString(word) + " at " + link + " points to kind "
                    + BlockDescriptor.kind(block, 0) + ", length " + BlockDescriptor.length(block, 0) + ", structure "
                    + BlockDescriptor.structure(block, 0) + ", locator " + BlockDescriptor.locator(block, 0)
                    + ": a block was reused while it was reachable");
        }
        return block;
    }

    /** Elements according to the stripes and the intents of live sessions. */
    long size() {
        session.settle();
        final long unsettled = session.unsettledDelta(root);
        final Lane lane = session.acquire();
        try {
            final int stripes =
                    session.geometry().sessions() * session.geometry().lanes();
            final UnsafeBuffer block = lane.readBuffer(8 * stripes);
            lane.chain().read(words + 8L * count, block, 0, 8 * stripes).post(SIZE);
            long sum = unsettled;
            for (int i = 0; i < stripes; i++) {
                sum += Commit.stripeCount(block.getLong(8 * i));
            }
            return sum;
        } finally {
            session.release(lane);
        }
    }
}
