package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.Blade;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Structures that grow in a pool which has no block of any class left, and gets some back bit by bit: so memory ends at each
 * allocation of a growth in turn. Whatever it interrupts throws, and leaves the structure as its model is; in the end all have
 * grown (I6).
 */
@Timeout(120)
class ExhaustedGrowthTest {
    private static final long FEW_BYTES = 1 << 10;

    /** One structure, and a script that makes it grow. */
    private abstract static class Growth {
        private final int steps;
        private final int[] blocks;
        private int next;
        private int interrupted;

        /**
         * Prepares a script.
         *
         * @param steps of it
         * @param blocks bytes of blocks that it needs: it gets them one by one at first
         */
        Growth(final int steps, final int... blocks) {
            this.steps = steps;
            this.blocks = blocks;
        }

        /** Does a step of the script, in the structure and then in the model. */
        abstract void step(int number);

        /** Compares structure and model. */
        abstract void verify();

        boolean isDone() {
            return next == steps;
        }

        /** Goes on until the end, or until there is no memory. */
        void run() {
            try {
                while (!isDone()) {
                    step(next);
                    next++;
                }
            } catch (final OutOfRemoteMemoryException e) {
                interrupted++;
                assertThat(e).hasMessageContaining(" bytes left: ").hasMessageContaining(" slab bytes are free");
                verify();
            }
        }
    }

    private RemoteHeap heap;

    @Test
    void shouldKeepEachStructureAsItWasAndGoOnWhenMemoryEndsInTheMiddleOfItsGrowth() {
        final PoolGeometry geometry =
                PoolGeometry.of(12 << 20, new int[] {16 << 10, 128 << 10, 1 << 20}, 16, 4, 4, 1024);
        try (TestPool pool = TestPool.create(geometry)) {
            try (Blade blade = Blade.open(pool.file());
                    WorkerSession session = WorkerSession.embedded(blade, "worker");
                    RemoteHeap opened = RemoteHeap.over(session)) {
                heap = opened;
                final List<Growth> growths = growths(session);
                final Ballast ballast = new Ballast(heap);
                ballast.fill();
                grow(growths, ballast);
                for (final Growth growth : growths) {
                    assertThat(growth.interrupted)
                            .as(growth.getClass().getSimpleName())
                            .isPositive();
                    growth.verify();
                }
            }
            pool.check();
        }
    }

    /** Each gets some memory in turn, which comes back while it runs: blocks that it needs at first, then ever more. */
    private static void grow(final List<Growth> growths, final Ballast ballast) {
        for (final Growth growth : growths) {
            growth.run();
            for (final int bytes : growth.blocks) {
                ballast.releaseBlock(bytes);
                growth.run();
            }
        }
        for (int round = 0; !growths.stream().allMatch(Growth::isDone); round++) {
            for (final Growth growth : growths) {
                if (!growth.isDone()) {
                    assertThat(ballast.isEmpty()).isFalse();
                    ballast.release(FEW_BYTES << round);
                    growth.run();
                }
            }
        }
    }

    private List<Growth> growths(final WorkerSession session) {
        final StructureCatalog catalog = new StructureCatalog(session);
        return List.of(
                new MapGrowth(),
                new BulkGrowth(),
                new LargeValues(),
                new QueueGrowth(),
                new BatchGrowth(),
                new LongArrayGrowth(
                        SmallExtents.create(session, catalog, "longs", ArrayKind.LONGS, Codecs.longs(), 40_000)),
                new ByteArrayGrowth(
                        SmallExtents.create(session, catalog, "bytes", ArrayKind.BYTES, Codecs.bytes(), 200_000)),
                new ArrayGrowth(
                        SmallExtents.create(session, catalog, "array", ArrayKind.ELEMENTS, Codecs.string(), 20_000)),
                new NamesGrowth());
    }

    /** Buckets are split, extents and directories of the table are added. */
    private final class MapGrowth extends Growth {
        private final RemoteMap<Integer, Integer> map = heap.map("map", Codecs.ints(), Codecs.ints());
        private final Map<Integer, Integer> model = new HashMap<>();

