package io.rallocator.collections;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Turns values of one type into bytes and back. {@link Codecs} has the common ones.
 *
 * <p>A codec is named in the pool by its {@link #id()}: a structure that was created with one codec cannot be opened with
 * another. So an id stands for one format for ever; a changed format gets a new id, such as {@code "order/2"}.
 *
 * <p>Keys are found, and values compared ({@code replace(k, old, new)}, {@code remove(k, v)}), by their encoded bytes:
 * equal keys must encode to equal bytes.
 *
 * <p>Threads: any number at once. A codec is called with no lock and no lane of the heap held; it may block or throw,
 * and then nothing was changed.
 *
 * <pre>{@code
 * final class PointCodec implements Codec<Point> {
 *     public String id() {
 *         return "point";
 *     }
 *
 *     public int encode(final Point point, final MutableDirectBuffer target, final int index) {
 *         target.putInt(index, point.x());
 *         target.putInt(index + 4, point.y());
 *         return 8;
 *     }
 *
 *     public Point decode(final DirectBuffer source, final int index, final int length) {
 *         return new Point(source.getInt(index), source.getInt(index + 4));
 *     }
 * }
 * }</pre>
 *
 * @param <T> type of the values
 */
public interface Codec<T> {
    /**
     * The name of the format.
     *
     * @return 1 … 60 bytes in UTF-8, always the same
     */
    String id();

    /**
     * Writes a value.
     *
     * @param value to write, never null; if another thread changes it meanwhile, what is written is what this method saw
     * @param target grows as needed; keep no reference to it
     * @param index where the first byte goes; bytes before it are not the codec's
     * @return how many bytes were written
     */
    int encode(T value, MutableDirectBuffer target, int index);

    /**
     * Makes a value of the bytes that {@link #encode} wrote.
     *
     * @param source holds them and nothing after them; reused after the call, so keep no reference to it
     * @param index of the first byte
     * @param length bytes
     * @return the value, never null
     */
    T decode(DirectBuffer source, int index, int length);
}
