package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;

@Timeout(120)
class PipeliningTest extends KvServerTestCase {

    private long questions;

    @Test
    void shouldAnswerInOrder() {
        List<Response<Long>> counts = new ArrayList<>();
        List<Response<String>> values = new ArrayList<>();
        try (Pipeline pipeline = jedis.pipelined()) {
            for (int i = 0; i < 20_000; i++) {
                counts.add(pipeline.incr("n"));
                values.add(pipeline.get("n"));
            }
            pipeline.sync();
        }
        for (int i = 0; i < counts.size(); i++) {
            assertThat(counts.get(i).get()).isEqualTo(i + 1);
            assertThat(values.get(i).get()).isEqualTo(String.valueOf(i + 1));
        }
    }

    @Test
    void shouldAnswerErrorsInTheirPlaces() {
        try (Pipeline pipeline = jedis.pipelined()) {
            pipeline.set("s", "v");
            pipeline.incr("s");
            pipeline.lpush("s", "x");
            pipeline.get("s");

            List<Object> replies = pipeline.syncAndReturnAll();

            assertThat(replies.get(0)).isEqualTo("OK");
            assertThat(replies.get(1))
                    .hasToString("redis.clients.jedis.exceptions.JedisDataException: "
                            + "ERR value is not an integer or out of range");
            assertThat(replies.get(2).toString()).contains("WRONGTYPE");
            assertThat(replies.get(3)).isEqualTo("v");
        }
    }

    /** 400 MB of replies are asked for and not read: the server must not work ahead of what the sockets hold. */
    @Test
    void shouldStopReadingFromAClientThatDoesNotTakeItsReplies() throws Exception {
        int requests = 2000;
        jedis.set("big", "b".repeat(MAX_VALUE_BYTES));
        try (RawClient raw = new RawClient(server.port())) {
            long before = settledCommandsProcessed();
            raw.send("GET big\r\n".repeat(requests));

            assertThat(settledCommandsProcessed() - before).isLessThan(requests / 4);

            for (int i = 0; i < requests; i++) {
                assertThat(raw.readLine()).isEqualTo("$" + MAX_VALUE_BYTES);
                assertThat(raw.readBytes(MAX_VALUE_BYTES + 2)).endsWith('b', '\r', '\n');
            }
            raw.send("PING\r\n");
            assertThat(raw.readLine()).isEqualTo("+PONG");
        }
    }

    /** As above, but what follows are big values that end in the middle of every read. */
    @Test
    void shouldStopReadingValuesToo() throws Exception {
        jedis.set("big", "b".repeat(MAX_VALUE_BYTES));
        byte[] set = ("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$150000\r\n" + "v".repeat(150_000) + "\r\n").getBytes(ISO_8859_1);
        try (RawClient raw = new RawClient(server.port())) {
            raw.send("GET big\r\n".repeat(500));
            Thread writer = new Thread(() -> sendMany(raw, set, 500));
            long before = settledCommandsProcessed();
            writer.start();

            assertThat(settledCommandsProcessed() - before).isLessThan(100);

            for (int i = 0; i < 500; i++) {
                assertThat(raw.readLine()).isEqualTo("$" + MAX_VALUE_BYTES);
                raw.readBytes(MAX_VALUE_BYTES + 2);
            }
            for (int i = 0; i < 500; i++) {
                assertThat(raw.readLine()).isEqualTo("+OK");
            }
            writer.join();
        }
    }

    private static void sendMany(RawClient raw, byte[] request, int times) {
        try {
            for (int i = 0; i < times; i++) {
                raw.send(request);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Commands of others since the server started, when there was none between many questions in a row. */
    private long settledCommandsProcessed() {
        long asked = 1;
        long last = commandsProcessed();
        for (int quiet = 0; quiet < 1_000; quiet++) {
            long now = commandsProcessed();
            asked++;
            quiet = now == last + 1 ? quiet : 0;
            last = now;
        }
        questions += asked;
        return last - questions;
    }

    /** Counts itself too: two calls with nothing between them differ by one. */
    private long commandsProcessed() {
        Matcher matcher = Pattern.compile("total_commands_processed:(\\d+)").matcher(jedis.info("stats"));
        assertThat(matcher.find()).isTrue();
        return Long.parseLong(matcher.group(1));
    }
}
