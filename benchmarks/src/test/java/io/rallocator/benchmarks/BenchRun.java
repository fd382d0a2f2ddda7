package io.rallocator.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a benchmark as the command line does, and reads its JSON. */
final class BenchRun {
    private BenchRun() {}

    static JsonNode run(final Path folder, final String... arguments) throws IOException {
        final Path json = folder.resolve("result.json");
        final List<String> command = new ArrayList<>(List.of(arguments));
        command.addAll(List.of("--json", json.toString()));
        assertThat(BenchCli.commandLine().execute(command.toArray(String[]::new)))
                .isZero();
        return new ObjectMapper().readTree(json.toFile());
    }
}
