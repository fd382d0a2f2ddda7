package io.rallocator.persistence;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The block that a root word points to: the name that a structure was created with, its type and codecs, then its mutable
 * words.
 *
 * <pre>
 *  0    block header, kind ROOT, locator = root index
 *  16   type (4) | creator: session bits 0…9, its incarnation bits 10…29 (4)
 *  24   created, milliseconds since 1970 (8)
 *  32   parameter of the structure (8)
 *  40   length of the name (4) | name, UTF-8, at most 200 bytes
 *  248  length of the first codec's id (4) | id, at most 60 bytes
 *  312  length of the second codec's id (4) | id, at most 60 bytes
 *  384  the structure's own words, not under the CRC
 * </pre>
 */
public final class RootDescriptor {
    /** Offset of the type. */
    public static final int TYPE_OFFSET = 16;

    /** Offset of the {@link #creator}. */
    public static final int CREATED_BY_OFFSET = 20;

    /** Offset of the time of creation. */
    public static final int CREATED_OFFSET = 24;

    /** Offset of the structure's parameter. */
    public static final int PARAMETER_OFFSET = 32;

    /** Offset of the name's length. */
    public static final int NAME_OFFSET = 40;

    /** Longest name. */
    public static final int MAX_NAME_BYTES = 200;

    /** Offset of the first codec id's length. */
    public static final int FIRST_CODEC_OFFSET = 248;

    /** Offset of the second codec id's length. */
    public static final int SECOND_CODEC_OFFSET = 312;

    /** Longest codec id. */
    public static final int MAX_CODEC_BYTES = 60;

    /** Checked length, and where the structure's own words begin. */
    public static final int WORDS_OFFSET = 384;

    /**
     * A structure whose name begins so stands still: its root word is pending, though it is neither new nor dropped. Workers use it no more, and
     * the blade leaves it as it is. That is how a part of a structure is copied to another blade.
     */
    public static final String SEALED_MARK = "##";

    /**
     * So many epochs after the count of drops went up, every session has announced an epoch that it entered knowing of it, and nothing is under
     * way that began before.
     */
    public static final int EPOCHS_UNTIL_KNOWN = 3;

    private static final int SESSION_BITS = 10;

    private RootDescriptor() {}

    /**
     * Tells whether a root word leads to a structure that is in use.
     *
     * @param word the root word
     * @return true if so
     */
    public static boolean isLive(final long word) {
        return LinkWord.isPointer(word) && !LinkWord.isFrozen(word);
    }

    /**
     * Tells whether a root word leads to a structure that has no name yet, or that was dropped: {@link LinkWord#FROZEN}
     * is set. Only such a structure can be taken apart.
     *
     * @param word the root word
     * @return true if so
     */
    public static boolean isPending(final long word) {
        return LinkWord.isPointer(word) && LinkWord.isFrozen(word);
    }

    /**
     * Who creates a structure.
     *
     * @param session of the creator
     * @param incarnation of that session
     * @return for {@link #CREATED_BY_OFFSET}
     */
    public static int creator(final int session, final int incarnation) {
        return session | incarnation << SESSION_BITS;
    }

    /**
     * Session in a creator.
     *
     * @param creator from a root block
     * @return its session
     */
    public static int creatorSession(final int creator) {
        return creator & (1 << SESSION_BITS) - 1;
    }

    /**
     * Incarnation in a creator.
     *
     * @param creator from a root block
     * @return of its session
     */
    public static int creatorIncarnation(final int creator) {
        return creator >>> SESSION_BITS;
    }

    /**
     * Checksum of a name.
     *
     * @param name the name
     * @return 32 bits
     */
    static long nameTag(final String name) {
        final byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return Crc32c.of(new UnsafeBuffer(bytes), 0, bytes.length) & 0xFFFF_FFFFL;
    }

    /**
     * Writes a text field.
     *
     * @param buffer holds the block
     * @param index of the field's length in the buffer
     * @param text to write
     * @param maxBytes most bytes of it in UTF-8
     * @param what the field's name, for the message
     * @throws IllegalArgumentException if it is too long
     */
    public static void putText(
            final MutableDirectBuffer buffer,
            final int index,
            final String text,
            final int maxBytes,
            final String what) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > maxBytes) {
            throw new IllegalArgumentException(
                    what + " is " + bytes.length + " bytes in UTF-8, at most " + maxBytes + " fit; shorten it");
        }
        buffer.putInt(index, bytes.length);
        buffer.putBytes(index + 4, bytes);
    }

    /**
     * Reads a text field.
     *
     * @param buffer holds the block
     * @param index of the field's length in the buffer
     * @param maxBytes most bytes it can have
     * @return the text
     */
    public static String getText(final DirectBuffer buffer, final int index, final int maxBytes) {
        final int length = buffer.getInt(index);
        if (length < 0 || length > maxBytes) {
            throw new CorruptedPoolException("a root block has a text of " + length + " bytes, at most " + maxBytes
                    + " are possible; run `rallocator check`");
        }
        final byte[] bytes = new byte[length];
        buffer.getBytes(index + 4, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
