package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.OutOfRemoteMemoryException;
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
import org.junit.jupiter.params.provider.EnumSource;
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
        try (AllocationPolicy policy = maker.apply(new PolicyPool(folder.resolve(name), WORKERS))) {
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
        try (AllocationPolicy policy = new OneTierPolicy(new PolicyPool(folder.resolve("pool"), 1), 1);
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

    @ParameterizedTest
    @EnumSource(AllocationPattern.class)
    void shouldFreeEachBlockOnceAndBeginAgainWhenMemoryIsShortInARound(final AllocationPattern pattern) {
        final ScarceWorker worker = new ScarceWorker();
        pattern.run(worker, new AllocationPattern.Plan(1));
        assertThat(worker.live).isEmpty();
        assertThat(worker.abandoned).isEqualTo(1);
        assertThat(worker.ended).isEqualTo(1);
    }

    /** Has no block for the 2,000th allocation, once. */
    private static final class ScarceWorker implements AllocationPolicy.Worker {
        private final Set<Long> live = new HashSet<>();
        private long allocations;
        private int abandoned;
        private int ended;

        @Override
        public void begin() {
            assertThat(live).isEmpty();
        }

        @Override
        public long allocate(final int bytes) {
            if (++allocations == 2_000) {
                throw new OutOfRemoteMemoryException("scarce");
            }
            live.add(allocations);
            return allocations;
        }

        @Override
        public void free(final long block) {
            assertThat(live.remove(block)).as("block %d is in use", block).isTrue();
        }

        @Override
        public void abandon(final OutOfRemoteMemoryException exhausted, final int attempt) {
            abandoned++;
        }

        @Override
        public void end() {
            ended++;
        }

        @Override
        public long count(final Figure figure) {
            return 0;
        }

        @Override
        public void close() {
            assertThat(live).isEmpty();
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
