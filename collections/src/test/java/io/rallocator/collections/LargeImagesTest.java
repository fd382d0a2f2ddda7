package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is remembered is found under its own key, length and epoch only, and whole. */
@Timeout(60)
class LargeImagesTest {
    private static final int KIBIBYTE = 1 << 10;

    private final UnsafeBuffer target = new UnsafeBuffer(new byte[256 * KIBIBYTE]);

    private static UnsafeBuffer image(final int length, final int content) {
        final UnsafeBuffer image = new UnsafeBuffer(new byte[length]);
        image.setMemory(0, length, (byte) content);
        return image;
    }

    private static void put(final LargeImages images, final long key, final long epoch, final int length) {
        images.put(key, epoch, image(length, (int) key), 0, length);
    }

    @Test
    void shouldFindWhatWasPutUnderItsKeyLengthAndEpochOnly() {
        final LargeImages images = new LargeImages(1 << 20);
        put(images, 7, 3, 900);
        assertThat(images.find(7, 3, 900, target, 16)).isTrue();
        assertThat(target.getByte(16)).isEqualTo((byte) 7);
        assertThat(target.getByte(16 + 899)).isEqualTo((byte) 7);
        assertThat(images.find(7, 4, 900, target, 0)).as("another epoch").isFalse();
        assertThat(images.find(8, 3, 900, target, 0)).as("another key").isFalse();
        assertThat(images.find(7, 3, 901, target, 0)).as("another length").isFalse();
    }

    @Test
    void shouldKeepTheLastWhenTheSameKeyIsPutAgain() {
        final LargeImages images = new LargeImages(1 << 20);
        put(images, 7, 3, 900);
        images.put(7, 4, image(900, 9), 0, 900);
        assertThat(images.find(7, 3, 900, target, 0)).isFalse();
        assertThat(images.find(7, 4, 900, target, 0)).isTrue();
        assertThat(target.getByte(0)).isEqualTo((byte) 9);
    }

    @Test
    void shouldKeepSmallAndLargeOnesButNoneThatNoSlotHolds() {
        final LargeImages images = new LargeImages(1 << 20);
        for (int length = KIBIBYTE; length <= 16 * KIBIBYTE; length *= 2) {
            put(images, length, 1, length);
            assertThat(images.canKeep(length)).isTrue();
            assertThat(images.find(length, 1, length, target, 0)).isTrue();
        }
        assertThat(images.canKeep(256 * KIBIBYTE)).isFalse();
        put(images, 1, 1, 256 * KIBIBYTE);
        assertThat(images.find(1, 1, 256 * KIBIBYTE, target, 0)).isFalse();
    }

    @Test
    void shouldFindNothingWhenItIsReplacedWhileItIsCopied() {
        final LargeImages images = new LargeImages(1 << 20);
        put(images, 7, 3, 900);
        final UnsafeBuffer slow = new UnsafeBuffer(new byte[900]) {
            @Override
            public void putBytes(final int index, final DirectBuffer source, final int sourceIndex, final int length) {
                super.putBytes(index, source, sourceIndex, length / 2);
                images.put(7, 3, image(900, 9), 0, 900);
                super.putBytes(index + length / 2, source, sourceIndex + length / 2, length - length / 2);
            }
        };
        assertThat(images.find(7, 3, 900, slow, 0)).as("half and half").isFalse();
    }
}
