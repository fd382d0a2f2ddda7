package io.rallocator.persistence;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The port to one blade's non-volatile memory: a flat range of bytes addressed by 64-bit offsets.
 *
 * <p>Aligned 8-byte words are read and written whole; words reached by {@link #readLong}, {@link #writeLong},
 * {@link #fetchAndAdd} and {@link #compareAndSwap} are sequentially consistent, and plain {@link #read} and
 * {@link #write} are ordered around them (a write before a compare-and-swap is visible to whoever sees the swap).
 *
 * <p>Crash guarantee: what a completed {@link #persist} covers survives a crash of the kind named by
 * {@link #durability()}; what was written and not persisted may survive whole, in parts of 8 bytes, or not at all.
 *
 * <p>Threads: any number at once. Use after {@link #close()} throws {@link HeapClosedException} from the methods that
 * can check; the callers keep every access within the life of the region (see {@code WorkerSession}).
 */
public interface NvmRegion extends AutoCloseable {

    /** What a crash may be for persisted bytes to survive it. */
    enum Durability {
        /** Survives the death of any process: stores reached the shared mapping. */
        PROCESS,
        /** Survives power loss: the touched range reached the medium. */
        POWER
    }

    /**
     * Size of the region.
     *
     * @return bytes
     */
    long capacity();

    /**
     * The level that {@link #persist} reaches.
     *
     * @return never null
     */
    Durability durability();

    /**
     * Copies bytes out of the region.
     *
     * @param offset first byte, region-relative
     * @param target where to
     * @param index first byte in the target
     * @param length bytes
     * @throws IndexOutOfBoundsException if the range leaves the region
     */
    void read(long offset, MutableDirectBuffer target, int index, int length);

    /**
     * Copies bytes into the region.
     *
     * @param offset first byte, region-relative
     * @param source where from
     * @param index first byte in the source
     * @param length bytes
     * @throws IndexOutOfBoundsException if the range leaves the region
     */
    void write(long offset, DirectBuffer source, int index, int length);

    /**
     * Sets bytes to zero.
     *
     * @param offset first byte
     * @param length bytes
     */
    void zero(long offset, long length);

    /**
     * Reads an 8-byte word with volatile semantics.
     *
     * @param offset aligned to 8
     * @return the word
     */
    long readLong(long offset);

    /**
     * Writes an 8-byte word with volatile semantics.
     *
     * @param offset aligned to 8
     * @param value the word
     */
    void writeLong(long offset, long value);

    /**
     * Adds to a word atomically.
     *
     * @param offset aligned to 8
     * @param delta what to add
     * @return the word before
     */
    long fetchAndAdd(long offset, long delta);

    /**
     * Replaces a word if it has the expected value.
     *
     * @param offset aligned to 8
     * @param expected the value that the word must have
     * @param replacement the new value
     * @return the word before; equal to {@code expected} exactly when the swap happened
     */
    long compareAndSwap(long offset, long expected, long replacement);

    /**
     * Makes a range durable to {@link #durability()}, whoever wrote it.
     *
     * @param offset first byte
     * @param length bytes
     * @throws PoolUnavailableException if the medium failed
     */
    void persist(long offset, long length);

    /**
     * Announces a range that the next {@link #drain()} of this thread must make durable. Many ranges then cost one wait.
     *
     * @param offset first byte
     * @param length bytes
     */
    default void flush(final long offset, final long length) {
        persist(offset, length);
    }

    /**
     * Waits until every range that this thread announced is durable.
     *
     * @throws PoolUnavailableException if the medium failed
     */
    default void drain() {}

    /** Releases the region. Idempotent. */
    @Override
    void close();
}
