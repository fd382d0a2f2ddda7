package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ListNamesTest {

    @Test
    void shouldStayReadable() {
        assertThat(ListNames.nameOf("jobs:mail-2.x_y".getBytes(UTF_8))).isEqualTo("kv.list.jobs:mail-2.x_y");
        assertThat(ListNames.nameOf(new byte[] {'%', ' ', 0, -1})).isEqualTo("kv.list.%25%20%00%FF");
    }

    @Test
    void shouldGiveTheKeyBack() {
        Random random = new Random(7);
        for (int i = 0; i < 1000; i++) {
            byte[] key = new byte[random.nextInt(60)];
            random.nextBytes(key);

            assertThat(ListNames.keyOf(ListNames.nameOf(key))).isEqualTo(key);
        }
    }

    @Test
    void shouldRefuseAKeyWhoseNameWouldBeTooLong() {
        assertThat(ListNames.nameOf(new byte[64])).hasSize(200);
        assertThatThrownBy(() -> ListNames.nameOf(new byte[65]))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("203 bytes, at most 200 are allowed");
    }
}
