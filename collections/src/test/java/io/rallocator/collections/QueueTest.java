package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One worker's view of a queue: order, segments, looking without taking, waiting. */
@Timeout(60)
class QueueTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_102);

    /** Slots of a segment are some 500: enough to cross several borders. */
    private static final int SEGMENTS = 2_000;

    @Test
    void shouldReturnElementsInTheirOrderWhenSegmentsFillAndEmpty() {
        final Random random = new Random(SEED);
        final ArrayDeque<String> model = new ArrayDeque<>();
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            int next = 0;
            for (int round = 0; round < 4; round++) {
                try (RemoteHeap heap = pool.embedded()) {
                    final RemoteQueue<String> queue = heap.queue("model", Codecs.string());
                    for (int i = 0; i < 15_000; i++) {
                        if (random.nextInt(100) < (round % 2 == 0 ? 60 : 40)) {
                            final String element = "element " + next++ + "x".repeat(random.nextInt(200));
                            assertThat(queue.offer(element)).isTrue();
                            model.add(element);
                        } else {
                            assertThat(queue.poll()).as("seed %d", SEED).isEqualTo(model.poll());
                        }
                        if (i % 1_000 == 0) {
                            assertThat(queue.peek()).isEqualTo(model.peek());
                            assertThat(queue.sizeLong()).as("seed %d", SEED).isEqualTo(model.size());
                            assertThat(queue.isEmpty()).isEqualTo(model.isEmpty());
                        }
                    }
                    assertThat(new ArrayList<>(queue)).isEqualTo(new ArrayList<>(model));
                }
                assertThat(pool.check().structures().get(0).elements()).isEqualTo(model.size());
            }
        }
    }

    @Test
    void shouldAnswerEmptyWhenEverythingWasTaken() throws InterruptedException {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Long> queue = heap.queue("empty", Codecs.longs());
                assertThat(queue.poll()).isNull();
                assertThat(queue.peek()).isNull();
                assertThat(queue.size()).isZero();
                for (int i = 0; i < 3 * SEGMENTS; i++) {
                    assertThat(queue.poll()).isNull();
                    queue.put((long) i);
                    assertThat(queue.isEmpty()).isFalse();
                    assertThat(queue.remove()).isEqualTo(i);
                    assertThat(queue.isEmpty()).isTrue();
                    assertThat(queue.sizeLong()).isZero();
                }
                assertThatThrownBy(queue::remove).isInstanceOf(NoSuchElementException.class);
                assertThatThrownBy(queue::element).isInstanceOf(NoSuchElementException.class);
            }
            pool.check();
        }
    }

    @Test
    void shouldDrainAndClearWhenAskedTo() throws InterruptedException {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.queue("drain", Codecs.ints());
                for (int i = 0; i < SEGMENTS; i++) {
                    queue.add(i);
                }
                assertThat(queue.remainingCapacity()).isEqualTo(Integer.MAX_VALUE);
                final List<Integer> some = new ArrayList<>();
                assertThat(queue.drainTo(some, 700)).isEqualTo(700);
                assertThat(some.get(699)).isEqualTo(699);
                assertThat(queue.take()).isEqualTo(700);
                assertThat(queue.poll(1, TimeUnit.SECONDS)).isEqualTo(701);
                assertThat(queue.contains(702)).isTrue();
                assertThat(queue.contains(701)).isFalse();
                assertThat(queue.size()).isEqualTo(SEGMENTS - 702);
                queue.clear();
                assertThat(queue).isEmpty();
                assertThat(queue.drainTo(some)).isZero();
                final long from = System.nanoTime();
                assertThat(queue.poll(20, TimeUnit.MILLISECONDS)).isNull();
                assertThat(System.nanoTime() - from).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(20));
                assertThatThrownBy(() -> queue.drainTo(queue)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> queue.add(null)).isInstanceOf(NullPointerException.class);
            }
            pool.check();
        }
    }

    @Test
    void shouldDeliverTheOthersWhenTheTargetRefusesAnElement() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.queue("refused", Codecs.ints());
                for (int i = 0; i < 10; i++) {
                    queue.add(i);
                }
                final List<Integer> odd = new ArrayList<>() {
                    private static final long serialVersionUID = 1;

                    @Override
                    public boolean add(final Integer element) {
                        if (element % 2 == 0) {
                            throw new IllegalArgumentException("even: " + element);
                        }
                        return super.add(element);
                    }
                };
                assertThatThrownBy(() -> queue.drainTo(odd, 6))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("even: 0")
                        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
                assertThat(odd).containsExactly(1, 3, 5);
                assertThat(queue).containsExactly(6, 7, 8, 9);
            }
            pool.check();
        }
    }

    @Test
    void shouldShowEachElementOnceWhenAnIteratorMeetsPolls() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.queue("iterated", Codecs.ints());
                for (int i = 0; i < SEGMENTS; i++) {
                    queue.add(i);
                }
                final Iterator<Integer> iterator = queue.iterator();
                int last = -1;
                for (int i = 0; iterator.hasNext(); i++) {
                    final int element = iterator.next();
                    assertThat(element).isGreaterThan(last);
                    last = element;
                    if (i % 3 == 0) {
                        queue.poll();
                    }
                    if (i == 10) {
                        queue.add(SEGMENTS);
                    }
                }
                assertThat(last).isEqualTo(SEGMENTS);
                assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
            }
            pool.check();
        }
    }

    @Test
    void shouldKeepElementsOfAnySizeWhenTheyFitOneBlock() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<byte[]> queue = heap.queue("sizes", Codecs.bytes());
                final int most = heap.geometry().maxBlockBytes() - LeaseBlock.ELEMENT_OFFSET;
                final int[] lengths = {0, 1, 16, 100, 4_096, 100_000, most};
                for (final int length : lengths) {
                    final byte[] element = new byte[length];
                    Arrays.fill(element, (byte) length);
                    queue.add(element);
                }
                for (final int length : lengths) {
                    final byte[] element = new byte[length];
                    Arrays.fill(element, (byte) length);
                    assertThat(queue.peek()).isEqualTo(element);
                    assertThat(queue.poll()).isEqualTo(element);
                }
                assertThatThrownBy(() -> queue.add(new byte[most + 1]))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(String.valueOf(most + 1))
                        .hasMessageContaining(String.valueOf(most));
            }
            pool.check();
        }
    }

    @Test
    void shouldTakeElementsWhereverTheyAreWhenTheyAreRemoved() {
        final Random random = new Random(SEED);
        try (TestPool pool = TestPool.ofMebibytes(32)) {
            final List<Integer> model = new ArrayList<>();
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.queue("removed", Codecs.ints());
                int next = 0;
                for (int round = 0; round < 20; round++) {
                    for (int i = 0; i < 300; i++) {
                        queue.add(next);
                        model.add(next++);
                    }
                    for (int i = 0; i < 40; i++) {
                        final Integer element = random.nextInt(next);
                        assertThat(queue.remove(element)).as("seed %d", SEED).isEqualTo(model.remove(element));
                        final Integer head = model.isEmpty() ? null : model.remove(0);
                        assertThat(queue.poll()).isEqualTo(head);
                    }
                    final int rest = round % 7;
                    assertThat(queue.removeIf(element -> element % 7 == rest))
                            .isEqualTo(model.removeIf(element -> element % 7 == rest));
                    assertThat(queue.sizeLong()).as("seed %d", SEED).isEqualTo(model.size());
                    assertThat(new ArrayList<>(queue)).as("seed %d", SEED).isEqualTo(model);
                }
            }
            assertThat(pool.check().structures().get(0).elements()).isEqualTo(model.size());
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.queue("removed", Codecs.ints());
                assertThat(queue.retainAll(model.subList(0, 10))).isTrue();
                assertThat(queue.removeAll(model.subList(0, 9))).isTrue();
                assertThat(queue.poll()).isEqualTo(model.get(9));
                assertThat(queue.poll()).isNull();
                assertThat(queue.removeIf(element -> true)).isFalse();
            }
            pool.check();
        }
    }

    @Test
    void shouldRemoveTheReturnedElementOnceWhenTheIteratorHasGoneOnAndEpochsHavePassed() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.queue("removed", Codecs.ints());
                for (int i = 0; i < SEGMENTS; i++) {
                    queue.add(i);
                }
                final Iterator<Integer> iterator = queue.iterator();
                final Iterator<Integer> late = queue.iterator();
                assertThatThrownBy(iterator::remove).isInstanceOf(IllegalStateException.class);
                assertThat(late.next()).isZero();
                for (int i = 0; i < SEGMENTS; i++) {
                    assertThat(iterator.next()).isEqualTo(i);
                    assertThat(iterator.hasNext()).isEqualTo(i < SEGMENTS - 1);
                    if (i % 2 == 0) {
                        iterator.remove();
                        assertThatThrownBy(iterator::remove).isInstanceOf(IllegalStateException.class);
                    }
                }
                assertThat(queue.size()).isEqualTo(SEGMENTS / 2);
                for (int i = 0; i < 3 * SEGMENTS; i++) { // the first segment is another one by now
                    queue.add(i);
                    queue.poll();
                }
                late.remove();
                assertThat(queue.size()).isEqualTo(SEGMENTS / 2);
            }
            pool.check();
        }
    }

    @Test
    void shouldShowAndRemoveElementsOfBatchesOneByOne() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<Integer> queue = heap.queue("batches", Codecs.ints());
                final List<Integer> expected = new ArrayList<>();
                for (int i = 0; i < 200; i++) {
                    expected.add(i);
                }
                assertThat(queue.addAll(expected)).isTrue();
                assertThat(queue.addAll(List.of())).isFalse();
                assertThat(queue).containsExactlyElementsOf(expected);
                assertThat(queue.remove((Object) 70)).isTrue();
                assertThat(queue.remove((Object) 70)).isFalse();
                assertThat(queue.removeIf(element -> element % 3 == 0)).isTrue();
                expected.removeIf(element -> element == 70 || element % 3 == 0);
                assertThat(queue).containsExactlyElementsOf(expected).hasSize(expected.size());
                assertThat(queue.peek()).isEqualTo(1);
                assertThat(queue.poll()).isEqualTo(1);
                final List<Integer> drained = new ArrayList<>();
                assertThat(queue.drainTo(drained, 5)).isEqualTo(5);
                assertThat(drained).isEqualTo(expected.subList(1, 6));
                assertThat(queue.sizeLong()).isEqualTo(expected.size() - 6);
                pool.check();
                queue.clear();
                assertThat(queue.isEmpty()).isTrue();
            }
            pool.check();
        }
    }

    @Test
    void shouldKeepTheOrderWhenElementsOfABatchHaveManySizes() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteQueue<String> queue = heap.queue("sizes", Codecs.string());
                final List<String> expected = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    expected.add(i + "x".repeat(i % 10 == 7 ? 9_000 : 31 * i));
                }
                queue.addAll(expected);
                final Collection<String> itself = queue;
                assertThatThrownBy(() -> queue.addAll(itself)).isInstanceOf(IllegalArgumentException.class);
                assertThat(queue).containsExactlyElementsOf(expected);
                for (final String element : expected) {
                    assertThat(queue.poll()).isEqualTo(element);
                }
                assertThat(queue.poll()).isNull();
            }
            pool.check();
        }
    }
}
