package io.rallocator.benchmarks;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** What a round trip of 64 bytes over loopback costs without any of ours: two threads and two blocking channels. */
final class PingPong implements AutoCloseable {
    private static final int BYTES = 64;

    private final ServerSocketChannel listener;
    private final SocketChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BYTES);

    PingPong() throws IOException {
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        final Thread echo = new Thread(this::echo, "echo");
        echo.setDaemon(true);
        echo.start();
        channel = SocketChannel.open(listener.getLocalAddress());
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }

    private void echo() {
        final ByteBuffer echoed = ByteBuffer.allocateDirect(BYTES);
        try (SocketChannel peer = listener.accept()) {
            peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
            while (fill(peer, echoed)) {
                write(peer, echoed);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean fill(final SocketChannel from, final ByteBuffer target) throws IOException {
        target.clear();
        while (target.hasRemaining()) {
            if (from.read(target) < 0) {
                return false;
            }
        }
        target.flip();
        return true;
    }

    private static void write(final SocketChannel to, final ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            to.write(source);
        }
    }

    void roundTrip() throws IOException {
        buffer.clear();
        write(channel, buffer);
        if (!fill(channel, buffer)) {
            throw new EOFException("the echo ended");
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        listener.close();
    }
}
