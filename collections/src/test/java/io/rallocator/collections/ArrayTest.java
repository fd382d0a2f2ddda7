package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.RallocatorException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.ListIterator;
import java.util.Objects;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An array of objects against {@link Arrays#asList}. */
@Timeout(60)
class ArrayTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_303);
    private static final int LENGTH = 3_000;

    private final Random random = new Random(SEED);
    private final List<String> model = Arrays.asList(new String[LENGTH]);

    private String value() {
        return switch (random.nextInt(6)) {
            case 0 -> null;
            case 1 -> "x".repeat(random.nextInt(5_000));
            default -> "value " + random.nextInt(20);
        };
    }

    private int index() {
        return random.nextInt(2) == 0 ? random.nextInt(LENGTH) : random.nextInt(50);
    }

    private void step(final RemoteArray<String> array) {
        final int i = index();
        final String value = value();
        switch (random.nextInt(12)) {
            case 0, 1 -> assertThat(array.get(i)).isEqualTo(model.get(i));
            case 2, 3, 4 -> assertThat(array.set(i, value)).isEqualTo(model.set(i, value));
            case 5 -> assertThat(array.getAndSet(i, value)).isEqualTo(model.set(i, value));
            case 6, 7 -> {
                final String expected = random.nextBoolean() ? model.get(i) : value();
                final boolean same = Objects.equals(expected, model.get(i));
                assertThat(array.compareAndSet(i, expected, value)).isEqualTo(same);
                if (same) {
                    model.set(i, value);
                }
            }
            case 8 -> walk(array.listIterator(i), model.listIterator(i));
            case 9 -> {
                final int to = i + random.nextInt(LENGTH - i + 1);
                assertThat(array.getAll(i, to - i)).isEqualTo(model.subList(i, to));
                assertThat(array.subList(i, to)).isEqualTo(model.subList(i, to));
            }
            case 10 -> {
                final Comparator<String> order = Comparator.nullsFirst(Comparator.naturalOrder());
                final int to = Math.min(LENGTH, i + 50);
                array.subList(i, to).sort(order);
                model.subList(i, to).sort(order);
            }
            default -> {
                assertThat(array.indexOf(value)).isEqualTo(model.indexOf(value));
                assertThat(array.lastIndexOf(value)).isEqualTo(model.lastIndexOf(value));
                assertThat(array.contains(value)).isEqualTo(model.contains(value));
            }
        }
    }

    private void walk(final ListIterator<String> remote, final ListIterator<String> expected) {
        for (int i = 0; i < 40; i++) {
            assertThat(remote.hasNext()).isEqualTo(expected.hasNext());
            assertThat(remote.hasPrevious()).isEqualTo(expected.hasPrevious());
            assertThat(remote.nextIndex()).isEqualTo(expected.nextIndex());
            assertThat(remote.previousIndex()).isEqualTo(expected.previousIndex());
            final boolean forward = random.nextInt(3) > 0;
            if (forward && expected.hasNext()) {
                assertThat(remote.next()).isEqualTo(expected.next());
            } else if (!forward && expected.hasPrevious()) {
                assertThat(remote.previous()).isEqualTo(expected.previous());
            } else {
                continue;
            }
            if (random.nextInt(3) == 0) {
                final String value = value();
                remote.set(value);
                expected.set(value);
            }
        }
    }

    @Test
    void shouldBeAsAListOfFixedSizeWhenReopenedInTheMiddle() {
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            for (int round = 0; round < 3; round++) {
                try (RemoteHeap heap = pool.embedded()) {
                    final RemoteArray<String> array = round == 1
                            ? heap.array("array", Codecs.string())
                            : heap.array("array", Codecs.string(), LENGTH);
                    for (int i = 0; i < 3_000; i++) {
                        step(array);
                    }
                    assertThat(array).hasSize(LENGTH);
                    assertThat(array).isEqualTo(model);
                    assertThat(model).isEqualTo(array);
                    assertThat(array.hashCode()).isEqualTo(model.hashCode());
                    assertThat(array).hasToString(model.toString());
                    assertThat(array.toArray()).isEqualTo(model.toArray());
                    array.replaceAll(s -> s == null ? "was null" : s.length() % 7 == 0 ? null : s + "!");
                    model.replaceAll(s -> s == null ? "was null" : s.length() % 7 == 0 ? null : s + "!");
                    assertThat(array).isEqualTo(model);
                }
                assertThat(pool.check().structures().get(0).elements())
                        .isEqualTo(model.stream().filter(Objects::nonNull).count());
            }
        }
    }

    @Test
    void shouldRefuseToChangeItsSizeWhenUsedAsAList() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            final RemoteArray<Integer> array;
            try (RemoteHeap heap = pool.embedded()) {
                array = heap.array("fixed", Codecs.ints(), 3);
                assertThat(array).containsExactly(null, null, null);
                array.set(0, 1);
                assertThatThrownBy(() -> array.add(1)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> array.add(0, 1)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> array.remove(0)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> array.remove((Object) 1)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(array::clear).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> array.removeIf(i -> true)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> array.listIterator().add(1)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> array.listIterator().set(1)).isInstanceOf(IllegalStateException.class);
                for (final int index : new int[] {-1, 3}) {
                    assertThatThrownBy(() -> array.get(index))
                            .isInstanceOf(IndexOutOfBoundsException.class)
                            .hasMessageContaining(String.valueOf(index));
                    assertThatThrownBy(() -> array.set(index, 1)).isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> array.compareAndSet(index, 1, 1))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                }
                assertThatThrownBy(() -> array.listIterator(4)).isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> array.getAll(2, 2)).isInstanceOf(IndexOutOfBoundsException.class);
                assertThat(array).containsExactly(1, null, null);
                assertThatThrownBy(() -> heap.array("fixed", Codecs.string()))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("utf8")
                        .hasMessageContaining("int32");
                assertThatThrownBy(() -> heap.array("fixed", Codecs.ints(), 4))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("3")
                        .hasMessageContaining("4");
                assertThat(heap.array("none", Codecs.ints(), 0)).isEmpty();
            }
            assertThatThrownBy(() -> array.get(0)).isInstanceOf(HeapClosedException.class);
            pool.check();
        }
    }

    @Test
    void shouldKeepElementsOfAnySizeWhenTheyFitOneBlock() {
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            try (RemoteHeap heap = pool.embedded()) {
                final int most = heap.geometry().maxBlockBytes() - 16;
                final int[] lengths = {0, 1, 16, 100, 4_096, 100_000, most, most};
                final RemoteArray<byte[]> array = heap.array("sizes", Codecs.bytes(), lengths.length);
                for (int i = 0; i < lengths.length; i++) {
                    final byte[] element = new byte[lengths[i]];
                    Arrays.fill(element, (byte) i);
                    array.set(i, element);
                }
                int next = 0;
                for (final byte[] element : array) {
                    final byte[] expected = new byte[lengths[next]];
                    Arrays.fill(expected, (byte) next);
                    assertThat(element).isEqualTo(expected);
                    next++;
                }
                for (int i = lengths.length - 1; i >= 0; i--) {
                    assertThat(array.compareAndSet(i, array.get(i), null)).isTrue();
                }
                assertThatThrownBy(() -> array.set(0, new byte[most + 1]))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(String.valueOf(most + 1))
                        .hasMessageContaining(String.valueOf(most));
            }
            assertThat(pool.check().structures().get(0).elements()).isZero();
        }
    }

    /** Refuses one number in both directions. */
    private static final class PickyCodec implements Codec<Integer> {
        private boolean refuses;

        @Override
        public String id() {
            return "picky";
        }

        @Override
        public int encode(final Integer value, final MutableDirectBuffer target, final int index) {
            if (refuses) {
                throw new IllegalStateException("not this one");
            }
            return Codecs.ints().encode(value, target, index);
        }

        @Override
        public Integer decode(final DirectBuffer source, final int index, final int length) {
            final int value = Codecs.ints().decode(source, index, length);
            if (refuses && value == 7) {
                throw new IllegalStateException("not this one");
            }
            return value;
        }
    }

    @Test
    void shouldKeepTheRestUsableWhenACodecThrows() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final PickyCodec codec = new PickyCodec();
                final RemoteArray<Integer> array = heap.array("picky", codec, 10);
                array.set(3, 7);
                array.set(4, 8);
                codec.refuses = true;
                assertThatThrownBy(() -> array.set(4, 9)).hasMessage("not this one");
                assertThatThrownBy(() -> array.get(3))
                        .isInstanceOf(RallocatorException.class)
                        .hasMessageContaining("picky")
                        .hasMessageContaining("index 3, word at offset ");
                assertThat(array.get(4)).isEqualTo(8);
                codec.refuses = false;
                assertThat(array.set(3, 9)).isEqualTo(7);
                assertThat(array).containsExactly(null, null, null, 9, 8, null, null, null, null, null);
            }
            pool.check();
        }
    }

    @Test
    void shouldChangeNothingWhenThePoolIsFull() {
        try (TestPool pool = TestPool.ofMebibytes(4)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteArray<byte[]> array = heap.array("full", Codecs.bytes(), 10_000);
                final byte[] element = new byte[1_000];
                int filled = 0;
                try {
                    for (; filled < 10_000; filled++) {
                        array.set(filled, element);
                    }
                } catch (final io.rallocator.persistence.OutOfRemoteMemoryException e) {
                    assertThat(e).hasMessageContaining("bytes");
                }
                assertThat(filled).isBetween(1_000, 9_999);
                assertThat(array.get(filled)).isNull();
                assertThat(array.get(filled - 1)).isEqualTo(element);
                for (int i = 0; i < filled; i += 2) {
                    array.set(i, null);
                }
                for (int i = 0; i < filled / 4; i++) {
                    array.set(2 * i, element);
                }
                for (int i = 0; i < filled; i++) {
                    array.set(i, null);
                }
                final RemoteByteArray bytes = heap.byteArray("bytes", 3 << 20);
                try {
                    bytes.fill(0, 3 << 20, (byte) 1);
                } catch (final io.rallocator.persistence.OutOfRemoteMemoryException e) {
                    assertThat(bytes.get(0)).isEqualTo((byte) 1);
                }
                assertThat(heap.names()).containsExactly("bytes", "full");
            }
            pool.check();
        }
    }
}
