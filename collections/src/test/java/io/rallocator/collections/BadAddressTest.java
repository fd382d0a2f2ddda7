package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.PoolVersionException;
import io.rallocator.persistence.Superblock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Addresses that lead to no pool, by their text or by what is there: nothing is created, nothing of what is there is changed. */
@Timeout(60)
class BadAddressTest {
    private static final int SUPERBLOCK_BYTES = 4096;
    private static final int VERSION_OFFSET = 8;
    private static final int CHECKSUM_OFFSET = 12;

    private TestPool pool;

    @BeforeEach
    void create() {
        pool = TestPool.missing();
    }

    @AfterEach
    void remove() {
        pool.close();
    }

    private Path folder() {
        return pool.file().getParent();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder())) {
            return files.sorted().toList();
        }
    }

    /** Both ways to reach it fail alike. */
    private void assertRefused(final Path file, final Class<? extends RuntimeException> type, final String... message)
            throws IOException {
        final List<Path> before = files();
        for (final String scheme : List.of("embedded:", "local:")) {
            assertThatThrownBy(() -> RemoteHeap.open(scheme + file))
                    .isInstanceOf(type)
                    .hasMessageContaining(file.toString())
                    .hasMessageContainingAll(message);
        }
        assertThat(files()).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                "'' | it has no scheme",
                ": | there is no scheme ''",
                "EMBEDDED:POOL | there is no scheme 'EMBEDDED'",
                "' embedded:POOL' | there is no scheme ' embedded'",
                "tcp://host:1 | there is no scheme 'tcp' without rallocator-tcp, which is not on the class path",
                "rdma://host:1 | there is no scheme 'rdma' without rallocator-rdma, which is not on the class path",
                "embedded:POOL?&size=4m | there is no parameter ''",
                "embedded:POOL?SIZE=4m | there is no parameter 'SIZE'",
                "embedded:POOL?size=4m?lanes=3 | is '4m?lanes=3', which is no number of bytes such as",
                "embedded:POOL?size=1.5g | is '1.5g', which is no number of bytes",
                "embedded:POOL?sessions=99999999999 | is '99999999999', which is no number up to 2147483647",
                "embedded:POOL?durability= | parameter 'durability' has no value",
                "embedded:POOL?cache=1 | parameter 'cache' is 1 bytes, it must be 0 for none, or 65536 … 1073741824",
                "embedded:POOL?cache=2g | parameter 'cache' is 2147483648 bytes, it must be 0 for none, or 65536",
                "embedded:POOL?cache=-1 | parameter 'cache' is '-1', which is no number of bytes",
                "local:POOL?cache=2g | parameter 'cache' is 2147483648 bytes",
                "local:POOL?lanes=4 | there is no parameter 'lanes' for local, known are cache, name",
            })
    void shouldSayWhatIsWrongAndHowToWriteItWhenAnAddressIsMalformed(final String address, final String message) {
        assertThatThrownBy(() ->
                        RemoteHeap.open(address.replace("POOL", pool.file().toString())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message)
                .hasMessageContaining(
                        "cannot use the heap's address '" + address.substring(0, address.indexOf(':') + 1))
                .hasMessageContaining("; write embedded:PATH?size=BYTES");
        assertThat(pool.file()).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "size=0 | size is 0, must be 4194304 … 8796093022200",
                "size=4095k | size is 4193280, must be 4194304",
                "size=8t | size is 8796093022208, must be 4194304",
                "size=4m&sessions=1 | sessions is 1, must be 2 … 1023",
                "size=4m&sessions=1024 | sessions is 1024, must be 2 … 1023",
                "size=4m&sessions=-2147483648 | sessions is -2147483648, must be 2 … 1023",
                "size=4m&lanes=0 | lanes is 0, must be 1 … 64",
                "size=4m&lanes=65 | lanes is 65, must be 1 … 64",
                "size=4m&sessions=1023&lanes=64 | a pool of 4194304 bytes leaves no room for one slab",
            })
    void shouldSayTheLimitsAndCreateNothingWhenASizeIsOutOfThem(final String parameters, final String message) {
        assertThatThrownBy(() -> pool.embedded(parameters))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
        assertThat(pool.file()).doesNotExist();
    }

    @Test
    void shouldSayHowManyBytesFitWhenAWorkersNameIsTooLong() {
        assertThatThrownBy(() -> pool.embedded("size=4m", "name=" + "ü".repeat(39)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("parameter 'name' has 78 bytes in UTF-8, at most 76 fit");
        assertThat(pool.file()).doesNotExist();
        pool.embedded("size=4m", "name=" + "ü".repeat(38)).close();
        pool.check();
    }

    @Test
    void shouldRefuseAPathWhenItHasACharacterThatNoFileHas() {
        assertThatThrownBy(() -> RemoteHeap.open("embedded:a\0b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("it has no valid path, Nul character not allowed; write embedded:PATH");
    }

    // ---- files

    @Test
    void shouldAskForAFileWhenThePathIsAFolder() throws IOException {
        assertRefused(folder(), PoolUnavailableException.class, "it is a folder: give the path of a file");
    }

    @Test
    void shouldSayThatThereIsNoPoolWhenThePathHasNone() throws IOException {
        assertThatThrownBy(pool::local)
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessage("there is no file " + pool.file() + "; create a pool first");
        final Path inNoFolder = folder().resolve("no/folder");
        assertThatThrownBy(() -> RemoteHeap.open("embedded:" + inNoFolder + "?size=4m"))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("cannot create a pool of 4194304 bytes at " + inNoFolder)
                .hasMessageContaining("check that the folder exists and can be written");
        Files.writeString(folder().resolve("file"), "text");
        assertThatThrownBy(() -> RemoteHeap.open("embedded:" + folder().resolve("file/pool?size=4m")))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("check that the folder exists and can be written");
        assertThatThrownBy(() -> RemoteHeap.open("embedded:" + folder().resolve("n".repeat(300) + "?size=4m")))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("that the name is one for a file");
        assertThat(files()).containsExactly(folder().resolve("file"));
    }

    @Test
    void shouldSayHowMuchRoomThereIsWhenThePoolIsLargerThanTheDisk() throws IOException {
        assertThatThrownBy(() -> pool.embedded("size=7t"))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("cannot create a pool of 7696581394432 bytes")
                .hasMessageContaining("bytes are usable there: make room, choose a smaller size");
        assertThat(files()).isEmpty();
    }

    @Test
    void shouldSayThatItIsNoPoolWhenTheFileIsSomethingElse() throws IOException {
        final String message =
                "is not a RAllocator pool, or its creation was interrupted: no superblock at offsets 0 and"
                        + " 4096; choose another file, or remove it";
        for (final int bytes : new int[] {0, 1, SUPERBLOCK_BYTES, 3 * SUPERBLOCK_BYTES, 5 << 20}) {
            final byte[] content = new byte[bytes];
            Files.write(pool.file(), content);
            assertRefused(pool.file(), PoolUnavailableException.class, "(" + bytes + " bytes)", message);
            assertThat(Files.readAllBytes(pool.file())).isEqualTo(content);
        }
        Files.writeString(pool.file(), "RALLOCPL".repeat(2048));
        assertRefused(pool.file(), CorruptedPoolException.class, "both superblock copies", "restore one from a backup");
    }

    @Test
    void shouldRefuseAFileWhenThisUserMayNotReadOrWriteIt() throws IOException {
        pool.embedded("size=4m").close();
        Files.setPosixFilePermissions(pool.file(), PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(pool.file()), "this user may do anything");
        assertRefused(pool.file(), PoolUnavailableException.class, "give this user the right to read and write it");
        Files.setPosixFilePermissions(pool.file(), PosixFilePermissions.fromString("r--------"));
        assertThatThrownBy(pool::embedded)
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("is read-only; give this user the right to write it");
    }

    @Test
    void shouldSayHowMuchIsMissingWhenTheFileWasTruncated() throws IOException {
        pool.embedded("size=4m").close();
        final byte[] whole = Files.readAllBytes(pool.file());
        for (final int bytes : new int[] {whole.length - 1, 4 * SUPERBLOCK_BYTES}) {
            Files.write(pool.file(), Arrays.copyOf(whole, bytes));
            assertRefused(
                    pool.file(),
                    PoolUnavailableException.class,
                    "is truncated: it has " + bytes + " bytes, its superblock says 4194304; restore the file");
        }
        Files.write(pool.file(), whole);
        pool.check();
    }

    @Test
    void shouldSayWhichVersionItIsWhenAnotherOneWroteThePool() throws IOException {
        pool.embedded("size=4m").close();
        final byte[] ours = Files.readAllBytes(pool.file());
        for (final int version : new int[] {1, Superblock.LAYOUT_VERSION + 1, Integer.MAX_VALUE}) {
            final byte[] others = ours.clone();
            setVersion(others, 0, version);
            setVersion(others, SUPERBLOCK_BYTES, version);
            Files.write(pool.file(), others);
            assertRefused(
                    pool.file(),
                    PoolVersionException.class,
                    "has layout version " + version + ", this library reads " + Superblock.LAYOUT_VERSION + "; use "
                            + (version > Superblock.LAYOUT_VERSION ? "a newer" : "an older") + " RAllocator");
            assertThat(Files.readAllBytes(pool.file())).isEqualTo(others);
        }
        Files.write(pool.file(), ours);
        pool.embedded().close();
        pool.check();
    }

    /** As docs/pool-format.md § 3 says: magic, checksum and its place are the same in every version. */
    private static void setVersion(final byte[] file, final int copy, final int version) {
        final ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(copy + VERSION_OFFSET, version);
        final int behind = CHECKSUM_OFFSET + Integer.BYTES;
        buffer.putInt(
                copy + CHECKSUM_OFFSET,
                crc(file, copy, CHECKSUM_OFFSET) * 31 + crc(file, copy + behind, SUPERBLOCK_BYTES - behind));
    }

    private static int crc(final byte[] bytes, final int from, final int length) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }

    @Test
    void shouldCreateNoPoolWhereALinkLeadsNowhere() throws IOException {
        final Path target = folder().resolve("target");
        Files.createSymbolicLink(pool.file(), target);
        final ThrowingCallable open = () -> pool.embedded("size=4m");
        assertThatThrownBy(open)
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessage(
                        pool.file() + " is a link that leads nowhere; remove it, or give the path of the file itself");
        assertThat(target).doesNotExist();
        assertThat(files()).containsExactly(pool.file());
    }
}
