package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the two-tier allocator is to win by. Round trips are counted, so they are held tightly; times leave room for a busy machine. */
@Timeout(300)
class AllocatorsIT {
    @TempDir
    private Path folder;

    @Test
    void shouldBeatTheBaselinesWhenManyWorkersAllocate() throws IOException {
        final JsonNode result = BenchRun.run(folder, "allocators", "--quick", "--workers", "16");

        final Map<String, JsonNode> rows = byName(result.get("allocators"));
        assertThat(rows).containsOnlyKeys("two-tier", "rpc", "one-tier", "paged", "volatile-twin");
        assertThat(rows.values())
                .allSatisfy(row -> assertThat(row.get("workers").asInt()).isEqualTo(16));
        assertThat(number(rows, "two-tier", "roundTripsPerAllocation")).isBetween(1 / 4096.0, 0.01);
        assertThat(number(rows, "rpc", "roundTripsPerAllocation")).isEqualTo(1);
        assertThat(number(rows, "one-tier", "roundTripsPerAllocation")).isGreaterThanOrEqualTo(2);
        assertThat(number(rows, "paged", "roundTripsPerAllocation")).isPositive();
        assertThat(number(rows, "volatile-twin", "roundTripsPerAllocation"))
                .isLessThan(number(rows, "two-tier", "roundTripsPerAllocation"));
        assertThat(number(rows, "rpc", "bladeCpuNsPerAllocation")).isPositive();
        assertThat(number(rows, "two-tier", "bladeCpuNsPerAllocation"))
                .isLessThan(number(rows, "rpc", "bladeCpuNsPerAllocation") / 2);
        assertThat(number(rows, "two-tier", "allocationsPerSecond") / number(rows, "rpc", "allocationsPerSecond"))
                .isGreaterThan(5);
    }

    @Test
    void shouldNeedFewerBytesThanPagesWhenAMapIsUsed() throws IOException {
        final JsonNode result = BenchRun.run(folder, "allocators", "--quick", "--workers", "1");

        final JsonNode maps = result.get("mapOperations");
        assertThat(maps).hasSize(4);
        final double ours = maps.get(0).get("bytesIn").asDouble();
        final double paged = maps.get(2).get("bytesIn").asDouble();
        assertThat(maps.get(2).get("name").asText()).isEqualTo("paged");
        assertThat(paged).as("some of the pages are not cached").isGreaterThan(1_000);
        assertThat(ours).isBetween(8.0, paged);
        assertThat(maps.get(1).get("roundTrips").asDouble()).as("a put of ours").isBetween(1.0, 3.0);
        assertThat(result.get("twin")).hasSize(2);
    }

    @Test
    void shouldSayWhatIsPossibleWhenThereAreTooManyWorkers() {
        assertThat(BenchCli.commandLine().execute("allocators", "--workers", "61"))
                .isEqualTo(2);
    }

    private static Map<String, JsonNode> byName(final JsonNode rows) {
        final Map<String, JsonNode> found = new LinkedHashMap<>();
        rows.forEach(row -> found.put(row.get("name").asText(), row));
        return found;
    }

    private static double number(final Map<String, JsonNode> rows, final String name, final String figure) {
        return rows.get(name).get(figure).asDouble();
    }
}
