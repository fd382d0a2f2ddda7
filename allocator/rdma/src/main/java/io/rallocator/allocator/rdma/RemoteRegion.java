package io.rallocator.allocator.rdma;

import io.rallocator.persistence.NvmRegion;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A pool with durability POWER, seen through a connection: each access is a round trip, and ranges are made durable by a message
 * to the blade. Failures are {@link UncheckedIOException}s.
 *
 * <p>Threads: one at a time.
 */
final class RemoteRegion implements NvmRegion {
    private final RemoteMemory memory;
    private final Batch batch;
    private final RdmaFabric fabric;
    private final UnsafeBuffer word = new UnsafeBuffer(new byte[Long.BYTES]);
    private final Ranges ranges = new Ranges();
    private int messages;

    RemoteRegion(final RemoteMemory memory, final Batch batch, final RdmaFabric fabric) {
        this.memory = memory;
        this.batch = batch;
        this.fabric = fabric;
    }

    private interface Request {
        void add() throws IOException;
    }

    private void execute(final Request request) {
        try {
            request.add();
            batch.complete();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            batch.clear();
        }
    }

    @Override
    public long capacity() {
        return memory.capacity();
    }

    @Override
    public Durability durability() {
        return fabric.durability();
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        memory.check(offset, length, false);
        execute(() -> batch.read(offset, target, index, length));
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        memory.check(offset, length, false);
        execute(() -> batch.write(offset, source, index, length));
    }

    @Override
    public void zero(final long offset, final long length) {
        final int size = Math.toIntExact(length);
        write(offset, new UnsafeBuffer(new byte[size]), 0, size);
    }

    @Override
    public long readLong(final long offset) {
        memory.check(offset, Long.BYTES, true);
        execute(() -> batch.read(offset, word, 0, Long.BYTES));
        return word.getLong(0);
    }

    @Override
    public void writeLong(final long offset, final long value) {
        memory.check(offset, Long.BYTES, true);
        word.putLong(0, value);
        execute(() -> batch.write(offset, word, 0, Long.BYTES));
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        memory.check(offset, Long.BYTES, true);
        execute(() -> batch.fetchAndAdd(offset, delta, word, 0));
        return word.getLong(0);
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        memory.check(offset, Long.BYTES, true);
        execute(() -> batch.compareAndSwap(offset, expected, replacement, word, 0));
        return word.getLong(0);
    }

    @Override
    public void persist(final long offset, final long length) {
        flush(offset, length);
        drain();
    }

    @Override
    public void flush(final long offset, final long length) {
        memory.check(offset, length, false);
        ranges.add(offset, length);
    }

    @Override
    public void drain() {
        try {
            fabric.persist(ranges);
            messages++;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            ranges.clear();
        }
    }

    /** Returns the messages since the last call. */
    int takeMessages() {
        final int taken = messages;
        messages = 0;
        return taken;
    }

    @Override
    public void close() {
        // the queue pair's owner closes the connection
    }
}
