package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every peer works with every workload, at a size that takes seconds; no ratio is asserted anywhere. */
@Timeout(600)
class PeersIT {
    @TempDir
    Path folder;

    @Test
    void shouldCompareEveryPeerInEveryWorkloadWhenRunsAreShort() throws IOException {
        final JsonNode ratios = BenchRun.run(
                        folder,
                        "peers",
                        "--dir=" + folder,
                        "--keys=50",
                        "--value-bytes=100",
                        "--threads=2",
                        "--rounds=1",
                        "--ms=1")
                .get("ratios");
        final Set<String> found = new HashSet<>();
        for (final JsonNode ratio : ratios) {
            found.add(ratio.get("peer").asText() + " " + ratio.get("workload").asText());
            assertThat(ratio.get("median").asDouble()).as(ratio.toString()).isPositive();
            assertThat(ratio.has("cpu"))
                    .isEqualTo(!ratio.get("workload").asText().startsWith("queue."));
            assertThat(ratio.get("runs").asInt()).isOne();
            final boolean isMap = !ratio.get("workload").asText().startsWith("queue.");
            assertThat(ratio.has("ourP999Ns") && ratio.has("theirP999Ns")).isEqualTo(isMap);
            assertThat(ratio.path("ourBytesPerEntry").asDouble() > 100)
                    .as(ratio.toString())
                    .isEqualTo(isMap && !ratio.get("workload").asText().equals(Mix.INSERT.name()));
        }
        assertThat(found).isEqualTo(expected());
    }

    private static Set<String> expected() {
        final List<String> maps = Stream.concat(Stream.of(Mix.INSERT), Mix.FILLED.stream())
                .map(Mix::name)
                .toList();
        final Set<String> expected = new HashSet<>();
        for (final Peer peer : Peer.values()) {
            for (final String workload : peer.isQueue() ? List.of("queue.alone", "queue.pair") : maps) {
                expected.add(peer.text() + " " + workload);
            }
        }
        return expected;
    }

    @Test
    void shouldSayWhichPeersThereAreWhenItIsAskedForAnother() {
        assertThat(BenchCli.commandLine().execute("peers", "--peers", "nobody")).isEqualTo(2);
    }
}
