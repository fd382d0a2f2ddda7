package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** What a region does that several threads and processes share. */
public abstract class SharedNvmRegionContract extends NvmRegionContract {
    @Test
    void shouldShowEveryOpenRegionTheSameBytes() throws Exception {
        try (NvmRegion other = open()) {
            region().writeLong(800, 1);
            assertThat(other.fetchAndAdd(800, 1)).isEqualTo(1);
            assertThat(region().compareAndSwap(800, 2, 3)).isEqualTo(2);
            assertThat(other.readLong(800)).isEqualTo(3);
        }
        assertThat(region().readLong(800)).isEqualTo(3);
    }

    @Test
    void shouldBeAtomicWhenSeveralThreadsChangeOneWord() throws InterruptedException {
        final int rounds = 20_000;
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            final Thread thread = new Thread(() -> {
                for (int round = 0; round < rounds; round++) {
                    region().fetchAndAdd(64, 1);
                    long seen = region().readLong(128);
                    for (long found = region().compareAndSwap(128, seen, seen + 1);
                            found != seen;
                            found = region().compareAndSwap(128, seen, seen + 1)) {
                        seen = found;
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(region().readLong(64)).isEqualTo(4L * rounds);
        assertThat(region().readLong(128)).isEqualTo(4L * rounds);
    }

    @Test
    void shouldShowBytesToWhoeverSeesTheSwapBehindThem() throws InterruptedException {
        final int rounds = 20_000;
        final List<String> failures = new ArrayList<>();
        final Thread reader = new Thread(() -> {
            final UnsafeBuffer bytes = new UnsafeBuffer(new byte[56]);
            long seen = 0;
            while (seen < rounds && failures.isEmpty()) {
                final long now = region().readLong(1024);
                region().read(1032, bytes, 0, 56);
                for (int at = 0; at < 56; at += 8) {
                    if (bytes.getLong(at) < now) {
                        failures.add("word " + at + " is " + bytes.getLong(at) + " after " + now);
                    }
                }
                seen = now;
            }
        });
        reader.start();
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[56]);
        for (long round = 1; round <= rounds; round++) {
            for (int at = 0; at < 56; at += 8) {
                bytes.putLong(at, round);
            }
            region().write(1032, bytes, 0, 56);
            region().compareAndSwap(1024, round - 1, round);
        }
        reader.join();
        assertThat(failures).isEmpty();
    }
}
