package io.rallocator.persistence;

import java.util.Random;

/** Seeds of random tests: printed, and repeated with {@code -Drallocator.seed=…}. */
public final class Seeds {
    private static final String SEED_PROP_NAME = "rallocator.seed";

    private Seeds() {}

    /**
     * The seed of one test.
     *
     * @param test name to print
     * @return from the property, or a fresh one
     */
    public static long seed(final String test) {
        final long seed = Long.getLong(SEED_PROP_NAME, System.nanoTime());
        System.out.println(test + ": replay with -D" + SEED_PROP_NAME + "=" + seed);
        return seed;
    }

    /**
     * The source of randomness of one test.
     *
     * @param test name to print with its seed
     * @return seeded
     */
    public static Random random(final String test) {
        return new Random(seed(test));
    }
}
