package io.rallocator.examples.kv;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.redis.ArrayHeaderRedisMessage;
import io.netty.handler.codec.redis.BulkStringHeaderRedisMessage;
import io.netty.handler.codec.redis.DefaultBulkStringRedisContent;
import io.netty.handler.codec.redis.DefaultLastBulkStringRedisContent;
import io.netty.handler.codec.redis.FullBulkStringRedisMessage;

/**
 * Sits between Netty's decoder and its aggregators and keeps them from piling up what is too much: a word that is too
 * long, or that makes its request too long, is read and dropped, and an {@link OversizedBulk} takes its place; an
 * array that announces too many words, or that is inside another, ends the connection. One per connection.
 *
 * <p>A word that arrived in one piece is passed on as one message, so that only words in several pieces cost the
 * aggregator a composite buffer: that is a good part of what a pipelined request costs.
 */
final class RequestLimiter extends ChannelInboundHandlerAdapter {

    private final int maxValueBytes;
    private final long maxRequestBytes;
    private final int maxWords;

    private long wordsToCome;
    private long requestBytes;
    private boolean dropping;
    private BulkStringHeaderRedisMessage heldHeader;

    RequestLimiter(int maxValueBytes, long maxRequestBytes, int maxWords) {
        this.maxValueBytes = maxValueBytes;
        this.maxRequestBytes = maxRequestBytes;
        this.maxWords = maxWords;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (msg instanceof DefaultBulkStringRedisContent content) {
            passContent(ctx, content);
        } else if (msg instanceof BulkStringHeaderRedisMessage header) {
            beginBulk(ctx, header);
        } else if (msg instanceof ArrayHeaderRedisMessage header) {
            beginArray(header);
            ctx.fireChannelRead(msg);
        } else {
            wordsToCome--;
            ctx.fireChannelRead(msg);
        }
    }

    private void passContent(ChannelHandlerContext ctx, DefaultBulkStringRedisContent content) {
        boolean last = content instanceof DefaultLastBulkStringRedisContent;
        if (dropping) {
            dropping = !last;
            content.release();
            return;
        }
        BulkStringHeaderRedisMessage header = heldHeader;
        heldHeader = null;
        if (header == null) {
            ctx.fireChannelRead(content);
        } else if (last) {
            ctx.fireChannelRead(new FullBulkStringRedisMessage(content.content()));
        } else {
            ctx.fireChannelRead(header);
            ctx.fireChannelRead(content);
        }
    }

    private void beginBulk(ChannelHandlerContext ctx, BulkStringHeaderRedisMessage header) {
        wordsToCome--;
        String reason = refusal(header.bulkStringLength());
        if (reason == null) {
            requestBytes += header.bulkStringLength();
            heldHeader = header;
        } else {
            dropping = true;
            ctx.fireChannelRead(new OversizedBulk(reason));
        }
    }

    private void beginArray(ArrayHeaderRedisMessage header) {
        if (wordsToCome > 0) {
            throw new DecoderException("expected '$', got '*'");
        }
        if (header.length() > maxWords) {
            throw new DecoderException(
                    "invalid multibulk length: " + header.length() + ", at most " + maxWords + " are allowed");
        }
        wordsToCome = header.length();
        requestBytes = 0;
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
}
