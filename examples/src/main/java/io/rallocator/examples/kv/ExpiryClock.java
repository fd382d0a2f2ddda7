package io.rallocator.examples.kv;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The time, and the earliest moment at which some key may expire, so that the sweep stays idle until then.
 * Thread-safe. Servers on several machines that share a pool compare their own clocks with the stored moments: their
 * skew is the error of a TTL.
 */
final class ExpiryClock {

    private final InstantSource source;
    private final AtomicLong earliestMs = new AtomicLong(0);

    ExpiryClock(InstantSource source) {
        this.source = source;
    }

    long nowMs() {
        return source.millis();
    }

    /** A value with this expiry is in the map; {@link StoredValue#NO_EXPIRY} says nothing. */
    void note(long expiresAtMs) {
        if (expiresAtMs == StoredValue.NO_EXPIRY) {
            return;
        }
        long seen = earliestMs.get();
        while (expiresAtMs < seen && !earliestMs.compareAndSet(seen, expiresAtMs)) {
            seen = earliestMs.get();
        }
    }

    /** Forgets all moments noted. Whoever calls this looks at every key afterwards and notes what is there. */
    void forget() {
        earliestMs.set(Long.MAX_VALUE);
    }

    /** Whether some key may have expired by now; true before anybody has looked. */
    boolean isDue() {
        return earliestMs.get() <= nowMs();
    }
}
