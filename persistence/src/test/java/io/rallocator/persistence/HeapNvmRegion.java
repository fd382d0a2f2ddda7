package io.rallocator.persistence;

import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A region in this JVM's memory: for tests that need no file. */
public class HeapNvmRegion implements NvmRegion {
    private final UnsafeBuffer buffer;
    private volatile boolean closed;

    /**
     * Creates a region of zeros.
     *
     * @param capacity bytes
     */
    public HeapNvmRegion(final int capacity) {
        this(new UnsafeBuffer(ByteBuffer.allocateDirect(capacity)));
    }

    private HeapNvmRegion(final UnsafeBuffer buffer) {
        this.buffer = buffer;
    }

    /**
     * Opens the same memory once more.
     *
     * @return a region that is closed on its own
     */
    public HeapNvmRegion share() {
        return new HeapNvmRegion(buffer);
    }

    /**
     * The memory itself.
     *
     * @return the buffer
     */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    /**
     * Copies what is in the region.
     *
     * @return a fresh array
     */
    public byte[] snapshot() {
        final byte[] bytes = new byte[buffer.capacity()];
        buffer.getBytes(0, bytes);
        return bytes;
    }

    /**
     * Puts back what {@link #snapshot} copied.
     *
     * @param bytes of the whole region
     */
    public void restore(final byte[] bytes) {
        buffer.putBytes(0, bytes);
    }

    @Override
    public long capacity() {
        return buffer.capacity();
    }

    @Override
    public Durability durability() {
        return Durability.PROCESS;
    }

    @Override
    public void read(final long offset, final MutableDirectBuffer target, final int index, final int length) {
        target.putBytes(index, buffer, check(offset, length), length);
    }

    @Override
    public void write(final long offset, final DirectBuffer source, final int index, final int length) {
        buffer.putBytes(check(offset, length), source, index, length);
    }

    @Override
    public void zero(final long offset, final long length) {
        buffer.setMemory(check(offset, length), (int) length, (byte) 0);
    }

    @Override
    public long readLong(final long offset) {
        return buffer.getLongVolatile(checkWord(offset));
    }

    @Override
    public void writeLong(final long offset, final long value) {
        buffer.putLongVolatile(checkWord(offset), value);
    }

    @Override
    public long fetchAndAdd(final long offset, final long delta) {
        return buffer.getAndAddLong(checkWord(offset), delta);
    }

    @Override
    public long compareAndSwap(final long offset, final long expected, final long replacement) {
        return buffer.compareAndExchangeLong(checkWord(offset), expected, replacement);
    }

    @Override
    public void persist(final long offset, final long length) {
        check(offset, length);
    }

    @Override
    public void close() {
        closed = true;
    }

    private int check(final long offset, final long length) {
        if (closed) {
            throw new HeapClosedException("the region is closed");
        }
        if ((offset | length) < 0 || offset > buffer.capacity() - length) {
            throw new IndexOutOfBoundsException("offset " + offset + ", length " + length);
        }
        return (int) offset;
    }

    private int checkWord(final long offset) {
        if ((offset & 7) != 0) {
            throw new IndexOutOfBoundsException("offset " + offset + " is not aligned to 8");
        }
        return check(offset, Long.BYTES);
    }
}
