package io.rallocator.collections;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** What a {@link RemoteByteArray} must be: a specification for tests, equal by its contents. For one thread. */
final class ByteArrayModel implements RemoteByteArray {
    private final byte[] values;

    private ByteArrayModel(final byte[] values) {
        this.values = values;
    }

    ByteArrayModel(final int length) {
        this(new byte[length]);
    }

    /** A copy of any array. */
    static ByteArrayModel of(final RemoteByteArray array) {
        final byte[] values = new byte[array.length()];
        array.read(0, values, 0, values.length);
        return new ByteArrayModel(values);
    }

    @Override
    public long longLength() {
        return values.length;
    }

    @Override
    public byte get(final long index) {
        return values[(int) index];
    }

    @Override
    public void set(final long index, final byte value) {
        values[(int) index] = value;
    }

    @Override
    public void read(final long index, final byte[] target, final int offset, final int length) {
        System.arraycopy(values, (int) index, target, offset, length);
    }

    @Override
    public void read(final long index, final MutableDirectBuffer target, final int offset, final int length) {
        target.putBytes(offset, values, (int) index, length);
    }

    @Override
    public void read(final Ranges ranges, final MutableDirectBuffer target, final int offset) {
        int at = offset;
        for (int i = 0; i < ranges.count(); i++) {
            read(ranges.index(i), target, at, ranges.length(i));
            at += ranges.length(i);
        }
    }

    @Override
    public void write(final long index, final byte[] source, final int offset, final int length) {
        write(index, new UnsafeBuffer(source), offset, length);
    }

    @Override
    public void write(final long index, final DirectBuffer source, final int offset, final int length) {
        source.getBytes(offset, values, (int) index, length);
    }

    @Override
    public void write(final Ranges ranges, final DirectBuffer source, final int offset) {
        int at = offset;
        for (int i = 0; i < ranges.count(); i++) {
            write(ranges.index(i), source, at, ranges.length(i));
            at += ranges.length(i);
        }
    }

    @Override
    public void fill(final long index, final long length, final byte value) {
        Arrays.fill(values, (int) index, (int) (index + length), value);
    }

    @Override
    public boolean equals(final Object object) {
        return object instanceof ByteArrayModel && Arrays.equals(values, ((ByteArrayModel) object).values);
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
