package io.rallocator.examples.kv;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.redis.ArrayRedisMessage;
import io.netty.handler.codec.redis.ErrorRedisMessage;
import io.netty.handler.codec.redis.FullBulkStringRedisMessage;
import io.netty.handler.codec.redis.IntegerRedisMessage;
import io.netty.handler.codec.redis.RedisMessage;
import io.netty.handler.codec.redis.SimpleStringRedisMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The kinds of reply there are in RESP2. */
final class Replies {

    /** {@code +OK}. */
    static final RedisMessage OK = new SimpleStringRedisMessage("OK");

    /** The null bulk string. */
    static final RedisMessage NIL = FullBulkStringRedisMessage.NULL_INSTANCE;

    /** The null array. */
    static final RedisMessage NIL_ARRAY = ArrayRedisMessage.NULL_INSTANCE;

    /** An array without elements. */
    static final RedisMessage EMPTY_ARRAY = ArrayRedisMessage.EMPTY_INSTANCE;

    private static final RedisMessage ZERO = new IntegerRedisMessage(0);
    private static final RedisMessage ONE = new IntegerRedisMessage(1);

    private Replies() {}

    static RedisMessage simple(String text) {
        return new SimpleStringRedisMessage(text);
    }

    static RedisMessage integer(long value) {
        return new IntegerRedisMessage(value);
    }

    /** 1 or 0. */
    static RedisMessage flag(boolean value) {
        return value ? ONE : ZERO;
    }

    /** A bulk string of these bytes, not copied, or nil for null. */
    static RedisMessage bulk(byte[] bytes) {
        return bytes == null ? NIL : new FullBulkStringRedisMessage(Unpooled.wrappedBuffer(bytes));
    }

    static RedisMessage bulk(String text) {
        return bulk(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A stored string's payload, not copied, or nil for null. */
    static RedisMessage bulk(StoredValue value) {
        return value == null ? NIL : new FullBulkStringRedisMessage(value.payloadBuffer());
    }

    static RedisMessage array(List<RedisMessage> elements) {
        return elements.isEmpty() ? EMPTY_ARRAY : new ArrayRedisMessage(elements);
    }

    static RedisMessage bulks(Collection<byte[]> elements) {
        List<RedisMessage> replies = new ArrayList<>(elements.size());
        for (byte[] element : elements) {
            replies.add(bulk(element));
        }
        return array(replies);
    }

    static RedisMessage texts(Collection<String> elements) {
        List<RedisMessage> replies = new ArrayList<>(elements.size());
        for (String element : elements) {
            replies.add(bulk(element));
        }
        return array(replies);
    }

    /** An error, code word first. A line break would end the reply early, so each becomes a blank. */
    static RedisMessage error(String message) {
        return new ErrorRedisMessage(message.replace('\r', ' ').replace('\n', ' '));
    }
}
