package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.WorkerSession;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The baseline has to be right, or its figures are worth nothing. */
class PagedMapTest {
    private static final int KEYS = 2_000;

    @TempDir
    private Path folder;

    @Test
    void shouldKeepEveryEntryWhenPagesComeAndGo() {
        final Map<Long, Long> model = new HashMap<>();
        final SplittableRandom random = new SplittableRandom(1);
        final byte[] value = new byte[100];
        try (PolicyPool pool = new PolicyPool(folder.resolve("pool"), 1);
                WorkerSession owner = WorkerSession.over(pool.fabric(), "owner");
                PagedMemory memory = new PagedMemory(pool, new RemoteArea(owner, 1 << 20), 8)) {
            final PagedMap map = new PagedMap(memory, 512);
            for (int i = 0; i < 4 * KEYS; i++) {
                final long key = random.nextInt(KEYS);
                ByteBuffer.wrap(value).putLong(i);
                map.put(key, value);
                model.put(key, (long) i);
            }
            for (long key = 0; key < KEYS; key++) {
                assertThat(map.get(key, value)).isEqualTo(model.containsKey(key));
                if (model.containsKey(key)) {
                    assertThat(ByteBuffer.wrap(value).getLong()).isEqualTo(model.get(key));
                }
            }
            assertThat(memory.count(Figure.BYTES_OUT))
                    .as("changed pages had to leave")
                    .isPositive();
        }
    }
}