        MapGrowth() {
            super(6_000, 40, 48, 56, 64, 80, 96);
            for (int i = 0; i < 200; i++) {
                step(i);
            }
        }

        @Override
        void step(final int number) {
            assertThat(map.put(number, number)).isEqualTo(model.get(number));
            model.put(number, number);
        }

        @Override
        void verify() {
            assertThat(map.equals(model)).isTrue();
            assertThat(map.sizeLong()).isEqualTo(model.size());
        }
    }

    /** Bulk changes are a sequence of changes: some of what did not return is there. */
    private final class BulkGrowth extends Growth {
        private static final int AT_ONCE = 300;

        private final RemoteMap<Integer, String> map = heap.map("bulk", Codecs.ints(), Codecs.string());
        private final String value = "v".repeat(90);
        private int put;

        BulkGrowth() {
            super(8);
        }

        @Override
        void step(final int number) {
            final Map<Integer, String> more = new HashMap<>();
            for (int key = number * AT_ONCE; key < (number + 1) * AT_ONCE; key++) {
                more.put(key, value);
            }
            put = (number + 1) * AT_ONCE;
            map.putAll(more);
            assertThat(map).hasSize(put);
        }

        @Override
        void verify() {
            int seen = 0;
            for (final Map.Entry<Integer, String> entry : map.entrySet()) {
                assertThat(entry.getKey()).isBetween(0, put - 1);
                assertThat(entry.getValue()).isEqualTo(value);
                seen++;
            }
            assertThat(seen).isBetween(Math.max(0, put - AT_ONCE), put);
            assertThat(map.sizeLong()).isEqualTo(seen);
        }
    }

    /** Values in several chunks, put and replaced. */
    private final class LargeValues extends Growth {
        private final RemoteMap<Integer, byte[]> map = heap.map("large", Codecs.ints(), Codecs.bytes());
        private final Map<Integer, byte[]> model = new HashMap<>();

        LargeValues() {
            super(4);
        }

        @Override
        void step(final int number) {
            final byte[] value = new byte[1_500_000 + number];
            Arrays.fill(value, (byte) (number + 1));
            map.set(number / 2, value);
            model.put(number / 2, value);
        }

        @Override
        void verify() {
            assertThat(map.sizeLong()).isEqualTo(model.size());
            model.forEach((key, value) ->
                    assertThat(Arrays.equals(map.get(key), value)).isTrue());
        }
    }

    /** Segments are appended. Polling needs no memory. */
    private final class QueueGrowth extends Growth {
        private final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
        private final Deque<Integer> model = new ArrayDeque<>();

        QueueGrowth() {
            super(1_800, 24, 4_096, 24);
            for (int i = 0; i < 480; i++) {
                queue.add(-i);
                model.add(-i);
            }
        }

        @Override
        void step(final int number) {
            queue.add(number);
            model.add(number);
        }

        @Override
        void verify() {
            assertThat(queue.poll()).isEqualTo(model.poll());
            assertThat(List.copyOf(queue).equals(List.copyOf(model))).isTrue();
            assertThat(queue.sizeLong()).isEqualTo(model.size());
        }
    }

    /** Batches are added, and elements taken out of their middle, for which the others of the batch are written again. */
    private final class BatchGrowth extends Growth {
        private final RemoteQueue<Integer> queue = heap.queue("batches", Codecs.ints());
        private final List<Integer> model = new ArrayList<>();

        BatchGrowth() {
            super(400, 80, 64, 80, 64);
        }

        @Override
        void step(final int number) {
            if (number % 2 == 0) {
                final List<Integer> batch = List.of(10 * number, 10 * number + 1, 10 * number + 2);
                queue.addAll(batch);
                model.addAll(batch);
            } else {
                final Integer middle = 10 * (number - 1) + 1;
                assertThat(queue.remove(middle)).isTrue();
                model.remove(middle);
            }
        }

        @Override
        void verify() {
            assertThat(List.copyOf(queue).equals(model)).isTrue();
            assertThat(queue.sizeLong()).isEqualTo(model.size());
        }
    }

