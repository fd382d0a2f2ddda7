package io.rallocator.collections;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.StructureDroppedException;

/**
 * One queue, in bytes: a list of segments of slots. An element enters by one swap of the first empty slot, and leaves by one
 * swap of the first slot that is not taken. There are no tickets: a producer that dies leaves no hole, and a consumer that
 * dies has taken nothing that it did not return.
 *
 * <p>Threads: any.
 */
final class QueueTable implements QueueStore {
    private final WorkerSession session;
    private final StructureRoot root;
    private final String where;
    private final QueueLayout layout;
    private final SegmentReader reader;
    private final QueueTail tail;
    private final QueueHead head;
    private final QueueLeases leases;

    /**
     * Opens a queue.
     *
     * @param session of the heap
     * @param root of the queue
     */
    QueueTable(final WorkerSession session, final StructureRoot root) {
        this.session = session;
        this.root = root;
        this.where = "queue '" + root.name() + "', slot offset";
        layout = QueueLayout.of(session.geometry(), root.parameter());
        reader = new SegmentReader(this);
        tail = new QueueTail(this);
        head = new QueueHead(this);
        leases = new QueueLeases(this);
    }

    WorkerSession session() {
        return session;
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
        return QueueLayout.TYPE_NAME;
    }

    @Override
    public UnreadableElementException.Place place() {
        return UnreadableElementException.Place.SLOT;
    }

    /** An element is known by the offset of its slot. */
    @Override
    public long wordOffset(final long slotOffset) {
        return slotOffset;
    }

    @Override
    public QueueTable table() {
        return this;
    }

    @Override
    public void requireThere(final StructureDroppedException refusal) {
        throw refusal;
    }

    int structure() {
        return root.index();
    }

    QueueLayout layout() {
        return layout;
    }

    SegmentReader reader() {
        return reader;
    }

    QueueTail tail() {
        return tail;
    }

    QueueHead head() {
        return head;
    }

    QueueLeases leases() {
        return leases;
    }

    long headOffset() {
        return root.offset() + QueueLayout.HEAD_OFFSET;
    }

    long tailOffset() {
        return root.offset() + QueueLayout.TAIL_OFFSET;
    }

    long leasesOffset() {
        return root.offset() + QueueLayout.LEASES_OFFSET;
    }

    /** What names a place in this queue in messages. */
    String where() {
        return where;
    }

    // ---- operations

    @Override
    public int offer(final Scratch scratch) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = root.acquire(session);
            try {
                return tail.offer(lane, scratch);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    @Override
    public boolean poll(final Scratch scratch) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = root.acquire(session);
            try {
                return head.poll(lane, scratch);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e; // taking a part of a batch writes the rest of it
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    @Override
    public LeaseToken receive(final Scratch scratch, final boolean sweeps) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = root.acquire(session);
            try {
                return leases.receive(lane, scratch, sweeps);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e; // a lease is a copy of the element
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    /** Elements on lease, and those that were released and not received since. */
    int countLeases() {
        final Lane lane = root.acquire(session);
        try {
            return leases.count(lane);
        } finally {
            session.release(lane);
        }
    }

    @Override
    public boolean acknowledge(final LeaseToken token) {
        final Lane lane = root.acquire(session);
        try {
            return leases.acknowledge(lane, token);
        } finally {
            session.release(lane);
        }
    }

    @Override
    public boolean release(final Scratch scratch, final LeaseToken token, final byte[] element) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = root.acquire(session);
            try {
                return leases.release(lane, scratch, token, element);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    @Override
    public boolean drain(final Scratch scratch, final int most) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = root.acquire(session);
            try {
                return head.drain(lane, scratch, most);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e; // taking a part of a batch writes the rest of it
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }

    @Override
    public boolean peek(final Scratch scratch) {
        final Lane lane = root.acquire(session);
        try {
            return head.peek(lane, scratch);
        } finally {
            session.release(lane);
        }
    }

    @Override
    public long size(final Scratch scratch) {
        final Lane lane = root.acquire(session);
        try {
            return head.count(lane, scratch.position);
        } finally {
            session.release(lane);
        }
    }

    @Override
    public int remainingCapacity(final Scratch scratch) {
        if (layout.capacity() == QueueLayout.UNBOUNDED) {
            return Integer.MAX_VALUE;
        }
        final Lane lane = root.acquire(session);
        try {
            final Position first = scratch.otherEnd;
            final Position end = scratch.position;
            head.find(lane, first);
            tail.find(lane, end);
            final long used = end.ordinal * layout.slots() + end.slot - head.firstPlace(lane, first);
            return (int) Math.max(0, Math.min(layout.capacity(), layout.capacity() - used));
        } finally {
            session.release(lane);
        }
    }

    /**
     * Collects elements in order from an absolute place on.
     *
     * @param position where the last call for the same walk ended; its epoch is then the one in which they were seen
     * @param from how many slots the queue has had before the place
     * @param batch gets the elements
     * @param atLeast so many, unless the queue ends before or the batch is full
     * @return the place to go on
     */
    long scan(final Position position, final long from, final ScanBatch batch, final int atLeast) {
        final Lane lane = root.acquire(session);
        try {
            return head.collect(lane, position, from, batch, atLeast);
        } finally {
            session.release(lane);
        }
    }

    /**
     * Takes an element that was collected, wherever it is by now.
     *
     * @param scratch for the position
     * @param batch has the element
     * @param element number in the batch
     * @param epoch in which the batch was collected
     * @return false if somebody else took it
     */
    boolean remove(final Scratch scratch, final ScanBatch batch, final int element, final long epoch) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = root.acquire(session);
            try {
                return head.remove(lane, scratch, batch, element, epoch);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e; // taking a part of a batch writes the rest of it
            } finally {
                session.release(lane);
            }
            session.awaitReclamation(exhausted, attempt);
        }
    }
}
