package io.rallocator.benchmarks;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Which entries a workload uses: indexes that were drawn before, so that drawing costs a look into an array. */
final class Keys {
    /** YCSB's exponent. */
    static final double SKEW = 0.99;

    private static final int DRAWN = 1 << 20;
    private static final int MASK = DRAWN - 1;

    private final int[] indexes;

    private Keys(final int[] indexes) {
        this.indexes = indexes;
    }

    /** A key for an index: no two have the same, and neighbours are far apart. */
    static long scramble(final long index) {
        long z = index + 0x9E37_79B9_7F4A_7C15L;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }

    static Keys uniform(final int count, final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final int[] indexes = new int[DRAWN];
        for (int i = 0; i < DRAWN; i++) {
            indexes[i] = random.nextInt(count);
        }
        return new Keys(indexes);
    }

    /** Index i comes with a probability in proportion to 1 / (i + 1)^0.99; scrambling spreads the favourites. */
    static Keys zipfian(final int count, final long seed) {
        final double[] cumulative = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.pow(i + 1, -SKEW);
            cumulative[i] = sum;
        }
        final SplittableRandom random = new SplittableRandom(seed);
        final int[] indexes = new int[DRAWN];
        for (int i = 0; i < DRAWN; i++) {
            final int at = Arrays.binarySearch(cumulative, random.nextDouble() * sum);
            indexes[i] = Math.min(count - 1, at >= 0 ? at : -at - 1);
        }
        return new Keys(indexes);
    }

    /** The index of a turn; turns repeat after 2^20. */
    int index(final long turn) {
        return indexes[(int) turn & MASK];
    }
}
