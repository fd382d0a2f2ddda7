package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads of two heaps change the same arrays: nothing is lost, nothing is counted twice. */
@Timeout(120)
class ArrayConcurrencyTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_304);
    private static final int THREADS = 3;
    private static final int ROUNDS = 2_000;

    private final TestPool pool = TestPool.ofMebibytes(32);

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    /** What one thread does with one heap. */
    private interface Work {
        void run(RemoteHeap heap, int thread);
    }

    /** In several threads of two heaps each; returns when all are through. */
    private static void inTwoHeaps(final RemoteHeap first, final RemoteHeap second, final Work work)
            throws InterruptedException {
        final List<Callable<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 2 * THREADS; i++) {
            final int thread = i;
            tasks.add(() -> {
                work.run(thread % 2 == 0 ? first : second, thread);
                return null;
            });
        }
        Workers.run(tasks);
    }

    @Test
    void shouldAddUpWhenManyAddToTheSameLongs() throws InterruptedException {
        final int length = 40_000;
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local()) {
            first.longArray("longs", length);
            inTwoHeaps(first, second, (heap, thread) -> {
                final RemoteLongArray longs = heap.longArray("longs");
                final Random random = new Random(SEED + thread);
                for (int i = 0; i < ROUNDS; i++) {
                    longs.getAndIncrement(0);
                    longs.incrementAndGet(random.nextInt(length - 10) + 10); // races to create extents
                    longs.updateAndGet(1, value -> value + 2);
                    longs.getAndAccumulate(2, i, Math::max);
                    longs.addAll(new long[] {3, 39_999, 3}, new long[] {1, 5, -2});
                }
            });
            final RemoteLongArray longs = second.longArray("longs");
            final long all = 2L * THREADS * ROUNDS;
            assertThat(longs.get(0)).isEqualTo(all);
            assertThat(longs.get(1)).isEqualTo(2 * all);
            assertThat(longs.get(2)).isEqualTo(ROUNDS - 1);
            assertThat(longs.get(3)).isEqualTo(-all);
            final long[] values = new long[length];
            longs.getAll(0, values, 0, length);
            long sum = 0;
            for (int i = 10; i < length; i++) {
                sum += values[i];
            }
            assertThat(sum).isEqualTo(all + 5 * all);
        }
    }

    @Test
    void shouldLoseNoChangeWhenManyCompareAndSetTheSameElements() throws InterruptedException {
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local()) {
            first.array("elements", Codecs.ints(), 1_000);
            inTwoHeaps(first, second, (heap, thread) -> {
                final RemoteArray<Integer> elements = heap.array("elements", Codecs.ints());
                for (int i = 0; i < ROUNDS; i++) {
                    final int at = i % 3 * 300;
                    boolean counted = false;
                    while (!counted) {
                        final Integer seen = elements.get(at);
                        counted = elements.compareAndSet(at, seen, seen == null ? 1 : seen + 1);
                    }
                }
            });
            final RemoteArray<Integer> elements = second.array("elements", Codecs.ints());
            assertThat(elements.get(0) + elements.get(300) + elements.get(600)).isEqualTo(2 * THREADS * ROUNDS);
        }
    }

    /** A token is returned by exactly one of those that replace it. */
    @Test
    void shouldReturnEachElementOnceWhenManySetTheSameSlots() throws InterruptedException {
        final List<Integer> returned = java.util.Collections.synchronizedList(new ArrayList<>());
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local()) {
            first.array("tokens", Codecs.ints(), 4);
            inTwoHeaps(first, second, (heap, thread) -> {
                final RemoteArray<Integer> tokens = heap.array("tokens", Codecs.ints());
                for (int i = 0; i < ROUNDS; i++) {
                    final Integer old = tokens.set(i % 4, i % 5 == 0 ? null : thread * ROUNDS + i);
                    if (old != null) {
                        returned.add(old);
                    }
                    if (i % 100 == 0) {
                        assertThat(tokens).hasSize(4);
                    }
                }
            });
            for (final Integer left : second.array("tokens", Codecs.ints())) {
                if (left != null) {
                    returned.add(left);
                }
            }
        }
        assertThat(returned).doesNotHaveDuplicates().hasSize(2 * THREADS * ROUNDS * 4 / 5);
    }
}
