package io.rallocator.collections;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.agrona.concurrent.UnsafeBuffer;

/** The objects of an {@link ElementSlots}: codecs run here, with no lane held. */
final class PersistentArray<E> extends AbstractList<E> implements RemoteArray<E> {
    private static final int BATCH = 128;

    private final ArrayTable table;
    private final ElementSlots slots;
    private final Codec<E> codec;

    PersistentArray(final ArrayTable table, final Codec<E> codec) {
        this.table = table;
        this.slots = new ElementSlots(table);
        this.codec = codec;
    }

    @Override
    public long longLength() {
        return table.layout().length();
    }

    @Override
    public int size() {
        return (int) Math.min(Integer.MAX_VALUE, longLength());
    }

    @Override
    public void add(final int index, final E element) {
        throw fixedSize();
    }

    @Override
    public E remove(final int index) {
        throw fixedSize();
    }

    private UnsupportedOperationException fixedSize() {
        return new UnsupportedOperationException(
                "the length of a remote array, " + longLength() + ", is fixed; set its elements");
    }

    // ---- one element

    @Override
    public E get(final int index) {
        return get((long) index);
    }

    @Override
    public E set(final int index, final E element) {
        return set((long) index, element);
    }

    @Override
    public E get(final long index) {
        Objects.checkIndex(index, longLength());
        final Scratch scratch = Scratch.enter();
        try {
            return slots.get(scratch, index) ? scratch.decode(codec, table, index, false) : null;
        } finally {
            scratch.exit();
        }
    }

    @Override
    public E set(final long index, final E element) {
        Objects.checkIndex(index, longLength());
        final Scratch scratch = Scratch.enter();
        try {
            encode(scratch, element);
            return slots.set(scratch, index, element == null) ? scratch.decode(codec, table, index, true) : null;
        } finally {
            scratch.exit();
        }
    }

    /** Sets an element and leaves the old one undecoded. */
    private void replace(final long index, final E element) {
        final Scratch scratch = Scratch.enter();
        try {
            encode(scratch, element);
            slots.set(scratch, index, element == null);
        } finally {
            scratch.exit();
        }
    }

    @Override
    public boolean compareAndSet(final long index, final E expected, final E element) {
        Objects.checkIndex(index, longLength());
        final Scratch scratch = Scratch.enter();
        try {
            encode(scratch, element);
            if (expected != null) {
                scratch.encodeExpected(codec, expected);
            }
            return slots.compareAndSet(scratch, index, expected == null, element == null);
        } finally {
            scratch.exit();
        }
    }

    private void encode(final Scratch scratch, final E element) {
        if (element == null) {
            return;
        }
        scratch.encodeValue(codec, element);
        final int most = table.session().geometry().maxBlockBytes() - Scratch.VALUE_INDEX;
        if (scratch.valueLength > most) {
            throw new IllegalArgumentException("the element has " + scratch.valueLength + " bytes in codec "
                    + codec.id() + ", at most " + most
                    + " fit in one block of this pool; put it into a byte array, or create the pool with larger slab"
                    + " classes");
        }
    }

    // ---- many

    @Override
    public List<E> getAll(final long from, final int count) {
        Objects.checkFromIndexSize(from, count, longLength());
        final List<E> elements = new ArrayList<>(count);
        final Window window = new Window();
        for (int i = 0; i < count; i++) {
            window.load(from + i, from + i, from + count);
            elements.add(window.get(from + i));
        }
        return elements;
    }

    @Override
    public Iterator<E> iterator() {
        return new Walk(0);
    }

    @Override
    public ListIterator<E> listIterator(final int index) {
        Objects.checkFromToIndex(0, index, size());
        return new Walk(index);
    }

    /** Elements that were read together. Holds nothing of the pool. */
    private final class Window {
        /** Length of an element that is not what was read any more. */
        private static final int FORGOTTEN = Integer.MIN_VALUE;

        private final ScanBatch batch = new ScanBatch();
        private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        private long first;

        /**
         * Makes sure that an element is there.
         *
         * @param index of the element
         * @param from where to begin to read if it is not, at most the index and at least that less {@link #BATCH}
         * @param to where to end at the latest
         */
        void load(final long index, final long from, final long to) {
            if (isHere(index)) {
                return;
            }
            boolean isLoaded = false;
            try {
                loadAll(index, from, to);
                isLoaded = true;
            } finally {
                if (!isLoaded) {
                    batch.clear(); // what was read was not verified
                }
            }
        }

        private void loadAll(final long index, final long from, final long to) {
            batch.clear();
            first = from;
            do {
                final int most = (int) Math.min(BATCH, to - first - batch.count());
                slots.collect(first + batch.count(), most, batch);
                if (index >= first + batch.count() && batch.isFull()) {
                    batch.clear(); // large elements: read those next to the index
                    first = index;
                }
            } while (index >= first + batch.count());
        }

        private boolean isHere(final long index) {
            return index >= first
                    && index < first + batch.count()
                    && batch.valueLength((int) (index - first)) != FORGOTTEN;
        }

        E get(final long index) {
            final int element = (int) (index - first);
            if (!batch.hasValue(element)) {
                return null;
            }
            final int length = batch.valueLength(element);
            return Decoding.decode(codec, view, batch.buffer(), batch.valueIndex(element), length, table, index);
        }

        /** An element was changed: it is to be read again. */
        void forget(final long index) {
            if (isHere(index)) {
                batch.setValue((int) (index - first), 0, FORGOTTEN);
            }
        }
    }

    /** Walks over the array batch by batch. */
    private final class Walk implements ListIterator<E> {
        private static final int NONE = -1;

        private final Window window = new Window();
        private long next;
        private long last = NONE;

        Walk(final long next) {
            this.next = next;
        }

        @Override
        public boolean hasNext() {
            return next < longLength();
        }

        @Override
        public E next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            window.load(next, next, longLength());
            last = next++; // what cannot be decoded can be passed, or set
            return window.get(last);
        }

        @Override
        public boolean hasPrevious() {
            return next > 0;
        }

        @Override
        public E previous() {
            if (!hasPrevious()) {
                throw new NoSuchElementException();
            }
            window.load(next - 1, Math.max(0, next - BATCH), next);
            last = --next;
            return window.get(last);
        }

        @Override
        public int nextIndex() {
            return (int) Math.min(Integer.MAX_VALUE, next);
        }

        @Override
        public int previousIndex() {
            return (int) Math.min(Integer.MAX_VALUE, next - 1);
        }

        @Override
        public void set(final E element) {
            if (last == NONE) {
                throw new IllegalStateException("neither next nor previous was called before set");
            }
            replace(last, element);
            window.forget(last);
        }

        @Override
        public void add(final E element) {
            throw fixedSize();
        }

        @Override
        public void remove() {
            throw fixedSize();
        }
    }
}
