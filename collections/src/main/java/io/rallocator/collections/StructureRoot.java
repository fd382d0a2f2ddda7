package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.NamePage;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureDroppedException;
import org.agrona.DirectBuffer;

/** What the root block of a structure says, and whether the structure still exists. */
final class StructureRoot {
    private final int index;
    private final long ref;
    private final int type;
    private final long parameter;
    private final long createdMs;
    private final String firstCodec;
    private final String secondCodec;
    private volatile String name;
    private volatile boolean dropped;

    StructureRoot(
            final int index,
            final long ref,
            final String name,
            final int type,
            final long parameter,
            final long createdMs,
            final String firstCodec,
            final String secondCodec) {
        this.index = index;
        this.ref = ref;
        this.name = name;
        this.type = type;
        this.parameter = parameter;
        this.createdMs = createdMs;
        this.firstCodec = firstCodec;
        this.secondCodec = secondCodec;
    }

    /**
     * Reads what a root block says.
     *
     * @param entry the structure's name
     * @param block its root block, verified
     * @return the structure
     */
    static StructureRoot of(final NamePage.Entry entry, final DirectBuffer block) {
        return new StructureRoot(
                entry.root(),
                entry.ref(),
                entry.name(),
                block.getInt(RootDescriptor.TYPE_OFFSET),
                block.getLong(RootDescriptor.PARAMETER_OFFSET),
                block.getLong(RootDescriptor.CREATED_OFFSET),
                RootDescriptor.getText(block, RootDescriptor.FIRST_CODEC_OFFSET, RootDescriptor.MAX_CODEC_BYTES),
                RootDescriptor.getText(block, RootDescriptor.SECOND_CODEC_OFFSET, RootDescriptor.MAX_CODEC_BYTES));
    }

    /**
     * Takes a lane for an operation on this structure: none of its words is reused before the lane is given back.
     *
     * @param session whose
     * @return a lane, see {@link WorkerSession#acquire}
     * @throws StructureDroppedException if the structure was dropped
     */
    Lane acquire(final WorkerSession session) {
        final Lane lane = session.acquire();
        if (dropped) { // after the epoch is pinned: the session learns of drops before it uses a new one
            session.release(lane);
            throw new StructureDroppedException(
                    "'" + name + "' was dropped; open it by its name again if you want it anew");
        }
        return lane;
    }

    boolean isDropped() {
        return dropped;
    }

    void drop() {
        dropped = true;
    }

    /** Tells whether a root word still leads here, to a structure in use. */
    boolean isRootOf(final long word) {
        return RootDescriptor.isLive(word) && LinkWord.offset(word) == offset();
    }

    /** Index in the root table: the structure's number. */
    int index() {
        return index;
    }

    /** Reference of the root block. */
    long ref() {
        return ref;
    }

    /** Where the root block is; it never moves. */
    long offset() {
        return BlockRef.offset(ref);
    }

    /** The name that this worker knew last: others may have renamed the structure since. */
    String name() {
        return name;
    }

    void name(final String known) {
        name = known;
    }

    int type() {
        return type;
    }

    long parameter() {
        return parameter;
    }

    /** Milliseconds since 1970. */
    long createdMs() {
        return createdMs;
    }

    /** Id of the key's or element's codec. */
    String firstCodec() {
        return firstCodec;
    }

    /** Id of the value's codec, or empty. */
    String secondCodec() {
        return secondCodec;
    }
}
