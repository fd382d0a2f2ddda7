package io.rallocator.collections;

import io.rallocator.persistence.RallocatorException;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Calls codecs on exactly the bytes that are theirs, and says what could not be decoded. */
final class Decoding {
    private static final byte[] NONE = {};

    private Decoding() {}

    /**
     * Decodes an object that is still in its structure.
     *
     * @param codec of the object
     * @param view the caller's, wrapped around the bytes so that a codec cannot read past them
     * @param source holds the bytes
     * @param index of the first
     * @param length bytes
     * @param places of the structure
     * @param number that says where in it the object is
     * @return the object, not null
     * @throws UnreadableElementException if the codec fails
     */
    static <T> T decode(
            final Codec<T> codec,
            final UnsafeBuffer view,
            final DirectBuffer source,
            final int index,
            final int length,
            final ElementPlaces places,
            final long number) {
        return decode(codec, view, source, index, length, places, number, false);
    }

    /** Decodes an object, which may be gone from its structure: then the exception has all of its bytes. */
    static <T> T decode(
            final Codec<T> codec,
            final UnsafeBuffer view,
            final DirectBuffer source,
            final int index,
            final int length,
            final ElementPlaces places,
            final long number,
            final boolean gone) {
        view.wrap(source, index, length);
        final T object;
        try {
            object = codec.decode(view, 0, length);
        } catch (final RuntimeException e) {
            throw failed(codec, copy(source, index, length, gone), length, places, number, gone, e.toString(), e);
        }
        if (object == null) {
            final byte[] bytes = copy(source, index, length, gone);
            throw failed(codec, bytes, length, places, number, gone, "it returned null", null);
        }
        return object;
    }

    private static byte[] copy(final DirectBuffer source, final int index, final int length, final boolean gone) {
        if (!UnreadableElementException.keeps(length, gone)) {
            return NONE;
        }
        final byte[] bytes = new byte[length];
        source.getBytes(index, bytes);
        return bytes;
    }

    private static UnreadableElementException failed(
            final Codec<?> codec,
            final byte[] bytes,
            final int length,
            final ElementPlaces places,
            final long number,
            final boolean gone,
            final String why,
            final Throwable cause) {
        long offset = -1;
        RallocatorException unknown = null;
        try {
            offset = places.wordOffset(number);
        } catch (final RallocatorException e) {
            unknown = e; // the heap was closed meanwhile, for instance
        }
        final String name = places.name();
        final UnreadableElementException failed = new UnreadableElementException(
                "codec " + codec.id() + " cannot decode " + length + " bytes of " + places.typeName() + " '" + name
                        + "', " + places.place().describe(number)
                        + (offset < 0 ? "" : ", word at offset " + offset) + ": " + why
                        + "; the stored bytes are whole (their CRC32C is right), so they were written by another"
                        + " codec of this id, or this one has a defect; "
                        + (gone
                                ? "they have left the structure, bytes() of this exception has them"
                                : "they are still there: use the right codec, or remove or replace them"),
                cause,
                name,
                places.place(),
                number,
                offset,
                gone,
                bytes);
        if (unknown != null) {
            failed.addSuppressed(unknown);
        }
        return failed;
    }
}
