package io.rallocator.examples.kv;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.redis.FixedRedisMessagePool;
import io.netty.handler.codec.redis.RedisArrayAggregator;
import io.netty.handler.codec.redis.RedisBulkStringAggregator;
import io.netty.handler.codec.redis.RedisDecoder;
import io.netty.handler.codec.redis.RedisEncoder;

/** Sets a new connection up: Netty's RESP codec, our limits, and a {@link ConnectionHandler}. */
final class ConnectionInitializer extends ChannelInitializer<Channel> {

    private static final int MAX_INLINE_BYTES = 64 * 1024;

    private final KvOptions options;
    private final Dispatcher dispatcher;
    private final ServerStats stats;
    private final ChannelGroup connections;

    ConnectionInitializer(KvOptions options, Dispatcher dispatcher, ServerStats stats, ChannelGroup connections) {
        this.options = options;
        this.dispatcher = dispatcher;
        this.stats = stats;
        this.connections = connections;
    }

    @Override
    protected void initChannel(Channel channel) {
        channel.pipeline().addLast(new RedisEncoder());
        int open = stats.connectedClients.incrementAndGet();
        channel.closeFuture().addListener(closed -> stats.connectedClients.decrementAndGet());
        if (open > options.maxConnections()) {
            stats.connectionsRejected.increment();
            channel.writeAndFlush(Replies.error("ERR max number of clients reached"))
                    .addListener(ChannelFutureListener.CLOSE);
            return;
        }
        stats.connectionsReceived.increment();
        connections.add(channel);
        channel.pipeline()
                .addLast(
                        new ReadGate(),
                        new RedisDecoder(MAX_INLINE_BYTES, FixedRedisMessagePool.INSTANCE, true),
                        new RequestLimiter(options.maxValueBytes(), options.maxRequestBytes(), options.maxWords()),
                        new RedisBulkStringAggregator(),
                        new RedisArrayAggregator(options.maxWords(), 1),
                        new ConnectionHandler(dispatcher, new ClientSession(String.valueOf(channel.remoteAddress()))));
    }
}
