package io.rallocator.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Blocks are allocated, linked, read, replaced and freed; everything is there after closing and reopening. */
@Timeout(60)
class SmokeTest {
    private static final long SEED = 42;

    @Test
    void shouldKeepWhatWasLinkedWhenThePoolIsReopened() {
        final Random random = new Random(SEED);
        final int count = 1000;
        final long[] model = new long[count];
        Arrays.fill(model, Cells.ABSENT);
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            for (int round = 0; round < 3; round++) {
                try (Blade blade = Blade.open(pool.file);
                        WorkerSession session = WorkerSession.embedded(blade, "smoke")) {
                    final Cells cells = Cells.open(session, 1, count);
                    verify(cells, model);
                    for (int i = 0; i < 50_000; i++) {
                        step(cells, model, random);
                    }
                    verify(cells, model);
                }
                pool.check();
            }
        }
    }

    private static void step(final Cells cells, final long[] model, final Random random) {
        final int cell = random.nextInt(model.length);
        switch (random.nextInt(4)) {
            case 0 -> {
                cells.remove(cell);
                model[cell] = Cells.ABSENT;
            }
            case 1 -> assertThat(cells.get(cell)).isEqualTo(model[cell]);
            default -> {
                model[cell] = random.nextInt();
                cells.put(cell, model[cell], 1 + random.nextInt(random.nextInt(10) == 0 ? 8000 : 500));
            }
        }
    }

    private static void verify(final Cells cells, final long[] model) {
        long size = 0;
        for (int cell = 0; cell < model.length; cell++) {
            assertThat(cells.get(cell)).as("cell %d, seed %d", cell, SEED).isEqualTo(model[cell]);
            size += model[cell] == Cells.ABSENT ? 0 : 1;
        }
        assertThat(cells.size()).as("seed %d", SEED).isEqualTo(size);
    }
}
