package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.testing.ConcurrentMapTestSuiteBuilder;
import com.google.common.collect.testing.SampleElements;
import com.google.common.collect.testing.TestMapGenerator;
import com.google.common.collect.testing.features.CollectionFeature;
import com.google.common.collect.testing.features.CollectionSize;
import com.google.common.collect.testing.features.MapFeature;
import java.lang.reflect.Array;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import junit.framework.TestSuite;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * A map does what {@link java.util.concurrent.ConcurrentMap} promises, by Guava's generated tests: none is left out. Byte arrays
 * are not among the codecs, as they have no equality.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MapContractTest {
    private TestPool pool;
    private RemoteHeap uncached;
    private RemoteHeap cached;

    @BeforeAll
    void open() {
        pool = newPool();
        uncached = pool.embedded("cache=0");
        cached = pool.local("cache=1m");
    }

    /** Another test has another pool. */
    TestPool newPool() {
        return TestPool.ofMebibytes(64);
    }

    @AfterAll
    void close() {
        cached.close();
        uncached.close();
        pool.check();
        pool.close();
    }

    @TestFactory
    Stream<DynamicNode> shouldKeepTheContractOfConcurrentMaps() {
        return GeneratedTests.of(Stream.of(
                suite("uncached", uncached, Sample.STRINGS, Sample.STRINGS),
                suite("uncached", uncached, Sample.LONGS, Sample.INTS),
                suite("uncached", uncached, Sample.BYTE_BUFFERS, Sample.UUIDS),
                suite("cached", cached, Sample.STRINGS, Sample.STRINGS),
                suite("cached", cached, Sample.UUIDS, Sample.LONGS),
                suite("cached", cached, Sample.INTS, Sample.BYTE_BUFFERS)));
    }

    private static <K, V> TestSuite suite(
            final String kind, final RemoteHeap heap, final Sample<K> keys, final Sample<V> values) {
        final String name = kind + " " + keys + " to " + values;
        final TestSuite suite = ConcurrentMapTestSuiteBuilder.using(new Generator<>(heap, name, keys, values))
                .named(name)
                .withFeatures(
                        MapFeature.GENERAL_PURPOSE, CollectionFeature.SUPPORTS_ITERATOR_REMOVE, CollectionSize.ANY)
                .createTestSuite();
        assertThat(suite.countTestCases()).isGreaterThan(900);
        return suite;
    }

    /** Maps with chosen entries. */
    private static final class Generator<K, V> implements TestMapGenerator<K, V> {
        private final Rotation<RemoteMap<K, V>> maps;
        private final Sample<K> keys;
        private final Sample<V> values;

        Generator(final RemoteHeap heap, final String name, final Sample<K> keys, final Sample<V> values) {
            this.keys = keys;
            this.values = values;
            maps = new Rotation<>(i -> heap.map(name + " " + i, keys.codec(), values.codec()), RemoteMap::clear);
        }

        @Override
        public SampleElements<Map.Entry<K, V>> samples() {
            return new SampleElements<>(entry(0), entry(1), entry(2), entry(3), entry(4));
        }

        private Map.Entry<K, V> entry(final int number) {
            return Map.entry(keys.of(number), values.of(100 + number));
        }

        @Override
        @SuppressWarnings("unchecked")
        public Map<K, V> create(final Object... entries) {
            final RemoteMap<K, V> map = maps.next();
            for (final Object entry : entries) {
                map.put(((Map.Entry<K, V>) entry).getKey(), ((Map.Entry<K, V>) entry).getValue());
            }
            return map;
        }

        @Override
        @SuppressWarnings({"unchecked", "rawtypes"})
        public Map.Entry<K, V>[] createArray(final int length) {
            return new Map.Entry[length];
        }

        @Override
        @SuppressWarnings("unchecked")
        public K[] createKeyArray(final int length) {
            return (K[]) Array.newInstance(keys.type(), length);
        }

        @Override
        @SuppressWarnings("unchecked")
        public V[] createValueArray(final int length) {
            return (V[]) Array.newInstance(values.type(), length);
        }

        @Override
        public Iterable<Map.Entry<K, V>> order(final List<Map.Entry<K, V>> insertionOrder) {
            return insertionOrder;
        }
    }
}
