package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is wrong with a file gives an exception that says what to do, never a signal. */
class PoolFileTest {
    private static final PoolGeometry GEOMETRY = PoolBuilder.smallGeometry();

    @TempDir
    private Path folder;

    @Test
    void shouldCreateAndOpen() throws IOException {
        final Path file = folder.resolve("pool");
        final List<Long> progress = new ArrayList<>();
        final Superblock created = PoolFile.create(file, GEOMETRY, false, progress::add);
        assertThat(progress).isSorted().endsWith(GEOMETRY.capacity());
        assertThat(Files.size(file)).isEqualTo(GEOMETRY.capacity());
        assertThat((Long) Files.getAttribute(file, "unix:size")).isEqualTo(GEOMETRY.capacity());
        final Superblock read = PoolFile.readSuperblock(file);
        assertThat(read.poolId()).isEqualTo(created.poolId());
        assertThat(read.sparse()).isFalse();
        assertThat(PoolChecker.check(file).findings()).isEmpty();
        try (NvmRegion region = PoolFile.map(file, read)) {
            assertThat(PoolChecker.check(region, read, true).clean()).isTrue();
        }
    }

    @Test
    void shouldRefuseFileThatIsNoPool() throws IOException {
        final Random random = Seeds.random("PoolFileTest.noPool");
        final byte[] garbage = new byte[100_000];
        random.nextBytes(garbage);
        expectNoPool(new byte[0]);
        expectNoPool("hello".getBytes(StandardCharsets.UTF_8));
        expectNoPool(new byte[100_000]);
        expectNoPool(garbage);
    }

    private void expectNoPool(final byte[] content) throws IOException {
        final Path file = folder.resolve("file");
        Files.write(file, content);
        for (final Runnable call : new Runnable[] {
            () -> PoolFile.readSuperblock(file), () -> PoolChecker.check(file), () -> PoolRepair.repair(file)
        }) {
            assertThatThrownBy(call::run)
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining(file + " (" + content.length + " bytes) is not a RAllocator pool");
        }
    }

    @Test
    void shouldRefuseMissingFile() {
        final Path file = folder.resolve("none");
        assertThatThrownBy(() -> PoolFile.readSuperblock(file))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessage("there is no file " + file + "; create a pool first");
        assertThatThrownBy(() -> PoolChecker.check(file)).isInstanceOf(PoolUnavailableException.class);
        assertThatThrownBy(() -> PoolFile.readSuperblock(folder)).isInstanceOf(PoolUnavailableException.class);
    }