    /** Extents and directories come into being, one or many by one call. */
    private static final class LongArrayGrowth extends Growth {
        private static final int STRIDE = 100;

        private final RemoteLongArray array;
        private final long[] model;

        LongArrayGrowth(final ArrayTable table) {
            super(300, 512, 1_024, 1_024);
            array = new PersistentLongArray(table);
            model = new long[array.length()];
        }

        @Override
        void step(final int number) {
            final int first = number * STRIDE;
            final long value = number + 1L;
            if (number % 3 == 0) {
                array.set(first, value);
            } else if (number % 3 == 1) {
                array.getAndAdd(first, value);
            } else {
                array.compareAndSet(first, 0, value);
            }
            model[first] = value;
        }

        @Override
        void verify() {
            final long[] stored = new long[model.length];
            array.getAll(0, stored, 0, stored.length);
            assertThat(Arrays.equals(stored, model)).isTrue();
        }
    }

    /** A write that needs many extents is done up to some of them. */
    private static final class ByteArrayGrowth extends Growth {
        private static final int AT_ONCE = 20_000;

        private final RemoteByteArray array;
        private int written;

        ByteArrayGrowth(final ArrayTable table) {
            super(9, 512, 1_024, 1_024);
            array = new PersistentByteArray(table);
        }

        @Override
        void step(final int number) {
            array.fill((long) number * AT_ONCE, AT_ONCE, (byte) 7);
            written = (number + 1) * AT_ONCE;
        }

        @Override
        void verify() {
            final byte[] stored = new byte[array.length()];
            array.read(0, stored, 0, stored.length);
            int end = written;
            while (stored[end] == 7) {
                end++;
            }
            for (int i = 0; i < stored.length; i++) {
                assertThat(stored[i] == (i < end ? 7 : 0)).isTrue();
            }
            assertThat(end).isLessThanOrEqualTo(written + AT_ONCE);
        }
    }

    /** An element, its extent and its directory. */
    private static final class ArrayGrowth extends Growth {
        private static final int STRIDE = 60;

        private final RemoteArray<String> array;
        private final String[] model;

        ArrayGrowth(final ArrayTable table) {
            super(250, 512, 1_024, 64, 128);
            array = new PersistentArray<>(table, Codecs.string());
            model = new String[array.size()];
        }

        @Override
        void step(final int number) {
            final String element = "e".repeat(number * 7 % 900);
            assertThat(array.set((long) number * STRIDE, element)).isNull();
            model[number * STRIDE] = element;
        }

        @Override
        void verify() {
            assertThat(Arrays.equals(array.toArray(), model)).isTrue();
        }
    }

    /** Structures are renamed, created and dropped: pages and directory of names are written anew. */
    private final class NamesGrowth extends Growth {
        private static final int FIRST = 6;

        private final TreeSet<String> model = new TreeSet<>();

        NamesGrowth() {
            super(60, 512, 512, 512, 512, 512, 400, 1024, 512);
            for (int i = 0; i < FIRST; i++) {
                heap.queue(name(-i), Codecs.ints());
                model.add(name(-i));
            }
        }

        private String name(final int number) {
            return "name " + number + "n".repeat(100);
        }

        @Override
        void step(final int number) {
            final String name = name(number + 1);
            switch (number % 6) {
                case 0, 1 -> {
                    heap.rename(model.first(), name);
                    model.remove(model.first());
                }
                case 2 -> heap.map(name, Codecs.ints(), Codecs.ints()).put(1, 1);
                case 3 -> heap.longArray(name, 100).set(1, 1);
                case 4 -> heap.array(name, Codecs.ints(), 100).set(1, 1);
                default -> {
                    heap.drop(model.last());
                    model.remove(model.last());
                    return;
                }
            }
            model.add(name);
        }

        @Override
        void verify() {
            final TreeSet<String> names = new TreeSet<>(heap.names());
            assertThat(names).containsAll(model);
            names.removeIf(name -> !name.startsWith("name "));
            names.removeAll(model);
            assertThat(names).hasSizeLessThanOrEqualTo(1); // created, but its first element did not fit
        }
    }
}
