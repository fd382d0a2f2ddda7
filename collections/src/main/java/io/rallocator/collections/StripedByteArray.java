package io.rallocator.collections;

import java.util.Objects;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** An array of bytes whose parts are on several blades, one behind the other. A range over two parts is read or written in two steps. */
final class StripedByteArray implements RemoteByteArray {
    private final String name;
    private final Stripes stripes;
    private final Parts<RemoteByteArray> parts;

    StripedByteArray(final String name, final Stripes stripes, final Parts<RemoteByteArray> parts) {
        this.name = name;
        this.stripes = stripes;
        this.parts = parts;
    }

    @Override
    public long longLength() {
        return stripes.length();
    }

    private int part(final long index) {
        return stripes.partOf(Objects.checkIndex(index, longLength()));
    }

    @Override
    public byte get(final long index) {
        return parts.apply(part(index), part -> part.get(stripes.inPart(index)));
    }

    @Override
    public void set(final long index, final byte value) {
        parts.accept(part(index), part -> part.set(stripes.inPart(index), value));
    }

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
        forEach(ranges, target, offset, (part, pieces, at) -> part.read(pieces, target, at));
    }

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
        forEach(ranges, source, offset, (part, pieces, at) -> part.write(pieces, source, at));
    }

    @Override
    public void fill(final long index, final long length, final byte value) {
        Objects.checkFromIndexSize(index, length, longLength());
        stripes.forEach(
                index,
                length,
                ByteTransfer.ONE_CHAIN_BYTES,
                (part, inPart, done, count) -> parts.accept(part, bytes -> bytes.fill(inPart, count, value)));
    }

    private Ranges range(final long index, final int length) {
        Objects.checkFromIndexSize(index, length, longLength());
        return new Ranges().add(index, length);
    }

    /** What is done with pieces that are in one part and follow one another in the caller's buffer. */
    @FunctionalInterface
    private interface Transfer {
        void run(RemoteByteArray part, Ranges pieces, int at);
    }

    /** Goes through the ranges in their order; neighbours in one part go together. */
    private void forEach(final Ranges ranges, final DirectBuffer local, final int offset, final Transfer transfer) {
        Objects.requireNonNull(ranges, "the ranges are null");
        for (int i = 0; i < ranges.count(); i++) {
            Objects.checkFromIndexSize(ranges.index(i), ranges.length(i), longLength());
        }
        Objects.checkFromIndexSize(offset, ranges.bytes(), (long) local.capacity());
        final Pieces pieces = new Pieces(offset, transfer);
        for (int i = 0; i < ranges.count(); i++) {
            stripes.forEach(ranges.index(i), ranges.length(i), ByteTransfer.ONE_CHAIN_BYTES, pieces);
        }
        pieces.flush();
    }

    /** Collects pieces until another part begins, or they would need more than one chain: one that is refused has done nothing. */
    private final class Pieces implements Stripes.Visitor {
        private final Ranges ranges = new Ranges();
        private final Transfer transfer;
        private int at;
        private int current;

        Pieces(final int offset, final Transfer transfer) {
            this.at = offset;
            this.transfer = transfer;
        }

        @Override
        public void visit(final int part, final long index, final long done, final long length) {
            final boolean isFull = ranges.count() == ByteTransfer.ONE_CHAIN_RANGES
                    || ranges.bytes() + length > ByteTransfer.ONE_CHAIN_BYTES;
            if (part != current || isFull) {
                flush();
                current = part;
            }
            ranges.add(index, (int) length);
        }

        void flush() {
            if (ranges.count() > 0) {
                parts.accept(current, part -> transfer.run(part, ranges, at));
                at += (int) ranges.bytes();
                ranges.clear();
            }
        }
    }

    @Override
    public String toString() {
        return Placement.Type.BYTES.typeName() + " '" + name + "' of " + longLength();
    }
}
