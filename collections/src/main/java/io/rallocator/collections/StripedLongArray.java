package io.rallocator.collections;

import java.util.Objects;
import org.agrona.collections.IntArrayList;

/** An array of longs whose parts are on several blades, one behind the other. */
final class StripedLongArray implements RemoteLongArray {
    private final String name;
    private final Stripes stripes;
    private final Parts<RemoteLongArray> parts;

    StripedLongArray(final String name, final Stripes stripes, final Parts<RemoteLongArray> parts) {
        this.name = name;
        this.stripes = stripes;
        this.parts = parts;
    }

    @Override
    public long longLength() {
        return stripes.length();
    }

    private RemoteLongArray part(final long index) {
        return parts.get(stripes.partOf(Objects.checkIndex(index, longLength())));
    }

    @Override
    public long get(final long index) {
        return part(index).get(stripes.inPart(index));
    }

    @Override
    public void set(final long index, final long value) {
        part(index).set(stripes.inPart(index), value);
    }

    @Override
    public long getAndAdd(final long index, final long delta) {
        return part(index).getAndAdd(stripes.inPart(index), delta);
    }

    @Override
    public long compareAndExchange(final long index, final long expected, final long value) {
        return part(index).compareAndExchange(stripes.inPart(index), expected, value);
    }

    // ---- elements that follow one another

    @Override
    public void getAll(final long from, final long[] target, final int offset, final int count) {
        check(from, target, offset, count);
        stripes.forEach(
                from,
                count,
                (part, index, done, length) ->
                        parts.get(part).getAll(index, target, offset + (int) done, (int) length));
    }

    @Override
    public void setAll(final long from, final long[] source, final int offset, final int count) {
        check(from, source, offset, count);
        stripes.forEach(
                from,
                count,
                (part, index, done, length) ->
                        parts.get(part).setAll(index, source, offset + (int) done, (int) length));
    }

    private void check(final long from, final long[] local, final int offset, final int count) {
        Objects.requireNonNull(local, "the array of values is null");
        Objects.checkFromIndexSize(from, count, longLength());
        Objects.checkFromIndexSize(offset, count, local.length);
    }

    // ---- any elements

    /** What is done with some elements of a part. */
    @FunctionalInterface
    private interface Batch {
        void run(RemoteLongArray part, long[] indexes, long[] values);
    }

    @Override
    public void getAll(final long[] indexes, final long[] target) {
        forEachPart(indexes, target, true, RemoteLongArray::getAll);
    }

    @Override
    public void setAll(final long[] indexes, final long[] values) {
        forEachPart(indexes, values, false, RemoteLongArray::setAll);
    }

    @Override
    public void addAll(final long[] indexes, final long[] deltas) {
        forEachPart(indexes, deltas, false, RemoteLongArray::addAll);
    }

    private void forEachPart(final long[] indexes, final long[] values, final boolean reads, final Batch batch) {
        Objects.requireNonNull(indexes, "the array of indexes is null");
        Objects.requireNonNull(values, "the array of values is null");
        if (values.length < indexes.length) {
            throw new IllegalArgumentException("there are " + indexes.length + " indexes, but only " + values.length
                    + " places for values; make both arrays equally long");
        }
        final IntArrayList[] byPart = byPart(indexes);
        for (int part = 0; part < byPart.length; part++) {
            if (byPart[part] != null) {
                run(parts.get(part), byPart[part], indexes, values, reads, batch);
            }
        }
    }

    private IntArrayList[] byPart(final long[] indexes) {
        final IntArrayList[] byPart = new IntArrayList[Placement.PARTS];
        for (int i = 0; i < indexes.length; i++) {
            final int part = stripes.partOf(Objects.checkIndex(indexes[i], longLength()));
            if (byPart[part] == null) {
                byPart[part] = new IntArrayList();
            }
            byPart[part].addInt(i);
        }
        return byPart;
    }

    private void run(
            final RemoteLongArray part,
            final IntArrayList chosen,
            final long[] indexes,
            final long[] values,
            final boolean reads,
            final Batch batch) {
        final long[] someIndexes = new long[chosen.size()];
        final long[] someValues = new long[chosen.size()];
        for (int i = 0; i < someIndexes.length; i++) {
            someIndexes[i] = stripes.inPart(indexes[chosen.getInt(i)]);
            someValues[i] = values[chosen.getInt(i)];
        }
        batch.run(part, someIndexes, someValues);
        for (int i = 0; reads && i < someIndexes.length; i++) {
            values[chosen.getInt(i)] = someValues[i];
        }
    }

    @Override
    public String toString() {
        return Placement.Type.LONGS.typeName() + " '" + name + "' of " + longLength();
    }
}
