package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who lives is who holds a lock: the kernel drops it with the process, and nothing else does (I7). */
class PoolLockTest {
    @TempDir
    private Path folder;

    private Path pool;

    @BeforeEach
    void createFile() throws IOException {
        pool = Files.createFile(folder.resolve("pool"));
    }

    @Test
    void shouldBeHeldOnceInThisProcess() {
        final Path path = PoolLock.bladeLock(pool);
        try (PoolLock lock = PoolLock.tryAcquire(path)) {
            assertThat(lock).isNotNull();
            assertThat(PoolLock.tryAcquire(path)).isNull();
            try (PoolLock other = PoolLock.tryAcquire(PoolLock.sessionLock(pool, 0))) {
                assertThat(other).isNotNull();
            }
            assertThat(PoolLock.tryAcquire(path))
                    .as("a refused try must not drop it")
                    .isNull();
        }
        final PoolLock again = PoolLock.tryAcquire(path);
        assertThat(again).isNotNull();
        again.close();
        again.close();
        try (PoolLock third = PoolLock.tryAcquire(path)) {
            again.close();
            assertThat(third).isNotNull();
            assertThat(PoolLock.tryAcquire(path))
                    .as("a late close must not drop another's")
                    .isNull();
        }
    }

    @Test
    void shouldBeFreeAgainWhenItsProcessWasKilled() throws Exception {
        final Path path = PoolLock.sessionLock(pool, 7);
        for (int round = 0; round < 2; round++) {
            final Process process = new ProcessBuilder(TestProcess.java(Holder.class, path.toString()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                assertThat(output.readLine()).isEqualTo("held");
                assertThat(PoolLock.tryAcquire(path)).isNull();
                assertThat(PoolLock.tryAcquire(path)).isNull();
                process.destroyForcibly(); // SIGKILL
                process.waitFor();
            }
            try (PoolLock lock = PoolLock.tryAcquire(path)) {
                assertThat(lock).isNotNull();
            }
        }
    }

    @Test
    void shouldKeepOtherProcessOutWhileHeldHere() throws Exception {
        final Path path = PoolLock.bladeLock(pool);
        try (PoolLock lock = PoolLock.tryAcquire(path)) {
            assertThat(lock).isNotNull();
            assertThat(PoolLock.tryAcquire(path)).isNull();
            final Process process = new ProcessBuilder(TestProcess.java(Holder.class, path.toString()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("busy");
        }
    }

    @Test
    void shouldBeOneLockForEveryNameOfThePool() throws IOException {
        final Path link = Files.createSymbolicLink(folder.resolve("link"), pool);
        assertThat(PoolLock.bladeLock(link)).isEqualTo(PoolLock.bladeLock(pool));
        assertThat(PoolLock.folder(folder.resolve(".").resolve("pool"))).isEqualTo(PoolLock.folder(pool));
    }

    @Test
    void shouldThrowUnavailableWhenPoolOrFolderCannotBeUsed() throws IOException {
        assertThatThrownBy(() -> PoolLock.folder(folder.resolve("none"))).isInstanceOf(PoolUnavailableException.class);
        final Path lock = PoolLock.bladeLock(pool);
        Files.writeString(lock.getParent(), "a file where the folder of locks should be");
        assertThatThrownBy(() -> PoolLock.tryAcquire(lock))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("cannot lock");
    }

    /** Holds a lock until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(final String[] args) throws IOException {
            try (PoolLock lock = PoolLock.tryAcquire(Path.of(args[0]))) {
                System.out.println(lock == null ? "busy" : "held");
                if (lock != null && System.in.read() >= 0) {
                    throw new IllegalStateException("nobody writes to this process");
                }
            }
        }
    }
}
