package io.rallocator.collections;

import io.rallocator.persistence.StructureDroppedException;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Function;

/** An array of objects whose parts are on several blades, one behind the other. */
final class StripedArray<E> extends AbstractList<E> implements RemoteArray<E> {
    private static final int NONE = -1;

    private final Stripes stripes;
    private final Parts<RemoteArray<E>> parts;

    StripedArray(final Stripes stripes, final Parts<RemoteArray<E>> parts) {
        this.stripes = stripes;
        this.parts = parts;
    }

    @Override
    public long longLength() {
        return stripes.length();
    }

    @Override
    public int size() {
        return (int) Math.min(Integer.MAX_VALUE, longLength());
    }

    private int part(final long index) {
        return stripes.partOf(Objects.checkIndex(index, longLength()));
    }

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
        return parts.apply(part(index), part -> part.get(stripes.inPart(index)));
    }

    @Override
    public E set(final long index, final E element) {
        return parts.apply(part(index), part -> part.set(stripes.inPart(index), element));
    }

    @Override
    public boolean compareAndSet(final long index, final E expected, final E element) {
        return parts.apply(part(index), part -> part.compareAndSet(stripes.inPart(index), expected, element));
    }

    @Override
    public List<E> getAll(final long from, final int count) {
        Objects.checkFromIndexSize(from, count, longLength());
        final List<E> elements = new ArrayList<>(count);
        stripes.forEach(
                from,
                count,
                Integer.MAX_VALUE,
                (part, index, done, length) ->
                        elements.addAll(parts.apply(part, some -> some.getAll(index, (int) length))));
        return elements;
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

    @Override
    public Iterator<E> iterator() {
        return new Walk(0);
    }

    @Override
    public ListIterator<E> listIterator(final int index) {
        Objects.checkFromToIndex(0, index, size());
        return new Walk(index);
    }

    /** Walks over each part by its own iterator, which reads ahead. */
    private final class Walk implements ListIterator<E> {
        private long next;
        private long last = NONE;
        private int part = NONE;
        private ListIterator<E> inPart;

        Walk(final long next) {
            this.next = next;
        }

        /** A step of the walk over the part that an element is in. If the part has moved, its walk begins there anew. */
        private E step(final long index, final long from, final Function<ListIterator<E>, E> step) {
            final int wanted = stripes.partOf(index);
            last = index;
            for (; ; ) {
                if (wanted != part) {
                    inPart = parts.get(wanted).listIterator((int) (from - index + stripes.inPart(index)));
                    part = wanted;
                }
                try {
                    return step.apply(inPart);
                } catch (final StructureDroppedException e) {
                    parts.refused(wanted, e);
                    part = NONE;
                }
            }
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
            final long index = next;
            next++; // what cannot be decoded can be passed, or set
            return step(index, index, ListIterator::next);
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
            final long index = next - 1;
            next--;
            return step(index, index + 1, ListIterator::previous);
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
            if (last < 0) {
                throw new IllegalStateException("neither next nor previous was called before set");
            }
            StripedArray.this.set(last, element);
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
