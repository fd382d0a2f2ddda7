package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import java.util.Objects;

/** The longs of an {@link ArrayTable}, changed by the blade's own verbs. A verb changes no allocation: it needs no intent. */
final class PersistentLongArray implements RemoteLongArray {
    private static final Operation GET = Operation.named("longs.get");
    private static final Operation SET = Operation.named("longs.set");
    private static final Operation ADD = Operation.named("longs.add");
    private static final Operation SWAP = Operation.named("longs.swap");

    /** Elements, wherever they are, that one chain reads or changes, under one lane. */
    static final int BATCH = 128;

    private static final int LONGS_IN_A_RANGE = 1 << 24;

    private final ArrayTable table;

    PersistentLongArray(final ArrayTable table) {
        this.table = table;
    }

    @Override
    public long longLength() {
        return table.layout().length();
    }

    /** Where an element is in the array's bytes. */
    private long at(final long index) {
        return Objects.checkIndex(index, longLength()) * Long.BYTES;
    }

    // ---- one element; a change that leaves 0 a 0 needs no extent

    @Override
    public long get(final long index) {
        final long at = at(index);
        final Lane lane = table.acquire();
        try {
            final long offset = table.find(lane, at);
            if (offset == 0) {
                return 0;
            }
            final Chain chain = lane.chain();
            final int verb = addRead(chain, offset);
            postReads(chain);
            return chain.result(verb);
        } finally {
            table.release(lane);
        }
    }

    /** What power loss may take back must not be seen (I8). The words have no room for a tag: so what is read is persisted. */
    private int addRead(final Chain chain, final long offset) {
        return persistsReads() ? chain.fetchAndAdd(offset, 0) : chain.readWord(offset);
    }

    private void postReads(final Chain chain) {
        if (persistsReads()) {
            chain.persist();
        }
        chain.post(GET);
    }

    private boolean persistsReads() {
        return table.session().durability() == Durability.POWER;
    }

    @Override
    public void set(final long index, final long value) {
        final long at = at(index);
        final Lane lane = value == 0 ? table.acquire() : table.acquireToWrite(at);
        try {
            final long offset = table.find(lane, at);
            if (offset != 0) {
                lane.chain().writeWord(offset, value).persist().post(SET);
            }
        } finally {
            table.release(lane);
        }
    }

    @Override
    public long getAndAdd(final long index, final long delta) {
        final long at = at(index);
        final Lane lane = delta == 0 ? table.acquire() : table.acquireToWrite(at);
        try {
            final long offset = table.find(lane, at);
            if (offset == 0) {
                return 0;
            }
            final Chain chain = lane.chain();
            final int verb = chain.fetchAndAdd(offset, delta);
            chain.persist().post(ADD);
            return chain.result(verb);
        } finally {
            table.release(lane);
        }
    }

    @Override
    public long compareAndExchange(final long index, final long expected, final long value) {
        final long at = at(index);
        final Lane lane = expected != 0 || value == 0 ? table.acquire() : table.acquireToWrite(at);
        try {
            final long offset = table.find(lane, at);
            if (offset == 0) {
                return 0;
            }
            final Chain chain = lane.chain();
            final int verb = chain.compareAndSwap(offset, expected, value);
            chain.persist().post(SWAP);
            return chain.result(verb);
        } finally {
            table.release(lane);
        }
    }

    // ---- elements that follow one another

    @Override
    public void getAll(final long from, final long[] target, final int offset, final int count) {
        final Ranges ranges = ranges(from, target, offset, count);
        ByteTransfer.read(table, GET, ranges, (buffer, at, position, length) -> {
            final int first = offset + (int) (position / Long.BYTES);
            for (int i = 0; i < length / Long.BYTES; i++) {
                target[first + i] = buffer.getLong(at + i * Long.BYTES);
            }
        });
    }

    @Override
    public void setAll(final long from, final long[] source, final int offset, final int count) {
        final Ranges ranges = ranges(from, source, offset, count);
        ByteTransfer.write(table, SET, ranges, true, (buffer, at, position, length) -> {
            final int first = offset + (int) (position / Long.BYTES);
            for (int i = 0; i < length / Long.BYTES; i++) {
                buffer.putLong(at + i * Long.BYTES, source[first + i]);
            }
        });
    }

