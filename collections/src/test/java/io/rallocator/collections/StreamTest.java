package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Spliterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams over what others change meanwhile: weakly consistent, as those of {@code java.util.concurrent}. */
@Timeout(60)
class StreamTest {
    private static final int ENTRIES = 500;

    private TestPool pool;
    private RemoteHeap heap;
    private RemoteMap<Integer, Integer> map;
    private RemoteQueue<Integer> queue;

    @BeforeEach
    void create() {
        pool = TestPool.ofMebibytes(16);
        heap = pool.embedded();
        map = heap.map("map", Codecs.ints(), Codecs.ints());
        queue = heap.queue("queue", Codecs.ints());
        fill();
    }

    private void fill() {
        for (int i = 0; i < ENTRIES; i++) {
            map.put(i, i);
            queue.add(i);
        }
    }

    @AfterEach
    void check() {
        heap.close();
        pool.check();
        pool.close();
    }

    private List<Collection<?>> collections() {
        return List.of(map.keySet(), map.values(), map.entrySet(), queue);
    }

    private void empty() {
        map.clear();
        queue.clear();
    }

    private void grow() {
        for (int i = 0; i < ENTRIES; i++) {
            map.put(-1 - i, i);
            queue.add(i);
        }
    }

    @Test
    void shouldShowWhatIsStillThereWhenElementsAreRemovedInTheMiddleOfAStream() {
        for (final Collection<?> collection : collections()) {
            final Object[] seen = collection.stream()
                    .map(element -> {
                        empty();
                        return element;
                    })
                    .toArray();
            assertThat(seen).hasSizeBetween(1, ENTRIES - 1);
            fill();
        }
    }

    @Test
    void shouldShowEachElementOnceWhenOthersAreAddedInTheMiddleOfAStream() {
        for (final Collection<?> collection : collections()) {
            final boolean[] grown = new boolean[1];
            final List<?> seen = collection.stream()
                    .map(element -> {
                        if (!grown[0]) {
                            grown[0] = true;
                            grow();
                        }
                        return element;
                    })
                    .sorted(Comparator.comparing(String::valueOf))
                    .toList();
            assertThat(seen).hasSizeBetween(ENTRIES, 2 * ENTRIES);
            empty();
            fill();
        }
    }

    @Test
    void shouldPromiseNoSizeButShowAllWhenNobodyChangesAnything() {
        for (final Collection<?> collection : collections()) {
            final Spliterator<?> spliterator = collection.spliterator();
            assertThat(spliterator.hasCharacteristics(Spliterator.SIZED)).isFalse();
            assertThat(spliterator.hasCharacteristics(Spliterator.CONCURRENT)).isTrue();
            assertThat(collection.stream().count()).isEqualTo(ENTRIES);
            assertThat(collection.parallelStream().distinct().count()).isEqualTo(ENTRIES);
        }
        assertThat(queue.stream().toList()).isEqualTo(Arrays.asList(queue.toArray()));
        assertThat(map.keySet().stream().sorted().toList())
                .hasSize(ENTRIES)
                .first()
                .isEqualTo(0);
    }
}
