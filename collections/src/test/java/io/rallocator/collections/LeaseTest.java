package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.HeapClosedException;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@link RemoteQueue#receive} and {@link Lease} promise. */
@Timeout(120)
class LeaseTest {
    private static final int SEGMENT = 500;

    private TestPool pool;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(16);
    }

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    private static RemoteQueue<String> jobs(final RemoteHeap heap) {
        return heap.queue("jobs", Codecs.string());
    }

    private static List<String> numbers(final int from, final int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    /** Receives and acknowledges all that can be received. */
    private static List<String> receiveAll(final RemoteQueue<String> queue) {
        final List<String> received = new ArrayList<>();
        for (Lease<String> lease = queue.tryReceive(); lease != null; lease = queue.tryReceive()) {
            received.add(lease.element());
            assertThat(lease.acknowledge()).isTrue();
        }
        return received;
    }

    @Test
    void shouldGiveEachElementOnceWhenAllAreAcknowledged() throws InterruptedException {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<String> queue = jobs(heap);
            assertThat(queue.tryReceive()).isNull();
            queue.addAll(List.of("one", "two"));
            queue.add("three");
            try (Lease<String> lease = queue.receive()) {
                assertThat(lease.element()).isEqualTo("one");
                assertThat(lease.deliveryCount()).isEqualTo(1);
                assertThat(queue).containsExactly("two", "three");
                assertThat(lease.acknowledge()).isTrue();
                assertThat(lease.acknowledge()).isFalse();
                assertThat(lease.release()).isFalse();
            }
            assertThat(queue.poll()).isEqualTo("two");
            assertThat(receiveAll(queue)).containsExactly("three");
            assertThat(queue.receive(0, TimeUnit.SECONDS)).isNull();
        }
    }

    @Test
    void shouldGiveAReleasedElementAgainAndCountIt() throws InterruptedException {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<String> queue = jobs(heap);
            queue.add("job");
            for (int delivery = 1; delivery < 5; delivery++) {
                try (Lease<String> lease = queue.receive()) {
                    assertThat(lease.element()).isEqualTo("job");
                    assertThat(lease.deliveryCount()).isEqualTo(delivery);
                    assertThat(queue).isEmpty();
                    assertThat(queue.tryReceive()).isNull();
                }
            }
            assertThat(receiveAll(queue)).containsExactly("job");
        }
    }

    @Test
    void shouldGiveWhatAClosedHeapHeldToOthers() throws InterruptedException {
        try (RemoteHeap first = pool.embedded()) {
            final RemoteQueue<String> queue = jobs(first);
            final Lease<String> closed;
            final RemoteHeap second = pool.local();
            try (second) {
                queue.addAll(List.of("batched", "too"));
                queue.add("single");
                closed = jobs(second).receive();
                assertThat(closed.element()).isEqualTo("batched");
                jobs(second).receive();
                jobs(second).receive();
                assertThat(queue.tryReceive()).isNull();
            }
            final Set<String> again = new HashSet<>();
            for (int i = 0; i < 3; i++) {
                final Lease<String> lease = queue.receive();
                assertThat(lease.deliveryCount()).isEqualTo(2);
                again.add(lease.element());
                lease.acknowledge();
            }
            assertThat(again).containsExactlyInAnyOrder("batched", "too", "single");
            assertThatThrownBy(closed::acknowledge).isInstanceOf(HeapClosedException.class);
            assertThatThrownBy(closed::release).isInstanceOf(HeapClosedException.class);
            closed.close();
            assertThat(queue.tryReceive()).isNull();
        }
    }

    @Test
    void shouldKeepLeasesWhenTheirSegmentsAndTheirPoolAreGone() {
        final List<Lease<String>> held = new ArrayList<>();
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<String> queue = jobs(heap);
            for (int i = 0; i < 3 * SEGMENT; i++) {
                queue.add(Integer.toString(i));
                if (i % 10 == 0) {
                    held.add(queue.tryReceive());
                } else {
                    assertThat(queue.poll()).isEqualTo(Integer.toString(i));
                }
            }
            assertThat(held.get(7).acknowledge()).isTrue();
            assertThat(held.get(8).release()).isTrue();
        }
        try (RemoteHeap heap = pool.embedded()) {
            final List<String> received = receiveAll(jobs(heap));
            assertThat(received)
                    .hasSize(held.size() - 1)
                    .doesNotHaveDuplicates()
                    .doesNotContain("70");
            assertThat(received.stream().mapToInt(Integer::parseInt).allMatch(i -> i % 10 == 0))
                    .isTrue();
        }
    }

    @Test
    void shouldTakeBatchesApartWhenSomeTakeAndOthersReceive() {
        final Random random = new Random(3);
        final List<String> seen = new ArrayList<>();
        final List<Lease<String>> held = new ArrayList<>();
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local()) {
            final List<RemoteQueue<String>> queues = Arrays.asList(jobs(first), jobs(second));
            for (int i = 0; i < 2_000; i += 20) {
                queues.get(random.nextInt(2)).addAll(numbers(i, i + 20));
                for (int j = 0; j < 20; j++) {
                    final RemoteQueue<String> queue = queues.get(random.nextInt(2));
                    switch (random.nextInt(4)) {
                        case 0 -> seen.add(queue.poll());
                        case 1 -> held.add(queue.tryReceive());
                        case 2 -> queue.drainTo(seen, random.nextBoolean() ? 1 : 100);
                        default -> {
                            final String element = queue.peek();
                            if (element != null && queue.remove(element)) {
                                seen.add(element);
                            }
                        }
                    }
                    seen.remove(null);
                    held.remove(null);
                }
            }
            for (final RemoteQueue<String> queue : queues) {
                queue.drainTo(seen);
            }
            for (int i = 0; i < held.size(); i += 2) {
                seen.add(held.get(i).element());
                assertThat(held.get(i).acknowledge()).isTrue();
            }
            assertThat(held).hasSizeGreaterThan(50);
        }
        try (RemoteHeap heap = pool.embedded()) {
            seen.addAll(receiveAll(jobs(heap)));
        }
        assertThat(seen).doesNotHaveDuplicates().hasSize(2_000);
    }

    @Test
    void shouldGiveEachElementToOneWhenManyReceiveAtOnce() throws InterruptedException {
        final int elements = 4_000;
        final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local()) {
            final List<Callable<Void>> tasks = new ArrayList<>();
            for (final RemoteHeap heap : List.of(first, second, first, second)) {
                final RemoteQueue<String> queue = jobs(heap);
                tasks.add(() -> {
                    final Random random = new Random();
                    while (acknowledged.size() < elements) {
                        try (Lease<String> lease = queue.receive(1, TimeUnit.MILLISECONDS)) {
                            if (lease != null && random.nextInt(5) > 0) {
                                assertThat(lease.acknowledge()).isTrue();
                                assertThat(acknowledged.add(lease.element())).isTrue();
                            }
                        }
                    }
                    return null;
                });
            }
            tasks.add(() -> {
                final RemoteQueue<String> queue = jobs(first);
                for (int i = 0; i < elements; i += 40) {
                    queue.addAll(numbers(i, i + 30));
                    numbers(i + 30, i + 40).forEach(queue::add);
                }
                return null;
            });
            Workers.run(tasks);
            assertThat(jobs(second).tryReceive()).isNull();
            assertThat(jobs(first)).isEmpty();
        }
    }

    @Test
    void shouldTakeNoPlaceInABoundedQueue() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<Integer> queue = heap.boundedQueue("bounded", Codecs.ints(), 2);
            queue.add(1);
            queue.add(2);
            assertThat(queue.offer(3)).isFalse();
            final Lease<Integer> lease = queue.tryReceive();
            assertThat(lease.element()).isEqualTo(1);
            assertThat(queue.offer(3)).isTrue();
            assertThat(lease.release()).isTrue();
            assertThat(queue).containsExactly(2, 3);
        }
    }

    @Test
    void shouldGiveTheMemoryOfLeasesBackWhenTheQueueIsDropped() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<String> queue = jobs(heap);
            queue.addAll(numbers(0, 200));
            final Lease<String> lease = queue.tryReceive();
            for (int i = 0; i < 150; i++) {
                assertThat(queue.tryReceive().element()).isEqualTo(Integer.toString(i + 1));
            }
            assertThat(heap.drop("jobs")).isTrue();
            assertThat(lease.element()).isEqualTo("0");
            assertThatThrownBy(lease::acknowledge).hasMessageContaining("jobs");
            lease.close();
        }
    }

    @Test
    void shouldSayWhereAnElementIsThatCannotBeReadAndLetItBeAcknowledged() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<String> queue = heap.queue("jobs", UnreadableElementTest.PICKY);
            queue.add("bad job");
            final Lease<String> lease = queue.tryReceive();
            assertThatThrownBy(lease::element)
                    .isInstanceOf(UnreadableElementException.class)
                    .hasMessageContaining("jobs");
            assertThat(lease.acknowledge()).isTrue();
            assertThat(queue.tryReceive()).isNull();
        }
    }

    @Test
    void shouldLeaseTheLargestElementAndSayWhenThePoolIsFull() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<byte[]> queue = heap.queue("large", Codecs.bytes());
            final byte[] largest = new byte[heap.geometry().maxBlockBytes() - LeaseBlock.ELEMENT_OFFSET - 8];
            int count = 0;
            try {
                for (; ; count++) {
                    queue.add(largest);
                }
            } catch (final OutOfRemoteMemoryException e) {
                assertThat(count).isPositive();
            }
            assertThatThrownBy(queue::tryReceive).isInstanceOf(OutOfRemoteMemoryException.class);
            assertThat(queue.poll()).isEqualTo(largest);
            final Lease<byte[]> lease = receiveWhenThereIsRoom(queue);
            assertThat(lease.element()).isEqualTo(largest);
            assertThat(lease.acknowledge()).isTrue();
            assertThat(queue.sizeLong()).isEqualTo(count - 2);
            queue.clear();
        }
    }

    private static Lease<byte[]> receiveWhenThereIsRoom(final RemoteQueue<byte[]> queue) {
        for (; ; ) {
            try {
                return queue.tryReceive();
            } catch (final OutOfRemoteMemoryException e) {
                Thread.onSpinWait(); // what was polled comes back with the epochs
            }
        }
    }

    @Test
    void shouldEndAWaitForAnElementWithNothingReceivedWhenInterrupted() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<String> queue = jobs(heap);
            queue.add("job");
            Thread.currentThread().interrupt();
            assertThatThrownBy(queue::receive).isInstanceOf(InterruptedException.class);
            assertThat(queue).containsExactly("job");
        }
    }
}
