package io.rallocator.collections;

import java.util.List;
import java.util.RandomAccess;

/**
 * An array of objects in a blade's non-volatile memory: a {@link List} of fixed size, as {@link java.util.Arrays#asList}
 * makes one, for any number of threads, heaps and processes at once. Elements may be null, as all are in the beginning.
 *
 * <p><b>Atomicity.</b> Reading, setting and comparing-and-setting one element is atomic and linearizable. Methods that concern
 * many elements look at or change one after another. Iterators are weakly consistent: they show elements as they were when a
 * batch of them was read, and never fail because of changes.
 *
 * <p><b>Crash guarantee.</b> A change is durable when its method returned. One that was under way when its process died has
 * either happened or not. Nobody ever waits for a dead or stopped process.
 *
 * <p>Methods that would change the size, {@code add} and {@code remove}, throw {@link UnsupportedOperationException}.
 * {@code contains}, {@code indexOf} and {@code equals} compare objects; {@link #compareAndSet} compares encoded bytes.
 *
 * <p>An element has at most as many bytes, encoded, as the pool's largest block less 16. Null, and an array of nulls, take no
 * memory beyond that of words where others were.
 *
 * <p><b>Cost</b> in round trips: {@code get} 2, {@code set} 2, {@code compareAndSet} 3 (2 if the element is null); iterators,
 * {@code getAll} and what is built on them 2 for up to 128 elements or a mebibyte. The first access to an extent (some
 * hundreds to hundreds of thousands of elements) costs 2 more, 4 in arrays of very many extents.
 *
 * <p>All methods throw {@link IndexOutOfBoundsException} for an index that is negative or not less than the length,
 * {@link io.rallocator.persistence.OutOfRemoteMemoryException} if there is no memory for a change, which then did not happen,
 * {@link io.rallocator.persistence.HeapClosedException} after the heap was closed,
 * {@link io.rallocator.persistence.SessionFencedException} if this worker was declared dead, and
 * {@link io.rallocator.persistence.CorruptedPoolException} if stored bytes are damaged; an element that is damaged can be set,
 * but the {@code set} that replaces it throws after it did, because it cannot return the old one.
 *
 * @param <E> type of elements
 */
public interface RemoteArray<E> extends List<E>, RandomAccess {
    /**
     * How many elements there are.
     *
     * @return the length
     */
    long longLength();

    /**
     * {@link #longLength()}, at most {@link Integer#MAX_VALUE}.
     *
     * @return count
     */
    @Override
    int size();

    /**
     * Reads an element.
     *
     * @param index of the element
     * @return the element, or null
     */
    E get(long index);

    /**
     * Replaces an element.
     *
     * @param index of the element
     * @param element the new one, or null
     * @return the old one, or null
     * @throws IllegalArgumentException if the element has more bytes than fit in a block
     */
    E set(long index, E element);

    /**
     * Replaces an element and returns the old one: {@link #set(long, Object)}.
     *
     * @param index of the element
     * @param element the new one, or null
     * @return the old one, or null
     */
    default E getAndSet(final long index, final E element) {
        return set(index, element);
    }

    /**
     * Replaces an element if its encoded bytes are the expected ones.
     *
     * @param index of the element
     * @param expected what must be there, or null
     * @param element the new one, or null
     * @return true if it was replaced
     * @throws IllegalArgumentException if the new element has more bytes than fit in a block
     */
    boolean compareAndSet(long index, E expected, E element);

    /**
     * Reads elements that follow one another, in batches.
     *
     * @param from index of the first
     * @param count how many
     * @return them; a copy
     */
    List<E> getAll(long from, int count);
}
