package io.rallocator.examples.kv;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts what a client sends into requests: each comes out as its words, a {@code byte[][]}, or as a {@link RefusedRequest}. One pass over the bytes, and
 * one copy of each word. One per connection.
 *
 * <p>Too much is not piled up: a word that is too long, or that makes its request too long, is read and dropped; an array that announces too many words
 * ends the connection, and so does whatever else is not the protocol. A word takes memory only as its bytes arrive.
 */
final class RequestDecoder extends ByteToMessageDecoder {

    private static final int MAX_INLINE_BYTES = 64 * 1024;
    private static final int MAX_BULK_BYTES = 512 << 20;
    private static final int MAX_DIGITS = 20;
    private static final int CRLF_BYTES = 2;
    private static final int FEW_WORDS = 8;
    private static final int NO_BULK = -1;

    private final int maxValueBytes;
    private final long maxRequestBytes;
    private final int maxWords;

    /** The request that is being read; null between two. Grows as words arrive. */
    private byte[][] words;

    private int announced;
    private int count;
    private long requestBytes;

    /** Of the word that is being read, or {@link #NO_BULK}. */
    private int bulkLength = NO_BULK;

    /** What is left of a word that is dropped, with its end of line. */
    private long toDrop;

    private String refusal;
    private boolean broken;

    RequestDecoder(int maxValueBytes, long maxRequestBytes, int maxWords) {
        this.maxValueBytes = maxValueBytes;
        this.maxRequestBytes = maxRequestBytes;
        this.maxWords = maxWords;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (broken) {
            in.skipBytes(in.readableBytes());
            return;
        }
        try {
            while (out.isEmpty() && (words == null ? begin(in, out) : goOn(in, out))) {
                // until a request is whole, or bytes are missing
            }
        } catch (DecoderException e) {
            broken = true;
            throw e;
        }
    }

    // ---- the begin of a request: each method returns false if bytes are missing

    private boolean begin(ByteBuf in, List<Object> out) {
        if (!in.isReadable()) {
            return false;
        }
        byte type = in.getByte(in.readerIndex());
        switch (type) {
            case '*' -> {
                return beginArray(in);
            }
            case '+', '-', ':', '$' ->
                throw new DecoderException("expected an array of bulk strings or an inline command");
            default -> {
                return readInline(in, out);
            }
        }
    }

    private boolean beginArray(ByteBuf in) {
        int end = endOfNumber(in);
        if (end < 0) {
            return false;
        }
        long length = readNumber(in, end);
        if (length < -1) {
            throw new DecoderException("length: " + length + " (expected: >= -1)");
        }
        if (length > maxWords) {
            throw new DecoderException(
                    "invalid multibulk length: " + length + ", at most " + maxWords + " are allowed");
        }
        if (length > 0) {
            announced = (int) length;
            words = new byte[Math.min(announced, FEW_WORDS)][];
            count = 0;
            requestBytes = 0;
            refusal = null;
        }
        return true;
    }

    private boolean readInline(ByteBuf in, List<Object> out) {
        int length = in.bytesBefore(Math.min(in.readableBytes(), MAX_INLINE_BYTES), (byte) '\n');
        if (length < 0) {
            if (in.readableBytes() >= MAX_INLINE_BYTES) {
                throw new DecoderException("length: " + in.readableBytes() + " (expected: a line of at most "
                        + MAX_INLINE_BYTES + " bytes)");
            }
            return false;
        }
        byte[] line = new byte[length];
        in.readBytes(line).skipBytes(1);
        byte[][] split = InlineCommand.split(line); // for which a carriage return is a blank
        if (split.length > 0) {
            out.add(split);
        }
        return true;
    }

    // ---- its words

    private boolean goOn(ByteBuf in, List<Object> out) {
        if (toDrop > 0) {
            int dropped = (int) Math.min(toDrop, in.readableBytes());
            in.skipBytes(dropped);
            toDrop -= dropped;
            return toDrop == 0 && endWord(out);
        }
        return bulkLength == NO_BULK ? beginWord(in) : readWord(in, out);
    }

