package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The driver does what a workload says. */
class MixRunTest {
    private static final int KEYS = 1000;

    @Test
    void shouldInsertEveryKeyOnceWhenTheWorkloadIsInsertion() throws InterruptedException, ExecutionException {
        try (Population population = new Population(new HeapStore(KEYS))) {
            new MixRun(Mix.INSERT, Keys.uniform(KEYS, 1), 10, KEYS).run(population, 1, Long.MAX_VALUE);
            assertThat(population.entries()).isEqualTo(KEYS);
            for (int index = 0; index < KEYS; index++) {
                assertThat(population.store.get(Keys.scramble(index))).hasSize(10);
            }
            assertThat(population.store.get(Keys.scramble(KEYS))).isNull();
        }
    }

    @Test
    void shouldFailWhenAnEntryIsMissing() {
        final MixRun run = new MixRun(Mix.FILLED.get(0), Keys.uniform(KEYS, 1), 10, KEYS);
        try (Population population = new Population(new HeapStore(KEYS))) {
            assertThatThrownBy(() -> run.run(population, 1, 1)).hasMessageContaining("is missing");
        }
    }

    @Test
    void shouldGoOnWhenTheStoreIsFull() throws InterruptedException, ExecutionException {
        final Mix newest = Mix.FILLED.stream()
                .filter(mix -> mix.name().equals("ycsb.d"))
                .findFirst()
                .orElseThrow();
        try (Population population = new Population(new HeapStore(KEYS))) {
            population.fill(KEYS, new byte[10]);
            final MixRun run = new MixRun(newest, Keys.zipfian(KEYS, 1), 10, KEYS + 10);
            run.run(population, 1, 1);
            for (int i = 0; i < 100; i++) {
                assertThat(run.run(population, 1, 1).perSecond()).isPositive();
            }
            assertThat(population.entries()).isEqualTo(KEYS + 10);
        }
    }

    @Test
    void shouldPreferTheFirstIndexesWhenTheChoiceIsZipfian() {
        final Keys keys = Keys.zipfian(KEYS, 1);
        final long first = LongStream.range(0, 100_000)
                .filter(turn -> keys.index(turn) == 0)
                .count();
        assertThat(first).isBetween(11_000L, 15_000L); // 1 / (the sum of i^-0.99 to 1000) is 0.129
    }

    @Test
    void shouldScrambleWithoutCollisions() {
        final Set<Long> keys = new HashSet<>();
        for (int index = 0; index < 100_000; index++) {
            keys.add(Keys.scramble(index));
        }
        assertThat(keys).hasSize(100_000);
    }

    @Test
    void shouldFindTheMiddleOfRuns() {
        assertThat(Spread.of(3, 1, 2)).isEqualTo(new Spread(2, 1, 3, 3));
        assertThat(Spread.of(4, 1, 2, 3).median()).isEqualTo(2.5);
    }
}
