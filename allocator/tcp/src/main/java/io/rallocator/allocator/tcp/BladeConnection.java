package io.rallocator.allocator.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.timeout.IdleStateEvent;
import io.rallocator.persistence.PoolLock;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker, as the blade sees it. The session's OS lock is held here, and given back only by the thread that executes the chains, when it
 * executes none: whoever can take the lock knows that no verb of the session is executed any more (I7). From the moment in
 * which the session is declared dead, each further verb is refused, also in the middle of a chain.
 *
 * <p>Threads: the connection's, unless a method says otherwise.
 */
final class BladeConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOGGER = LoggerFactory.getLogger(BladeConnection.class);
    private static final byte[] NO_PROOF = new byte[GreetingFrame.NONCE_BYTES];

    /** What is expected next. */
    private enum Stage {
        HELLO,
        PROOF,
        CHAINS,
        OVER
    }

    private final TcpBlade blade;
    private final FrameDecoder decoder;
    private final ChainServer server;
    private final CompletableFuture<Void> released = new CompletableFuture<>();
    private final byte[] bladeNonce = Token.nonce();
    private UnsafeBuffer request = ChainServer.direct(4096);
    private final UnsafeBuffer frame = new UnsafeBuffer(0, 0);
    private Stage stage = Stage.HELLO;
    private byte[] workerNonce;
    private Role asked;
    private Role role;
    private int sequence;
    private PoolLock lock;
    private volatile boolean fenced;

    BladeConnection(final TcpBlade blade, final FrameDecoder decoder) {
        this.blade = blade;
        this.decoder = decoder;
        this.server = new ChainServer(blade.region(), blade.geometry(), blade.counters());
    }

    /** Declares the session dead: no further verb of it is executed. May be called by any thread. */
    void fence() {
        fenced = true;
    }

    /** Done when no verb of this connection is executed any more, and its lock is free. */
    CompletableFuture<Void> released() {
        return released;
    }

    @Override
    public void channelActive(final ChannelHandlerContext context) {
        if (!blade.enter(this)) {
            refuse(context, RefusedException.forbidden("too many connections, the most are " + blade.maxConnections()));
        }
    }

    @Override
    public void handlerRemoved(final ChannelHandlerContext context) {
        fenced = true;
        stage = Stage.OVER;
        release();
        blade.leave(this);
        released.complete(null);
    }

    private void release() {
        server.admit(role, -1);
        if (lock != null) {
            lock.close();
            lock = null;
        }
    }

    @Override
    public void channelRead(final ChannelHandlerContext context, final Object message) {
        if (message instanceof RefusedException) {
            refuse(context, (RefusedException) message);
            return;
        }
        final ByteBuf received = (ByteBuf) message;
        try {
            if (stage != Stage.OVER) {
                take(received);
                handle(context);
            }
        } catch (final RefusedException e) {
            refuse(context, e);
        } finally {
            received.release();
        }
    }

    private void take(final ByteBuf received) {
        final int length = received.readableBytes();
        if (request.capacity() < length) {
            request = ChainServer.direct(BitUtil.findNextPositivePowerOfTwo(length));
        }
        received.getBytes(received.readerIndex(), request.byteBuffer().clear().limit(length));
        frame.wrap(request, 0, length);
    }

    private void handle(final ChannelHandlerContext context) throws RefusedException {
        if (Frame.sequence(frame, 0) != ++sequence) {
            throw RefusedException.malformed(
                    "request " + Frame.sequence(frame, 0) + " came where " + sequence + " was due");
        }
        switch (stage) {
            case HELLO -> greet(context);
            case PROOF -> admit(context);
            default -> serve(context);
        }
    }

    // ---- who is there

    private void greet(final ChannelHandlerContext context) throws RefusedException {
        if (!GreetingFrame.isWhole(frame, Frame.HELLO) || !GreetingFrame.hasMagic(frame)) {
            throw RefusedException.malformed("this is a blade of RAllocator, and no greeting that it knows came");
        }
        if (GreetingFrame.version(frame) != Frame.VERSION) {
            throw RefusedException.forbidden("version " + GreetingFrame.version(frame)
                    + " of the wire format; this blade speaks " + Frame.VERSION);
        }
        asked = GreetingFrame.role(frame);
        if (asked == null) {
            throw RefusedException.malformed("a role that there is not");
        }
        workerNonce = GreetingFrame.nonce(frame);
        stage = Stage.PROOF;
        final UnsafeBuffer out = server.reply();
        send(context, out, GreetingFrame.challenge(out, blade.options().needsToken(), bladeNonce));
        context.flush();
    }

    private void admit(final ChannelHandlerContext context) throws RefusedException {
        if (!GreetingFrame.isWhole(frame, Frame.PROOF)) {
            throw RefusedException.malformed("no proof came where one was due");
        }
        final Token token = blade.options().admit(asked, GreetingFrame.proof(frame), workerNonce, bladeNonce);
        role = asked;
        stage = Stage.CHAINS;
        server.admit(role, -1);
        decoder.admitted();
        blade.counters().admitted.increment();
        final UnsafeBuffer out = ChainServer.direct(GreetingFrame.WELCOME_BYTES);
        final byte[] proof = token == null ? NO_PROOF : token.proofOfBlade(workerNonce, bladeNonce);
        send(context, out, GreetingFrame.welcome(out, proof, role, blade.superblock()));
        context.flush();
    }

    // ---- what it wants

    private void serve(final ChannelHandlerContext context) throws RefusedException {
        switch (Frame.type(frame, 0)) {
            case Frame.CHAIN -> {
                final int length = server.execute(frame, () -> fenced);
                send(context, server.reply(), length);
            }
            case Frame.LOCK -> takeLock(context);
            case Frame.UNLOCK -> {
                release();
                answer(context, Frame.OK);
            }
            default -> throw RefusedException.malformed("a frame of type " + Frame.type(frame, 0));
        }
    }

    private void takeLock(final ChannelHandlerContext context) throws RefusedException {
        final int session = GreetingFrame.isWhole(frame, Frame.LOCK) ? GreetingFrame.session(frame) : -1;
        if (session < 0 || session >= blade.geometry().sessions() || lock != null) {
            throw RefusedException.malformed("a lock of session " + session + ", or a second one");
        }
        lock = fenced ? null : PoolLock.tryAcquire(PoolLock.sessionLock(blade.pool(), session));
        server.admit(role, lock == null ? -1 : session);
        answer(context, lock == null ? Frame.TAKEN : Frame.OK);
    }

    private void answer(final ChannelHandlerContext context, final byte status) {
        final UnsafeBuffer out = server.reply();
        Frame.putHeader(out, Frame.HEADER_BYTES, Frame.REPLY, status, 0, 0);
        send(context, out, Frame.HEADER_BYTES);
    }

    private static void send(final ChannelHandlerContext context, final UnsafeBuffer from, final int length) {
        final ByteBuf out = context.alloc().buffer(length);
        out.writeBytes(from.byteBuffer().clear().limit(length));
        context.write(out, context.voidPromise());
    }

    // ---- the connection

    /** All that came at once is answered at once. Who does not take the answers is not read from. */
    @Override
    public void channelReadComplete(final ChannelHandlerContext context) {
        context.flush();
        context.channel().config().setAutoRead(context.channel().isWritable());
    }

    @Override
    public void channelWritabilityChanged(final ChannelHandlerContext context) {
        context.channel().config().setAutoRead(context.channel().isWritable());
    }

    @Override
    public void userEventTriggered(final ChannelHandlerContext context, final Object event) {
        if (event instanceof IdleStateEvent) {
            fence();
            blade.counters().fenced.increment();
            LOGGER.warn(
                    "nothing was heard of {} for {} ms: its session is declared dead",
                    context.channel().remoteAddress(),
                    blade.options().leaseMs());
            bye(
                    context,
                    "nothing was heard of this worker for " + blade.options().leaseMs()
                            + " ms: its session was declared dead");
        }
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        if (cause instanceof DecoderException && cause.getCause() instanceof SSLException) {
            blade.counters().refused.increment();
            blade.refusals()
                    .refused(context.channel().remoteAddress(), cause.getCause().getMessage());
        } else if (cause instanceof IOException) {
            LOGGER.info("the connection of {} broke: {}", context.channel().remoteAddress(), cause.getMessage());
        } else {
            LOGGER.warn("the connection of {} failed", context.channel().remoteAddress(), cause);
        }
        fence();
        context.close();
    }

    private void refuse(final ChannelHandlerContext context, final RefusedException refused) {
        (refused.isMalformed ? blade.counters().malformed : blade.counters().refused).increment();
        blade.refusals().refused(context.channel().remoteAddress(), refused.getMessage());
        fence();
        bye(context, refused.getMessage());
    }

    private void bye(final ChannelHandlerContext context, final String reason) {
        stage = Stage.OVER;
        final UnsafeBuffer out = ChainServer.direct(TextFrame.MAX_BYTES);
        final int length = TextFrame.encode(out, Frame.BYE, Frame.OK, 0, 0, reason);
        final ByteBuf bye = context.alloc().buffer(length);
        bye.writeBytes(out.byteBuffer().clear().limit(length));
        context.writeAndFlush(bye).addListener(ChannelFutureListener.CLOSE);
    }
}
