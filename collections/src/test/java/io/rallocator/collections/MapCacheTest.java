package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.SimulatedPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a worker remembers of buckets is never shown once another changed them; no epoch passes unless a test says so. */
@Timeout(60)
class MapCacheTest {
    private static final int KEY = 7;

    private SimulatedPool pool;
    private SimulatedWorker reader;
    private SimulatedWorker other;

    @BeforeEach
    void open() {
        pool = new SimulatedPool(4096, 16384, 65536);
        reader = new SimulatedWorker(pool.openCounting("reader"), pool::agentTurn, true);
        other = new SimulatedWorker(pool.openCounting("other"), pool::agentTurn, false);
        reader.map.put(0, "takes the lane's first slab");
        other.map.put(1, "takes the lane's first slab");
        pool.agentTurn();
    }

    @AfterEach
    void check() {
        pool.check("the cache");
        pool.close();
    }

    private <T> T costing(final Figure figure, final long expected, final Supplier<T> action) {
        final long before = total(figure);
        final T result = action.get();
        assertThat(total(figure) - before).as("%s", figure).isEqualTo(expected);
        return result;
    }

    private long total(final Figure figure) {
        return Operation.all().stream()
                .mapToLong(operation -> reader.session.count(operation, figure))
                .sum();
    }

    private void set(final String value) {
        pool.agentTurn();
        other.map.put(KEY, value);
    }

    // ---- functions

