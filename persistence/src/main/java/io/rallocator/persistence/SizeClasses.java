package io.rallocator.persistence;

/**
 * The 64 block sizes. A link word names one in 6 bits, so a reader knows how much to read without looking first.
 * Up to 2 KiB neighbours are at most 12.5 % apart; larger ones are coarser and chosen to fill power-of-two slabs.
 */
public final class SizeClasses {
    /** How many there are. */
    public static final int COUNT = 64;

    private static final int[] BYTES = sizes();
    private static final int SMALL_LIMIT = 2048;
    private static final byte[] SMALL = smallIndex();

    private SizeClasses() {}

    /**
     * Size of a class.
     *
     * @param index 0 … 63
     * @return bytes, a multiple of 8
     */
    public static int bytes(final int index) {
        return BYTES[index];
    }

    /**
     * The smallest class that holds a length.
     *
     * @param length bytes, 1 … {@link #maxBytes()}
     * @return its index
     */
    public static int indexFor(final int length) {
        if (length <= SMALL_LIMIT) {
            return SMALL[(length + 7) >>> 3];
        }
        int index = SMALL[SMALL_LIMIT >>> 3] + 1;
        while (index < COUNT && BYTES[index] < length) {
            index++;
        }
        if (index == COUNT) {
            throw new IllegalArgumentException("a block of " + length + " bytes exceeds the largest, " + maxBytes());
        }
        return index;
    }

    /**
     * The largest block.
     *
     * @return bytes
     */
    public static int maxBytes() {
        return BYTES[COUNT - 1];
    }

    private static int[] sizes() {
        final int[] sizes = new int[COUNT];
        int count = 0;
        for (int size = 32; size <= 64; size += 8) {
            sizes[count++] = size;
        }
        for (int base = 64; base < 2048; base *= 2) {
            for (int step = 1; step <= 8; step++) {
                sizes[count++] = base + base / 8 * step;
            }
        }
        for (int base = 2048; base < 8192; base *= 2) {
            for (int step = 1; step <= 4; step++) {
                sizes[count++] = base + base / 4 * step;
            }
        }
        final int[] large = {
            12_288, 16_128, 21_504, 32_256, 65_024, 130_560, 261_632, 523_776, 1_048_064, 2_096_640, 4_193_792
        };
        for (final int size : large) {
            sizes[count++] = size;
        }
        if (count != COUNT) {
            throw new AssertionError("size classes: " + count);
        }
        return sizes;
    }

    private static byte[] smallIndex() {
        final byte[] index = new byte[(SMALL_LIMIT >>> 3) + 1];
        int current = 0;
        for (int i = 0; i < index.length; i++) {
            while (BYTES[current] < i << 3) {
                current++;
            }
            index[i] = (byte) current;
        }
        return index;
    }
}
