package io.rallocator.collections;

import io.rallocator.persistence.StructureDroppedException;
import java.util.AbstractQueue;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A {@link QueueTable} seen through a codec, which runs before a lane is taken and after it was released.
 *
 * <p>Threads: any; each works on its own {@link Scratch}.
 */
final class PersistentQueue<E> extends AbstractQueue<E> implements RemoteQueue<E> {
    private static final int BATCH = 64;
    private static final int LOOKS_BETWEEN_SWEEPS = 16;

    private final QueueStore store;
    private final Codec<E> codec;

    PersistentQueue(final QueueStore store, final Codec<E> codec) {
        this.store = store;
        this.codec = codec;
    }

    // ---- in

    @Override
    public boolean offer(final E element) {
        final Scratch scratch = encode(element);
        try {
            return store.offer(scratch) > 0;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public boolean offer(final E element, final long timeout, final TimeUnit unit) throws InterruptedException {
        return offer(element, nanoseconds(timeout, unit));
    }

    @Override
    public void put(final E element) throws InterruptedException {
        offer(element, Long.MAX_VALUE);
    }

    private static long nanoseconds(final long timeout, final TimeUnit unit) {
        return Objects.requireNonNull(unit, "the unit of the timeout is null").toNanos(timeout);
    }

    private boolean offer(final E element, final long timeoutNs) throws InterruptedException {
        final Scratch scratch = encode(element);
        try {
            final Waiting waiting = new Waiting(timeoutNs);
            for (; ; ) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted; the element was not added");
                }
                final boolean added = store.offer(scratch) > 0;
                if (added || waiting.isOver()) {
                    return added;
                }
                waiting.pause();
            }
        } finally {
            scratch.exit();
        }
    }

    /** Puts as many elements into one slot as make a batch. */
    @Override
    public boolean addAll(final Collection<? extends E> elements) {
        if (Objects.requireNonNull(elements, "the collection is null") == this) {
            throw new IllegalArgumentException("a queue cannot be added to itself");
        }
        final int mostBytes = Math.min(
                BatchBlock.MOST_BYTES, store.table().session().geometry().maxBlockBytes());
        final Scratch scratch = Scratch.enter();
        try {
            scratch.offered.clear();
            boolean added = false;
            for (final E element : elements) {
                encode(scratch, element);
                if (!scratch.offered.isEmpty() && !scratch.offered.hasRoom(scratch.valueLength, mostBytes)) {
                    offerBatch(scratch);
                }
                scratch.offered.add(scratch);
                added = true;
            }
            if (added) {
                offerBatch(scratch);
            }
            return added;
        } finally {
            scratch.exit();
        }
    }

    /** Adds what is offered, in parts if there is not room for all at once. */
    private void offerBatch(final Scratch scratch) {
        while (!scratch.offered.isEmpty()) {
            final int added = store.offer(scratch);
            if (added == 0) {
                throw new IllegalStateException("Queue full");
            }
            scratch.offered.removeFirst(added);
        }
    }

    /** Returns a scratch that was entered and has the element as what is offered. */
    private Scratch encode(final E element) {
        final Scratch scratch = Scratch.enter();
        boolean encoded = false;
        try {
            encode(scratch, element);
            scratch.offered.clear();
            scratch.offered.add(scratch);
            encoded = true;
            return scratch;
        } finally {
            if (!encoded) {
                scratch.exit();
            }
        }
    }

    private void encode(final Scratch scratch, final E element) {
        scratch.encodeValue(codec, Objects.requireNonNull(element, "the element is null"));
        final int most = store.table().session().geometry().maxBlockBytes() - LeaseBlock.ELEMENT_OFFSET;
        if (scratch.valueLength > most) {
            throw new IllegalArgumentException("the element has " + scratch.valueLength + " bytes in codec "
                    + codec.id() + ", at most " + most
                    + " fit in one block of this pool; put it into a map and its key into the queue, or create the"
                    + " pool with larger slab classes");
        }
    }

