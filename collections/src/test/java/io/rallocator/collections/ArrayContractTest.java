package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.testing.ListTestSuiteBuilder;
import com.google.common.collect.testing.SampleElements;
import com.google.common.collect.testing.TestListGenerator;
import com.google.common.collect.testing.features.CollectionFeature;
import com.google.common.collect.testing.features.CollectionSize;
import com.google.common.collect.testing.features.ListFeature;
import java.lang.reflect.Array;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import junit.framework.TestSuite;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** An array does what {@link java.util.Arrays#asList} does, by Guava's generated tests of lists: all of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArrayContractTest {
    private TestPool pool;
    private RemoteHeap heap;

    @BeforeAll
    void open() {
        pool = newPool();
        heap = pool.embedded();
    }

    /** Another test has another pool. */
    TestPool newPool() {
        return TestPool.ofMebibytes(64);
    }

    @AfterAll
    void close() {
        heap.close();
        pool.check();
        pool.close();
    }

    @TestFactory
    Stream<DynamicNode> shouldKeepTheContractOfListsOfFixedSize() {
        return GeneratedTests.of(
                Stream.of(Sample.STRINGS, Sample.LONGS, Sample.BYTE_BUFFERS).map(this::suite));
    }

    private <E> TestSuite suite(final Sample<E> elements) {
        final TestSuite suite = ListTestSuiteBuilder.using(new Generator<>(heap, elements))
                .named("array of " + elements)
                .withFeatures(ListFeature.SUPPORTS_SET, CollectionFeature.ALLOWS_NULL_VALUES, CollectionSize.ANY)
                .createTestSuite();
        assertThat(suite.countTestCases()).isGreaterThan(150);
        return suite;
    }

    /** Arrays with chosen elements: some of each length, in turn. */
    private static final class Generator<E> implements TestListGenerator<E> {
        private final Map<Integer, Rotation<RemoteArray<E>>> arrays = new HashMap<>();
        private final RemoteHeap heap;
        private final Sample<E> elements;

        Generator(final RemoteHeap heap, final Sample<E> elements) {
            this.heap = heap;
            this.elements = elements;
        }

        private Rotation<RemoteArray<E>> ofLength(final int length) {
            return new Rotation<>(
                    i -> heap.array(elements + " " + length + " " + i, elements.codec(), length),
                    array -> array.replaceAll(element -> null));
        }

        @Override
        public SampleElements<E> samples() {
            return new SampleElements<>(elements.of(0), elements.of(1), elements.of(2), elements.of(3), elements.of(4));
        }

        @Override
        @SuppressWarnings("unchecked")
        public List<E> create(final Object... created) {
            final RemoteArray<E> array =
                    arrays.computeIfAbsent(created.length, this::ofLength).next();
            for (int i = 0; i < created.length; i++) {
                array.set(i, (E) created[i]);
            }
            return array;
        }

        @Override
        @SuppressWarnings("unchecked")
        public E[] createArray(final int length) {
            return (E[]) Array.newInstance(elements.of(0).getClass(), length);
        }

        @Override
        public Iterable<E> order(final List<E> insertionOrder) {
            return insertionOrder;
        }
    }
}
