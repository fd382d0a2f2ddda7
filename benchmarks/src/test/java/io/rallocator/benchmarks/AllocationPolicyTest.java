package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A policy that gives a block to two would be fast. */
class AllocationPolicyTest {
    private static final int WORKERS = 3;

    @TempDir
    private Path folder;

    static Stream<Arguments> policies() {
        return Stream.of(
                policy("two-tier", pool -> new TwoTierPolicy(pool, true)),
                policy("rpc", pool -> new RpcPolicy(pool, WORKERS)),
                policy("one-tier", pool -> new OneTierPolicy(pool, WORKERS)),
                policy("volatile-twin", pool -> new TwoTierPolicy(pool, false)));
    }

    private static Arguments policy(final String name, final Function<PolicyPool, AllocationPolicy> maker) {
        return Arguments.of(name, maker);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("policies")
    void shouldGiveABlockToOneOnlyWhenWorkersTakeTurns(
            final String name, final Function<PolicyPool, AllocationPolicy> maker) {
        final AllocationPolicy.Worker[] workers = new AllocationPolicy.Worker[WORKERS];
        try (AllocationPolicy policy = maker.apply(new PolicyPool(folder.resolve(name)))) {
            for (int number = 0; number < WORKERS; number++) {
                workers[number] = policy.worker(number);
            }
            allocateInTurn(workers);
            for (final AllocationPolicy.Worker worker : workers) {
                worker.close();
            }
        }
    }

    @Test
    void shouldPassABlockThatIsInUseWhenTheCursorOfOneTierComesRound() {
        try (AllocationPolicy policy = new OneTierPolicy(new PolicyPool(folder.resolve("pool")), 1);
                AllocationPolicy.Worker holder = policy.worker(0);
                AllocationPolicy.Worker other = policy.worker(1)) {
            final long held = holder.allocate(100);
            final Set<Long> seen = new HashSet<>();
            for (int i = 0; i < 2 * OneTierPolicy.BLOCKS_PER_WORKER; i++) {
                final long block = other.allocate(100);
                seen.add(block);
                other.free(block);
            }
            assertThat(seen)
                    .as("all others, each again")
                    .hasSize(OneTierPolicy.BLOCKS_PER_WORKER - 1)
                    .doesNotContain(held);
        }
    }

    private static void allocateInTurn(final AllocationPolicy.Worker[] workers) {
        final SplittableRandom random = new SplittableRandom(1);
        final Set<Long> live = new HashSet<>();
        for (int round = 0; round < 5; round++) {
            final ArrayDeque<Long> blocks = new ArrayDeque<>();
            for (final AllocationPolicy.Worker worker : workers) {
                worker.begin();
            }
            for (int i = 0; i < WORKERS * 500; i++) {
                final long block = workers[i % WORKERS].allocate(random.nextInt(16, 513));
                assertThat(live.add(block)).as("block %d is nobody's", block).isTrue();
                blocks.add(block);
            }
            for (int i = 0; !blocks.isEmpty(); i++) {
                final long block = blocks.poll();
                live.remove(block);
                workers[i % WORKERS].free(block);
            }
            for (final AllocationPolicy.Worker worker : workers) {
                worker.end();
            }
        }
    }
}
