package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Operations leave no garbage beyond what the API must return: bytes on the heap that the calling thread allocated. What the JVM
 * does before it has compiled an operation does not count: so the least of many rounds does, of which each has thousands of
 * operations.
 */
@Timeout(300)
class GarbageTest {
    private static final int OPERATIONS = 2000;
    private static final int MOST_ROUNDS = 3000;
    private static final int VALUE_BYTES = 100;

    /** What a worker keeps of the slabs that it takes meanwhile: an object in every eighth operation would be more. */
    private static final long SLABS_OF_A_ROUND = 2L * OPERATIONS;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Long[] keys = new Long[OPERATIONS];
    private final byte[] value = new byte[VALUE_BYTES];
    private TestPool pool;

    /** What was returned last: it cannot be optimized away. */
    private byte[] returned;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(32);
        for (int i = 0; i < OPERATIONS; i++) {
            keys[i] = 0x9E37_79B9_7F4A_7C15L * i;
        }
    }

    @AfterEach
    void check() {
        pool.check();
        pool.close();
    }

    /** Bytes that this thread allocates in one round of operations. */
    private static long bytesOf(final IntConsumer operation) {
        final long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < OPERATIONS; i++) {
            operation.accept(i);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** Bytes of a round in which nothing but the returned value is allocated. */
    private long bytesOfValues() {
        return least(i -> returned = new byte[VALUE_BYTES], i -> {}, OPERATIONS * (long) VALUE_BYTES);
    }

    /** The least that a round takes; ends as soon as one takes no more than enough. The other operations undo a round. */
    private static long least(final IntConsumer operation, final IntConsumer undo, final long enough) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least > enough; round++) {
            least = Math.min(least, bytesOf(operation));
            for (int i = 0; i < OPERATIONS; i++) {
                undo.accept(i);
            }
        }
        return least;
    }

    private static void assertAllocates(final long bytes, final IntConsumer operation, final IntConsumer undo) {
        final long most = bytes + SLABS_OF_A_ROUND;
        assertThat(least(operation, undo, most)).isLessThanOrEqualTo(most);
    }

    @Test
    void shouldAllocateNothingButTheValueThatAMapReturns() {
        final long values = bytesOfValues();
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Long, byte[]> map = heap.map("map", Codecs.longs(), Codecs.bytes());
            assertAllocates(0, i -> map.set(keys[i], value), i -> {});
            assertAllocates(values, i -> returned = map.get(keys[i]), i -> {});
            assertAllocates(values, i -> returned = map.put(keys[i], value), i -> {});
            assertAllocates(0, i -> map.delete(keys[i]), i -> map.set(keys[i], value));
            assertThat(returned).isEqualTo(value);
        }
    }

    @Test
    void shouldAllocateNothingButTheElementThatAQueueReturns() {
        final long values = bytesOfValues();
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteQueue<byte[]> queue = heap.queue("queue", Codecs.bytes());
            assertAllocates(0, i -> queue.offer(value), i -> returned = queue.poll());
            for (int i = 0; i < OPERATIONS; i++) {
                queue.offer(value);
            }
            assertAllocates(values, i -> returned = queue.poll(), i -> queue.offer(value));
            assertThat(returned).isEqualTo(value);
        }
    }
}
