package io.rallocator.examples.kv;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.redis.ArrayRedisMessage;
import io.netty.handler.codec.redis.ErrorRedisMessage;
import io.netty.handler.codec.redis.FullBulkStringRedisMessage;
import io.netty.handler.codec.redis.IntegerRedisMessage;
import io.netty.handler.codec.redis.RedisMessage;
import io.netty.handler.codec.redis.SimpleStringRedisMessage;

/** Writes replies as bytes, many into one buffer. */
final class ReplyWriter {

    private static final int CRLF = '\r' << 8 | '\n';
    private static final byte[] NULL_BULK = {'$', '-', '1', '\r', '\n'};
    private static final byte[] NULL_ARRAY = {'*', '-', '1', '\r', '\n'};
    private static final int MOST_DIGITS = 20;

    private ReplyWriter() {}

    /** Adds a reply to what is in the buffer, and releases it. */
    static void write(ByteBuf out, RedisMessage reply) {
        if (reply instanceof FullBulkStringRedisMessage bulk) {
            writeBulk(out, bulk);
        } else if (reply instanceof SimpleStringRedisMessage text) {
            writeLine(out, '+', text.content());
        } else if (reply instanceof IntegerRedisMessage integer) {
            writeNumber(out, ':', integer.value());
        } else if (reply instanceof ErrorRedisMessage error) {
            writeLine(out, '-', error.content());
        } else if (reply instanceof ArrayRedisMessage array) {
            writeArray(out, array);
        } else {
            throw new IllegalStateException("there is no such reply: " + reply);
        }
    }

    private static void writeBulk(ByteBuf out, FullBulkStringRedisMessage bulk) {
        if (bulk.isNull()) {
            out.writeBytes(NULL_BULK);
            return;
        }
        ByteBuf content = bulk.content();
        int length = content.readableBytes();
        out.ensureWritable(length + MOST_DIGITS);
        writeNumber(out, '$', length);
        out.writeBytes(content, content.readerIndex(), length).writeShort(CRLF);
        bulk.release();
    }

    private static void writeArray(ByteBuf out, ArrayRedisMessage array) {
        if (array.isNull()) {
            out.writeBytes(NULL_ARRAY);
            return;
        }
        writeNumber(out, '*', array.children().size());
        for (RedisMessage child : array.children()) {
            write(out, child);
        }
    }

    private static void writeLine(ByteBuf out, char type, String text) {
        out.writeByte(type);
        ByteBufUtil.writeUtf8(out, text);
        out.writeShort(CRLF);
    }

    private static void writeNumber(ByteBuf out, char type, long number) {
        out.writeByte(type);
        if (number >= 0 && number < 10) {
            out.writeByte('0' + (int) number);
        } else {
            ByteBufUtil.writeAscii(out, Long.toString(number));
        }
        out.writeShort(CRLF);
    }
}
