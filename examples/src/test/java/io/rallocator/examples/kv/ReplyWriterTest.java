package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.redis.RedisMessage;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplyWriterTest {

    @Test
    void shouldWriteEachKindOfReply() {
        assertThat(written(Replies.OK)).isEqualTo("+OK\r\n");
        assertThat(written(Replies.error("ERR a\r\nb"))).isEqualTo("-ERR a  b\r\n");
        assertThat(written(Replies.integer(7))).isEqualTo(":7\r\n");
        assertThat(written(Replies.integer(-10))).isEqualTo(":-10\r\n");
        assertThat(written(Replies.integer(Long.MIN_VALUE))).isEqualTo(":-9223372036854775808\r\n");
        assertThat(written(Replies.NIL)).isEqualTo("$-1\r\n");
        assertThat(written(Replies.bulk(""))).isEqualTo("$0\r\n\r\n");
        assertThat(written(Replies.bulk("größer"))).isEqualTo("$8\r\ngrößer\r\n");
        assertThat(written(Replies.NIL_ARRAY)).isEqualTo("*-1\r\n");
        assertThat(written(Replies.EMPTY_ARRAY)).isEqualTo("*0\r\n");
        assertThat(written(Replies.array(List.of(Replies.NIL, Replies.texts(List.of("a")), Replies.flag(true)))))
                .isEqualTo("*3\r\n$-1\r\n*1\r\n$1\r\na\r\n:1\r\n");
    }

    @Test
    void shouldAddToWhatIsThereWhenManyRepliesShareABuffer() {
        ByteBuf out = Unpooled.buffer(1);
        ReplyWriter.write(out, Replies.simple("first"));
        ReplyWriter.write(out, Replies.bulk("x".repeat(1000)));
        assertThat(out.toString(UTF_8)).isEqualTo("+first\r\n$1000\r\n" + "x".repeat(1000) + "\r\n");
    }

    private static String written(RedisMessage reply) {
        ByteBuf out = Unpooled.buffer();
        ReplyWriter.write(out, reply);
        return out.toString(UTF_8);
    }
}
