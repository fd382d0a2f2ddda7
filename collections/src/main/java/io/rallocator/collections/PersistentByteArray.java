package io.rallocator.collections;

import io.rallocator.allocator.Operation;
import java.util.Objects;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The bytes of an {@link ArrayTable}. */
final class PersistentByteArray implements RemoteByteArray {
    private static final Operation READ = Operation.named("bytes.read");
    private static final Operation WRITE = Operation.named("bytes.write");
    private static final int FILLED_IN_A_RANGE = 1 << 30;

    private final ArrayTable table;

    PersistentByteArray(final ArrayTable table) {
        this.table = table;
    }

    @Override
    public long longLength() {
        return table.layout().length();
    }

    @Override
    public byte get(final long index) {
        Objects.checkIndex(index, longLength());
        final byte[] value = new byte[1];
        read(index, value, 0, 1);
        return value[0];
    }

    @Override
    public void set(final long index, final byte value) {
        Objects.checkIndex(index, longLength());
        fill(index, 1, value);
    }

    // ---- reading

    @Override
    public void read(final long index, final byte[] target, final int offset, final int length) {
        read(range(index, length), new UnsafeBuffer(Objects.requireNonNull(target, "the target is null")), offset);
    }

    @Override
    public void read(final long index, final MutableDirectBuffer target, final int offset, final int length) {
        read(range(index, length), target, offset);
    }

    @Override
    public void read(final Ranges ranges, final MutableDirectBuffer target, final int offset) {
        Objects.requireNonNull(target, "the target is null");
        check(ranges, target, offset);
        ByteTransfer.read(
                table,
                READ,
                ranges,
                (buffer, at, position, count) -> buffer.getBytes(at, target, offset + (int) position, count));
    }

    // ---- writing

    @Override
    public void write(final long index, final byte[] source, final int offset, final int length) {
        write(range(index, length), new UnsafeBuffer(Objects.requireNonNull(source, "the source is null")), offset);
    }

    @Override
    public void write(final long index, final DirectBuffer source, final int offset, final int length) {
        write(range(index, length), source, offset);
    }

    @Override
    public void write(final Ranges ranges, final DirectBuffer source, final int offset) {
        Objects.requireNonNull(source, "the source is null");
        check(ranges, source, offset);
        ByteTransfer.write(
                table,
                WRITE,
                ranges,
                true,
                (buffer, at, position, count) -> buffer.putBytes(at, source, offset + (int) position, count));
    }

    @Override
    public void fill(final long index, final long length, final byte value) {
        Objects.checkFromIndexSize(index, length, longLength());
        final Ranges ranges = new Ranges();
        for (long done = 0; done < length; done += FILLED_IN_A_RANGE) {
            ranges.add(index + done, (int) Math.min(FILLED_IN_A_RANGE, length - done));
        }
        ByteTransfer.write(
                table, WRITE, ranges, value != 0, (buffer, at, position, count) -> buffer.setMemory(at, count, value));
    }

    // ---- bounds

    private Ranges range(final long index, final int length) {
        Objects.checkFromIndexSize(index, length, longLength());
        return new Ranges().add(index, length);
    }

    private void check(final Ranges ranges, final DirectBuffer local, final int offset) {
        Objects.requireNonNull(ranges, "the ranges are null");
        for (int i = 0; i < ranges.count(); i++) {
            Objects.checkFromIndexSize(ranges.index(i), ranges.length(i), longLength());
        }
        Objects.checkFromIndexSize(offset, ranges.bytes(), (long) local.capacity());
    }

    @Override
    public String toString() {
        return table.where() + " of " + longLength();
    }
}
