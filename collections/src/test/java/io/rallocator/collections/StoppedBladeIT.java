package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.PoolUnavailableException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Verbs are one-sided: while the blade's process is stopped by SIGSTOP, workers read and write, and even take the slabs
 * that it published ahead. When those are used up, they get an error instead of waiting for ever, and what they stored
 * stays readable; when the blade is back, or another took its place, all goes on.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class StoppedBladeIT {
    private static final int MOST = 1_000_000;

    private final TestPool pool = TestPool.ofMebibytes(64);

    @AfterEach
    void removePool() {
        pool.close();
    }

    @Test
    void shouldServeTheDataPathWhileTheBladeIsStopped() throws Exception {
        try (BladeProcess blade = BladeProcess.serve(pool.file())) {
            try (RemoteHeap heap = pool.local()) {
                final RemoteMap<Integer, byte[]> map = heap.map("map", Codecs.ints(), Codecs.bytes());
                final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
                warmUp(heap);
                map.put(-1, value(-1));
                queue.add(-1);
                blade.stop();
                final int stored = putUntilSlabsRunOut(heap, map);
                assertThat(queue.poll()).isEqualTo(-1);
                assertThat(blade.isStopped()).isTrue();
                assertValues(map, stored);
                blade.resume();
                map.put(stored, value(stored));
                assertValues(map, stored + 1);
            }
        }
        pool.check();
    }

    @Test
    void shouldGoOnWithAnotherBladeAndCloseWithoutAnyWhenTheStoppedOneIsKilled() throws Exception {
        try (BladeProcess blade = BladeProcess.serve(pool.file())) {
            try (RemoteHeap heap = pool.local()) {
                final RemoteMap<Integer, byte[]> map = heap.map("map", Codecs.ints(), Codecs.bytes());
                warmUp(heap);
                map.put(-1, value(-1));
                blade.stop();
                final int stored = putUntilSlabsRunOut(heap, map);
                blade.kill();
                try (BladeProcess next = BladeProcess.serve(pool.file())) {
                    map.put(stored, value(stored));
                    assertValues(map, stored + 1);
                    assertThat(next.isStopped()).isFalse();
                }
            }
        }
        pool.check();
    }

    /** The blade publishes the further ahead the faster slabs are taken. */
    private static void warmUp(final RemoteHeap heap) {
        final RemoteMap<Integer, byte[]> map = heap.map("warm-up", Codecs.ints(), Codecs.bytes());
        for (int key = 0; key < 10_000; key++) {
            map.put(key, value(key));
        }
    }

    /** Returns how many entries were put, beside the first. */
    private static int putUntilSlabsRunOut(final RemoteHeap heap, final RemoteMap<Integer, byte[]> map) {
        final long slabs = heap.count("slab.acquire", Figure.CHAINS);
        for (int key = 0; key < MOST; key++) {
            try {
                map.put(key, value(key));
            } catch (final PoolUnavailableException e) {
                assertThat(e).hasMessageContaining("published no slab").hasMessageContaining("heartbeat");
                assertThat(key).as("entries put while the blade was stopped").isGreaterThan(1_000);
                assertThat(heap.count("slab.acquire", Figure.CHAINS))
                        .as("slabs were taken from the stopped blade")
                        .isGreaterThan(slabs + 2);
                return key;
            }
        }
        throw new AssertionError("a stopped blade published slabs for " + MOST + " entries");
    }

    private static void assertValues(final RemoteMap<Integer, byte[]> map, final int stored) {
        for (int key = -1; key < stored; key++) {
            assertThat(map.get(key)).isEqualTo(value(key));
        }
        assertThat(map).doesNotContainKey(stored);
    }

    private static byte[] value(final int key) {
        final byte[] value = new byte[400];
        Arrays.fill(value, (byte) key);
        return value;
    }
}
