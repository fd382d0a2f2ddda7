package io.rallocator.collections;

import io.rallocator.persistence.RallocatorException;
import java.util.OptionalLong;

/**
 * A codec could not make an object of stored bytes, which are what was written: their CRC32C is right. Either another codec of
 * the same id wrote them, or this one has a defect. The exception says where they are; the cause is what the codec threw.
 *
 * <p>One such element is in nobody's way: what concerns others of the structure goes on to work, and it can itself be removed or
 * replaced by what does not decode it: by {@code RemoteMap.delete} and {@code set}, by {@code Iterator.remove} and
 * {@code ListIterator.set} after the {@code next} that threw, by {@code compareAndSet} of an array. Methods that return what they
 * removed or replaced ({@code put}, {@code remove}, {@code poll}, {@code set} of an array) have done so when they throw this: then
 * {@link #isGone()} is true and {@link #bytes()} is all that is left of it.
 */
public final class UnreadableElementException extends RallocatorException {
    private static final long serialVersionUID = 1L;

    /** What is still in its structure need not be copied in full. */
    private static final int MOST_COPIED_BYTES = 4 << 20;

    private final String structure;
    private final Place place;
    private final long number;
    private final long offset;
    private final boolean gone;
    private final byte[] bytes;

    /** How a structure says where an element is. */
    enum Place {
        /** A hash of the key. */
        KEY_HASH("key hash"),
        /** An index of an array. */
        INDEX("index"),
        /** The offset of a slot. */
        SLOT("slot offset");

        private final String text;

        Place(final String text) {
            this.text = text;
        }

        /** As messages show it. */
        String describe(final long number) {
            return text + (this == INDEX ? " " + number : " 0x" + Long.toHexString(number));
        }
    }

    UnreadableElementException(
            final String message,
            final Throwable cause,
            final String structure,
            final Place place,
            final long number,
            final long offset,
            final boolean gone,
            final byte[] bytes) {
        super(Category.INVALID, message, cause);
        this.structure = structure;
        this.place = place;
        this.number = number;
        this.offset = offset;
        this.gone = gone;
        this.bytes = bytes;
    }

    /** Tells whether an exception keeps so many bytes. */
    static boolean keeps(final int length, final boolean gone) {
        return gone || length <= MOST_COPIED_BYTES;
    }

    /**
     * Where it is.
     *
     * @return name of the structure, as this worker knew it last
     */
    public String structure() {
        return structure;
    }

    /**
     * Which entry of a map it is.
     *
     * @return the hash of the key's encoded bytes; empty if it is not in a map
     */
    public OptionalLong keyHash() {
        return place == Place.KEY_HASH ? OptionalLong.of(number) : OptionalLong.empty();
    }

    /**
     * Which element of an array it is.
     *
     * @return the index; empty if it is not in an array
     */
    public OptionalLong index() {
        return place == Place.INDEX ? OptionalLong.of(number) : OptionalLong.empty();
    }

    /**
     * Where in the pool it is, as {@code rallocator check} counts.
     *
     * @return offset in bytes of the word that leads, or led, to it: of a bucket or a slot; empty if it could not be found out,
     *     for instance because the heap was closed
     */
    public OptionalLong offset() {
        return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
    }

    /**
     * Tells whether the operation had taken it out of the structure before it could be decoded.
     *
     * @return false if it is still where it was
     */
    public boolean isGone() {
        return gone;
    }

    /**
     * What could not be decoded.
     *
     * @return a copy of the encoded bytes; none if it is still there and has more than 4 MiB, then see {@link RemoteMap#read}
     */
    public byte[] bytes() {
        return bytes.clone();
    }
}
