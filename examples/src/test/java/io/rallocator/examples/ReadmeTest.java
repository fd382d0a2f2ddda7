package io.rallocator.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README.md shows is what works: its program compiles and runs, its flags are the build's, its links lead somewhere. */
class ReadmeTest {
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

    private static List<String> allFenced(final String language) throws IOException {
        final List<String> blocks = new ArrayList<>();
        final Matcher matcher =
                Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(readme());
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        return blocks;
    }

    private static String fenced(final String language) throws IOException {
        final List<String> blocks = allFenced(language);
        assertThat(blocks).as("blocks of " + language).isNotEmpty();
        return blocks.get(0);
    }

    private static String nameOf(final String program) {
        final Matcher matcher = Pattern.compile("public class (\\w+)").matcher(program);
        assertThat(matcher.find()).as(program).isTrue();
        return matcher.group(1);
    }

    /** Runs a program on a new pool, in a process of its own, and returns what it printed. */
    private String compileAndRun(final String program) throws Exception {
        final String name = nameOf(program);
        final Path source = folder.resolve(name + ".java");
        Files.writeString(source, program);
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final String classPath = System.getProperty("java.class.path");
        assertThat(compiler.run(null, null, null, "-d", folder.toString(), "-cp", classPath, source.toString()))
                .isZero();

        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(System.getProperty("rallocator.jvmFlags").split("\\s+")));
        command.addAll(List.of(
                "-cp", classPath + ":" + folder, name, folder.resolve("pool").toString()));
        final Path output = folder.resolve("output");
        final Path errors = folder.resolve("errors");
        final Process process = new ProcessBuilder(command)
                .redirectError(errors.toFile())
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
        return Files.readString(output, StandardCharsets.UTF_8);
    }

    @Test
    void shouldCompileAndRunTheExample() throws Exception {
        assertThat(compileAndRun(program("Example")))
                .startsWith("be: 2\n")
                .contains("after a restart: {")
                .contains("be=2")
                .contains("or=1");
    }

    @Test
    void shouldCompileAndRunTheExampleOfLeases() throws Exception {
        assertThat(compileAndRun(program("LeaseExample"))).isEqualTo("sent to Ada\nsent to Blaise, delivery 2\n");
    }

    @Test
    void shouldRunEveryProgram() throws IOException {
        assertThat(allFenced("java").stream().map(ReadmeTest::nameOf))
                .containsExactlyInAnyOrder("Example", "LeaseExample");
    }

    private static String program(final String name) throws IOException {
        return allFenced("java").stream()
                .filter(block -> nameOf(block).equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldNameTheFlagsThatTheBuildUses() throws IOException {
        final String readme = readme();
        for (final String flag : System.getProperty("rallocator.jvmFlags").split("\\s+")) {
            if (!flag.startsWith("--add-")) {
                assertThat(readme).contains(flag);
            }
        }
    }

    @Test
    void shouldLinkToFilesThatExist() throws IOException {
        final Matcher matcher = Pattern.compile("\\]\\(([^)#:]+)\\)").matcher(readme());
        while (matcher.find()) {
            assertThat(ROOT.resolve(matcher.group(1))).exists();
        }
    }

    @Test
    void shouldHaveItsCommandsRunByCi() throws IOException {
        final String ci = Files.readString(ROOT.resolve(".ci/run"));
        for (final String command : fenced("sh").split("\n")) {
            assertThat(ci).contains(command.replaceFirst("^mvn ", ""));
        }
    }

    @Test
    void shouldNameTheVersionThatIsBuilt() throws IOException {
        final Path pom = ROOT.resolve("pom.xml");
        final Matcher matcher = Pattern.compile(
                        "<artifactId>rallocator-parent</artifactId>\\s*<version>(.*?)</version>")
                .matcher(Files.readString(pom));
        assertThat(matcher.find()).isTrue();
        assertThat(fenced("xml")).contains("<version>" + matcher.group(1) + "</version>");
    }
}
