package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntegersTest {

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 42, -100, Long.MAX_VALUE, Long.MIN_VALUE})
    void shouldReadWhatItWrote(long value) {
        assertThat(Integers.parse(Integers.format(value))).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "+1",
                " 1",
                "1 ",
                "01",
                "-0",
                "-01",
                "1.0",
                "1e3",
                "0x1",
                "abc",
                "--1",
                "9223372036854775808",
                "-9223372036854775809",
                "111111111111111111111"
            })
    void shouldRefuseWhatRedisRefuses(String text) {
        assertThatThrownBy(() -> Integers.parse(text.getBytes(ISO_8859_1)))
                .isInstanceOf(CommandException.class)
                .hasMessage("ERR value is not an integer or out of range");
    }
}
