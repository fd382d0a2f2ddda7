package io.rallocator.collections;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * An array of bytes in a blade's non-volatile memory: a file, a bitmap, a table of records of one's own. Any number of
 * threads, heaps and processes may use the same array at once. All bytes are 0 in the beginning.
 *
 * <p><b>Atomicity.</b> The array is made of words: 8 bytes whose first index is a multiple of 8. A word that a read or write
 * covers wholly is read or written at once; one that it covers in part, byte by byte. Nothing larger is atomic: who reads what
 * another writes meanwhile sees a mixture of words.
 *
 * <p><b>Crash guarantee.</b> What was written is durable when the method returned. If the process dies meanwhile, each word
 * that the write covers wholly has its old or its new value, each byte of the others too, in any mixture. Who needs more keeps a
 * version or checksum with the data, or puts it into a {@link RemoteMap} or {@link RemoteArray}.
 *
 * <p><b>Damage</b> of a byte is not detected: the bytes are stored as they are, without a checksum.
 *
 * <p><b>Memory</b> is taken in extents (between 4 KiB and 4 MiB, by the pool's size) when one is first written to, and stays: an
 * array may be longer than there is memory as long as it is sparse. Filling with 0 takes none.
 *
 * <p><b>Cost</b> in round trips: 1 for up to a mebibyte in up to 128 pieces (42 when writing); a range that lies in two extents
 * is two pieces. The first access to an extent costs 2 more, 4 in arrays of very many extents.
 *
 * <p>Indexes are longs. All methods throw {@link IndexOutOfBoundsException} if a range is not wholly in the array or in the
 * buffer, and then read or write nothing; {@link io.rallocator.persistence.OutOfRemoteMemoryException} if a write needs an
 * extent for which there is no memory, and then what comes before may be written;
 * {@link io.rallocator.persistence.HeapClosedException} after the heap was closed,
 * {@link io.rallocator.persistence.SessionFencedException} if this worker was declared dead, and
 * {@link io.rallocator.persistence.CorruptedPoolException} if what leads to the bytes is damaged.
 */
public interface RemoteByteArray {
    /**
     * How many bytes there are.
     *
     * @return the length
     */
    long longLength();

    /**
     * How many bytes there are, for an array that is not too long.
     *
     * @return the length
     * @throws ArithmeticException if it is more than {@link Integer#MAX_VALUE}; use {@link #longLength()}
     */
    default int length() {
        if (longLength() > Integer.MAX_VALUE) {
            throw new ArithmeticException(
                    "the array has " + longLength() + " bytes, more than an int can say; use longLength()");
        }
        return (int) longLength();
    }

    /**
     * Reads a byte.
     *
     * @param index of the byte
     * @return its value
     */
    byte get(long index);

    /**
     * Writes a byte.
     *
     * @param index of the byte
     * @param value the new one
     */
    void set(long index, byte value);

    /**
     * Reads a range.
     *
     * @param index of the first byte
     * @param target where to
     * @param offset of the first byte in the target
     * @param length bytes
     */
    void read(long index, byte[] target, int offset, int length);

    /**
     * Reads a range.
     *
     * @param index of the first byte
     * @param target where to; one that can grow is not made to
     * @param offset of the first byte in the target
     * @param length bytes
     */
    void read(long index, MutableDirectBuffer target, int offset, int length);

    /**
     * Gathers ranges.
     *
     * @param ranges of the array
     * @param target takes their bytes one after another; one that can grow is not made to
     * @param offset of the first byte in the target
     */
    void read(Ranges ranges, MutableDirectBuffer target, int offset);

    /**
     * Writes a range.
     *
     * @param index of the first byte
     * @param source where from
     * @param offset of the first byte in the source
     * @param length bytes
     */
    void write(long index, byte[] source, int offset, int length);

    /**
     * Writes a range.
     *
     * @param index of the first byte
     * @param source where from
     * @param offset of the first byte in the source
     * @param length bytes
     */
    void write(long index, DirectBuffer source, int offset, int length);

    /**
     * Scatters bytes into ranges, in their order: what is in two of them has the bytes of the later one.
     *
     * @param ranges of the array
     * @param source has their bytes one after another
     * @param offset of the first byte in the source
     */
    void write(Ranges ranges, DirectBuffer source, int offset);

    /**
     * Writes the same byte again and again.
     *
     * @param index of the first byte
     * @param length bytes
     * @param value of each
     */
    void fill(long index, long length, byte value);
}
