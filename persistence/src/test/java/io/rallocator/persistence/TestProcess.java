package io.rallocator.persistence;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts JVMs like this one. */
public final class TestProcess {
    private TestProcess() {}

    /**
     * The command line of a JVM with this one's flags and class path.
     *
     * @param main class with a main method
     * @param args its arguments
     * @return a modifiable list
     */
    public static List<String> java(final Class<?> main, final String... args) {
        final List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!flag.startsWith("-agentlib") && !flag.startsWith("-javaagent") && !flag.startsWith("-D")) {
                line.add(flag);
            }
        }
        line.add("-Xmx256m");
        line.add("-cp");
        line.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        line.add(main.getName());
        line.addAll(List.of(args));
        return line;
    }
}