    @Override
    public int remainingCapacity() {
        final Scratch scratch = Scratch.enter();
        try {
            return store.remainingCapacity(scratch);
        } finally {
            scratch.exit();
        }
    }

    // ---- out

    @Override
    public E poll() {
        final Scratch scratch = Scratch.enter();
        try {
            return store.poll(scratch) ? decode(scratch, true) : null;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public E peek() {
        final Scratch scratch = Scratch.enter();
        try {
            return store.peek(scratch) ? decode(scratch, false) : null;
        } finally {
            scratch.exit();
        }
    }

    private E decode(final Scratch scratch, final boolean gone) {
        return scratch.decode(codec, store, scratch.hash, gone);
    }

    @Override
    public E take() throws InterruptedException {
        return poll(Long.MAX_VALUE);
    }

    @Override
    public E poll(final long timeout, final TimeUnit unit) throws InterruptedException {
        return poll(nanoseconds(timeout, unit));
    }

    private E poll(final long timeoutNs) throws InterruptedException {
        final Waiting waiting = new Waiting(timeoutNs);
        for (; ; ) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for an element; none was taken");
            }
            final E element = poll();
            if (element != null || waiting.isOver()) {
                return element;
            }
            waiting.pause();
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
        final Scratch scratch = Scratch.enter();
        try {
            int count = 0;
            while (count < maxElements && store.drain(scratch, maxElements - count)) {
                deliver(scratch, target);
                count += scratch.run.count();
            }
            return count;
        } finally {
            scratch.exit();
        }
    }

    /** What was taken has left the queue: one that fails must not keep those behind it from being delivered. */
    private void deliver(final Scratch scratch, final Collection<? super E> target) {
        final Run run = scratch.run;
        Throwable failure = run.damage();
        for (int i = 0; i < run.count(); i++) {
            run.select(i, scratch);
            try {
                target.add(decode(scratch, true));
            } catch (final RuntimeException | Error e) {
                if (failure == null) {
                    failure = e;
                } else if (failure != e) {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure instanceof Error) {
            throw (Error) failure;
        } else if (failure != null) {
            throw (RuntimeException) failure;
        }
    }

    /** Takes elements without decoding them, until the queue was empty once. */
    @Override
    public void clear() {
        final Scratch scratch = Scratch.enter();
        try {
            while (store.drain(scratch, Run.MOST)) {
                if (scratch.run.damage() != null) {
                    throw scratch.run.damage();
                }
            }
        } finally {
            scratch.exit();
        }
    }

    // ---- on lease

    @Override
    public Lease<E> tryReceive() {
        return tryReceive(true);
    }

    private Lease<E> tryReceive(final boolean sweeps) {
        final Scratch scratch = Scratch.enter();
        try {
            final LeaseToken token = store.receive(scratch, sweeps);
            if (token == null) {
                return null;
            }
            final byte[] bytes = new byte[scratch.resultLength];
            scratch.result.buffer().getBytes(scratch.resultIndex, bytes);
            return new PersistentLease<>(store, codec, token, bytes);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public Lease<E> receive() throws InterruptedException {
        return receive(Long.MAX_VALUE);
    }

    @Override
    public Lease<E> receive(final long timeout, final TimeUnit unit) throws InterruptedException {
        return receive(nanoseconds(timeout, unit));
    }

    /** Does not look at all leases each time that it finds the queue empty: there may be many. */
    private Lease<E> receive(final long timeoutNs) throws InterruptedException {
        final Waiting waiting = new Waiting(timeoutNs);
        for (int looks = 0; ; looks++) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for an element; none was received");
            }
            final Lease<E> lease = tryReceive(looks % LOOKS_BETWEEN_SWEEPS == 0 || waiting.isOver());
            if (lease != null || waiting.isOver()) {
                return lease;
            }
            waiting.pause();
        }
    }

    // ---- looking

    @Override
    public long sizeLong() {
        final Scratch scratch = Scratch.enter();
        try {
            return store.size(scratch);
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
            return !store.peek(scratch);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public Iterator<E> iterator() {
        return new Walk();
    }

    /** Without a size, on which a stream would rely: it changes meanwhile. */
    @Override
    public Spliterator<E> spliterator() {
        return Spliterators.spliteratorUnknownSize(
                iterator(), Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.CONCURRENT);
    }

    // ---- out, wherever it is

    @Override
    public boolean remove(final Object element) {
        return element != null && removeSome(element::equals, true);
    }

    @Override
    public boolean removeIf(final Predicate<? super E> filter) {
        return removeSome(Objects.requireNonNull(filter, "the filter is null"), false);
    }

    @Override
    public boolean removeAll(final Collection<?> elements) {
        return removeSome(Objects.requireNonNull(elements, "the collection is null")::contains, false);
    }

    @Override
    public boolean retainAll(final Collection<?> elements) {
        Objects.requireNonNull(elements, "the collection is null");
        return removeSome(element -> !elements.contains(element), false);
    }

    /** Returns true if this call took an element; what others take meanwhile does not count. */
    private boolean removeSome(final Predicate<? super E> filter, final boolean onlyOne) {
        final Walk walk = new Walk();
        boolean removed = false;
        while (walk.hasNext() && !(removed && onlyOne)) {
            if (filter.test(walk.next())) {
                removed |= walk.take();
            }
        }
        return removed;
    }

    /** Walks over the queue batch by batch; holds nothing of the pool in between. */
    private final class Walk implements Iterator<E> {
        private QueueTable table = store.table();
        private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        private final Position position = new Position();
        private ScanBatch batch = new ScanBatch();
        private ScanBatch spare = new ScanBatch();
        private long epoch;
        private long place;
        private int next;
        private boolean ended;

        /** Where the element is that was returned last; null if there is none to remove. */
        private ScanBatch lastBatch;

        private int lastElement;
        private long lastEpoch;

        @Override
        public boolean hasNext() {
            if (next == batch.count() && !ended) {
                fill();
            }
            return next < batch.count();
        }

        /** Keeps the batch of the last element: it may still be removed. */
        private void fill() {
            final ScanBatch filled = spare;
            spare = batch;
            batch = filled;
            batch.clear();
            next = 0;
            while (!scan()) {
                table = store.table(); // it has moved before we saw anything of it
            }
            epoch = position.epoch;
            ended = batch.count() == 0;
        }

        private boolean scan() {
            boolean isFilled = false;
            try {
                place = table.scan(position, place, batch, BATCH);
                isFilled = true;
                return true;
            } catch (final StructureDroppedException e) {
                store.requireThere(e);
                if (place > 0) {
                    throw moved();
                }
                return false;
            } finally {
                if (!isFilled) {
                    batch.clear(); // what was read was not verified
                }
            }
        }

        @Override
        public E next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            lastBatch = batch;
            lastElement = next++;
            lastEpoch = epoch;
            return Decoding.decode(
                    codec,
                    view,
                    batch.buffer(),
                    batch.valueIndex(lastElement),
                    batch.valueLength(lastElement),
                    table,
                    Sighting.slotOffset(batch.buffer(), batch.keyIndex(lastElement)));
        }

        private StructureDroppedException moved() {
            return new StructureDroppedException(
                    "queue '" + store.name() + "' has moved to another blade; walk through it again");
        }

        /** Removes the element that was returned last, unless it has left the queue already. */
        @Override
        public void remove() {
            if (lastBatch == null) {
                throw new IllegalStateException(
                        "there is no element to remove: next was not called since the last one");
            }
            take();
        }

        /** Returns false if somebody else took the element that was returned last. */
        boolean take() {
            final Scratch scratch = Scratch.enter();
            try {
                return table.remove(scratch, lastBatch, lastElement, lastEpoch);
            } catch (final StructureDroppedException e) {
                store.requireThere(e);
                throw moved();
            } finally {
                lastBatch = null;
                scratch.exit();
            }
        }
    }
}
