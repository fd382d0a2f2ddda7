package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random operations on arrays of every kind, and of objects with every codec, answer like arrays of the JDK, also after closing and
 * opening in between. A failure says the seed; {@code -Drallocator.seed=N} repeats it and {@code -Drallocator.iterations=N} makes
 * histories longer.
 */
@Timeout(300)
class ArrayModelTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_105);
    private static final int STEPS = Integer.getInteger("rallocator.iterations", 1_500);
    private static final int ROUNDS = 4;

    /** Several extents. */
    private static final int LENGTH = 3_000;

    private static final int MOST_AT_ONCE = 300;
    private static final int VALUES = 100;

    private final Random random = new Random(SEED);

    static Stream<Sample<?>> codecs() {
        return Sample.ALL.stream();
    }

    private static void same(final Object actual, final Object wanted, final String what) {
        assertThat(Sample.comparable(actual)).as("%s, seed %d", what, SEED).isEqualTo(Sample.comparable(wanted));
    }

    private int index() {
        return random.nextInt(4) == 0 ? random.nextInt(LENGTH) : random.nextInt(50);
    }

    private int countFrom(final int index) {
        return random.nextInt(Math.min(MOST_AT_ONCE, LENGTH - index) + 1);
    }

    /** Does the same to both and compares the answers. */
    private static <S> void ask(final S actual, final S model, final String what, final Function<S, Object> question) {
        same(question.apply(actual), question.apply(model), what);
    }

    private static <S> void change(final S actual, final S model, final Consumer<S> change) {
        change.accept(actual);
        change.accept(model);
    }

    /** Another test has another pool. */
    TestPool newPool() {
        return TestPool.ofMebibytes(16);
    }

    /** Opens the pool again and again. */
    private void rounds(final Consumer<RemoteHeap> round) {
        try (TestPool pool = newPool()) {
            for (int i = 0; i < ROUNDS; i++) {
                try (RemoteHeap heap = pool.embedded()) {
                    round.accept(heap);
                }
                pool.check();
            }
        }
    }

    // ---- longs

    @Test
    void shouldKeepAnArrayOfLongsLikeTheModel() {
        final LongArrayModel model = new LongArrayModel(LENGTH);
        rounds(heap -> {
            final RemoteLongArray array = heap.longArray("longs", LENGTH);
            same(LongArrayModel.of(array), model, "reopened");
            for (int step = 0; step < STEPS; step++) {
                if (random.nextInt(4) == 0) {
                    stepOfMany(array, model);
                } else {
                    stepOfOne(array, model);
                }
            }
            same(LongArrayModel.of(array), model, "all");
        });
    }

    private void stepOfOne(final RemoteLongArray array, final RemoteLongArray model) {
        final int i = index();
        final long value = random.nextInt(8) == 0 ? random.nextLong() : random.nextInt(VALUES);
        final long expected = random.nextBoolean() ? model.get(i) : value;
        switch (random.nextInt(10)) {
            case 0 -> ask(array, model, "getAndAdd", longs -> longs.getAndAdd(i, value));
            case 1 -> ask(array, model, "addAndGet", longs -> longs.addAndGet(i, value));
            case 2 -> ask(array, model, "incrementAndGet", longs -> longs.incrementAndGet(i));
            case 3 -> ask(array, model, "getAndDecrement", longs -> longs.getAndDecrement(i));
            case 4 -> ask(array, model, "getAndSet", longs -> longs.getAndSet(i, value));
            case 5 -> ask(array, model, "compareAndSet", longs -> longs.compareAndSet(i, expected, value));
            case 6 -> ask(array, model, "compareAndExchange", longs -> longs.compareAndExchange(i, expected, value));
            case 7 -> ask(array, model, "updateAndGet", longs -> longs.updateAndGet(i, seen -> seen * 31 + 1));
            case 8 -> ask(array, model, "getAndAccumulate", longs -> longs.getAndAccumulate(i, value, Math::max));
            default -> change(array, model, longs -> longs.set(i, value));
        }
        ask(array, model, "get", longs -> longs.get(i));
    }

    private void stepOfMany(final RemoteLongArray array, final RemoteLongArray model) {
        final int from = index();
        final int count = countFrom(from);
        final long[] values = random.longs(count, 0, VALUES).toArray();
        final long[] indexes = random.longs(count, 0, LENGTH).toArray();
        switch (random.nextInt(5)) {
            case 0 -> change(array, model, longs -> longs.setAll(from, values, 0, count));
            case 1 -> change(array, model, longs -> longs.setAll(indexes, values));
            case 2 -> change(array, model, longs -> longs.addAll(indexes, values));
            case 3 ->
                ask(array, model, "gathered", longs -> {
                    final long[] gathered = new long[count];
                    longs.getAll(indexes, gathered);
                    return gathered;
                });
            default ->
                ask(array, model, "read", longs -> {
                    final long[] read = new long[count + 2];
                    longs.getAll(from, read, 1, count);
                    return read;
                });
        }
    }

    // ---- bytes

    @Test
    void shouldKeepAnArrayOfBytesLikeTheModel() {
        final int length = LENGTH * Long.BYTES + 5;
        final ByteArrayModel model = new ByteArrayModel(length);
        rounds(heap -> {
            final RemoteByteArray array = heap.byteArray("bytes", length);
            same(ByteArrayModel.of(array), model, "reopened");
            for (int step = 0; step < STEPS; step++) {
                step(array, model);
            }
            same(ByteArrayModel.of(array), model, "all");
        });
    }

    private void step(final RemoteByteArray array, final RemoteByteArray model) {
        final int from = random.nextInt(array.length());
        final int most = random.nextInt(8) == 0 ? array.length() : 40;
        final int count = random.nextInt(Math.min(most, array.length() - from) + 1);
        final byte value = (byte) random.nextInt(3);
        final byte[] values = new byte[count];
        random.nextBytes(values);
        switch (random.nextInt(7)) {
            case 0 -> change(array, model, bytes -> bytes.set(from, value));
            case 1 -> change(array, model, bytes -> bytes.fill(from, count, value));
            case 2 -> change(array, model, bytes -> bytes.write(from, values, 0, count));
            case 3 -> {
                final Ranges ranges = new Ranges();
                for (int i = 0; i < 20; i++) {
                    final int at = random.nextInt(array.length());
                    ranges.add(at, random.nextInt(Math.min(30, array.length() - at)));
                }
                final byte[] scattered = new byte[(int) ranges.bytes()];
                random.nextBytes(scattered);
                change(array, model, bytes -> bytes.write(ranges, new UnsafeBuffer(scattered), 0));
                ask(array, model, "gathered", bytes -> {
                    final byte[] gathered = new byte[scattered.length];
                    bytes.read(ranges, new UnsafeBuffer(gathered), 0);
                    return gathered;
                });
            }
            case 4 -> ask(array, model, "get", bytes -> bytes.get(from));
            default ->
                ask(array, model, "read", bytes -> {
                    final byte[] read = new byte[count + 2];
                    bytes.read(from, read, 1, count);
                    return read;
                });
        }
    }

    // ---- objects

    @ParameterizedTest
    @MethodSource("codecs")
    void shouldKeepAnArrayOfObjectsLikeTheModel(final Sample<?> elements) {
        objectHistory(elements);
    }

    private <E> void objectHistory(final Sample<E> elements) {
        final List<Object> model = Arrays.asList(new Object[LENGTH]);
        rounds(heap -> {
            final RemoteArray<E> array = heap.array("objects", elements.codec(), LENGTH);
            assertThat(comparable(array)).as("seed %d", SEED).isEqualTo(model);
            for (int step = 0; step < STEPS; step++) {
                step(elements, array, model);
            }
            assertThat(comparable(array)).as("seed %d", SEED).isEqualTo(model);
        });
    }

    private static List<Object> comparable(final List<?> elements) {
        return Arrays.asList(elements.stream().map(Sample::comparable).toArray());
    }

    private <E> void step(final Sample<E> elements, final RemoteArray<E> array, final List<Object> model) {
        final int i = index();
        final E element = random.nextInt(5) == 0 ? null : elements.of(random.nextInt(VALUES));
        final Object comparable = Sample.comparable(element);
        switch (random.nextInt(6)) {
            case 0 -> same(array.get(i), model.get(i), "get");
            case 1 -> {
                // what was read compares as what is stored
                assertThat(array.compareAndSet(i, array.get(i), element))
                        .as("seed %d", SEED)
                        .isTrue();
                model.set(i, comparable);
            }
            case 2 -> {
                final E other = elements.of(VALUES);
                assertThat(array.compareAndSet(i, other, element))
                        .as("seed %d", SEED)
                        .isFalse();
            }
            case 3 -> {
                final int count = countFrom(i);
                assertThat(comparable(array.getAll(i, count)))
                        .as("seed %d", SEED)
                        .isEqualTo(model.subList(i, i + count));
            }
            default -> same(array.set(i, element), model.set(i, comparable), "set");
        }
    }
}
