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

    private static String fenced(final String language) throws IOException {
        final Matcher matcher =
                Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(readme());
        assertThat(matcher.find()).as("a block of " + language).isTrue();
        return matcher.group(1);
    }

    @Test
    void shouldCompileAndRunTheExample() throws Exception {
        final Path source = folder.resolve("Example.java");
        Files.writeString(source, fenced("java"));
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final String classPath = System.getProperty("java.class.path");
        assertThat(compiler.run(null, null, null, "-d", folder.toString(), "-cp", classPath, source.toString()))
                .isZero();

        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(System.getProperty("rallocator.jvmFlags").split("\\s+")));
        command.addAll(List.of(
                "-cp",
                classPath + ":" + folder,
                "Example",
                folder.resolve("pool").toString()));
        final Path output = folder.resolve("output");
        final Process process = new ProcessBuilder(command)
                .redirectError(folder.resolve("errors").toFile())
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

        final String printed = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(printed)
                .startsWith("be: 2\n")
                .contains("after a restart: {")
                .contains("be=2")
                .contains("or=1");
        assertThat(process.exitValue())
                .as(Files.readString(folder.resolve("errors")))
                .isZero();
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
