package io.rallocator.collections;

import io.rallocator.persistence.RallocatorException;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Calls codecs on exactly the bytes that are theirs, and says what could not be decoded. */
final class Decoding {
    private Decoding() {}

    /**
     * Decodes an object.
     *
     * @param codec of the object
     * @param view the caller's, wrapped around the bytes so that a codec cannot read past them
     * @param source holds the bytes
     * @param index of the first
     * @param length bytes
     * @param where names the structure and the kind of place, for the message
     * @param place of the entry: a hash or a slot's offset
     * @return the object, not null
     * @throws RallocatorException if the codec fails
     */
    static <T> T decode(
            final Codec<T> codec,
            final UnsafeBuffer view,
            final DirectBuffer source,
            final int index,
            final int length,
            final String where,
            final long place) {
        view.wrap(source, index, length);
        final T object;
        try {
            object = codec.decode(view, 0, length);
        } catch (final RuntimeException e) {
            throw failed(codec, length, where, place, e.toString(), e);
        }
        if (object == null) {
            throw failed(codec, length, where, place, "it returned null", null);
        }
        return object;
    }

    private static RallocatorException failed(
            final Codec<?> codec,
            final int length,
            final String where,
            final long place,
            final String why,
            final Throwable cause) {
        return new RallocatorException(
                RallocatorException.Category.INVALID,
                "codec " + codec.id() + " cannot decode " + length + " bytes of " + where + " 0x"
                        + Long.toHexString(place) + ": " + why
                        + "; the stored bytes are whole (their CRC32C is right), so they were written by another"
                        + " codec of this id: use that one",
                cause);
    }
}
