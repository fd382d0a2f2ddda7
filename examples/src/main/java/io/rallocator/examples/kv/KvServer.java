package io.rallocator.examples.kv;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.rallocator.collections.RemoteHeap;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;

/**
 * A server that speaks the Redis protocol and keeps its keys in a {@link RemoteHeap}: strings and markers in the map
 * {@value #MAP_NAME}, lists in queues of their own. What a client was told is done survives any crash of the server.
 *
 * <pre>{@code
 * try (KvServer server = KvServer.start(KvOptions.builder().pool("embedded:/mnt/pmem/pool?size=1g").build())) {
 *     server.awaitClose();
 * }
 * }</pre>
 *
 * <p><b>Several servers</b> can serve one pool at the same time, on several hosts over {@code tcp://}; what one
 * acknowledged all others see, and one that dies hinders none. A server whose way to the blade was lost answers with
 * errors until it has found it again, by itself.
 *
 * <p>Thread-safe. A command is atomic for each key that it names, not across several keys (MSET, DEL of many).
 */
public final class KvServer implements AutoCloseable {

    /** The name of the map in the heap. */
    public static final String MAP_NAME = "kv";

    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(128 << 10, 512 << 10);
    private static final int BACKLOG = 1024;

    private final ServerStats stats = new ServerStats();
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final HeapSource source;
    private final Keyspace keyspace;
    private final ExpirySweeper sweeper;
    private final Transport transport;
    private final Channel listener;
    private final CountDownLatch end = new CountDownLatch(1);
    private boolean closed;

    private KvServer(HeapSource source, KvOptions options) throws IOException {
        this.source = source;
        ExpiryClock clock = new ExpiryClock(options.clock());
        this.keyspace = new Keyspace(source, stats, clock);
        this.sweeper = new ExpirySweeper(keyspace, clock, options.sweepInterval(), options.sweepBudget());
        Dispatcher dispatcher = new Dispatcher(commands(options), stats);
        this.transport = Transport.open(options.ioThreads());
        try {
            this.listener = listen(options, new ConnectionInitializer(options, dispatcher, stats, connections));
        } catch (IOException | RuntimeException e) {
            transport.close();
            throw e;
        }
        sweeper.start();
    }

    /**
     * Opens the heap, if the options do not bring one, and starts to listen.
     *
     * @param options how to run
     * @return the running server
     * @throws BindException if the address is in use or not of this machine; the message says what to do
     * @throws IOException if listening fails otherwise
     * @throws io.rallocator.persistence.RallocatorException if the heap cannot be opened
     */
    public static KvServer start(KvOptions options) throws IOException {
        HeapSource source = options.heap() == null ? HeapSource.of(options.pool()) : HeapSource.of(options.heap());
        try {
            return new KvServer(source, options);
        } catch (IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private CommandTable commands(KvOptions options) {
        CommandTable table = new CommandTable();
        Facts facts = new Facts();
        ServerInfo info = new ServerInfo(stats, keyspace, options, facts);
        new StringCommands(keyspace, options.maxValueBytes()).addTo(table);
        new ListCommands(keyspace).addTo(table);
        new KeyCommands(keyspace).addTo(table);
        new ConnectionCommands().addTo(table);
        new ServerCommands(info, stats, options, facts).addTo(table);
        return table;
    }

    private Channel listen(KvOptions options, ConnectionInitializer initializer) throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(transport.acceptor(), transport.workers())
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childHandler(initializer);
        ChannelFuture bound = bootstrap.bind(options.host(), options.port()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            BindException failure = new BindException("cannot listen on " + options.host() + ":" + options.port()
                    + ": " + bound.cause().getMessage() + "; stop the program that listens there (ss -ltnp shows it)"
                    + " or choose another port, 0 for any free one");
            failure.initCause(bound.cause());
            throw failure;
        }
        return bound.channel();
    }

    /**
     * The address that the server listens on.
     *
     * @return as text, without the port
     */
    public String host() {
        return ((InetSocketAddress) listener.localAddress()).getAddress().getHostAddress();
    }

    /**
     * The port that the server listens on.
     *
     * @return the actual port, also if 0 was asked for
     */
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /**
     * The number of keys, as DBSIZE reports it.
     *
     * @return the count, expired keys that nobody has met yet included
     */
    public long keyCount() {
        return keyspace.size();
    }

    /** Goes on with the sweep for expired keys at once, for tests. */
    void sweepNow() {
        sweeper.tick();
    }

    /**
     * Waits until the server has been closed, heap and all.
     *
     * @throws InterruptedException if the thread is interrupted
     */
    public void awaitClose() throws InterruptedException {
        end.await();
    }

    /**
     * Stops accepting, lets every command under way finish and its reply go out, closes the connections and then the
     * heap, if this server opened it. May be called twice.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        listener.close().awaitUninterruptibly();
        connections.close().awaitUninterruptibly();
        sweeper.close();
        transport.close();
        try {
            source.close();
        } finally {
            end.countDown();
        }
    }

    private final class Facts implements ServerInfo.Facts {

        private final long poolBytes = source.get().heap().geometry().capacity();

        @Override
        public int port() {
            return KvServer.this.port();
        }

        @Override
        public String transport() {
            return transport.name();
        }

        @Override
        public int structures() {
            return source.get().heap().names().size();
        }

        @Override
        public long poolBytes() {
            return poolBytes;
        }

        @Override
        public boolean isAway() {
            return source.isAway();
        }
    }
}
