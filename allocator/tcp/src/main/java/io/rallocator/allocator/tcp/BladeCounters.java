package io.rallocator.allocator.tcp;

import java.util.concurrent.atomic.LongAdder;

/**
 * What a blade did for workers that reach it by TCP, since it began to listen.
 *
 * <p>Threads: any; figures may be a moment old.
 */
public final class BladeCounters {
    final LongAdder admitted = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder malformed = new LongAdder();
    final LongAdder fenced = new LongAdder();
    final LongAdder chains = new LongAdder();
    final LongAdder verbs = new LongAdder();

    BladeCounters() {}

    /**
     * Connections that were let in.
     *
     * @return count
     */
    public long admitted() {
        return admitted.sum();
    }

    /**
     * Connections that were closed since they may not do what they tried.
     *
     * @return count
     */
    public long refused() {
        return refused.sum();
    }

    /**
     * Connections that were closed since they do not speak the wire format.
     *
     * @return count
     */
    public long malformed() {
        return malformed.sum();
    }

    /**
     * Sessions that were declared dead because nothing was heard of them.
     *
     * @return count
     */
    public long fenced() {
        return fenced.sum();
    }

    /**
     * Frames with chains.
     *
     * @return count
     */
    public long chains() {
        return chains.sum();
    }

    /**
     * Verbs that were executed.
     *
     * @return count
     */
    public long verbs() {
        return verbs.sum();
    }
}
