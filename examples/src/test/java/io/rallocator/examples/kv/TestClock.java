package io.rallocator.examples.kv;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands still until a test moves it. */
final class TestClock implements InstantSource {

    private final AtomicLong nowMs = new AtomicLong(1_700_000_000_000L);

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(nowMs.get());
    }

    @Override
    public long millis() {
        return nowMs.get();
    }

    void advance(Duration duration) {
        nowMs.addAndGet(duration.toMillis());
    }
}
