package io.rallocator.collections;

import java.util.Arrays;
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

    private int part(final long index) {
        return stripes.partOf(Objects.checkIndex(index, longLength()));
    }

    @Override
    public long get(final long index) {
        return parts.applyAsLong(part(index), part -> part.get(stripes.inPart(index)));
    }

    @Override
    public void set(final long index, final long value) {
        parts.accept(part(index), part -> part.set(stripes.inPart(index), value));
    }

    @Override
    public long getAndAdd(final long index, final long delta) {
        return parts.applyAsLong(part(index), part -> part.getAndAdd(stripes.inPart(index), delta));
    }

    @Override
    public long compareAndExchange(final long index, final long expected, final long value) {
        return parts.applyAsLong(part(index), part -> part.compareAndExchange(stripes.inPart(index), expected, value));
    }

    // ---- elements that follow one another

    @Override
    public void getAll(final long from, final long[] target, final int offset, final int count) {
        check(from, target, offset, count);
        stripes.forEach(
                from,
                count,
                ByteTransfer.ONE_CHAIN_BYTES / Long.BYTES,
                (part, index, done, length) ->
                        parts.accept(part, longs -> longs.getAll(index, target, offset + (int) done, (int) length)));
    }

    @Override
    public void setAll(final long from, final long[] source, final int offset, final int count) {
        check(from, source, offset, count);
        stripes.forEach(
                from,
                count,
                ByteTransfer.ONE_CHAIN_BYTES / Long.BYTES,
                (part, index, done, length) ->
                        parts.accept(part, longs -> longs.setAll(index, source, offset + (int) done, (int) length)));
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
                runAll(part, byPart[part], indexes, values, reads, batch);
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

    /** As many at once as one lane is taken for: they are refused as a whole, if the part has moved. */
    private void runAll(
            final int part,
            final IntArrayList chosen,
            final long[] indexes,
            final long[] values,
            final boolean reads,
            final Batch batch) {
        final int[] all = chosen.toIntArray();
        for (int from = 0; from < all.length; from += PersistentLongArray.BATCH) {
            final int[] some = Arrays.copyOfRange(all, from, Math.min(all.length, from + PersistentLongArray.BATCH));
            run(part, some, indexes, values, reads, batch);
        }
    }

    private void run(
            final int part,
            final int[] chosen,
            final long[] indexes,
            final long[] values,
            final boolean reads,
            final Batch batch) {
        final long[] someIndexes = new long[chosen.length];
        final long[] someValues = new long[chosen.length];
        for (int i = 0; i < someIndexes.length; i++) {
            someIndexes[i] = stripes.inPart(indexes[chosen[i]]);
            someValues[i] = values[chosen[i]];
        }
        parts.accept(part, longs -> batch.run(longs, someIndexes, someValues));
        for (int i = 0; reads && i < someIndexes.length; i++) {
            values[chosen[i]] = someValues[i];
        }
    }

    @Override
    public String toString() {
        return Placement.Type.LONGS.typeName() + " '" + name + "' of " + longLength();
    }
}
