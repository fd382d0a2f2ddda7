package io.rallocator.allocator.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import io.rallocator.persistence.MappedNvmRegion;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.NvmRegion.Durability;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Frames that are malformed, truncated, oversized, repeated or out of range: the connection is closed with a reason, and neither the pool
 * nor another worker notices. The frames go through the blade's own pipeline, without a socket; {@code -Psoak} sends a million.
 */
class HostileFramesTest {
    private static final int CAPACITY = 1 << 16;
    private static final int FRAMES = Integer.getInteger("rallocator.hostileFrames", 30_000);
    private static final int FRAMES_BETWEEN_LOOKS = 500;
    private static final long SEED = Long.getLong("rallocator.seed", System.nanoTime());
    private static final Operation TEST = Operation.named("test.hostile");

    @TempDir
    private Path folder;

    private final Random random = new Random(SEED);
    private final byte[] pattern = new byte[CAPACITY];
    private NvmRegion region;
    private RegionServer server;

    @BeforeEach
    void serve() throws Exception {
        final Path file = folder.resolve("region");
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(CAPACITY);
        }
        region = MappedNvmRegion.map(file, CAPACITY, Durability.PROCESS, true);
        random.nextBytes(pattern);
        region.write(0, new UnsafeBuffer(pattern), 0, CAPACITY);
        server = new RegionServer(file, region);
    }

    @AfterEach
    void close() {
        server.close();
        region.close();
    }

    private void assertUnharmed(final String what) {
        final UnsafeBuffer found = new UnsafeBuffer(new byte[CAPACITY]);
        region.read(0, found, 0, CAPACITY);
        assertThat(Arrays.equals(found.byteArray(), pattern)).as(what).isTrue();
    }

    // ---- one hostile worker

    /** What it sends, and what came of it. */
    private final class Peer implements AutoCloseable {
        final EmbeddedChannel channel = new EmbeddedChannel();
        final ExpandableArrayBuffer out = new ExpandableArrayBuffer();
        int sequence;

        Peer() {
            server.blade.accept(channel);
            channel.pipeline().fireChannelActive();
        }

        /** Sends a frame that was made in {@link #out}. */
        void send(final int length) {
            out.putInt(Frame.SEQUENCE_OFFSET, ++sequence);
            send(Arrays.copyOf(out.byteArray(), length));
        }

        void send(final byte[] bytes) {
            // In pieces, as a network delivers them.
            for (int at = 0; at < bytes.length && channel.isActive(); ) {
                final int piece = Math.min(bytes.length - at, 1 + random.nextInt(bytes.length));
                channel.writeInbound(Unpooled.copiedBuffer(bytes, at, piece));
                at += piece;
            }
            channel.runPendingTasks();
        }

        /** The type of the last frame that came back; 0 if none did. */
        byte answer() {
            byte type = 0;
            for (ByteBuf reply = channel.readOutbound(); reply != null; reply = channel.readOutbound()) {
                type = reply.getByte(Frame.TYPE_OFFSET);
                reply.release();
            }
            return type;
        }

        Peer admitted(final Role role) {
            send(GreetingFrame.hello(out, role, Token.nonce()));
            assertThat(answer()).isEqualTo(Frame.CHALLENGE);
            GreetingFrame.proof(out, new byte[GreetingFrame.NONCE_BYTES]);
            send(Frame.length(out, 0));
            assertThat(answer()).isEqualTo(Frame.WELCOME);
            return this;
        }

        Peer owning(final int session) {
            GreetingFrame.lock(out, session);
            send(Frame.length(out, 0));
            assertThat(answer()).isEqualTo(Frame.REPLY);
            return this;
        }

        void assertRefused(final String what) {
            assertThat(answer()).as(what).isEqualTo(Frame.BYE);
            assertThat(channel.isActive()).as(what).isFalse();
        }

        @Override
        public void close() {
            channel.finishAndReleaseAll();
        }
    }

    /** A chain that would change the region if it were executed: a write, reads, a swap, an addition. */
    private int chain(final Peer peer, final int verbs) {
        int payload = 0;
        for (int verb = 0; verb < verbs; verb++) {
            final byte kind = (byte) random.nextInt(7);
            final int length = kind == Chain.PERSIST
                    ? 0
                    : ChainFrame.isAtomic(kind) ? 8 : kind == Chain.READ_LINKS ? 16 : 1 + random.nextInt(100);
            final long offset = 8L * random.nextInt((CAPACITY - 128) / 8);
            final long word = kind == Chain.FETCH_AND_ADD ? 1 : region.readLong(offset);
            ChainFrame.putVerb(peer.out, verb, kind, length, offset, word, ~word);
            payload += kind == Chain.WRITE ? Frame.align(length) : 0;
        }
        final int length = ChainFrame.verbAt(verbs) + payload;
        peer.out.checkLimit(length);
        peer.out.setMemory(ChainFrame.verbAt(verbs), payload, (byte) random.nextInt());
        Frame.putHeader(peer.out, length, Frame.CHAIN, Frame.OK, verbs, 1);
        return length;
    }

    /** Makes one thing wrong with a good chain, and sends it. Returns what. */
    private String sendSpoiled(final Peer peer) {
        final int verbs = 1 + random.nextInt(8);
        final int length = chain(peer, verbs);
        final int verb = random.nextInt(verbs);
        final int at = ChainFrame.verbAt(verb);
        final String what;
        switch (random.nextInt(10)) {
            case 0 -> {
                what = "a verb that there is not";
                peer.out.putByte(at, (byte) (random.nextBoolean() ? 7 + random.nextInt(100) : -1));
            }
            case 1 -> {
                what = "a place behind the end";
                final long[] wrong = {CAPACITY, CAPACITY - 7, -8, Long.MIN_VALUE, Long.MAX_VALUE - 7, 1L << 40};
                ChainFrame.putVerb(peer.out, verb, Chain.COMPARE_AND_SWAP, 8, wrong[random.nextInt(6)], 0, 1);
                return sendWithoutPayload(peer, verbs, what);
            }
            case 2 -> {
                what = "a word that is not aligned";
                ChainFrame.putVerb(peer.out, verb, Chain.FETCH_AND_ADD, 8, 1 + random.nextInt(7), 1, 0);
                return sendWithoutPayload(peer, verbs, what);
            }
            case 3 -> {
                what = "a length that is wrong";
                final int[] wrong = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, CAPACITY + 1, 1 << 20, 2 << 20};
                ChainFrame.putVerb(peer.out, verb, Chain.READ, wrong[random.nextInt(6)], 0, 0, 0);
                return sendWithoutPayload(peer, verbs, what);
            }
            case 4 -> {
                what = "more verbs than it has";
                peer.out.putShort(Frame.COUNT_OFFSET, (short) (verbs + 1 + random.nextInt(60_000)));
            }
            case 5 -> {
                what = "no verb";
                peer.out.putShort(Frame.COUNT_OFFSET, (short) 0);
            }
            case 6 -> {
                what = "a frame that was sent before, or one that is missing";
                peer.sequence += random.nextBoolean() ? -1 : 1 + random.nextInt(5);
            }
            case 7 -> {
                what = "a type that there is not, or not now";
                final byte[] wrong = {0, Frame.HELLO, Frame.PROOF, Frame.WELCOME, Frame.REPLY, Frame.BYE, 99, -1};
                peer.out.putByte(Frame.TYPE_OFFSET, wrong[random.nextInt(wrong.length)]);
            }
            case 8 -> {
                what = "a frame of a length that cannot be";
                final int[] wrong = {0, 8, length + 1, -8, Integer.MAX_VALUE, Integer.MIN_VALUE, (1 << 20) + 8};
                peer.out.putInt(Frame.LENGTH_OFFSET, wrong[random.nextInt(wrong.length)]);
            }
            default -> {
                what = "a frame with bytes too many";
                peer.out.putLong(length, random.nextLong());
                peer.out.putInt(Frame.LENGTH_OFFSET, length + 8);
                peer.send(length + 8);
                return what;
            }
        }
        peer.send(length);
        return what;
    }

    private String sendWithoutPayload(final Peer peer, final int verbs, final String what) {
        int payload = 0;
        for (int verb = 0; verb < verbs; verb++) {
            payload +=
                    ChainFrame.kind(peer.out, verb) == Chain.WRITE ? Frame.align(ChainFrame.length(peer.out, verb)) : 0;
        }
        final int length = ChainFrame.verbAt(verbs) + payload;
        peer.out.checkLimit(length);
        peer.out.putInt(Frame.LENGTH_OFFSET, length);
        peer.send(length);
        return what;
    }

    // ---- tests

    @Test
    void shouldExecuteNothingOfAFrameWhenOneThingIsWrongWithIt() throws Exception {
        try (QueuePair bystander = server.connect()) {
            for (int frame = 0; frame < FRAMES; frame++) {
                final String what;
                try (Peer peer = new Peer().admitted(Role.READ_WRITE).owning(40)) {
                    what = sendSpoiled(peer);
                    peer.assertRefused("seed " + SEED + ", frame " + frame + ": " + what);
                }
                if (frame % FRAMES_BETWEEN_LOOKS == 0) {
                    assertUnharmed("seed " + SEED + ", at frame " + frame);
                    assertAnswers(bystander);
                }
            }
            assertUnharmed("seed " + SEED);
            assertThat(server.blade.counters().malformed()
                            + server.blade.counters().refused())
                    .isEqualTo(FRAMES);
        }
    }

    @Test
    void shouldHarmNothingWhenAnyBytesComeFromWhoMayOnlyRead() throws Exception {
        try (QueuePair bystander = server.connect()) {
            for (int frame = 0; frame < FRAMES; ) {
                try (Peer peer = random.nextBoolean() ? new Peer() : new Peer().admitted(Role.READ_WRITE)) {
                    while (peer.channel.isActive() && frame++ < FRAMES) {
                        peer.send(flipped(peer));
                        peer.answer();
                    }
                }
                if (frame % FRAMES_BETWEEN_LOOKS == 0) {
                    assertAnswers(bystander);
                }
            }
            assertUnharmed("seed " + SEED);
            assertAnswers(bystander);
        }
    }

    /** A good frame in which some bits are flipped, or which is cut off. */
    private byte[] flipped(final Peer peer) {
        final int length = switch (random.nextInt(4)) {
            case 0 -> GreetingFrame.hello(peer.out, Role.READ_WRITE, Token.nonce());
            case 1 -> {
                GreetingFrame.proof(peer.out, new byte[GreetingFrame.NONCE_BYTES]);
                yield Frame.length(peer.out, 0);
            }
            default -> chain(peer, 1 + random.nextInt(4));
        };
        peer.out.putInt(Frame.SEQUENCE_OFFSET, ++peer.sequence);
        final byte[] bytes = Arrays.copyOf(peer.out.byteArray(), 1 + random.nextInt(2) * (length - 1));
        for (int flips = random.nextInt(4); flips > 0; flips--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    private void assertAnswers(final QueuePair bystander) {
        final Chain chain = new Chain(bystander);
        final long offset = 8L * random.nextInt(CAPACITY / 8);
        final int verb = chain.readWord(offset);
        chain.post(TEST);
        assertThat(chain.result(verb)).isEqualTo(new UnsafeBuffer(pattern).getLong((int) offset));
    }

    @Test
    void shouldExecuteTheGoodFramesThatTheBadOnesWereMadeOf() {
        try (Peer peer = new Peer().admitted(Role.READ_WRITE).owning(40)) {
            for (int frame = 0; frame < 1_000; frame++) {
                peer.send(chain(peer, 1 + random.nextInt(8)));
                assertThat(peer.answer()).isEqualTo(Frame.REPLY);
            }
        }
        final UnsafeBuffer found = new UnsafeBuffer(new byte[CAPACITY]);
        region.read(0, found, 0, CAPACITY);
        assertThat(Arrays.equals(found.byteArray(), pattern)).isFalse();
    }
}
