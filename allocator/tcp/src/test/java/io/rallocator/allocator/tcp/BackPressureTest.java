package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import java.io.DataInputStream;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import org.agrona.ExpandableArrayBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A worker that asks and does not take the answers fills its own socket, and hinders nobody. */
@Timeout(60)
class BackPressureTest {
    private static final long CAPACITY = 2 << 20;
    private static final int ASKED = 1_000_000;
    private static final int READ_BYTES = 1 << 19;
    private static final Operation TEST = Operation.named("test.backpressure");

    /** What the kernel takes in both directions, and the blade's own bound, are some MiB. */
    private static final long MOST_ANSWERS = (64L << 20) / READ_BYTES;

    @TempDir
    private Path folder;

    @Test
    void shouldStopReadingFromAWorkerThatTakesNoAnswers() throws Exception {
        final Path file = folder.resolve("region");
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(CAPACITY);
        }
        try (NvmRegion region = MappedNvmRegion.map(file, CAPACITY, Durability.PROCESS, true);
                RegionServer server = new RegionServer(file, region);
                SocketChannel greedy = connect(server)) {
            greedy.configureBlocking(false);
            final ExpandableArrayBuffer out = new ExpandableArrayBuffer();
            ChainFrame.putVerb(out, 0, Chain.READ, READ_BYTES, 0, 0, 0);
            final int length = ChainFrame.verbAt(1);
            Frame.putHeader(out, length, Frame.CHAIN, Frame.OK, 1, 1);
            try (QueuePair other = server.connect()) {
                final Chain chain = new Chain(other);
                int sent = 0;
                ByteBuffer frame = ByteBuffer.allocate(0);
                // Once the blade does not read any more, the kernel takes no more, be it in the middle of a frame: for
                // as
                // long as another worker is served a thousand times.
                for (int refused = 0; refused < 1_000; ) {
                    if (!frame.hasRemaining()) {
                        out.putInt(Frame.SEQUENCE_OFFSET, 3 + sent);
                        frame = ByteBuffer.wrap(out.byteArray(), 0, length);
                        sent++;
                    }
                    if (greedy.write(frame) == 0) {
                        refused++;
                        chain.readWord(0);
                        chain.post(TEST);
                    } else {
                        refused = 0;
                    }
                    assertThat(sent).isLessThan(ASKED);
                }
                final long own = other.counters().get(TEST, Figure.CHAINS);
                assertThat(server.blade.counters().chains() - own).isLessThan(MOST_ANSWERS);
            }
        }
    }

    private static SocketChannel connect(final RegionServer server) throws Exception {
        final InetSocketAddress address =
                TcpFabricProvider.parse(server.blade.address().substring("tcp:".length()));
        final SocketChannel channel =
                SocketChannel.open(new InetSocketAddress(address.getHostString(), address.getPort()));
        final Socket socket = channel.socket();
        final DataInputStream in = new DataInputStream(socket.getInputStream());
        final ExpandableArrayBuffer out = new ExpandableArrayBuffer();
        final int hello = GreetingFrame.hello(out, Role.READ_WRITE, Token.nonce());
        out.putInt(Frame.SEQUENCE_OFFSET, 1);
        socket.getOutputStream().write(Arrays.copyOf(out.byteArray(), hello));
        skipFrame(in);
        GreetingFrame.proof(out, new byte[GreetingFrame.NONCE_BYTES]);
        out.putInt(Frame.SEQUENCE_OFFSET, 2);
        socket.getOutputStream().write(Arrays.copyOf(out.byteArray(), Frame.length(out, 0)));
        skipFrame(in);
        return channel;
    }

    private static void skipFrame(final DataInputStream in) throws Exception {
        in.readFully(new byte[Integer.reverseBytes(in.readInt()) - Integer.BYTES]);
    }
}
