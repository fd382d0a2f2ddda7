package io.rallocator.allocator.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/** Cuts what arrives into frames. What is no frame is passed on as the reason why, and nothing after it is looked at. */
final class FrameDecoder extends ByteToMessageDecoder {
    private int most = Frame.MAX_GREETING_BYTES;
    private boolean broken;

    /** The worker was admitted. */
    void admitted() {
        most = Frame.MAX_BYTES;
    }

    @Override
    protected void decode(final ChannelHandlerContext context, final ByteBuf in, final List<Object> out) {
        if (broken) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (in.readableBytes() < Frame.HEADER_BYTES) {
            return;
        }
        final int length = in.getIntLE(in.readerIndex() + Frame.LENGTH_OFFSET);
        if (!Frame.isPlausible(length, most)) {
            broken = true;
            in.skipBytes(in.readableBytes());
            out.add(RefusedException.malformed(
                    "a frame of " + length + " bytes; the least is " + Frame.HEADER_BYTES + ", the most " + most));
        } else if (in.readableBytes() >= length) {
            out.add(in.readRetainedSlice(length));
        }
    }
}
