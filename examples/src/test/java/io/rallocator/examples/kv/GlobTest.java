package io.rallocator.examples.kv;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {

    @ParameterizedTest
    @CsvSource({
        "*, '', true",
        "*, any, true",
        "h?llo, hello, true",
        "h?llo, hllo, false",
        "h*llo, heeello, true",
        "h*llo, hllo, true",
        "h*llo, hell, false",
        "h[ae]llo, hallo, true",
        "h[ae]llo, hillo, false",
        "h[^e]llo, hallo, true",
        "h[^e]llo, hello, false",
        "h[a-c]llo, hbllo, true",
        "h[c-a]llo, hbllo, true",
        "h[a-c]llo, hdllo, false",
        "a\\*c, a*c, true",
        "a\\*c, abc, false",
        "a\\?, a?, true",
        "a\\, a\\, true",
        "[\\]x], ], true",
        "[\\]x], x, true",
        "[abc, b, true",
        "*a*b*c, xxaxxbxxc, true",
        "*a*b*c, xxaxxcxxb, false",
        "user:*:name, user:7:name, true",
        "user:*:name, user:7:mail, false",
        "abc, abc, true",
        "abc, abcd, false",
        "'', '', true",
        "'', a, false",
        "a**, a, true",
        "[], a, false",
        "[-], -, true"
    })
    void shouldMatchLikeRedis(String pattern, String text, boolean matches) {
        assertThat(new Glob(pattern.getBytes(ISO_8859_1)).matches(text.getBytes(ISO_8859_1)))
                .isEqualTo(matches);
    }

    @Test
    void shouldStayFastWhenThePatternHasManyStars() {
        Glob glob = new Glob("*a".repeat(50).concat("b").getBytes(ISO_8859_1));

        assertTimeoutPreemptively(
                Duration.ofSeconds(5),
                () -> assertThat(glob.matches("a".repeat(10_000).getBytes(ISO_8859_1)))
                        .isFalse());
    }
}
