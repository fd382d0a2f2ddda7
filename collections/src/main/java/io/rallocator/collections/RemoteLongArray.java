package io.rallocator.collections;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/**
 * An array of 64-bit integers in a blade's non-volatile memory, with the methods of {@link AtomicLongArray}. Any number of
 * threads, heaps and processes may use the same array at once. All elements are 0 in the beginning.
 *
 * <p><b>Atomicity.</b> Each method that names one element is atomic and linearizable; those of many elements are so for
 * each element by itself, in no promised order. The plain, opaque, acquire and release variants of
 * {@link AtomicLongArray} are here for convenience and are all as strong as the volatile ones.
 *
 * <p><b>Crash guarantee.</b> A change is durable when its method returned. One that was under way when its process died has
 * either happened or not; it never happened by half, and never twice. Of a bulk change each element is by itself.
 *
 * <p><b>Damage</b> of an element is not detected: all 64 bits are the value's, there is no room for a checksum.
 *
 * <p><b>Memory</b> is taken in extents (between 4 KiB and 4 MiB, by the pool's size) when an element of one is set to
 * another value than 0 for the first time, and stays: an array may be longer than there is memory as long as it is sparse.
 *
 * <p><b>Cost</b> in round trips: 1 for what reads, sets, adds, or swaps with an expected value; 2 for {@code getAndSet} and the
 * methods that take a function, and one more for each time that another changed the element meanwhile; bulk methods 1 for up
 * to 128 elements, or for a mebibyte in one piece. The first access to an extent costs 2 more, 4 in arrays of very many
 * extents.
 *
 * <p>Indexes are longs. All methods throw {@link IndexOutOfBoundsException} for an index that is negative or not less than the
 * length, {@link io.rallocator.persistence.OutOfRemoteMemoryException} if a change needs an extent for which there is no
 * memory, {@link io.rallocator.persistence.HeapClosedException} after the heap was closed,
 * {@link io.rallocator.persistence.SessionFencedException} if this worker was declared dead, and
 * {@link io.rallocator.persistence.CorruptedPoolException} if what leads to the elements is damaged.
 */
public interface RemoteLongArray {
    /**
     * How many elements there are.
     *
     * @return the length
     */
    long longLength();

    /**
     * How many elements there are, for an array that is not too long.
     *
     * @return the length
     * @throws ArithmeticException if it is more than {@link Integer#MAX_VALUE}; use {@link #longLength()}
     */
    default int length() {
        if (longLength() > Integer.MAX_VALUE) {
            throw new ArithmeticException(
                    "the array has " + longLength() + " elements, more than an int can say; use longLength()");
        }
        return (int) longLength();
    }

    // ---- one verb each

    /**
     * Reads an element.
     *
     * @param index of the element
     * @return its value
     */
    long get(long index);

    /**
     * Sets an element.
     *
     * @param index of the element
     * @param value the new one
     */
    void set(long index, long value);

    /**
     * Adds to an element, by the blade's own addition: contention costs nothing.
     *
     * @param index of the element
     * @param delta what to add
     * @return the value before
     */
    long getAndAdd(long index, long delta);

    /**
     * Sets an element if it has the expected value.
     *
     * @param index of the element
     * @param expected the value that it must have
     * @param value the new one
     * @return the value that was there: equal to the expected one exactly if the element was set
     */
    long compareAndExchange(long index, long expected, long value);

    // ---- many elements

    /**
     * Reads elements that follow one another.
     *
     * @param from index of the first
     * @param target where to
     * @param offset of the first in the target
     * @param count how many
     * @throws IndexOutOfBoundsException if they are not all in the array and in the target; then none is read
     */
    void getAll(long from, long[] target, int offset, int count);

    /**
     * Sets elements that follow one another.
     *
     * @param from index of the first
     * @param source where from
     * @param offset of the first in the source
     * @param count how many
     * @throws IndexOutOfBoundsException if they are not all in the array and in the source; then none is set
     */
    void setAll(long from, long[] source, int offset, int count);

    /**
     * Reads any elements.
     *
     * @param indexes of the elements, in any order
     * @param target gets the values, at the same places
     * @throws IllegalArgumentException if the target is shorter than the indexes
     */
    void getAll(long[] indexes, long[] target);

    /**
     * Sets any elements, in the order given.
     *
     * @param indexes of the elements
     * @param values the new ones, at the same places
     * @throws IllegalArgumentException if there are less values than indexes
     */
    void setAll(long[] indexes, long[] values);

    /**
     * Adds to any elements, in the order given.
     *
     * @param indexes of the elements; one that is there twice is added to twice
     * @param deltas what to add, at the same places
     * @throws IllegalArgumentException if there are less deltas than indexes
     */
    void addAll(long[] indexes, long[] deltas);

    // ---- the rest of AtomicLongArray

    /**
     * Sets an element and returns what it was.
     *
     * @param index of the element
     * @param value the new one
     * @return the value before
     */
    default long getAndSet(final long index, final long value) {
        long seen = get(index);
        for (; ; ) {
            final long found = compareAndExchange(index, seen, value);
            if (found == seen) {
                return found;
            }
            seen = found;
        }
    }

    /**
     * Sets an element if it has the expected value.
     *
     * @param index of the element
     * @param expected the value that it must have
     * @param value the new one
     * @return true if it was set
     */
    default boolean compareAndSet(final long index, final long expected, final long value) {
        return compareAndExchange(index, expected, value) == expected;
    }

    /**
     * Adds 1.
     *
     * @param index of the element
     * @return the value before
     */
    default long getAndIncrement(final long index) {
        return getAndAdd(index, 1);
    }