    private Ranges ranges(final long from, final long[] local, final int offset, final int count) {
        Objects.requireNonNull(local, "the array of values is null");
        Objects.checkFromIndexSize(from, count, longLength());
        Objects.checkFromIndexSize(offset, count, local.length);
        final Ranges ranges = new Ranges();
        for (int done = 0; done < count; done += LONGS_IN_A_RANGE) {
            final int length = Math.min(LONGS_IN_A_RANGE, count - done) * Long.BYTES;
            ranges.add((from + done) * Long.BYTES, length);
        }
        return ranges;
    }

    // ---- any elements

    /** What is done with each of a batch of elements. */
    private enum Verb {
        GET(PersistentLongArray.GET),
        SET(PersistentLongArray.SET),
        ADD(PersistentLongArray.ADD);

        private final Operation operation;

        Verb(final Operation operation) {
            this.operation = operation;
        }
    }

    @Override
    public void getAll(final long[] indexes, final long[] target) {
        forEach(Verb.GET, indexes, target);
    }

    @Override
    public void setAll(final long[] indexes, final long[] values) {
        forEach(Verb.SET, indexes, values);
    }

    @Override
    public void addAll(final long[] indexes, final long[] deltas) {
        forEach(Verb.ADD, indexes, deltas);
    }

    private void forEach(final Verb verb, final long[] indexes, final long[] values) {
        Objects.requireNonNull(indexes, "the array of indexes is null");
        Objects.requireNonNull(values, "the array of values is null");
        if (values.length < indexes.length) {
            throw new IllegalArgumentException("there are " + indexes.length + " indexes, but only " + values.length
                    + " places for values; make both arrays equally long");
        }
        for (final long index : indexes) {
            Objects.checkIndex(index, longLength());
        }
        final long[] offsets = new long[Math.min(BATCH, indexes.length)];
        for (int from = 0; from < indexes.length; from += BATCH) {
            final int count = Math.min(BATCH, indexes.length - from);
            for (int attempt = 0; !runBatch(verb, indexes, values, from, count, offsets, attempt); attempt++) {}
        }
    }

    /** One chain; false if memory had to be waited for. */
    private boolean runBatch(
            final Verb verb,
            final long[] indexes,
            final long[] values,
            final int from,
            final int count,
            final long[] offsets,
            final int attempt) {
        final OutOfRemoteMemoryException exhausted;
        final Lane lane = table.acquire();
        try {
            for (int i = 0; i < count; i++) {
                final long at = at(indexes[from + i]); // looked at again: the caller's array may have changed
                final boolean creates = verb != Verb.GET && values[from + i] != 0;
                offsets[i] = creates ? table.ensure(lane, at) : table.find(lane, at);
            }
            if (verb == Verb.GET) {
                read(lane, values, from, count, offsets);
            } else {
                change(verb, lane, values, from, count, offsets);
            }
            return true;
        } catch (final OutOfRemoteMemoryException e) {
            exhausted = e;
        } finally {
            table.release(lane);
        }
        table.session().awaitReclamation(exhausted, attempt);
        return false;
    }

    private void read(final Lane lane, final long[] values, final int from, final int count, final long[] offsets) {
        final Chain chain = lane.chain();
        for (int i = 0; i < count; i++) {
            if (offsets[i] != 0) {
                offsets[i] = 1L + addRead(chain, offsets[i]); // from here on: where the result is
            }
        }
        if (chain.size() > 0) {
            postReads(chain);
        }
        for (int i = 0; i < count; i++) {
            values[from + i] = offsets[i] == 0 ? 0 : chain.result((int) offsets[i] - 1);
        }
    }

    private static void change(
            final Verb verb,
            final Lane lane,
            final long[] values,
            final int from,
            final int count,
            final long[] offsets) {
        final Chain chain = lane.chain();
        for (int i = 0; i < count; i++) {
            if (offsets[i] == 0) {
                continue; // it is 0 and stays 0
            }
            if (verb == Verb.SET) {
                chain.writeWord(offsets[i], values[from + i]);
            } else {
                chain.fetchAndAdd(offsets[i], values[from + i]);
            }
        }
        if (chain.size() > 0) {
            chain.persist().post(verb.operation);
        }
    }

    @Override
    public String toString() {
        return table.where() + " of " + longLength();
    }
}
