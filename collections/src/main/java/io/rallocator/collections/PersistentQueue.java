package io.rallocator.collections;

import java.util.AbstractQueue;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A {@link QueueTable} seen through a codec, which runs before a lane is taken and after it was released.
 *
 * <p>Threads: any; each works on its own {@link Scratch}.
 */
final class PersistentQueue<E> extends AbstractQueue<E> implements RemoteQueue<E> {
    private static final int BATCH = 64;
    private static final long MIN_PARK_NS = 1_000;
    private static final long MAX_PARK_NS = 1_000_000;

    private final QueueTable table;
    private final Codec<E> codec;

    PersistentQueue(final QueueTable table, final Codec<E> codec) {
        this.table = table;
        this.codec = codec;
    }

    // ---- in

    @Override
    public boolean offer(final E element) {
        Objects.requireNonNull(element, "the element is null");
        final Scratch scratch = Scratch.enter();
        try {
            scratch.encodeValue(codec, element);
            final int most = table.session().geometry().maxBlockBytes() - Scratch.VALUE_INDEX;
            if (scratch.valueLength > most) {
                throw new IllegalArgumentException("the element has " + scratch.valueLength + " bytes in codec "
                        + codec.id() + ", at most " + most
                        + " fit in one block of this pool; put it into a map and its key into the queue, or create the"
                        + " pool with larger slab classes");
            }
            table.offer(scratch);
            return true;
        } finally {
            scratch.exit();
        }
    }

    /** Never waits: the queue has no bound. */
    @Override
    public boolean offer(final E element, final long timeout, final TimeUnit unit) {
        return offer(element);
    }

    /** Never waits: the queue has no bound. */
    @Override
    public void put(final E element) {
        offer(element);
    }

    @Override
    public int remainingCapacity() {
        return Integer.MAX_VALUE;
    }

    // ---- out

    @Override
    public E poll() {
        final Scratch scratch = Scratch.enter();
        try {
            return table.poll(scratch) ? decode(scratch) : null;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public E peek() {
        final Scratch scratch = Scratch.enter();
        try {
            return table.peek(scratch) ? decode(scratch) : null;
        } finally {
            scratch.exit();
        }
    }

    private E decode(final Scratch scratch) {
        return scratch.decode(codec, table.where(), scratch.hash);
    }

    @Override
    public E take() throws InterruptedException {
        return poll(Long.MAX_VALUE);
    }

    @Override
    public E poll(final long timeout, final TimeUnit unit) throws InterruptedException {
        return poll(unit.toNanos(timeout));
    }

    private E poll(final long timeoutNs) throws InterruptedException {
        final long from = System.nanoTime();
        IdleStrategy idle = null;
        for (; ; ) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for an element; none was taken");
            }
            final E element = poll();
            if (element != null || System.nanoTime() - from >= timeoutNs) {
                return element;
            }
            if (idle == null) {
                idle = new BackoffIdleStrategy(10, 20, MIN_PARK_NS, MAX_PARK_NS);
            }
            idle.idle();
        }
    }

    @Override
    public int drainTo(final Collection<? super E> target) {
        return drainTo(target, Integer.MAX_VALUE);
    }

    @Override
    public int drainTo(final Collection<? super E> target, final int maxElements) {
        if (Objects.requireNonNull(target, "the target is null") == this) {
            throw new IllegalArgumentException("a queue cannot be drained into itself");
        }
        int count = 0;
        while (count < maxElements) {
            final E element = poll();
            if (element == null) {
                break;
            }
            target.add(element);
            count++;
        }
        return count;
    }

    /** Takes elements without decoding them, until the queue was empty once. */
    @Override
    public void clear() {
        final Scratch scratch = Scratch.enter();
        try {
            while (table.poll(scratch)) {
                scratch.found = false;
            }
        } finally {
            scratch.exit();
        }
    }

    // ---- looking

    @Override
    public long sizeLong() {
        final Scratch scratch = Scratch.enter();
        try {
            return table.size(scratch);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public int size() {
        return (int) Math.min(Integer.MAX_VALUE, sizeLong());
    }

    @Override
    public boolean isEmpty() {
        final Scratch scratch = Scratch.enter();
        try {
            return !table.peek(scratch);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public Iterator<E> iterator() {
        return new Walk();
    }

    @Override
    public boolean remove(final Object element) {
        throw new UnsupportedOperationException("elements leave a remote queue at its head only; use poll");
    }

    /** Walks over the queue batch by batch; holds nothing of the pool in between. */
    private final class Walk implements Iterator<E> {
        private final ScanBatch batch = new ScanBatch();
        private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        private long place;
        private int next;
        private boolean ended;

        @Override
        public boolean hasNext() {
            if (next == batch.count() && !ended) {
                batch.clear();
                next = 0;
                final Scratch scratch = Scratch.enter();
                try {
                    place = table.scan(scratch, place, batch, BATCH);
                } finally {
                    scratch.exit();
                }
                ended = batch.count() == 0;
            }
            return next < batch.count();
        }

        @Override
        public E next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            final int element = next++;
            return Decoding.decode(
                    codec,
                    view,
                    batch.buffer(),
                    batch.valueIndex(element),
                    batch.valueLength(element),
                    table.where() + " of an element near place",
                    place);
        }
    }
}
