package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestDecoderTest {

    private static final int MAX_VALUE_BYTES = 100;
    private static final int MAX_REQUEST_BYTES = 1000;
    private static final int MAX_WORDS = 40;
    private static final int REQUESTS = 300;

    private final EmbeddedChannel channel =
            new EmbeddedChannel(new RequestDecoder(MAX_VALUE_BYTES, MAX_REQUEST_BYTES, MAX_WORDS));

    /** Words with any bytes in them, too long ones, too many of them, and lines; in parts of any size. */
    @Test
    void shouldFindEachRequestWhereverTheBytesAreParted() {
        long seed = Long.getLong("rallocator.seed", System.nanoTime());
        Random random = new Random(seed);
        StringBuilder sent = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            if (random.nextInt(4) == 0) {
                sent.append("line ").append(i).append(random.nextBoolean() ? "\r\n" : "\n");
                expected.add("[line, " + i + "]");
            } else {
                expected.add(addArray(sent, random));
            }
        }
        byte[] bytes = sent.toString().getBytes(ISO_8859_1);
        List<String> found = new ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int part = Math.min(bytes.length - at, 1 + random.nextInt(1 + random.nextInt(400)));
            channel.writeInbound(Unpooled.copiedBuffer(bytes, at, part));
            at += part;
            for (Object each = channel.readInbound(); each != null; each = channel.readInbound()) {
                found.add(readable(each));
            }
        }
        assertThat(found).as("seed %d", seed).isEqualTo(expected);
        assertThat(channel.finish()).isFalse();
    }

    private static String addArray(StringBuilder sent, Random random) {
        int count = 1 + random.nextInt(MAX_WORDS);
        List<String> words = new ArrayList<>();
        int total = 0;
        String refusal = null;
        sent.append('*').append(count).append("\r\n");
        for (int i = 0; i < count; i++) {
            byte[] word = new byte[random.nextInt(random.nextInt(60) == 0 ? 3 * MAX_VALUE_BYTES : 40)];
            random.nextBytes(word);
            words.add(new String(word, ISO_8859_1));
            sent.append('$')
                    .append(word.length)
                    .append("\r\n")
                    .append(words.get(i))
                    .append("\r\n");
            if (word.length > MAX_VALUE_BYTES) {
                refusal = "string exceeds";
            } else if (total + word.length > MAX_REQUEST_BYTES) {
                refusal = "request is too long";
            } else {
                total += word.length;
            }
        }
        return refusal == null ? words.toString() : refusal;
    }

    private static String readable(Object request) {
        if (request instanceof RefusedRequest refused) {
            return refused.reply().contains("string exceeds") ? "string exceeds" : "request is too long";
        }
        List<String> words = new ArrayList<>();
        for (byte[] word : (byte[][]) request) {
            words.add(new String(word, ISO_8859_1));
        }
        return words.toString();
    }

    @Test
    void shouldReadNothingMoreWhenItIsNotTheProtocol() {
        assertThatThrownBy(() -> send("*1\r\n:1\r\n")).isInstanceOf(DecoderException.class);
        send("*1\r\n$4\r\nPING\r\n");
        assertThat(channel.inboundMessages()).isEmpty();
    }

    private void send(String text) {
        channel.writeInbound(Unpooled.copiedBuffer(text, ISO_8859_1));
    }
}
