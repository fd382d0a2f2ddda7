package io.rallocator.examples.kv;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What the map holds for one key: a type, an optional moment of expiry and a payload, in one immutable byte array.
 *
 * <pre>
 *   0               1                                     9 (or 1 without an expiry)
 *   +---------------+-------------------------------------+------------------------ ... -+
 *   | vvvv e ttt    | expiry, epoch milliseconds, 8 bytes | payload                      |
 *   |               | big-endian; only when e is set      |                              |
 *   +---------------+-------------------------------------+------------------------ ... -+
 *     v  layout version, now 1
 *     e  1 = the value expires
 *     t  0 = string: the payload is the string's bytes
 *        1 = list: no payload; the elements are in the list's own queue, see {@link ListStore}
 * </pre>
 *
 * <p>A value without expiry costs one byte. Instances are immutable and may be shared by threads, provided that nobody
 * writes to the array given to {@link #decode}; the map hands out a fresh one with every read.
 */
final class StoredValue {

    /** The expiry of a value that never expires. */
    static final long NO_EXPIRY = -1;

    private static final int VERSION = 1;
    private static final int VERSION_SHIFT = 4;
    private static final int EXPIRY_FLAG = 0b1000;
    private static final int TYPE_MASK = 0b0111;
    private static final int TYPE_STRING = 0;
    private static final int TYPE_LIST = 1;
    private static final int HEADER_LENGTH = 1;

    private final byte[] raw;

    private StoredValue(byte[] raw) {
        this.raw = raw;
    }

    /**
     * Reads what the map returned.
     *
     * @param raw the map's value; not copied
     * @return the value
     * @throws CommandException if these bytes are not in a layout that this version understands
     */
    static StoredValue decode(byte[] raw) {
        int header = raw.length == 0 ? -1 : raw[0] & 0xFF;
        boolean understood = header >>> VERSION_SHIFT == VERSION
                && (header & TYPE_MASK) <= TYPE_LIST
                && raw.length >= payloadOffset(header)
                && ((header & TYPE_MASK) != TYPE_LIST || raw.length == payloadOffset(header));
        if (!understood) {
            throw new CommandException("ERR the stored value has header " + header + " and " + raw.length
                    + " bytes, which is not layout version " + VERSION
                    + "; the map was written by another program or a newer version");
        }
        return new StoredValue(raw);
    }

    /** Whether these bytes are a list's marker; false for what {@link #decode} would refuse. */
    static boolean isList(byte[] raw) {
        return raw.length > 0 && (raw[0] & ~EXPIRY_FLAG) == (VERSION << VERSION_SHIFT | TYPE_LIST);
    }

    /** A string of these bytes that expires at {@code expiresAtMs}, or never if that is {@link #NO_EXPIRY}. */
    static StoredValue string(byte[] payload, long expiresAtMs) {
        return encode(TYPE_STRING, expiresAtMs, payload, 0, payload.length);
    }

    /** The marker of a list that expires at {@code expiresAtMs}, or never if that is {@link #NO_EXPIRY}. */
    static StoredValue list(long expiresAtMs) {
        return encode(TYPE_LIST, expiresAtMs, new byte[0], 0, 0);
    }

    private static StoredValue encode(int type, long expiresAtMs, byte[] payload, int from, int length) {
        boolean expires = expiresAtMs != NO_EXPIRY;
        int header = VERSION << VERSION_SHIFT | (expires ? EXPIRY_FLAG : 0) | type;
        byte[] raw = new byte[payloadOffset(header) + length];
        raw[0] = (byte) header;
        if (expires) {
            ByteBuffer.wrap(raw).putLong(HEADER_LENGTH, expiresAtMs);
        }
        System.arraycopy(payload, from, raw, payloadOffset(header), length);
        return new StoredValue(raw);
    }

    private static int payloadOffset(int header) {
        return HEADER_LENGTH + ((header & EXPIRY_FLAG) == 0 ? 0 : Long.BYTES);
    }

    /** The bytes for the map. Not a copy: not to be written to. */
    byte[] raw() {
        return raw;
    }

    boolean isList() {
        return (raw[0] & TYPE_MASK) == TYPE_LIST;
    }

    /** The type's name, as TYPE answers it. */
    String typeName() {
        return isList() ? "list" : "string";
    }

    boolean hasExpiry() {
        return (raw[0] & EXPIRY_FLAG) != 0;
    }

    /** The moment of expiry in epoch milliseconds, or {@link #NO_EXPIRY}. */
    long expiresAtMs() {
        return hasExpiry() ? ByteBuffer.wrap(raw).getLong(HEADER_LENGTH) : NO_EXPIRY;
    }

    /** Whether the value has expired at {@code nowMs}: it then counts as absent. */
    boolean isExpired(long nowMs) {
        return hasExpiry() && expiresAtMs() <= nowMs;
    }

    int payloadLength() {
        return raw.length - payloadOffset(raw[0]);
    }

    /** A copy of the payload. */
    byte[] payload() {
        return Arrays.copyOfRange(raw, payloadOffset(raw[0]), raw.length);
    }

    /** The payload, not copied. */
    ByteBuf payloadBuffer() {
        return Unpooled.wrappedBuffer(raw, payloadOffset(raw[0]), payloadLength());
    }

    /** This value with another expiry, or {@link #NO_EXPIRY}. */
    StoredValue withExpiry(long expiresAtMs) {
        return encode(raw[0] & TYPE_MASK, expiresAtMs, raw, payloadOffset(raw[0]), payloadLength());
    }

    /** This string with {@code tail} behind it, and the same expiry. */
    StoredValue append(byte[] tail) {
        byte[] longer = Arrays.copyOf(raw, raw.length + tail.length);
        System.arraycopy(tail, 0, longer, raw.length, tail.length);
        return new StoredValue(longer);
    }
}