    @Test
    void shouldRefuseTruncatedFile() throws IOException {
        final Path file = folder.resolve("pool");
        PoolFile.create(file, GEOMETRY, true, bytes -> {});
        for (final long bytes : new long[] {GEOMETRY.capacity() - 1, 9000, 5000, 4096}) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(bytes);
            }
            assertThatThrownBy(() -> PoolFile.readSuperblock(file))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("is truncated: it has " + bytes + " bytes, its superblock says 4194304");
        }
    }

    @Test
    void shouldRefuseToOverwrite() throws IOException {
        final Path file = folder.resolve("pool");
        Files.writeString(file, "precious");
        assertThatThrownBy(() -> PoolFile.create(file, GEOMETRY, true, bytes -> {}))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("exists already");
        assertThat(Files.readString(file)).isEqualTo("precious");
    }

    @Test
    void shouldRefuseMissingFolder() {
        assertThatThrownBy(() -> PoolFile.create(folder.resolve("no/pool"), GEOMETRY, true, bytes -> {}))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("check that the folder exists and can be written");
    }

    @Test
    void shouldRefuseReadOnlyFile() throws IOException {
        final Path file = folder.resolve("pool");
        final Superblock superblock = PoolFile.create(file, GEOMETRY, true, bytes -> {});
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        Assumptions.assumeFalse(Files.isWritable(file), "this user may write read-only files");
        assertThatThrownBy(() -> PoolFile.map(file, superblock))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("is read-only");
        assertThat(PoolChecker.check(file).clean()).isTrue();
    }

    @Test
    void shouldSayHowMuchIsUsableWhenPoolIsLargerThanTheDisk() throws IOException {
        final Path file = folder.resolve("pool");
        final long usable = Files.getFileStore(folder).getUsableSpace();
        Assumptions.assumeTrue(usable < PoolGeometry.MAX_CAPACITY, "8 TiB are usable here");
        assertThatThrownBy(() ->
                        PoolFile.create(file, PoolGeometry.ofCapacity(PoolGeometry.MAX_CAPACITY), false, bytes -> {}))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("no space left", "bytes are usable there: make room, choose a smaller size");
        assertThat(file).doesNotExist();
    }

    @Test
    void shouldRemoveUnfinishedFileWhenWritingFails() throws Exception {
        final Path file = folder.resolve("pool");
        final String command = "ulimit -f 2048; exec \"$@\"";
        final List<String> line = new ArrayList<>(List.of("bash", "-c", command, "bash"));
        line.addAll(TestProcess.java(CreatePool.class, file.toString()));
        final Process process =
                new ProcessBuilder(line).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(output)
                .contains("PoolUnavailableException", "cannot create a pool of 4194304 bytes", "File too large");
        assertThat(process.exitValue()).isEqualTo(3);
        assertThat(file).doesNotExist();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldLeaveNoPoolAndCreateItAtTheNextTryWhenItIsKilledInBetween() throws Exception {
        final Path file = folder.resolve("pool");
        final Process process = new ProcessBuilder(TestProcess.java(CreateHalf.class, file.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(output.readLine()).isEqualTo("half");
            assertThat(file).doesNotExist();
            assertThatThrownBy(() -> PoolFile.create(file, GEOMETRY, false, bytes -> {}))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("another process is creating");
            process.destroyForcibly().waitFor();
        }
        assertThat(file).doesNotExist();
        PoolFile.create(file, GEOMETRY, false, bytes -> {});
        assertThat(PoolChecker.check(file).clean()).isTrue();
        assertThat(folder).isDirectoryNotContaining(path -> path.toString().endsWith(PoolFile.UNFINISHED));
    }

    /** Creates half a pool and waits to be killed. */
    static final class CreateHalf {
        private CreateHalf() {}

        public static void main(final String[] args) {
            PoolFile.create(Path.of(args[0]), PoolBuilder.smallGeometry(), false, bytes -> {
                System.out.println("half");
                LockSupport.park();
            });
        }
    }

    /** Run with a limit on the size of files. */
    static final class CreatePool {
        private CreatePool() {}

        public static void main(final String[] args) {
            try {
                PoolFile.create(Path.of(args[0]), PoolBuilder.smallGeometry(), false, bytes -> {});
            } catch (final PoolUnavailableException e) {
                System.out.println(e);
                System.exit(3);
            }
        }
    }

    @Test
    void shouldReachFarEndWhenPoolIsLargerThanFourGiB() throws IOException {
        final Path file = folder.resolve("pool");
        final PoolGeometry geometry = PoolGeometry.ofCapacity(5L << 30);
        final Superblock superblock = PoolFile.create(file, geometry, true, bytes -> {});
        final long last = geometry.unitOffset(geometry.units() - 1);
        assertThat(last).isGreaterThan(4L << 30);
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1000]);
        buffer.setMemory(0, 1000, (byte) 0x77);
        try (NvmRegion region = PoolFile.map(file, superblock)) {
            region.write(geometry.capacity() - 1000, buffer, 0, 1000);
            region.writeLong(last, 0x1234_5678_9ABC_DEF0L);
            region.writeLong(2L << 30, 2);
            region.writeLong(4L << 30, 4);
            assertThat(region.fetchAndAdd(last, 1)).isEqualTo(0x1234_5678_9ABC_DEF0L);
            region.persist(last, 8);
        }
        try (NvmRegion region = FileNvmRegion.open(file, geometry.capacity(), false)) {
            assertThat(region.readLong(last)).isEqualTo(0x1234_5678_9ABC_DEF1L);
            assertThat(region.readLong(2L << 30)).isEqualTo(2);
            assertThat(region.readLong(4L << 30)).isEqualTo(4);
            final UnsafeBuffer found = new UnsafeBuffer(new byte[1000]);
            region.read(geometry.capacity() - 1000, found, 0, 1000);
            assertThat(found.byteArray()).isEqualTo(buffer.byteArray());
        }
        assertThat(PoolChecker.check(file).findings()).isEmpty();
        assertThat(Files.size(file)).isEqualTo(5L << 30);
    }

    @Test
    void shouldRecogniseInterruptedCreation() throws IOException {
        final Path file = folder.resolve("pool");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), GEOMETRY.capacity() - 1);
        }
        try (NvmRegion region = MappedNvmRegion.map(file, GEOMETRY.capacity(), NvmRegion.Durability.PROCESS, true)) {
            PoolFormat.format(region, GEOMETRY);
        }
        assertThatThrownBy(() -> PoolFile.readSuperblock(file))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("its creation was interrupted");
    }
}
