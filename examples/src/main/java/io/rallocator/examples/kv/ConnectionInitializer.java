package io.rallocator.examples.kv;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;

/** Sets a new connection up: a {@link RequestDecoder}, and a {@link ConnectionHandler}. */
final class ConnectionInitializer extends ChannelInitializer<Channel> {

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
        int open = stats.connectedClients.incrementAndGet();
        channel.closeFuture().addListener(closed -> stats.connectedClients.decrementAndGet());
        if (open > options.maxConnections()) {
            stats.connectionsRejected.increment();
            ByteBuf refusal = channel.alloc().buffer();
            ReplyWriter.write(refusal, Replies.error("ERR max number of clients reached"));
            channel.writeAndFlush(refusal).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        stats.connectionsReceived.increment();
        connections.add(channel);
        channel.pipeline()
                .addLast(
                        new ReadGate(),
                        new RequestDecoder(options.maxValueBytes(), options.maxRequestBytes(), options.maxWords()),
                        new ConnectionHandler(dispatcher, new ClientSession(String.valueOf(channel.remoteAddress()))));
    }
}
