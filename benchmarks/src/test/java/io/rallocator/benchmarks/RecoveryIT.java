package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark works, at a size that takes seconds; how long recovery takes is not asserted anywhere. */
@Timeout(300)
class RecoveryIT {
    @TempDir
    Path folder;

    @Test
    void shouldReportWhatTheDeadProcessHadOpenWhenItIsKilled() throws IOException {
        final JsonNode result = BenchRun.run(
                folder,
                "recovery",
                "--dir",
                folder.toString(),
                "--entries",
                "2000",
                "--threads",
                "1,4",
                "--rounds",
                "1",
                "--plots",
                folder.toString());
        assertThat(result.get("points")).hasSize(2);
        final JsonNode one = result.get("points").get(0);
        final JsonNode four = result.get("points").get(1);
        assertThat(one.get("entries").asLong()).isEqualTo(2000);
        assertThat(one.get("openSlabs").get("median").asDouble()).isPositive();
        assertThat(four.get("openSlabs").get("median").asDouble())
                .isGreaterThan(one.get("openSlabs").get("median").asDouble());
        for (final String figure : List.of("reopenMs", "firstGetMs", "processMs", "workerMs")) {
            assertThat(four.get(figure).get("runs").asInt()).as(figure).isOne();
        }
        assertThat(folder.resolve("recovery-by-entries.png")).isNotEmptyFile();
        assertThat(folder.resolve("recovery-by-open-slabs.png.txt")).doesNotExist();
        assertThat(folder.resolve("recovery-by-open-slabs.txt"))
                .content()
                .contains("bench recovery --entries 2000 --threads 1,4 --rounds 1");
    }

    @Test
    void shouldSayWhatIsWrongWhenANumberIsOutOfRange() {
        assertThat(BenchCli.commandLine().execute("recovery", "--rounds", "0")).isEqualTo(2);
        assertThat(BenchCli.commandLine().execute("recovery", "--threads", "17"))
                .isEqualTo(2);
    }
}
