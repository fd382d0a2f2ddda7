package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Round trips are exact, so they are asserted: the budgets of DESIGN section 7. */
@Timeout(300)
class VerbsIT {
    private static final List<String> FIGURES = List.of("roundTrips", "verbs", "bytesIn", "bytesOut", "persists");

    /** Most round trips, cold and warm. An offer that is cold finds its slot taken by another worker, looks, and tries again. */
    private static final Map<String, double[]> BUDGETS = new TreeMap<>(Map.of(
            "map.get", new double[] {2, 1},
            "map.put", new double[] {3, 1},
            "map.remove", new double[] {3, 1},
            "queue.offer", new double[] {3, 1},
            "queue.poll", new double[] {2, 2},
            "queue.drain", new double[] {2, 2},
            "slab.acquire", new double[] {2, 2},
            "block.allocate", new double[] {2, 0},
            "block.free", new double[] {0, 0}));

    @TempDir
    private Path folder;

    @Test
    void shouldStayWithinTheBudgetsWhenEachOperationIsCounted() throws IOException {
        final JsonNode result = BenchRun.run(folder, "verbs", "--quick");

        final Map<String, JsonNode> found = new LinkedHashMap<>();
        result.get("operations")
                .forEach(row -> found.put(
                        row.get("name").asText() + " " + row.get("state").asText(), row));
        assertThat(found).hasSize(2 * BUDGETS.size());
        BUDGETS.forEach((name, budget) -> {
            assertWithin(budget[0], found.get(name + " cold"));
            assertWithin(budget[1], found.get(name + " warm"));
        });
        assertThat(found.get("map.get warm").get("bytesIn").asInt())
                .as("the word alone, if its block is cached")
                .isEqualTo(Long.BYTES);
        assertThat(found.get("map.put warm").get("persists").asInt()).isEqualTo(2);
    }

    private static void assertWithin(final double budget, final JsonNode row) {
        assertThat(row).isNotNull();
        FIGURES.forEach(figure -> assertThat(row.get(figure).asDouble())
                .as("%s of %s", figure, row)
                .isNotNegative());
        assertThat(row.get("roundTrips").asDouble()).as("%s", row).isLessThanOrEqualTo(budget);
    }

    @Test
    void shouldSayWhatIsPossibleWhenThereAreNoSamples() {
        assertThat(BenchCli.commandLine().execute("verbs", "--samples", "0")).isEqualTo(2);
    }
}
