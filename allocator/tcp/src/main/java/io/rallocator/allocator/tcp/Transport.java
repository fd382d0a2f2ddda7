package io.rallocator.allocator.tcp;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event loops and how they wait for sockets: epoll where its native library is there, else NIO. Epoll's jar is a run-time
 * dependency for one platform, so it is looked up by name.
 */
final class Transport implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Transport.class);
    private static final String EPOLL = "io.netty.channel.epoll.";
    private static final long CLOSE_TIMEOUT_S = 10;

    private final Class<? extends ServerChannel> serverChannel;
    private final EventLoopGroup loops;

    private Transport(
            final Class<? extends ServerChannel> serverChannel, final IoHandlerFactory handlers, final int threads) {
        this.serverChannel = serverChannel;
        this.loops =
                new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("rallocator-tcp", true), handlers);
    }

    static Transport open(final int threads) {
        try {
            final boolean available = (Boolean)
                    Class.forName(EPOLL + "Epoll").getMethod("isAvailable").invoke(null);
            if (available) {
                final Object handlers = Class.forName(EPOLL + "EpollIoHandler")
                        .getMethod("newFactory")
                        .invoke(null);
                return new Transport(
                        Class.forName(EPOLL + "EpollServerSocketChannel").asSubclass(ServerChannel.class),
                        (IoHandlerFactory) handlers,
                        threads);
            }
        } catch (final ReflectiveOperationException | LinkageError e) {
            LOGGER.debug("no epoll on the class path, using NIO", e);
        }
        return new Transport(NioServerSocketChannel.class, NioIoHandler.newFactory(), threads);
    }

    Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    EventLoopGroup loops() {
        return loops;
    }

    /** Ends the event loops after the tasks that they have. */
    @Override
    public void close() {
        loops.shutdownGracefully(0, CLOSE_TIMEOUT_S, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
