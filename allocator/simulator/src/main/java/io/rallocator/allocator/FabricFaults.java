package io.rallocator.allocator;

import java.util.Random;

/** When a worker's connection breaks, once: in the middle of some chain, or after it. */
final class FabricFaults {
    private final Random random;
    private long chainsLeft = Long.MAX_VALUE;

    FabricFaults(final Random random) {
        this.random = random;
    }

    /** Lets the connection break in one of the next chains. */
    void breakSoon(final int chains) {
        chainsLeft = random.nextInt(chains);
    }

    /**
     * Decides for the next chain.
     *
     * @param verbs of the chain
     * @return the verb before which it breaks, {@code verbs} if only its completion is lost, or -1
     */
    int breakBefore(final int verbs) {
        if (chainsLeft == Long.MAX_VALUE || chainsLeft-- > 0) {
            return -1;
        }
        chainsLeft = Long.MAX_VALUE;
        return random.nextInt(verbs + 1);
    }
}
