package io.rallocator.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One process runs at a time, and the seed decides which. */
@Timeout(60)
class SchedulerTest {
    private static List<String> history(final long seed) {
        final Scheduler scheduler = new Scheduler(new Random(seed));
        final List<String> history = new ArrayList<>();
        for (int process = 0; process < 3; process++) {
            final int number = process;
            scheduler.start("process " + process, () -> {
                for (int i = 0; i < 20; i++) {
                    history.add(number + " " + i);
                    scheduler.step();
                }
            });
        }
        scheduler.run(1_000);
        return history;
    }

    @Test
    void shouldDoTheSameForTheSameSeedAndSomethingElseForAnother() {
        assertThat(history(1)).hasSize(60).isEqualTo(history(1)).isNotEqualTo(history(2));
    }

    @Test
    void shouldDoNothingMoreInAKilledProcess() {
        final Scheduler scheduler = new Scheduler(new Random(1));
        final List<String> done = new ArrayList<>();
        final Scheduler.Task process = scheduler.start("victim", () -> {
            try {
                for (; ; ) {
                    done.add("step");
                    scheduler.step();
                }
            } finally {
                scheduler.step();
                done.add("after its death");
            }
        });
        scheduler.run(10);
        process.kill();
        assertThat(process.hasEnded()).isTrue();
        assertThat(done).isNotEmpty().containsOnly("step");
        scheduler.run(10);
        assertThat(done).containsOnly("step");
    }

    @Test
    void shouldNotBeginAProcessThatIsKilledBefore() {
        final Scheduler scheduler = new Scheduler(new Random(1));
        final List<String> done = new ArrayList<>();
        scheduler.start("victim", () -> done.add("began")).kill();
        scheduler.run(10);
        assertThat(done).isEmpty();
    }

    @Test
    void shouldLetOthersGoOnWhileAProcessIsStopped() {
        final Scheduler scheduler = new Scheduler(new Random(1));
        final int[] steps = new int[2];
        final List<Scheduler.Task> processes = new ArrayList<>();
        for (int process = 0; process < 2; process++) {
            final int number = process;
            processes.add(scheduler.start("process " + process, () -> {
                for (; ; ) {
                    steps[number]++;
                    scheduler.step();
                }
            }));
        }
        processes.get(0).pause(1_000);
        scheduler.run(500);
        assertThat(steps[0]).isZero();
        assertThat(steps[1]).isPositive();
        scheduler.run(5_000);
        assertThat(steps[0]).isPositive();
        processes.forEach(Scheduler.Task::kill);
    }

    @Test
    void shouldSayWhichProcessFailedAndWhy() {
        final Scheduler scheduler = new Scheduler(new Random(1));
        scheduler.start("unlucky", () -> {
            throw new IllegalStateException("no luck");
        });
        assertThatThrownBy(() -> scheduler.run(10))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("'unlucky' failed")
                .hasMessageContaining("no luck");
    }

    @Test
    void shouldLetTimePassWhileAllSleep() {
        final Scheduler scheduler = new Scheduler(new Random(1));
        final List<Long> woke = new ArrayList<>();
        scheduler.start("sleeper", () -> {
            scheduler.sleep(1_000);
            woke.add(scheduler.steps());
        });
        scheduler.run(2_000);
        assertThat(woke).hasSize(1);
        assertThat(woke.get(0)).isBetween(1_000L, 1_010L);
    }
}
