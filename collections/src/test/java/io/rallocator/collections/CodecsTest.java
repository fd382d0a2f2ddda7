package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each codec gives back what it was given, at any index, whatever stands around it. */
class CodecsTest {
    private static <T> T roundTrip(final Codec<T> codec, final T value) {
        final ExpandableArrayBuffer target = new ExpandableArrayBuffer(16);
        final int index = 5;
        target.setMemory(0, 16, (byte) 0x7F);
        final int length = codec.encode(value, target, index);
        assertThat(target.getByte(index - 1)).isEqualTo((byte) 0x7F);
        final UnsafeBuffer exact = new UnsafeBuffer(target.byteArray(), index, length);
        return codec.decode(exact, 0, length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "hello", "grüß dich", "ein \ud83d\ude00", "\u0000", "日本語のテキスト"})
    void shouldGiveBackTheTextWhenItIsShort(final String text) {
        assertThat(roundTrip(Codecs.string(), text)).isEqualTo(text);
    }

    @Test
    void shouldGiveBackTheTextWhenItIsLong() {
        for (final int length : new int[] {1_023, 1_024, 1_025, 100_000}) {
            assertThat(roundTrip(Codecs.string(), "x".repeat(length))).isEqualTo("x".repeat(length));
            assertThat(roundTrip(Codecs.string(), "ß".repeat(length))).isEqualTo("ß".repeat(length));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0x0102_0304_0506_0708L})
    void shouldGiveBackTheNumber(final long number) {
        assertThat(roundTrip(Codecs.longs(), number)).isEqualTo(number);
        assertThat(roundTrip(Codecs.ints(), (int) number)).isEqualTo((int) number);
        final UUID uuid = new UUID(number, ~number);
        assertThat(roundTrip(Codecs.uuid(), uuid)).isEqualTo(uuid);
    }

    @Test
    void shouldStoreNumbersLittleEndianWhateverTheMachineIs() {
        final ExpandableArrayBuffer target = new ExpandableArrayBuffer();
        Codecs.longs().encode(0x0102_0304_0506_0708L, target, 0);
        assertThat(target.getByte(0)).isEqualTo((byte) 8);
        assertThat(target.getByte(7)).isEqualTo((byte) 1);
    }

    @Test
    void shouldGiveBackTheBytesAndLeaveTheBufferAsItWas() {
        final byte[] bytes = "some bytes".getBytes(StandardCharsets.UTF_8);
        assertThat(roundTrip(Codecs.bytes(), bytes)).isEqualTo(bytes);
        assertThat(roundTrip(Codecs.bytes(), new byte[0])).isEmpty();
        final ByteBuffer heap = ByteBuffer.wrap(bytes).position(5);
        assertThat(roundTrip(Codecs.byteBuffer(), heap)).isEqualTo(heap);
        assertThat(heap.position()).isEqualTo(5);
        final ByteBuffer direct =
                ByteBuffer.allocateDirect(20).put(bytes).flip().position(2);
        assertThat(roundTrip(Codecs.byteBuffer(), direct)).isEqualTo(direct);
        assertThat(direct.position()).isEqualTo(2);
    }

    @Test
    void shouldRefuseBytesOfAnotherLength() {
        final UnsafeBuffer seven = new UnsafeBuffer(new byte[7]);
        assertThatThrownBy(() -> Codecs.longs().decode(seven, 0, 7)).hasMessageContaining("needs 8 bytes, there are 7");
        assertThatThrownBy(() -> Codecs.ints().decode(seven, 0, 7)).hasMessageContaining("needs 4 bytes, there are 7");
        assertThatThrownBy(() -> Codecs.uuid().decode(seven, 0, 7)).hasMessageContaining("needs 16 bytes");
    }

    @Test
    void shouldHaveIdsThatNeverChange() {
        assertThat(Codecs.string().id()).isEqualTo("utf8");
        assertThat(Codecs.bytes().id()).isEqualTo("bytes");
        assertThat(Codecs.byteBuffer().id()).isEqualTo("bytes");
        assertThat(Codecs.longs().id()).isEqualTo("int64");
        assertThat(Codecs.ints().id()).isEqualTo("int32");
        assertThat(Codecs.uuid().id()).isEqualTo("uuid");
    }
}
