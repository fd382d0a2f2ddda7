package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.DecoderException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InlineCommandTest {

    @Test
    void shouldSplitInlineCommandsAtBlanks() {
        assertThat(split("  SET  key\tvalue ")).containsExactly("SET", "key", "value");
        assertThat(split("")).isEmpty();
        assertThat(split("   ")).isEmpty();
    }

    @Test
    void shouldHonourQuotes() {
        assertThat(split("SET k \"a b\\n\\x41\\\"\\\\\"")).containsExactly("SET", "k", "a b\nA\"\\");
        assertThat(split("SET k 'a \\n \\' b' ''")).containsExactly("SET", "k", "a \\n ' b", "");
        assertThat(split("a\"b c\"")).containsExactly("ab c");
        assertThat(split("\"\\xZZ\\q\"")).containsExactly("xZZq");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SET k \"abc", "SET k 'abc", "SET k \"abc\"d", "SET k 'abc\\'", "\"\\"})
    void shouldRefuseUnbalancedQuotes(String line) {
        assertThatThrownBy(() -> split(line))
                .isInstanceOf(DecoderException.class)
                .hasMessage("unbalanced quotes in request");
    }

    private static List<String> split(String line) {
        List<String> words = new ArrayList<>();
        for (byte[] word : InlineCommand.split(line.getBytes(ISO_8859_1))) {
            words.add(new String(word, ISO_8859_1));
        }
        return words;
    }
}