    @Test
    void shouldComputeInOneChainWhenTheBucketIsRemembered() {
        reader.map.put(KEY, "a");
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.compute(KEY, (key, old) -> old + "b")))
                .isEqualTo("ab");
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.merge(KEY, "c", String::concat)))
                .isEqualTo("abc");
        assertThat(other.map.get(KEY)).isEqualTo("abc");
    }

    @Test
    void shouldComputeFromWhatIsThereWhenTheRememberedValueWasReplaced() {
        set("a");
        assertThat(reader.map.get(KEY)).isEqualTo("a");
        set("b");
        final List<String> seen = new ArrayList<>();
        reader.map.compute(KEY, (key, old) -> {
            seen.add(old);
            return old + "!";
        });
        assertThat(seen).as("the second time it is what stands there").containsExactly("a", "b");
        assertThat(other.map.get(KEY)).isEqualTo("b!");
    }

    @Test
    void shouldLookAgainBeforeAComputeWritesNothingWhenTheValueIsRemembered() {
        set("a");
        assertThat(reader.map.get(KEY)).isEqualTo("a");
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.compute(KEY, (key, old) -> old)))
                .isEqualTo("a");
        set("b");
        assertThat(reader.map.compute(KEY, (key, old) -> old)).isEqualTo("b");
    }

    @Test
    void shouldSeeWhatAnotherPutWhenAbsenceIsRemembered() {
        assertThat(reader.map.get(KEY)).isNull();
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.computeIfAbsent(KEY, key -> null)))
                .isNull();
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.computeIfPresent(KEY, (key, old) -> "no")))
                .isNull();
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.remove(KEY))).isNull();
        set("a");
        assertThat(reader.map.computeIfAbsent(KEY, key -> null)).isEqualTo("a");
        set("b");
        assertThat(reader.map.computeIfAbsent(KEY, key -> "mine")).isEqualTo("b");
        set("c");
        assertThat(reader.map.putIfAbsent(KEY, "mine")).isEqualTo("c");
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.putIfAbsent(KEY, "mine")))
                .isEqualTo("c");
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.computeIfAbsent(KEY, key -> "mine")))
                .isEqualTo("c");
    }

    @Test
    void shouldSeeThatAnotherRemovedWhenPresenceIsRemembered() {
        set("a");
        assertThat(reader.map.get(KEY)).isEqualTo("a");
        other.map.remove(KEY);
        assertThat(reader.map.computeIfPresent(KEY, (key, old) -> "no")).isNull();
        set("a");
        assertThat(reader.map.get(KEY)).isEqualTo("a");
        other.map.remove(KEY);
        assertThat(reader.map.computeIfAbsent(KEY, key -> "new")).isEqualTo("new");
        assertThat(other.map.get(KEY)).isEqualTo("new");
    }

    @Test
    void shouldNotTrustWhatComputeReadWhenTheEpochEndedBeforeItsChange() {
        final SimulatedWorker uncached = new SimulatedWorker(pool.openCounting("uncached"), pool::agentTurn, false);
        uncached.map.put(KEY, "a");
        pool.agentTurn();
        final long before = chainsOf(uncached);
        uncached.map.compute(KEY, (key, old) -> old + "b");
        assertThat(chainsOf(uncached) - before).as("word, block, commit").isLessThanOrEqualTo(3);
        uncached.map.compute(KEY, (key, old) -> {
            pool.turns(8);
            return old + "c";
        });
        final long between = chainsOf(uncached);
        uncached.map.compute(KEY, (key, old) -> {
            pool.turns(8);
            return old + "d";
        });
        assertThat(chainsOf(uncached) - between)
                .as("reads the bucket once more")
                .isGreaterThan(3);
        assertThat(other.map.get(KEY)).isEqualTo("abcd");
    }

    private static long chainsOf(final SimulatedWorker worker) {
        return worker.session.count(Operation.named("map.compute"), Figure.CHAINS);
    }

    // ---- large values

    private static String large(final String beginning) {
        return beginning + "x".repeat(1024);
    }

    @Test
    void shouldMoveEightBytesInOneChainWhenALargeValueIsRemembered() {
        set(large("a"));
        assertThat(reader.map.get(KEY)).isEqualTo(large("a"));
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.get(KEY))).isEqualTo(large("a"));
        assertThat(costing(Figure.BYTES_IN, 8, () -> reader.map.get(KEY))).isEqualTo(large("a"));
    }

    @Test
    void shouldRememberTheValueWhenThisWorkerPutItself() {
        reader.map.put(KEY, large("mine"));
        assertThat(costing(Figure.BYTES_IN, 8, () -> reader.map.get(KEY))).isEqualTo(large("mine"));
    }

    @Test
    void shouldMoveEightBytesWhenTheBucketIsLargeAndItsValuesAreSmall() {
        reader.map.put(KEY, "takes the first slab of this size".repeat(15));
        final String value = "x".repeat(500);
        set(value);
        assertThat(reader.map.get(KEY)).isEqualTo(value);
        assertThat(costing(Figure.BYTES_IN, 8, () -> reader.map.get(KEY))).isEqualTo(value);
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.merge(KEY, "y", String::concat)))
                .isEqualTo(value + "y");
    }

    @Test
    void shouldComputeInOneChainWhenALargeValueIsRemembered() {
        set(large("a"));
        assertThat(reader.map.get(KEY)).isEqualTo(large("a"));
        pool.agentTurn();
        reader.map.put(KEY, large("b"));
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.merge(KEY, "!", String::concat)))
                .isEqualTo(large("b") + "!");
        assertThat(other.map.get(KEY)).isEqualTo(large("b") + "!");
    }

    @Test
    void shouldShowWhatAnotherPutWhenALargeValueIsRemembered() {
        for (int i = 0; i < 10; i++) {
            set(large("value " + i));
            assertThat(reader.map.get(KEY)).isEqualTo(large("value " + i));
            assertThat(reader.map.getAll(List.of(KEY))).containsEntry(KEY, large("value " + i));
        }
        other.map.remove(KEY);
        assertThat(reader.map.get(KEY)).isNull();
    }

    @Test
    void shouldReadTheValueAgainWhenTheEpochEnded() {
        set(large("a"));
        assertThat(reader.map.get(KEY)).isEqualTo(large("a"));
        pool.turns(8);
        final long before = total(Figure.BYTES_IN);
        assertThat(reader.map.get(KEY)).isEqualTo(large("a"));
        assertThat(total(Figure.BYTES_IN) - before).isGreaterThan(1024);
    }

    @Test
    void shouldReadWordsOnlyWhenAllThatIsAskedForIsRemembered() {
        set(large("a"));
        final List<Integer> keys = List.of(0, 1, KEY);
        final Map<Integer, String> expected = reader.map.getAll(keys);
        assertThat(expected).hasSize(3);
        assertThat(costing(Figure.CHAINS, 1, () -> reader.map.getAll(keys))).isEqualTo(expected);
        assertThat(costing(Figure.BYTES_IN, 8 * 4, () -> reader.map.getAll(keys)))
                .as("three words and the table's size")
                .isEqualTo(expected);
        set("b");
        assertThat(reader.map.getAll(keys)).containsEntry(KEY, "b");
    }
}
