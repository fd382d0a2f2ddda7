package io.rallocator.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** A few kills of real processes; {@code -Drallocator.kills=N} for more. */
class CrashTestIT {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"local, 1", "tcp, 1", "local, 3", "tcp, 3"})
    void shouldLoseNothingWhenWorkersAndBladesAreKilled(final String fabric, final String blades) throws Exception {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final CommandLine commandLine = RallocatorCli.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        final String kills = System.getProperty("rallocator.kills", "5");
        final int code = commandLine.execute(
                "crash-test",
                "--json",
                "--kills",
                kills,
                "--fabric",
                fabric,
                "--blades",
                blades,
                "--dir",
                folder.toString());
        assertThat(code).as(err + "\n" + out).isZero();
        final JsonNode result = new ObjectMapper().readTree(out.toString());
        assertThat(result.get("kills").asText()).isEqualTo(kills);
        assertThat(result.get("blades").asText()).isEqualTo(blades);
        assertNothingLost(result);
        assertThat(result.get("acknowledged").asLong()).isGreaterThan(1_000);
    }

    /** In a network namespace of its own, where the kernel allows one. */
    @Test
    void shouldLoseNothingWhenTheNetworkFails() throws Exception {
        assumeTrue(canCutANetwork(), "no network namespace, ip or tc for us here");
        final Path output = folder.resolve("output");
        final List<String> command = new ArrayList<>(List.of("unshare", "-rn"));
        command.add(System.getProperty("java.home") + "/bin/java");
        final String flags = System.getProperty("rallocator.jvmFlags", "").trim();
        command.addAll(List.of(flags.split("\\s+")));
        command.add("-Drallocator.jvmFlags=" + flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), RallocatorCli.class.getName()));
        command.addAll(List.of("crash-test", "--json", "--kills", System.getProperty("rallocator.kills", "5")));
        command.addAll(List.of("--fabric", "tcp", "--what", "network", "--dir", folder.toString()));
        final Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(output.toFile())
                .start();
        final int code = process.waitFor();

        assertThat(code).as(Files.readString(output)).isZero();
        assertNothingLost(new ObjectMapper().readTree(output.toFile()));
    }

    private static boolean canCutANetwork() throws InterruptedException {
        final String probe = "ip link set lo up && ip link set lo down && ip link set lo up"
                + " && tc qdisc add dev lo root tbf rate 1mbit burst 70kb limit 4kb";
        try {
            return new ProcessBuilder("unshare", "-rn", "sh", "-c", probe)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (final IOException e) {
            return false; // there is no unshare
        }
    }

    private static void assertNothingLost(final JsonNode result) {
        for (final String zero : new String[] {
            "lost", "stale", "torn", "duplicated", "stuck", "leakedBlocks", "leakedSlabs", "doubleAllocations"
        }) {
            assertThat(result.get(zero).asLong()).as(zero).isZero();
        }
    }
}