    /**
     * Subtracts 1.
     *
     * @param index of the element
     * @return the value before
     */
    default long getAndDecrement(final long index) {
        return getAndAdd(index, -1);
    }

    /**
     * Adds to an element.
     *
     * @param index of the element
     * @param delta what to add
     * @return the value after
     */
    default long addAndGet(final long index, final long delta) {
        return getAndAdd(index, delta) + delta;
    }

    /**
     * Adds 1.
     *
     * @param index of the element
     * @return the value after
     */
    default long incrementAndGet(final long index) {
        return addAndGet(index, 1);
    }

    /**
     * Subtracts 1.
     *
     * @param index of the element
     * @return the value after
     */
    default long decrementAndGet(final long index) {
        return addAndGet(index, -1);
    }

    /**
     * Replaces an element by what a function makes of it.
     *
     * @param index of the element
     * @param function without side effects: called again if the element changed meanwhile
     * @return the value before
     */
    default long getAndUpdate(final long index, final LongUnaryOperator function) {
        Objects.requireNonNull(function, "the function is null");
        long seen = get(index);
        for (; ; ) {
            final long found = compareAndExchange(index, seen, function.applyAsLong(seen));
            if (found == seen) {
                return found;
            }
            seen = found;
        }
    }

    /**
     * Replaces an element by what a function makes of it.
     *
     * @param index of the element
     * @param function without side effects: called again if the element changed meanwhile
     * @return the value after
     */
    default long updateAndGet(final long index, final LongUnaryOperator function) {
        Objects.requireNonNull(function, "the function is null");
        long seen = get(index);
        for (; ; ) {
            final long next = function.applyAsLong(seen);
            final long found = compareAndExchange(index, seen, next);
            if (found == seen) {
                return next;
            }
            seen = found;
        }
    }

    /**
     * Replaces an element by what a function makes of it and another value.
     *
     * @param index of the element
     * @param value the function's second argument
     * @param function without side effects: called again if the element changed meanwhile
     * @return the value before
     */
    default long getAndAccumulate(final long index, final long value, final LongBinaryOperator function) {
        Objects.requireNonNull(function, "the function is null");
        return getAndUpdate(index, seen -> function.applyAsLong(seen, value));
    }

    /**
     * Replaces an element by what a function makes of it and another value.
     *
     * @param index of the element
     * @param value the function's second argument
     * @param function without side effects: called again if the element changed meanwhile
     * @return the value after
     */
    default long accumulateAndGet(final long index, final long value, final LongBinaryOperator function) {
        Objects.requireNonNull(function, "the function is null");
        return updateAndGet(index, seen -> function.applyAsLong(seen, value));
    }

    // ---- as strong as those above

    /**
     * {@link #set}.
     *
     * @param index of the element
     * @param value the new one
     */
    default void lazySet(final long index, final long value) {
        set(index, value);
    }

    /**
     * {@link #get}.
     *
     * @param index of the element
     * @return its value
     */
    default long getPlain(final long index) {
        return get(index);
    }

    /**
     * {@link #set}.
     *
     * @param index of the element
     * @param value the new one
     */
    default void setPlain(final long index, final long value) {
        set(index, value);
    }

    /**
     * {@link #get}.
     *
     * @param index of the element
     * @return its value
     */
    default long getOpaque(final long index) {
        return get(index);
    }

    /**
     * {@link #set}.
     *
     * @param index of the element
     * @param value the new one
     */
    default void setOpaque(final long index, final long value) {
        set(index, value);
    }

    /**
     * {@link #get}.
     *
     * @param index of the element
     * @return its value
     */
    default long getAcquire(final long index) {
        return get(index);
    }

    /**
     * {@link #set}.
     *
     * @param index of the element
     * @param value the new one
     */
    default void setRelease(final long index, final long value) {
        set(index, value);
    }

    /**
     * {@link #compareAndExchange}.
     *
     * @param index of the element
     * @param expected the value that it must have
     * @param value the new one
     * @return the value that was there
     */
    default long compareAndExchangeAcquire(final long index, final long expected, final long value) {
        return compareAndExchange(index, expected, value);
    }

    /**
     * {@link #compareAndExchange}.
     *
     * @param index of the element
     * @param expected the value that it must have
     * @param value the new one
     * @return the value that was there
     */
    default long compareAndExchangeRelease(final long index, final long expected, final long value) {
        return compareAndExchange(index, expected, value);
    }

    /**
     * {@link #compareAndSet}: never fails for no reason.
     *
     * @param index of the element
     * @param expected the value that it must have
     * @param value the new one
     * @return true if it was set
     */
    default boolean weakCompareAndSetPlain(final long index, final long expected, final long value) {
        return compareAndSet(index, expected, value);
    }

    /**
     * {@link #compareAndSet}: never fails for no reason.
     *
     * @param index of the element
     * @param expected the value that it must have
     * @param value the new one
     * @return true if it was set
     */
    default boolean weakCompareAndSetVolatile(final long index, final long expected, final long value) {
        return compareAndSet(index, expected, value);
    }

    /**
     * {@link #compareAndSet}: never fails for no reason.
     *
     * @param index of the element
     * @param expected the value that it must have
     * @param value the new one
     * @return true if it was set
     */
    default boolean weakCompareAndSetAcquire(final long index, final long expected, final long value) {
        return compareAndSet(index, expected, value);
    }

    /**
     * {@link #compareAndSet}: never fails for no reason.
     *
     * @param index of the element
     * @param expected the value that it must have
     * @param value the new one
     * @return true if it was set
     */
    default boolean weakCompareAndSetRelease(final long index, final long expected, final long value) {
        return compareAndSet(index, expected, value);
    }
}
