package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.redis.ErrorRedisMessage;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import org.junit.jupiter.api.Test;

class DispatcherTest {

    private final CommandTable table = new CommandTable();
    private final ServerStats stats = new ServerStats();
    private final Dispatcher dispatcher = new Dispatcher(table, stats);

    @Test
    void shouldAnswerInternalErrorWhenACommandFailsUnexpectedly() {
        table.add("fail", 1, request -> {
            throw new IllegalStateException("a fault of ours");
        });
        table.add("overflow", 1, request -> {
            throw new StackOverflowError();
        });

        assertThat(answer("FAIL")).isEqualTo("ERR internal error");
        assertThat(answer("OVERFLOW")).isEqualTo("ERR internal error");
        assertThat(stats.errorReplies.sum()).isEqualTo(2);
    }

    @Test
    void shouldPassOnWhyAnArgumentWasRefused() {
        table.add("refuse", 1, request -> {
            throw new IllegalArgumentException("the value has\r\ntoo many bytes");
        });

        assertThat(answer("REFUSE")).isEqualTo("ERR the value has  too many bytes");
    }

    @Test
    void shouldSayWithWhichFiguresThePoolIsFull() {
        table.add("fill", 1, request -> {
            throw new OutOfRemoteMemoryException("0 of 8 slabs are free");
        });

        assertThat(answer("FILL"))
                .isEqualTo("OOM command not allowed when used memory > 'maxmemory'. 0 of 8 slabs are free");
    }

    @Test
    void shouldNameTheKindOfFailureWhenThePoolIsDamaged() {
        table.add("read", 1, request -> {
            throw new CorruptedPoolException("the block at 4096 has another checksum");
        });

        assertThat(answer("READ")).isEqualTo("ERR CORRUPTED: the block at 4096 has another checksum");
    }

    private String answer(String name) {
        Request request = new Request(new byte[][] {name.getBytes(UTF_8)}, new ClientSession("test"));
        return ((ErrorRedisMessage) dispatcher.answer(request)).content();
    }
}
