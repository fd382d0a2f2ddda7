package io.rallocator.examples.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Some histories of the simulator for each build; {@code -Psoak} runs thousands, {@code rallocator simulate} as many as asked
 * for. A failure says the seed.
 */
class SimulatedHistoryTest {
    private static final long SEED = Long.getLong("rallocator.seed", 1);
    private static final int SEEDS = Integer.getInteger("rallocator.seeds", 24);
    private static final int ROUNDS = 30;

    @Test
    void shouldGiveRightAnswersWhenProcessesAreKilledAndPowerIsLost() {
        int kills = 0;
        int powerLosses = 0;
        for (long seed = SEED; seed < SEED + SEEDS; seed++) {
            final SimulatedHistory.Outcome outcome = run(seed, true);
            kills += outcome.kills();
            powerLosses += outcome.powerLosses();
        }
        assertThat(kills).isPositive();
        assertThat(powerLosses).isPositive();
    }

    @Test
    void shouldGiveRightAnswersWhenProcessesAreStopped() {
        for (long seed = SEED; seed < SEED + SEEDS / 8; seed++) {
            assertThat(run(seed, false).operations()).isPositive();
        }
    }

    private static SimulatedHistory.Outcome run(final long seed, final boolean crashes) {
        try {
            return SimulatedHistory.run(seed, crashes, ROUNDS);
        } catch (final AssertionError e) {
            throw new AssertionError(
                    "seed " + seed + ": " + e.getMessage() + "; repeat it with: rallocator simulate "
                            + (crashes ? "--crash " : "") + "--seed " + seed + " --seeds 1",
                    e);
        }
    }

    @Test
    void shouldDoTheSameForTheSameSeed() {
        assertThat(SimulatedHistory.run(SEED, true, 10)).isEqualTo(SimulatedHistory.run(SEED, true, 10));
    }

    // ---- the judge himself

    @Test
    void shouldObjectToALostWriteAndToOneThatIsTakenBack() {
        final Journal journal = new Journal();
        final long version = journal.begin("key");
        journal.returned("key", version);
        assertThatThrownBy(() -> journal.seen("key", journal.known("key"), 0))
                .hasMessageContaining("1 was known before");
        journal.begin("key");
        journal.seen("key", journal.known("key"), 2);
        assertThatThrownBy(() -> journal.seen("key", journal.known("key"), 1))
                .hasMessageContaining("2 was known before");
        assertThatThrownBy(() -> journal.seen("key", 0, 3)).hasMessageContaining("only 2 was begun");
    }

    @Test
    void shouldObjectToElementsThatAreLostDoubledOrOutOfOrder() {
        final Journal journal = new Journal();
        for (final long element : List.of(1L, 2L, 3L)) {
            journal.beginOffer(element);
            journal.returnedOffer(element);
        }
        assertThatThrownBy(() -> journal.left(List.of(2L, 1L, 3L), 10)).hasMessageContaining("comes after");
        assertThatThrownBy(() -> journal.left(List.of(1L, 3L), 10)).hasMessageContaining("lost");
        assertThatThrownBy(() -> journal.left(List.of(1L, 1L, 2L, 3L), 10)).hasMessageContaining("twice");
        journal.beginPoll("worker");
        journal.ended("worker");
        assertThatCode(() -> journal.left(List.of(2L, 3L), 10)).doesNotThrowAnyException();
        journal.returnedPoll("worker", 2L);
        assertThatThrownBy(() -> journal.left(List.of(2L, 3L), 10)).hasMessageContaining("still there");
        assertThatThrownBy(() -> journal.returnedPoll("worker", 2L)).hasMessageContaining("polled twice");
    }

    @Test
    void shouldObjectToCountsThatAreTooLowOrTooHigh() {
        final Journal journal = new Journal();
        journal.begin("count");
        journal.counted("count");
        journal.begin("count");
        assertThatCode(() -> journal.total("count", 2)).doesNotThrowAnyException();
        assertThatThrownBy(() -> journal.total("count", 0)).hasMessageContaining("counted 0");
        assertThatThrownBy(() -> journal.total("count", 3)).hasMessageContaining("counted 3");
    }

    @Test
    void shouldObjectToAKeyThatIsNeitherBeforeNorAfterItsLastChange() {
        final Journal journal = new Journal();
        journal.beginExact("key", 1L);
        journal.returnedExact("key", null);
        journal.beginExact("key", 2L);
        assertThatThrownBy(() -> journal.foundExact("key", null))
                .hasMessageContaining("1 was acknowledged and 2 was begun");
        journal.foundExact("key", 2L);
        assertThatThrownBy(() -> journal.foundExact("key", 1L)).hasMessageContaining("2 was acknowledged");
    }
}
