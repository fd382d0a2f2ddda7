package io.rallocator.allocator.tcp;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.rallocator.allocator.Blade;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Lets workers reach a blade by TCP: executes their chains in the blade's process, on its mapping. Chains of one connection are
 * executed one after the other; a worker that does not take its answers is not read from, and hinders no other.
 *
 * <p>Threads: an event loop for each processor; for a pool with durability POWER, whose PERSISTs wait for a disk, one for each
 * session that there can be, so that no worker waits for the syncs of another. The methods may be called by any.
 */
public final class TcpBlade implements AutoCloseable {
    private static final WriteBufferWaterMark WATER_MARK =
            new WriteBufferWaterMark(Frame.MAX_BYTES, 2 * Frame.MAX_BYTES);
    private static final int SPARE_CONNECTIONS = 16;

    private final Path pool;
    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final UnsafeBuffer superblock;
    private final TcpBladeOptions options;
    private final BladeCounters counters = new BladeCounters();
    private final RefusalLog refusals = new RefusalLog();
    private final Set<BladeConnection> connections = ConcurrentHashMap.newKeySet();
    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final Transport transport;
    private final SslContext tls;
    private final Channel listener;
    private boolean closed;

    private TcpBlade(
            final Path pool,
            final NvmRegion region,
            final PoolGeometry geometry,
            final UnsafeBuffer superblock,
            final TcpBladeOptions options) {
        options.requireSafe();
        this.pool = pool;
        this.region = region;
        this.geometry = geometry;
        this.superblock = superblock;
        this.options = options;
        tls = options.tls() == null ? null : options.tls().ofBlade();
        final int processors = Runtime.getRuntime().availableProcessors();
        transport = Transport.open(
                region.durability() == Durability.POWER ? Math.max(processors, geometry.sessions()) : processors);
        try {
            listener = listen();
        } catch (final RuntimeException e) {
            transport.close();
            throw e;
        }
    }

    /**
     * Begins to listen.
     *
     * @param blade serves the pool; close it after this
     * @param options where and for whom
     * @return the server
     * @throws IllegalArgumentException if the options would let anybody in, or are wrong
     * @throws PoolUnavailableException if it cannot listen there
     */
    public static TcpBlade listen(final Blade blade, final TcpBladeOptions options) {
        return listen(
                blade.pool(),
                blade.region(),
                blade.geometry(),
                blade.superblock().encode(),
                options);
    }

    /** The same over somebody's region. */
    static TcpBlade listen(
            final Path pool,
            final NvmRegion region,
            final PoolGeometry geometry,
            final UnsafeBuffer superblock,
            final TcpBladeOptions options) {
        return new TcpBlade(pool, region, geometry, superblock, options);
    }

    private Channel listen() {
        final ServerBootstrap bootstrap = new ServerBootstrap()
                .group(transport.loops())
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(final Channel channel) {
                        accept(channel);
                    }
                });
        final ChannelFuture bound = bootstrap.bind(options.address()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new PoolUnavailableException(
                    "cannot listen on " + options.address() + ": "
                            + bound.cause().getMessage()
                            + "; choose another port, 0 for any that is free",
                    bound.cause());
        }
        return bound.channel();
    }

    /** Serves a channel. */
    void accept(final Channel channel) {
        channels.add(channel);
        if (tls != null) {
            channel.pipeline().addLast(tls.newHandler(channel.alloc()));
        }
        final FrameDecoder decoder = new FrameDecoder();
        channel.pipeline().addLast(new IdleStateHandler(options.leaseMs(), 0, 0, TimeUnit.MILLISECONDS));
        channel.pipeline().addLast(decoder);
        channel.pipeline().addLast(new BladeConnection(this, decoder));
    }

    // ---- for connections

    synchronized boolean enter(final BladeConnection connection) {
        connections.add(connection);
        return !closed && connections.size() <= maxConnections();
    }

    void leave(final BladeConnection connection) {
        connections.remove(connection);
    }

    int maxConnections() {
        return geometry.sessions() + SPARE_CONNECTIONS;
    }

    Path pool() {
        return pool;
    }

    NvmRegion region() {
        return region;
    }

    PoolGeometry geometry() {
        return geometry;
    }

    UnsafeBuffer superblock() {
        return superblock;
    }

    RefusalLog refusals() {
        return refusals;
    }

    TcpBladeOptions options() {
        return options;
    }

    // ---- for the blade's process

    /**
     * Where workers find this blade.
     *
     * @return the address without parameters, with the host that was asked for and the actual port
     */
    public String address() {
        final String host = options.address().getHostString();
        return "tcp://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":"
                + ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /**
     * What was done so far.
     *
     * @return live counters
     */
    public BladeCounters counters() {
        return counters;
    }

    /** Ends every connection, and returns when no verb of a worker is executed any more. Idempotent. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        listener.close().awaitUninterruptibly();
        connections.forEach(BladeConnection::fence);
        channels.close().awaitUninterruptibly();
        for (final BladeConnection connection : connections) {
            connection.released().join();
        }
        transport.close();
    }
}