    private boolean beginWord(ByteBuf in) {
        if (!in.isReadable()) {
            return false;
        }
        byte type = in.getByte(in.readerIndex());
        if (type != '$') {
            throw new DecoderException("expected '$', got '" + (char) (type & 0xFF) + "'");
        }
        int end = endOfNumber(in);
        if (end < 0) {
            return false;
        }
        long length = readNumber(in, end);
        if (length == -1) {
            throw new DecoderException("invalid bulk length");
        }
        if (length < 0 || length > MAX_BULK_BYTES) {
            throw new DecoderException("length: " + length + " (expected: 0 … " + MAX_BULK_BYTES + ")");
        }
        String reason = refusal((int) length);
        if (reason == null) {
            requestBytes += length;
            bulkLength = (int) length;
        } else {
            refusal = reason;
            toDrop = length + CRLF_BYTES;
        }
        return true;
    }

    private boolean readWord(ByteBuf in, List<Object> out) {
        if (in.readableBytes() < bulkLength + CRLF_BYTES) {
            return false;
        }
        byte[] word = new byte[bulkLength];
        in.readBytes(word);
        if (in.readByte() != '\r' || in.readByte() != '\n') {
            throw new DecoderException("delimiter: a word of " + bulkLength + " bytes does not end with CR LF");
        }
        if (count >= words.length) {
            words = Arrays.copyOf(words, (int) Math.min(announced, 2L * count));
        }
        words[count] = word;
        return endWord(out);
    }

    private boolean endWord(List<Object> out) {
        bulkLength = NO_BULK;
        count++;
        if (count == announced) {
            out.add(refusal == null ? words : new RefusedRequest(refusal));
            words = null;
        }
        return true;
    }

    /** Returns why a word of this length is to be dropped, or null. */
    private String refusal(int length) {
        if (length > maxValueBytes) {
            return "ERR string exceeds maximum allowed size: it has " + length + " bytes, at most " + maxValueBytes
                    + " are allowed";
        }
        if (requestBytes + length > maxRequestBytes) {
            return "ERR the request is too long: at most " + maxRequestBytes
                    + " bytes are allowed; split it into several";
        }
        return null;
    }

    // ---- numbers, which have a line each, behind a byte that says of what

    /** Where the line's CR LF begins, or -1 if it is not there yet. */
    private static int endOfNumber(ByteBuf in) {
        int most = Math.min(in.readableBytes(), 1 + MAX_DIGITS + CRLF_BYTES);
        int before = in.bytesBefore(most, (byte) '\n');
        if (before < 0 && most == 1 + MAX_DIGITS + CRLF_BYTES) {
            throw new DecoderException("too many characters to be a number");
        }
        return before < 0 ? -1 : in.readerIndex() + before - 1;
    }

    private static long readNumber(ByteBuf in, int end) {
        int from = in.readerIndex() + 1;
        if (end <= from - 1 || in.getByte(end) != '\r') {
            throw new DecoderException("delimiter: a number's line does not end with CR LF");
        }
        boolean negative = from < end && in.getByte(from) == '-';
        int digits = negative ? from + 1 : from;
        if (digits == end) {
            throw new DecoderException("there is no number to parse");
        }
        long number = 0;
        for (int at = digits; at < end; at++) {
            int digit = in.getByte(at) - '0';
            if (digit < 0 || digit > 9) {
                throw new DecoderException("bad byte in number: " + (char) (in.getByte(at) & 0xFF));
            }
            if (number > (Long.MAX_VALUE - digit) / 10) {
                throw new DecoderException("too many characters to be a number");
            }
            number = number * 10 + digit;
        }
        in.readerIndex(end + CRLF_BYTES);
        return negative ? -number : number;
    }
}
