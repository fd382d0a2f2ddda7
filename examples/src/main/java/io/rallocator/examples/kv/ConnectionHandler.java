package io.rallocator.examples.kv;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.redis.RedisMessage;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: answers its requests one by one, in order, on its event loop.
 *
 * <p><b>Pipelining.</b> Replies are flushed when everything that one read brought has been answered.
 *
 * <p><b>Back-pressure.</b> A client that does not take its replies is not read from: when what is on its way to it
 * passes the high-water mark, requests decoded already wait in {@code waiting}, which is bounded by one read, and
 * auto-read is off until the client catches up.
 *
 * <p><b>Closing.</b> After QUIT or a protocol error the reply goes out, then only the sending side is shut down and
 * what still arrives is dropped until the client closes or a second has passed: closing a socket with unread bytes
 * would make the kernel throw the reply away.
 */
final class ConnectionHandler extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(ConnectionHandler.class);
    private static final long LINGER_MS = 1000;

    /** Of replies: then they are handed on, and it shows whether the client takes them. */
    private static final int BATCH_BYTES = 16 << 10;

    private static final int FEW_BYTES = 256;

    private final Dispatcher dispatcher;
    private final ClientSession session;

    /** What {@link RequestDecoder} made, and was not answered yet. */
    private final Queue<Object> waiting = new ArrayDeque<>();

    /** Replies that are not handed on yet, or null. */
    private ByteBuf replies;

    private boolean draining;

    ConnectionHandler(Dispatcher dispatcher, ClientSession session) {
        this.dispatcher = dispatcher;
        this.session = session;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object request) {
        if (!session.isClosing()) {
            waiting.add(request);
            drain(ctx);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        flush(ctx);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable() && !draining) {
            drain(ctx);
            flush(ctx);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        waiting.clear();
        if (replies != null) {
            replies.release();
            replies = null;
        }
    }

    /** Answers what waits, as long as the client takes the replies. */
    private void drain(ChannelHandlerContext ctx) {
        if (draining) {
            return;
        }
        draining = true;
        try {
            while (!waiting.isEmpty() && !session.isClosing() && isWritable(ctx)) {
                answer(ctx, waiting.remove());
            }
        } finally {
            draining = false;
        }
        if (session.isClosing()) {
            waiting.clear();
        }
        boolean read =
                waiting.isEmpty() && (session.isClosing() || ctx.channel().isWritable());
        if (ctx.channel().config().isAutoRead() != read) {
            ctx.channel().config().setAutoRead(read);
        }
    }

    private boolean isWritable(ChannelHandlerContext ctx) {
        if (replies != null && replies.readableBytes() >= BATCH_BYTES) {
            handOn(ctx);
        }
        if (!ctx.channel().isWritable()) {
            ctx.flush();
        }
        return ctx.channel().isWritable();
    }

    private void answer(ChannelHandlerContext ctx, Object request) {
        RedisMessage reply = request instanceof RefusedRequest refused
                ? dispatcher.error(refused.reply())
                : dispatcher.answer(new Request((byte[][]) request, session));
        if (session.isClosing()) {
            endWith(ctx, reply);
        } else {
            add(ctx, reply);
        }
    }

    private void add(ChannelHandlerContext ctx, RedisMessage reply) {
        if (replies == null) {
            replies = ctx.alloc().buffer(FEW_BYTES);
        }
        ReplyWriter.write(replies, reply);
    }

    private void handOn(ChannelHandlerContext ctx) {
        ByteBuf out = replies;
        replies = null;
        ctx.write(out, ctx.voidPromise());
    }

    private void flush(ChannelHandlerContext ctx) {
        if (replies != null) {
            handOn(ctx);
        }
        ctx.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof DecoderException) {
            refuse(ctx, cause);
        } else if (cause instanceof IOException) {
            LOG.debug("connection of {} broke", session.address(), cause);
            ctx.close();
        } else if (ctx.channel().isActive()) {
            LOG.error("connection of {} failed", session.address(), cause);
            end(ctx, "ERR internal error");
        }
    }

    /** The client does not speak the protocol: where its next request would start is unknown. */
    private void refuse(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("protocol error of {}", session.address(), cause);
        Throwable root = cause.getCause() == null ? cause : cause.getCause();
        end(ctx, "ERR Protocol error: " + root.getMessage());
    }

    private void end(ChannelHandlerContext ctx, String error) {
        if (!session.isClosing() && ctx.channel().isActive()) {
            session.closeAfterReply();
            endWith(ctx, dispatcher.error(error));
        }
    }

    private void endWith(ChannelHandlerContext ctx, RedisMessage lastReply) {
        add(ctx, lastReply);
        ByteBuf out = replies;
        replies = null;
        endAfter(ctx.writeAndFlush(out));
    }

    private static void endAfter(ChannelFuture lastReply) {
        Channel channel = lastReply.channel();
        lastReply.addListener(done -> {
            if (channel instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
            }
            channel.eventLoop().schedule(() -> channel.close(), LINGER_MS, TimeUnit.MILLISECONDS);
        });
    }
}
