package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.HeapClosedException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An array of longs against {@link AtomicLongArray}, across extents and restarts. */
@Timeout(60)
class LongArrayTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_301);

    /** Some ten extents of a pool of 16 MiB. */
    private static final int LENGTH = 20_011;

    private final Random random = new Random(SEED);
    private AtomicLongArray model = new AtomicLongArray(LENGTH);

    /** Prefers few places, some of them at the borders of extents. */
    private int index() {
        return random.nextInt(3) == 0
                ? random.nextInt(LENGTH)
                : Math.min(LENGTH - 1, random.nextInt(11) * 2_014 + random.nextInt(3));
    }

    private long value() {
        return random.nextInt(4) == 0 ? random.nextInt(2) : random.nextLong();
    }

    private long existingOr(final int index) {
        return random.nextBoolean() ? model.get(index) : value();
    }

    private void step(final RemoteLongArray array) {
        final int i = index();
        final long v = value();
        final long seen = existingOr(i);
        final LongUnaryOperator function = x -> x * 31 + v;
        final LongBinaryOperator combine = (x, y) -> x ^ y + 1;
        switch (random.nextInt(25)) {
            case 0 -> {
                array.set(i, v);
                model.set(i, v);
            }
            case 1 -> {
                array.lazySet(i, v);
                model.lazySet(i, v);
            }
            case 2 -> {
                array.setPlain(i, v);
                array.setOpaque(i, v + 1);
                array.setRelease(i, v);
                model.set(i, v);
            }
            case 3 -> assertThat(array.getAndSet(i, v)).isEqualTo(model.getAndSet(i, v));
            case 4 -> assertThat(array.compareAndSet(i, seen, v)).isEqualTo(model.compareAndSet(i, seen, v));
            case 5 -> assertThat(array.weakCompareAndSetPlain(i, seen, v)).isEqualTo(model.compareAndSet(i, seen, v));
            case 6 ->
                assertThat(array.weakCompareAndSetVolatile(i, seen, v)).isEqualTo(model.compareAndSet(i, seen, v));
            case 7 -> assertThat(array.weakCompareAndSetAcquire(i, seen, v)).isEqualTo(model.compareAndSet(i, seen, v));
            case 8 -> assertThat(array.weakCompareAndSetRelease(i, seen, v)).isEqualTo(model.compareAndSet(i, seen, v));
            case 9 -> assertThat(array.compareAndExchange(i, seen, v)).isEqualTo(model.compareAndExchange(i, seen, v));
            case 10 ->
                assertThat(array.compareAndExchangeAcquire(i, seen, v)).isEqualTo(model.compareAndExchange(i, seen, v));
            case 11 ->
                assertThat(array.compareAndExchangeRelease(i, seen, v)).isEqualTo(model.compareAndExchange(i, seen, v));
            case 12 -> assertThat(array.getAndIncrement(i)).isEqualTo(model.getAndIncrement(i));
            case 13 -> assertThat(array.getAndDecrement(i)).isEqualTo(model.getAndDecrement(i));
            case 14 -> assertThat(array.getAndAdd(i, v)).isEqualTo(model.getAndAdd(i, v));
            case 15 -> assertThat(array.incrementAndGet(i)).isEqualTo(model.incrementAndGet(i));
            case 16 -> assertThat(array.decrementAndGet(i)).isEqualTo(model.decrementAndGet(i));
            case 17 -> assertThat(array.addAndGet(i, v)).isEqualTo(model.addAndGet(i, v));
            case 18 -> assertThat(array.getAndUpdate(i, function)).isEqualTo(model.getAndUpdate(i, function));
            case 19 -> assertThat(array.updateAndGet(i, function)).isEqualTo(model.updateAndGet(i, function));
            case 20 ->
                assertThat(array.getAndAccumulate(i, v, combine)).isEqualTo(model.getAndAccumulate(i, v, combine));
            case 21 ->
                assertThat(array.accumulateAndGet(i, v, combine)).isEqualTo(model.accumulateAndGet(i, v, combine));
            case 22 -> changeMany(array);
            case 23 -> changeRange(array);
            default -> read(array, i);
        }
    }

    private void changeMany(final RemoteLongArray array) {
        final int count = random.nextInt(300);
        final long[] indexes = new long[count];
        final long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            indexes[i] = index();
            values[i] = value();
        }
        final boolean adds = random.nextBoolean();
        if (adds) {
            array.addAll(indexes, values);
        } else {
            array.setAll(indexes, values);
        }
        for (int i = 0; i < count; i++) {
            final int at = (int) indexes[i];
            model.set(at, adds ? model.get(at) + values[i] : values[i]);
        }
        final long[] found = new long[count];
        array.getAll(indexes, found);
        for (int i = 0; i < count; i++) {
            assertThat(found[i]).isEqualTo(model.get((int) indexes[i]));
        }
    }

    private void changeRange(final RemoteLongArray array) {
        final int from = index();
        final int count = random.nextInt(Math.min(5_000, LENGTH - from) + 1);
        final long[] source = random.longs(count + 3).toArray();
        array.setAll(from, source, 2, count);
        for (int i = 0; i < count; i++) {
            model.set(from + i, source[2 + i]);
        }
    }

    private void read(final RemoteLongArray array, final int i) {
        assertThat(array.get(i)).isEqualTo(model.get(i));
        assertThat(array.getPlain(i)).isEqualTo(model.get(i));
        assertThat(array.getOpaque(i)).isEqualTo(model.get(i));
        assertThat(array.getAcquire(i)).isEqualTo(model.get(i));
    }

    private void verify(final RemoteLongArray array) {
        final long[] all = new long[LENGTH + 2];
        array.getAll(0, all, 1, LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            assertThat(all[1 + i]).as("seed %d, index %d", SEED, i).isEqualTo(model.get(i));
        }
        assertThat(all[0]).isZero();
        assertThat(all[LENGTH + 1]).isZero();
    }

    @Test
    void shouldBeAsAnAtomicLongArrayWhenReopenedInTheMiddle() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            for (int round = 0; round < 3; round++) {
                try (RemoteHeap heap = pool.embedded()) {
                    final RemoteLongArray array =
                            round == 1 ? heap.longArray("longs") : heap.longArray("longs", LENGTH);
                    assertThat(array.length()).isEqualTo(LENGTH);
                    verify(array);
                    for (int i = 0; i < 3_000; i++) {
                        step(array);
                    }
                    verify(array);
                }
                assertThat(pool.check().structures().get(0).elements()).isEqualTo(LENGTH);
                assertThat(pool.check().structures().get(0).type()).isEqualTo("long array");
            }
        }
    }

    @Test
    void shouldReachEveryElementWhenExtentsAreReachedThroughDirectories() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            final int length = 300_000;
            try (RemoteHeap heap = pool.embedded();
                    WorkerSession session = WorkerSession.attach(pool.file(), "other")) {
                final ArrayTable table = SmallExtents.create(
                        session, new StructureCatalog(session), "tree", ArrayKind.LONGS, Codecs.longs(), length);
                assertThat(table.layout().hasDirectories()).isTrue();
                assertThat(table.layout().directories()).isGreaterThan(3);
                final RemoteLongArray array = heap.longArray("tree");
                for (int i = 0; i < length; i += 97) {
                    assertThat(array.addAndGet(i, i + 1)).isEqualTo(i + 1);
                }
                array.set(length - 1, -1);
                final RemoteLongArray cold = new PersistentLongArray(table);
                for (int i = 0; i < length - 1; i++) {
                    assertThat(cold.get(i)).isEqualTo(i % 97 == 0 ? i + 1 : 0);
                }
                assertThat(cold.get(length - 1)).isEqualTo(-1);
            }
            pool.check();
        }
    }

    @Test
    void shouldTakeNoMemoryWhenZerosAreReadOrWritten() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final long length = 2L << 20; // all of the pool
                final RemoteLongArray array = heap.longArray("sparse", length);
                assertThat(array.get(length - 1)).isZero();
                array.set(length - 2, 0);
                assertThat(array.getAndAdd(length - 1, 0)).isZero();
                assertThat(array.compareAndSet(length - 1, 1, 2)).isFalse();
                assertThat(array.compareAndSet(length - 1, 0, 0)).isTrue();
                array.setAll(new long[] {length - 1, 70_000}, new long[2]);
            }
            assertThat(pool.check().structures().get(0).blocks()).isEqualTo(2);
        }
    }

    @Test
    void shouldSayWhatIsWrongWhenArgumentsAre() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            final RemoteLongArray array;
            try (RemoteHeap heap = pool.embedded()) {
                assertThatThrownBy(() -> heap.longArray("new"))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("'new'")
                        .hasMessageContaining("length");
                assertThatThrownBy(() -> heap.longArray("new", -1))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("-1");
                assertThatThrownBy(() -> heap.longArray("new", (16L << 20) / 8 + 1))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(String.valueOf((16L << 20) / 8));
                assertThat(heap.names()).isEmpty();
                array = heap.longArray("array", 100);
                assertThatThrownBy(() -> heap.longArray("array", 101))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("100")
                        .hasMessageContaining("101");
                assertThatThrownBy(() -> heap.byteArray("array", 100))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("long array")
                        .hasMessageContaining("byte array");
                for (final long index : new long[] {-1, 100, Long.MIN_VALUE, 1L << 61}) {
                    assertThatThrownBy(() -> array.get(index))
                            .isInstanceOf(IndexOutOfBoundsException.class)
                            .hasMessageContaining(String.valueOf(index))
                            .hasMessageContaining("100");
                    assertThatThrownBy(() -> array.set(index, 1)).isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> array.getAndAdd(index, 1)).isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> array.compareAndSet(index, 0, 1))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> array.addAll(new long[] {0, index}, new long[] {1, 1}))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> array.getAll(index, new long[5], 0, 1))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                }
                assertThat(array.get(0)).isZero();
                assertThatThrownBy(() -> array.getAll(99, new long[5], 0, 2))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> array.setAll(0, new long[5], 4, 2))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> array.getAll(new long[2], new long[1]))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThat(heap.longArray("empty", 0).length()).isZero();
                assertThatThrownBy(() -> heap.longArray("empty").get(0)).isInstanceOf(IndexOutOfBoundsException.class);
                assertThat(heap.names()).containsExactly("array", "empty");
            }
            assertThatThrownBy(() -> array.get(0)).isInstanceOf(HeapClosedException.class);
            assertThatThrownBy(() -> array.addAndGet(0, 1)).isInstanceOf(HeapClosedException.class);
            pool.check();
        }
    }
}
