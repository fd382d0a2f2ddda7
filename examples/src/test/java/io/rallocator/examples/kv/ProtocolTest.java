package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.Jedis;

/** What arrives on the wire, good and bad. After every test the server must still serve others. */
class ProtocolTest extends KvServerTestCase {

    private RawClient raw;

    @BeforeEach
    void connectRaw() throws IOException {
        raw = new RawClient(server.port());
    }

    @AfterEach
    void shouldStillServeOthers() throws IOException {
        raw.close();
        try (Jedis other = newClient()) {
            assertThat(other.ping()).isEqualTo("PONG");
        }
    }

    @Test
    void shouldAnswerInlineCommands() throws IOException {
        raw.send("PING\r\n\r\nSET \"a key\" 'a value'\r\nGET \"a\\x20key\"\r\nnope x\r\n");

        assertThat(raw.readLine()).isEqualTo("+PONG");
        assertThat(raw.readLine()).isEqualTo("+OK");
        assertThat(raw.readLine()).isEqualTo("$7");
        assertThat(raw.readLine()).isEqualTo("a value");
        assertThat(raw.readLine()).isEqualTo("-ERR unknown command 'nope', with args beginning with: 'x' ");
    }

    @Test
    void shouldAnswerARequestThatArrivesByteByByte() throws IOException {
        for (byte b :
                "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".getBytes(ISO_8859_1)) {
            raw.send(new byte[] {b});
        }

        assertThat(raw.readLine()).isEqualTo("+OK");
        assertThat(raw.readLine()).isEqualTo("$4");
        assertThat(raw.readBytes(6)).isEqualTo("a\r\nb\r\n".getBytes(ISO_8859_1));
    }

    @Test
    void shouldIgnoreRequestsThatAskForNothing() throws IOException {
        raw.send("*0\r\n*-1\r\n\r\n  \r\nPING\r\n");

        assertThat(raw.readLine()).isEqualTo("+PONG");
    }

    @ParameterizedTest
    @CsvSource({
        "'*abc\r\n', bad byte in number",
        "'*2\r\n$3\r\nGET\r\n$-1\r\n', invalid bulk length",
        "'*1\r\n$-2\r\n', 'length: -2'",
        "'*1\r\n$4\r\nPINGxx', 'delimiter'",
        "'*1\r\n:1\r\n', expected '$'",
        "'*1\r\n+PING\r\n', expected '$'",
        "'*2\r\n$3\r\nGET\r\n*1\r\n$1\r\nk\r\n', expected '$'",
        "'*-5\r\n', 'length: -5'",
        "'*10001\r\n', 'invalid multibulk length: 10001, at most 10000 are allowed'",
        "'*2147483648\r\n', invalid multibulk length",
        "'*9223372036854775807\r\n', invalid multibulk length",
        "'*99999999999999999999999999\r\n', too many characters",
        "'*1\r\n$536870913\r\n', 'length: 536870913'",
        "'*1\r\n$9223372036854775807\r\n', 'length: 9223372036854775807'",
        "'SET k \"unbalanced\r\n', unbalanced quotes in request",
        "'+OK\r\n', expected an array of bulk strings or an inline command",
        "'$4\r\nPING\r\n', expected an array of bulk strings or an inline command",
        "'*1\r\nPING\r\n', expected '$'"
    })
    void shouldRefuseWhatIsNotTheProtocolAndClose(String request, String reason) throws IOException {
        raw.send("PING\r\n").send(request).send("PING\r\n");

        assertThat(raw.readLine()).isEqualTo("+PONG");
        assertThat(raw.readLine()).startsWith("-ERR Protocol error: ").contains(reason);
        assertThat(raw.readLine()).isNull();
    }

    @Test
    void shouldRefuseEndlessLines() throws IOException {
        raw.send("x".repeat(70_000));

        assertThat(raw.readLine()).startsWith("-ERR Protocol error: length: ");
        assertThat(raw.readLine()).isNull();
    }

    @Test
    void shouldNotBelieveAHugeLengthAndWaitForTheBytes() throws IOException {
        raw.send("*2\r\n$3\r\nGET\r\n$536870912\r\nabc");

        assertThat(jedis.ping()).isEqualTo("PONG");
    }

    @Test
    void shouldDropAWordThatIsTooLongAndCarryOn() throws IOException {
        int length = 3 * MAX_VALUE_BYTES;
        raw.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + length + "\r\n")
                .send(new byte[length])
                .send("\r\nPING\r\n");

        assertThat(raw.readLine())
                .isEqualTo("-ERR string exceeds maximum allowed size: it has 600000 bytes, at most "
                        + "200000 are allowed");
        assertThat(raw.readLine()).isEqualTo("+PONG");
        assertThat(jedis.exists("k")).isFalse();
    }

    @Test
    void shouldRefuseARequestThatIsTooLongAltogether() throws IOException {
        StringBuilder request = new StringBuilder("*21\r\n$4\r\nMSET\r\n");
        for (int i = 0; i < 10; i++) {
            request.append("$2\r\nk")
                    .append(i)
                    .append("\r\n$150000\r\n")
                    .append("v".repeat(150_000))
                    .append("\r\n");
        }
        raw.send(request.toString()).send("PING\r\n");

        assertThat(raw.readLine()).startsWith("-ERR the request is too long: at most 1048576 bytes are allowed");
        assertThat(raw.readLine()).isEqualTo("+PONG");
        assertThat(jedis.dbSize()).isZero();
    }

    @Test
    void shouldForgetHalfARequestWhenTheClientCloses() throws IOException {
        raw.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nva");
        raw.close();

        assertThat(jedis.exists("k")).isFalse();
    }

    @Test
    void shouldSurviveGarbage() throws IOException {
        Random random = new Random(42);
        for (int i = 0; i < 50; i++) {
            byte[] garbage = new byte[random.nextInt(5000)];
            random.nextBytes(garbage);
            if (i % 2 == 0 && garbage.length > 0) {
                garbage[0] = (byte) "*$+-:".charAt(random.nextInt(5));
            }
            try (RawClient client = new RawClient(server.port())) {
                client.send(garbage).send("\r\n");
            } catch (IOException e) {
                // The server may have closed already.
                assertThat(e).hasMessageMatching("(?s).*(reset|Broken pipe|closed).*");
            }
        }
    }

    @Test
    void shouldAnswerEverythingBeforeQuitAndNothingAfter() throws IOException {
        raw.send("SET k 1\r\nINCR k\r\nQUIT\r\nINCR k\r\n");

        assertThat(raw.readLine()).isEqualTo("+OK");
        assertThat(raw.readLine()).isEqualTo(":2");
        assertThat(raw.readLine()).isEqualTo("+OK");
        assertThat(raw.readLine()).isNull();
        assertThat(jedis.get("k")).isEqualTo("2");
    }
}
