package io.rallocator.allocator.tcp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A frame that says why: BYE, after which the blade closes the connection, and a REPLY that is FAILED.
 *
 * <pre>
 *  0    header (16)
 *  16   bytes of the text (4)
 *  20   text, UTF-8 (at most 488)
 * </pre>
 */
final class TextFrame {
    private static final int LENGTH_OFFSET = 16;
    private static final int TEXT_OFFSET = 20;
    private static final int MAX_TEXT_BYTES = 488;

    static final int MAX_BYTES = Frame.align(TEXT_OFFSET + MAX_TEXT_BYTES);

    private TextFrame() {}

    static int encode(
            final MutableDirectBuffer buffer,
            final byte type,
            final byte status,
            final int executed,
            final int queuePair,
            final String text) {
        final byte[] all = text.getBytes(StandardCharsets.UTF_8);
        final byte[] bytes = Arrays.copyOf(all, Math.min(all.length, MAX_TEXT_BYTES));
        final int length = Frame.align(TEXT_OFFSET + bytes.length);
        Frame.putHeader(buffer, length, type, status, executed, queuePair);
        buffer.setMemory(Frame.HEADER_BYTES, length - Frame.HEADER_BYTES, (byte) 0);
        buffer.putInt(LENGTH_OFFSET, bytes.length);
        buffer.putBytes(TEXT_OFFSET, bytes);
        return length;
    }

    static String text(final DirectBuffer buffer, final int at) {
        final int room = Frame.length(buffer, at) - TEXT_OFFSET;
        final int length = room < 0 ? 0 : Math.max(0, Math.min(room, buffer.getInt(at + LENGTH_OFFSET)));
        final byte[] bytes = new byte[length];
        buffer.getBytes(at + TEXT_OFFSET, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
