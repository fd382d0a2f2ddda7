package io.rallocator.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** A few kills of real processes; {@code -Drallocator.kills=N} for more. */
class CrashTestIT {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"local", "tcp"})
    void shouldLoseNothingWhenWorkersAndBladesAreKilled(final String fabric) throws Exception {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final CommandLine commandLine = RallocatorCli.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        final String kills = System.getProperty("rallocator.kills", "5");
        final int code = commandLine.execute(
                "crash-test", "--json", "--kills", kills, "--fabric", fabric, "--dir", folder.toString());
        assertThat(code).as(err + "\n" + out).isZero();
        final JsonNode result = new ObjectMapper().readTree(out.toString());
        assertThat(result.get("kills").asText()).isEqualTo(kills);
        for (final String zero : new String[] {
            "lost", "stale", "torn", "duplicated", "stuck", "leakedBlocks", "leakedSlabs", "doubleAllocations"
        }) {
            assertThat(result.get(zero).asLong()).as(zero).isZero();
        }
        assertThat(result.get("acknowledged").asLong()).isGreaterThan(1_000);
    }
}
