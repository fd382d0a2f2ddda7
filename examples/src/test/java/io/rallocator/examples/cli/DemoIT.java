package io.rallocator.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The demonstration keeps its promise, with real processes. */
class DemoIT {
    @TempDir
    private Path folder;

    @Test
    void shouldLoseTearAndLeakNothing() throws Exception {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final CommandLine commandLine = RallocatorCli.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        final int code = commandLine.execute("demo", "--json", "--dir", folder.toString());
        assertThat(code).as(err.toString()).isZero();
        final JsonNode result = new ObjectMapper().readTree(out.toString());
        for (final String zero :
                new String[] {"lost", "torn", "duplicated", "leakedSlabs", "leakedBlocks", "doubleAllocations"}) {
            assertThat(result.get(zero).asLong()).as(zero).isZero();
        }
        assertThat(result.get("acknowledged").asLong()).isGreaterThan(10_000);
        assertThat(result.get("kills").asInt()).isEqualTo(2);
        assertThat(result.get("inFlightAtKill").asLong()).isLessThanOrEqualTo(2);
    }
}
