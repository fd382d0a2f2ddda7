package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark works; no figure is asserted. */
@Timeout(120)
class TcpIT {
    @TempDir
    Path folder;

    @Test
    void shouldReportEachFigureWhenTurnsAreShort() throws IOException {
        final JsonNode result = BenchRun.run(folder, "tcp", "--rounds=1", "--millis=1", "--threads=2", "--chain=4");

        for (final String figure : List.of(
                "barePingPongUs", "roundTripUs", "ratio", "mapGetRatio", "mapPutRatio", "pipelinedReadsPerSecond")) {
            assertThat(result.get(figure).get("median").asDouble()).as(figure).isPositive();
        }
        assertThat(result.get("threads").asInt()).isEqualTo(2);
        assertThat(result.get("chain").asInt()).isEqualTo(4);
    }

    @Test
    void shouldSayWhatIsPossibleWhenAChainIsTooLong() {
        assertThat(BenchCli.commandLine().execute("tcp", "--chain", "100000")).isNotZero();
    }
}
