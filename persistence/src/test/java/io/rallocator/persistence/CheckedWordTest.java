package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CheckedWordTest {
    @Test
    void shouldReturnPayloadWhenWordIsWhole() {
        final Random random = Seeds.random("CheckedWordTest.roundTrip");
        for (int i = 0; i < 100_000; i++) {
            final long payload = random.nextLong() >>> 8 + random.nextInt(56);
            final long word = CheckedWord.of(payload);
            assertThat(CheckedWord.isValid(word)).isTrue();
            assertThat(CheckedWord.payload(word, "word", 0)).isEqualTo(payload);
        }
    }

    @Test
    void shouldDetectEveryDamageWithinOneByte() {
        final Random random = Seeds.random("CheckedWordTest.flips");
        for (int i = 0; i < 500; i++) {
            final long word = CheckedWord.of(i < 100 ? i : random.nextLong() & CheckedWord.PAYLOAD_MASK);
            for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
                for (long bits = 1; bits < 256; bits++) {
                    final long damaged = word ^ bits << shift;
                    assertThat(CheckedWord.isValid(damaged))
                            .as("%x ^ %x << %d", word, bits, shift)
                            .isFalse();
                }
            }
        }
    }

    @Test
    void shouldDetectAlmostEveryOtherDamage() {
        final Random random = Seeds.random("CheckedWordTest.random");
        int missed = 0;
        for (int i = 0; i < 1_000_000; i++) {
            missed += CheckedWord.isValid(random.nextLong()) ? 1 : 0;
        }
        assertThat(missed).isBetween(3_500, 4_300);
    }

    @Test
    void shouldCallZeroAndOnesDamaged() {
        assertThat(CheckedWord.isValid(0)).isFalse();
        assertThat(CheckedWord.isValid(-1)).isFalse();
    }

    @Test
    void shouldSayWhatIsDamagedAndWhere() {
        assertThatThrownBy(() -> CheckedWord.payload(0x55, "global epoch", 8192))
                .isInstanceOf(CorruptedPoolException.class)
                .hasMessage("damaged global epoch at offset 8192: word 0x55 fails its check; run `rallocator check`");
    }
}
