package io.rallocator.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.NvmRegion.Durability;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is persisted survives the loss of power; of what is not, any words of a line. */
class SimulatedNvmTest {
    private final SimulatedNvm memory = new SimulatedNvm(4096, Durability.POWER);

    @Test
    void shouldKeepWhatWasPersistedAndLoseTheRestAtWorst() {
        memory.writeLong(0, 1);
        memory.persist(0, 8);
        memory.writeLong(0, 2);
        memory.writeLong(64, 3);
        assertThat(memory.changedLines()).isEqualTo(2);
        memory.losePower(0);
        assertThat(memory.readLong(0)).isEqualTo(1);
        assertThat(memory.readLong(64)).isZero();
        assertThat(memory.changedLines()).isZero();
    }

    @Test
    void shouldKeepEveryChangeAtBest() {
        memory.writeLong(0, 2);
        memory.writeLong(64, 3);
        memory.losePower(1 + SimulatedNvm.FATES);
        assertThat(memory.readLong(0)).isEqualTo(2);
        assertThat(memory.readLong(64)).isEqualTo(3);
    }

    @Test
    void shouldTearALineBetweenItsWords() {
        memory.writeLong(0, 1);
        memory.writeLong(56, 2);
        final SimulatedNvm same = memory.snapshot();
        memory.losePower(2);
        assertThat(memory.readLong(0)).isEqualTo(1);
        assertThat(memory.readLong(56)).isZero();
        same.losePower(3);
        assertThat(same.readLong(0)).isZero();
        assertThat(same.readLong(56)).isEqualTo(2);
    }

    @Test
    void shouldPersistWholeLinesAndNoOthers() {
        memory.writeLong(56, 1);
        memory.writeLong(64, 2);
        memory.writeLong(128, 3);
        memory.persist(60, 8);
        memory.losePower(0);
        assertThat(memory.readLong(56)).isEqualTo(1);
        assertThat(memory.readLong(64)).isEqualTo(2);
        assertThat(memory.readLong(128)).isZero();
    }

    @Test
    void shouldLoseAnyOfTheWordsWhenTheSeedsAreMany() {
        final Set<Long> found = new HashSet<>();
        for (int seed = 0; seed < 200; seed++) {
            final SimulatedNvm fresh = new SimulatedNvm(64, Durability.POWER);
            fresh.writeLong(0, 1);
            fresh.writeLong(8, 2);
            fresh.losePower(new Random(seed));
            found.add(fresh.readLong(0) | fresh.readLong(8));
        }
        assertThat(found).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
    }
}
