package io.rallocator.examples.kv;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.redis.RedisMessage;
import io.netty.util.ReferenceCountUtil;
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

    private final Dispatcher dispatcher;
    private final ClientSession session;
    private final Queue<Object> waiting = new ArrayDeque<>();
    private boolean draining;

    ConnectionHandler(Dispatcher dispatcher, ClientSession session) {
        this.dispatcher = dispatcher;
        this.session = session;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (session.isClosing()) {
            ReferenceCountUtil.release(msg);
            return;
        }
        waiting.add(msg);
        drain(ctx);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable() && !draining) {
            drain(ctx);
            ctx.flush();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        dropWaiting();
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
            dropWaiting();
        }
        boolean read =
                waiting.isEmpty() && (session.isClosing() || ctx.channel().isWritable());
        if (ctx.channel().config().isAutoRead() != read) {
            ctx.channel().config().setAutoRead(read);
        }
    }

    private static boolean isWritable(ChannelHandlerContext ctx) {
        if (!ctx.channel().isWritable()) {
            ctx.flush();
        }
        return ctx.channel().isWritable();
    }

    private void answer(ChannelHandlerContext ctx, Object message) {
        RedisMessage reply;
        try {
            byte[][] words = RequestReader.words((RedisMessage) message);
            if (words.length == 0) {
                return;
            }
            reply = dispatcher.answer(new Request(words, session));
        } catch (CommandException e) {
            reply = dispatcher.error(e.getMessage());
        } catch (DecoderException e) {
            refuse(ctx, e);
            return;
        } finally {
            ReferenceCountUtil.release(message);
        }
        if (session.isClosing()) {
            endAfter(ctx.writeAndFlush(reply));
        } else {
            ctx.write(reply, ctx.voidPromise());
        }
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
            endAfter(ctx.writeAndFlush(dispatcher.error(error)));
        }
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

    private void dropWaiting() {
        Object message;
        while ((message = waiting.poll()) != null) {
            ReferenceCountUtil.release(message);
        }
    }
}
