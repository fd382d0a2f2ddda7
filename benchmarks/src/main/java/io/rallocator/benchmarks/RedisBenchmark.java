package io.rallocator.benchmarks;

import io.rallocator.persistence.RallocatorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Runs {@code redis-benchmark} against a port. */
record RedisBenchmark(int clients, int valueBytes, int pipeline, int keys, int requests) {
    static final List<String> TESTS = List.of("set", "get");

    /** Returns requests per second, by test. */
    Map<String, Double> run(final int port) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command(port))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        final int code = process.waitFor();
        final Map<String, Double> perSecond = parse(output);
        if (code != 0 || perSecond.size() != TESTS.size()) {
            throw new RallocatorException(
                    RallocatorException.Category.UNAVAILABLE,
                    "redis-benchmark ended with exit code " + code + " and said: " + output);
        }
        return perSecond;
    }

    private List<String> command(final int port) {
        final List<String> command = new ArrayList<>(List.of("redis-benchmark", "--csv", "-p", String.valueOf(port)));
        command.addAll(List.of("-t", String.join(",", TESTS)));
        command.addAll(List.of("-c", String.valueOf(clients), "-d", String.valueOf(valueBytes)));
        command.addAll(List.of("-P", String.valueOf(pipeline), "-n", String.valueOf(requests)));
        if (keys > 1) {
            command.addAll(List.of("-r", String.valueOf(keys)));
        }
        return command;
    }

    /** Lines such as {@code "SET","100000.00","0.250",…}. */
    static Map<String, Double> parse(final String csv) {
        final Map<String, Double> perSecond = new LinkedHashMap<>();
        for (final String line : csv.split("\n")) {
            final String[] fields = line.replace("\"", "").split(",");
            final String test = fields[0].toLowerCase(Locale.ROOT);
            if (TESTS.contains(test) && fields.length > 1) {
                perSecond.put(test, Double.parseDouble(fields[1]));
            }
        }
        return perSecond;
    }
}
