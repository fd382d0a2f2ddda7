package io.rallocator.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What a figure was measured on. */
final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private Machine() {}

    static Map<String, Object> describe() throws IOException {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("cpu", cpu());
        map.put("cores", Runtime.getRuntime().availableProcessors());
        map.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        map.put("jvm", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        map.put("load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        return map;
    }

    private static String cpu() throws IOException {
        if (!Files.isReadable(CPU_INFO)) {
            return System.getProperty("os.arch");
        }
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        }
    }

    static String text() throws IOException {
        final Map<String, Object> machine = describe();
        return String.format(
                Locale.ROOT,
                "%s, %s cores, %s, %s; load %.1f",
                machine.get("cpu"),
                machine.get("cores"),
                machine.get("os"),
                machine.get("jvm"),
                (Double) machine.get("load"));
    }
}
