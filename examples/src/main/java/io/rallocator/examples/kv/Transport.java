package io.rallocator.examples.kv;

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
 * The event loops and how they wait for sockets: epoll where its native library is there, else NIO. Epoll's jar is a
 * run-time dependency for one platform, so it is looked up by name.
 */
final class Transport implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);
    private static final String EPOLL = "io.netty.channel.epoll.";
    private static final long CLOSE_TIMEOUT_S = 10;

    private final String name;
    private final Class<? extends ServerChannel> serverChannel;
    private final EventLoopGroup acceptor;
    private final EventLoopGroup workers;

    private Transport(
            String name, Class<? extends ServerChannel> serverChannel, IoHandlerFactory handlers, int threads) {
        this.name = name;
        this.serverChannel = serverChannel;
        this.acceptor = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("kv-accept"), handlers);
        this.workers = new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("kv-io"), handlers);
    }

    static Transport open(int threads) {
        try {
            boolean available = (Boolean)
                    Class.forName(EPOLL + "Epoll").getMethod("isAvailable").invoke(null);
            if (available) {
                Object handlers = Class.forName(EPOLL + "EpollIoHandler")
                        .getMethod("newFactory")
                        .invoke(null);
                return new Transport(
                        "epoll",
                        Class.forName(EPOLL + "EpollServerSocketChannel").asSubclass(ServerChannel.class),
                        (IoHandlerFactory) handlers,
                        threads);
            }
        } catch (ReflectiveOperationException | LinkageError e) {
            LOG.debug("no epoll on the class path, using NIO", e);
        }
        return new Transport("nio", NioServerSocketChannel.class, NioIoHandler.newFactory(), threads);
    }

    /** {@code epoll} or {@code nio}. */
    String name() {
        return name;
    }

    Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    EventLoopGroup acceptor() {
        return acceptor;
    }

    EventLoopGroup workers() {
        return workers;
    }

    /** Ends the event loops after the tasks that they have. */
    @Override
    public void close() {
        acceptor.shutdownGracefully(0, CLOSE_TIMEOUT_S, TimeUnit.SECONDS).awaitUninterruptibly();
        workers.shutdownGracefully(0, CLOSE_TIMEOUT_S, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
