package io.rallocator.allocator.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Runs the tests of a real device in a virtual machine that has one in software: see {@code src/test/vm/soft-roce.sh}. The folder of the
 * libdisni that the user built is in the system property {@code rallocator.libdisni}, which {@code -Prdma -Dlibdisni=FOLDER} sets.
 */
class SoftRoceIT {
    private static final Path WORK = Path.of("target", "soft-roce").toAbsolutePath();

    private static final List<Class<?>> TESTS =
            List.of(DisniFabricTest.class, DisniHeapTest.class, DisniErrorsTest.class, DisniKillTest.class);

    @Test
    void shouldPassEveryTestOfARealDeviceWhenTheMachineHasOne() throws Exception {
        final String folder = System.getProperty("rallocator.libdisni", "");
        if (folder.isEmpty() || !Files.exists(Path.of(folder, "libdisni.so"))) {
            final String reason = "skipped: " + DisniLibrary.MISSING
                    + (folder.isEmpty() ? "" : " (nor a libdisni.so in " + folder + ")");
            System.out.println(reason);
            abort(reason);
        }
        Files.createDirectories(WORK);
        final Path log = WORK.resolve("console.log");
        final Process machine = new ProcessBuilder(command(folder))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        final int status = machine.waitFor();
        final List<String> said = Files.readAllLines(log).stream()
                .filter(line -> line.startsWith("guest: "))
                .toList();
        said.forEach(System.out::println);
        assertThat(status).as("what the machine ended with; see " + log).isZero();
        assertThat(said).filteredOn(line -> line.contains(" SKIPPED ")).isEmpty();
        assertThat(said).last().asString().matches("guest: (\\d+) of \\1 tests of .* passed");
    }

    private static List<String> command(final String folder) {
        final List<String> command = new ArrayList<>();
        command.add(
                Path.of("src", "test", "vm", "soft-roce.sh").toAbsolutePath().toString());
        command.add(WORK.toString());
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Compilation costs more than it saves where each instruction is emulated.
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx512m", "-ea"));
        final String flags = System.getProperty("rallocator.jvmFlags").strip();
        command.addAll(Arrays.asList(flags.split("\\s+")));
        command.add("-Drallocator.jvmFlags=" + flags);
        command.add("-Djava.library.path=" + Path.of(folder).toAbsolutePath());
        command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(GuestMain.class.getName());
        TESTS.forEach(each -> command.add(each.getName()));
        return command;
    }
}
