package io.rallocator.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What README.md says of errors: the commands work, and no exception is left out. */
class ReadmeCommandsTest {
    private static final Path ROOT = root();

    @TempDir
    private Path folder;

    private static Path root() {
        Path path = Path.of("").toAbsolutePath();
        while (!Files.exists(path.resolve("README.md"))) {
            path = path.getParent();
        }
        return path;
    }

    private static String readme() throws IOException {
        return Files.readString(ROOT.resolve("README.md"));
    }

    @Test
    void shouldRunTheCommandsForAPoolThatMayBeWrong() throws IOException {
        final Path pool = folder.resolve("pool");
        try (RemoteHeap heap = RemoteHeap.open("embedded:" + pool + "?size=4m")) {
            heap.map("words", Codecs.string(), Codecs.longs()).put("be", 2L);
        }
        final Matcher commands =
                Pattern.compile("```console\n(.*?)```", Pattern.DOTALL).matcher(readme());
        assertThat(commands.find()).as("a block of commands").isTrue();
        commands.group(1).lines().forEach(command -> run(command, pool));
    }

    private static void run(final String command, final Path pool) {
        final String launcher = "bin/rallocator ";
        assertThat(command).startsWith(launcher);
        final StringWriter output = new StringWriter();
        final CommandLine commandLine =
                RallocatorCli.commandLine().setOut(new PrintWriter(output)).setErr(new PrintWriter(output));
        final String[] arguments = command.substring(launcher.length()).split(" ", -1);
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = arguments[i].replace("PATH", pool.toString());
        }
        assertThat(commandLine.execute(arguments)).as(command + ": " + output).isZero();
    }

    @Test
    void shouldSayWhatEachExceptionMeans() throws IOException {
        final String readme = readme();
        final Path sources = ROOT.resolve("persistence/src/main/java/io/rallocator/persistence");
        try (Stream<Path> files = Files.list(sources)) {
            final List<String> exceptions = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith("Exception.java"))
                    .map(name -> name.replace(".java", ""))
                    .toList();
            assertThat(exceptions).hasSizeGreaterThan(5).allMatch(name -> readme.contains("`" + name + "`"));
        }
    }
}
