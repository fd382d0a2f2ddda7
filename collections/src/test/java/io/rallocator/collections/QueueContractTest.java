package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.testing.QueueTestSuiteBuilder;
import com.google.common.collect.testing.SampleElements;
import com.google.common.collect.testing.TestQueueGenerator;
import com.google.common.collect.testing.features.CollectionFeature;
import com.google.common.collect.testing.features.CollectionSize;
import java.lang.reflect.Array;
import java.util.List;
import java.util.Queue;
import java.util.stream.Stream;
import junit.framework.TestSuite;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** A queue does what {@link java.util.Queue} promises, by Guava's generated tests: all of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QueueContractTest {
    private TestPool pool;
    private RemoteHeap heap;

    @BeforeAll
    void open() {
        pool = TestPool.ofMebibytes(64);
        heap = pool.embedded();
    }

    @AfterAll
    void close() {
        heap.close();
        pool.check();
        pool.close();
    }

    @TestFactory
    Stream<DynamicNode> shouldKeepTheContractOfQueues() {
        return GeneratedTests.of(Stream.of(Sample.STRINGS, Sample.LONGS, Sample.INTS, Sample.UUIDS, Sample.BYTE_BUFFERS)
                .map(this::suite));
    }

    private <E> TestSuite suite(final Sample<E> elements) {
        final TestSuite suite = QueueTestSuiteBuilder.using(new Generator<>(heap, elements))
                .named("queue of " + elements)
                .withFeatures(CollectionFeature.GENERAL_PURPOSE, CollectionFeature.KNOWN_ORDER, CollectionSize.ANY)
                .createTestSuite();
        assertThat(suite.countTestCases()).isGreaterThan(150);
        return suite;
    }

    /** Queues with chosen elements. */
    private static final class Generator<E> implements TestQueueGenerator<E> {
        private final Rotation<RemoteQueue<E>> queues;
        private final Sample<E> elements;

        Generator(final RemoteHeap heap, final Sample<E> elements) {
            this.elements = elements;
            queues = new Rotation<>(i -> heap.queue(elements + " " + i, elements.codec()), RemoteQueue::clear);
        }

        @Override
        public SampleElements<E> samples() {
            return new SampleElements<>(elements.of(0), elements.of(1), elements.of(2), elements.of(3), elements.of(4));
        }

        @Override
        @SuppressWarnings("unchecked")
        public Queue<E> create(final Object... created) {
            final RemoteQueue<E> queue = queues.next();
            for (final Object element : created) {
                queue.add((E) element);
            }
            return queue;
        }

        @Override
        @SuppressWarnings("unchecked")
        public E[] createArray(final int length) {
            return (E[]) Array.newInstance(elements.type(), length);
        }

        @Override
        public Iterable<E> order(final List<E> insertionOrder) {
            return insertionOrder;
        }
    }
}
