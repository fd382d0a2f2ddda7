package io.rallocator.examples.kv;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;

/**
 * Lets nothing be read while auto-read is off. Netty's decoders ask for more on their own as long as a message is
 * incomplete; without this, a client that sends without reading its replies would fill the server's memory.
 */
final class ReadGate extends ChannelOutboundHandlerAdapter {

    @Override
    public void read(ChannelHandlerContext ctx) {
        if (ctx.channel().config().isAutoRead()) {
            ctx.read();
        }
    }
}
