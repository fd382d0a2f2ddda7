package io.rallocator.collections;

import java.util.Arrays;

/** What a {@link RemoteLongArray} must be: a specification for tests, equal by its contents. For one thread. */
final class LongArrayModel implements RemoteLongArray {
    private final long[] values;

    private LongArrayModel(final long[] values) {
        this.values = values;
    }

    LongArrayModel(final int length) {
        this(new long[length]);
    }

    /** A copy of any array. */
    static LongArrayModel of(final RemoteLongArray array) {
        final long[] values = new long[array.length()];
        array.getAll(0, values, 0, values.length);
        return new LongArrayModel(values);
    }

    @Override
    public long longLength() {
        return values.length;
    }

    @Override
    public long get(final long index) {
        return values[(int) index];
    }

    @Override
    public void set(final long index, final long value) {
        values[(int) index] = value;
    }

    @Override
    public long getAndAdd(final long index, final long delta) {
        final long before = values[(int) index];
        values[(int) index] += delta;
        return before;
    }

    @Override
    public long compareAndExchange(final long index, final long expected, final long value) {
        final long before = values[(int) index];
        values[(int) index] = before == expected ? value : before;
        return before;
    }

    @Override
    public void getAll(final long from, final long[] target, final int offset, final int count) {
        System.arraycopy(values, (int) from, target, offset, count);
    }

    @Override
    public void setAll(final long from, final long[] source, final int offset, final int count) {
        System.arraycopy(source, offset, values, (int) from, count);
    }

    @Override
    public void getAll(final long[] indexes, final long[] target) {
        for (int i = 0; i < indexes.length; i++) {
            target[i] = get(indexes[i]);
        }
    }

    @Override
    public void setAll(final long[] indexes, final long[] given) {
        for (int i = 0; i < indexes.length; i++) {
            set(indexes[i], given[i]);
        }
    }

    @Override
    public void addAll(final long[] indexes, final long[] deltas) {
        for (int i = 0; i < indexes.length; i++) {
            getAndAdd(indexes[i], deltas[i]);
        }
    }

    @Override
    public boolean equals(final Object object) {
        return object instanceof LongArrayModel && Arrays.equals(values, ((LongArrayModel) object).values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return Arrays.toString(values);
    }
}
