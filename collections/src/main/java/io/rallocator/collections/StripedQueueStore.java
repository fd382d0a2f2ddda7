package io.rallocator.collections;

import io.rallocator.persistence.StructureDroppedException;

/** A queue of a heap over several blades. It is one part, whichever blade has it: no two could keep one order without asking each other. */
final class StripedQueueStore implements QueueStore {
    private static final int ONE_PART = 0;

    private final Parts<QueueTable> parts;

    StripedQueueStore(final Parts<QueueTable> parts) {
        this.parts = parts;
    }

    @Override
    public String name() {
        return parts.name();
    }

    @Override
    public String typeName() {
        return QueueLayout.TYPE_NAME;
    }

    @Override
    public UnreadableElementException.Place place() {
        return UnreadableElementException.Place.SLOT;
    }

    @Override
    public long wordOffset(final long slotOffset) {
        return slotOffset;
    }

    @Override
    public QueueTable table() {
        return parts.get(ONE_PART);
    }

    @Override
    public void requireThere(final StructureDroppedException refusal) {
        parts.refused(ONE_PART, refusal);
    }

    @Override
    public int offer(final Scratch scratch) {
        return (int) parts.applyAsLong(ONE_PART, table -> table.offer(scratch));
    }

    @Override
    public boolean poll(final Scratch scratch) {
        return parts.apply(ONE_PART, table -> table.poll(scratch));
    }

    @Override
    public LeaseToken receive(final Scratch scratch, final boolean sweeps) {
        return parts.apply(ONE_PART, table -> table.receive(scratch, sweeps));
    }

    @Override
    public boolean acknowledge(final LeaseToken token) {
        for (QueueTable table = token.table(); ; ) {
            try {
                return table.acknowledge(token);
            } catch (final StructureDroppedException e) {
                table = lessor(token, e);
            }
        }
    }

    @Override
    public boolean release(final Scratch scratch, final LeaseToken token, final byte[] element) {
        for (QueueTable table = token.table(); ; ) {
            try {
                return table.release(scratch, token, element);
            } catch (final StructureDroppedException e) {
                table = lessor(token, e);
            }
        }
    }

    /** A queue with leases does not move, but somebody may have begun to move it, and put it back: then it has another name. */
    private QueueTable lessor(final LeaseToken token, final StructureDroppedException refusal) {
        parts.refused(ONE_PART, refusal);
        final QueueTable table = table();
        if (table.session() != token.table().session()
                || table.root().ref() != token.table().root().ref()) {
            throw refusal;
        }
        return table;
    }

    @Override
    public boolean drain(final Scratch scratch, final int most) {
        return parts.apply(ONE_PART, table -> table.drain(scratch, most));
    }

    @Override
    public boolean peek(final Scratch scratch) {
        return parts.apply(ONE_PART, table -> table.peek(scratch));
    }

    @Override
    public long size(final Scratch scratch) {
        return parts.applyAsLong(ONE_PART, table -> table.size(scratch));
    }

    @Override
    public int remainingCapacity(final Scratch scratch) {
        return (int) parts.applyAsLong(ONE_PART, table -> table.remainingCapacity(scratch));
    }
}
