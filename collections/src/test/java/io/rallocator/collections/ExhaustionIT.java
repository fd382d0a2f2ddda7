package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.PoolUnavailableException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * A process that runs out of something, sessions, file descriptors, heap or disk, gets a clear error and goes on as soon as it has
 * some again; everybody else does not notice, and the pool stays whole.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
class ExhaustionIT {
    private final TestPool pool = TestPool.missing();

    @AfterEach
    void removePool() {
        pool.close();
    }

    private Process start(final String prefix, final List<String> flags, final String scarce) throws IOException {
        final List<String> command = new ArrayList<>(List.of("bash", "-c", prefix + "exec \"$@\"", "bash"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(System.getProperty("rallocator.jvmFlags").split("\\s+")));
        command.addAll(flags);
        command.addAll(List.of("-ea", "-cp", System.getProperty("java.class.path"), ExhaustedWorker.class.getName()));
        command.addAll(List.of(scarce, "local:" + pool.file()));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String outputOf(final Process process) throws Exception {
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }

    @Test
    void shouldSayThatAllSessionsAreTakenAndOpenOneWhenItsProcessDied() throws Exception {
        try (RemoteHeap first = pool.embedded("size=16m", "sessions=2")) {
            final Process holder = start("", List.of(), "session");
            try (BufferedReader output = holder.inputReader(StandardCharsets.UTF_8)) {
                assertThat(output.readLine()).startsWith("holds a session");
                assertThatThrownBy(pool::local)
                        .isInstanceOf(PoolInUseException.class)
                        .hasMessageContaining("all 2 sessions", "close one, or create the pool with more");
                first.map("map", Codecs.ints(), Codecs.ints()).put(1, 1);
            } finally {
                holder.destroyForcibly().waitFor();
            }
            try (RemoteHeap next = pool.local()) {
                assertThat(next.map("map", Codecs.ints(), Codecs.ints()).get(1)).isEqualTo(1);
            }
        }
        pool.check();
    }

    @Test
    void shouldGoOnWhenAWorkerHadNoFileDescriptorLeft() throws Exception {
        try (RemoteHeap blade = pool.embedded("size=16m")) {
            final String output = outputOf(start("ulimit -n 200; ", List.of(), "descriptors"));
            assertThat(output)
                    .contains("Too many open files")
                    .contains("refused: io.rallocator.persistence.PoolUnavailableException")
                    .endsWith("sound\n");
            assertThat(blade.map("map", Codecs.ints(), Codecs.bytes())).hasSize(4);
        }
        pool.check();
    }

    @Test
    void shouldGoOnWhenAWorkerHadNoHeapLeft() throws Exception {
        try (RemoteHeap blade = pool.embedded("size=64m")) {
            final List<String> flags = List.of("-Xmx24m", "-XX:+UseSerialGC", "-XX:-UseGCOverheadLimit");
            final String output = outputOf(start("", flags, "heap"));
            assertThat(output).endsWith("sound\n");
            assertThat(figure(output, "failures")).as(output).isGreaterThan(20);
            assertThat(figure(output, "deep ones")).as(output).isGreaterThan(20);
            assertThat(blade.map("map", Codecs.ints(), Codecs.bytes())).isNotEmpty();
        }
        pool.check();
    }

    private static int figure(final String output, final String name) {
        return Integer.parseInt(output.replaceAll("(?s).*" + name + " (\\d+).*", "$1"));
    }

    /** The blocks of the file are there before it is mapped: storing into a page that the disk has no room for is a SIGBUS. */
    @Test
    void shouldUseEveryByteOfAPoolWhenTheDiskUnderItIsFull() throws Exception {
        final Path disk = Files.createTempDirectory("rallocator-disk");
        Assumptions.assumeTrue(mount(disk), "only root mounts a disk of a few mebibytes");
        try {
            final Path file = disk.resolve("pool");
            assertThatThrownBy(() -> RemoteHeap.open("embedded:" + file + "?size=32m"))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("no space left");
            assertThat(disk).isEmptyDirectory();
            try (RemoteHeap heap = RemoteHeap.open("embedded:" + file + "?size=12m")) {
                fill(disk.resolve("the rest"));
                final RemoteMap<Integer, byte[]> map = heap.map("map", Codecs.ints(), Codecs.bytes());
                final int stored = putUntilThePoolIsFull(map);
                for (int key = 0; key < stored; key++) {
                    assertThat(map.get(key)).hasSize(10_000);
                }
                map.clear();
                map.put(1, new byte[10_000]);
            }
            try (RemoteHeap heap = RemoteHeap.open("embedded:" + file)) {
                assertThat(heap.map("map", Codecs.ints(), Codecs.bytes())).hasSize(1);
            }
            assertThat(PoolChecker.check(file).clean()).isTrue();
        } finally {
            run("umount", disk.toString());
            Files.delete(disk);
        }
    }

    private static boolean mount(final Path folder) throws Exception {
        final boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder.toString());
        if (!mounted) {
            Files.delete(folder);
        }
        return mounted;
    }

    private static boolean run(final String... command) throws Exception {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor() == 0;
    }

    private static void fill(final Path file) {
        try (var out = Files.newOutputStream(file)) {
            final byte[] page = new byte[4096];
            for (; ; ) {
                out.write(page);
            }
        } catch (final IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private static int putUntilThePoolIsFull(final RemoteMap<Integer, byte[]> map) {
        int key = 0;
        try {
            for (; ; key++) {
                map.put(key, new byte[10_000]);
            }
        } catch (final OutOfRemoteMemoryException e) {
            assertThat(key).isGreaterThan(100);
            return key;
        }
    }
}
