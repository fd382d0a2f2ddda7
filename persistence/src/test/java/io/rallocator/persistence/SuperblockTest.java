package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two copies: any damage of one is survived, of both is told from a file that never was a pool, and from versions. */
class SuperblockTest {
    private static final int BYTES = PoolGeometry.superblockBytes();

    @TempDir
    private Path folder;

    private Path file;
    private Superblock superblock;

    @BeforeEach
    void createPool() {
        file = folder.resolve("pool");
        superblock = PoolFile.create(file, PoolBuilder.smallGeometry(), true, bytes -> {});
    }

    private void write(final long offset, final byte... bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), offset);
        }
    }

    private void expectOpens() {
        final Superblock found = PoolFile.readSuperblock(file);
        assertThat(found.poolId()).isEqualTo(superblock.poolId());
        assertThat(found.geometry()).isEqualTo(superblock.geometry());
        assertThat(found.generation()).isEqualTo(superblock.generation());
        assertThat(found.incarnation()).isEqualTo(superblock.incarnation());
        assertThat(found.createdMs()).isEqualTo(superblock.createdMs());
        assertThat(found.bladeId()).isEqualTo(superblock.bladeId());
        assertThat(found.sparse()).isTrue();
    }

    @Test
    void shouldOpenFromTheOtherCopyWhenAnyByteOfOneIsDamaged() throws IOException {
        final Random random = Seeds.random("SuperblockTest.oneCopy");
        final byte[] whole = superblock.encode().byteArray();
        for (int at = 0; at < BYTES; at++) {
            for (int copy = 0; copy < 2; copy++) {
                final long offset = PoolGeometry.superblockOffset(copy) + at;
                write(offset, (byte) (whole[at] ^ 1 + random.nextInt(255)));
                expectOpens();
                write(offset, whole[at]);
            }
        }
    }

    @Test
    void shouldThrowCorruptedWhenAnyByteOfBothIsDamaged() throws IOException {
        final Random random = Seeds.random("SuperblockTest.bothCopies");
        final byte[] whole = superblock.encode().byteArray();
        for (int at = 0; at < BYTES; at++) {
            write(at, (byte) (whole[at] ^ 1 + random.nextInt(255)));
            final int other = random.nextInt(BYTES);
            write(BYTES + other, (byte) (whole[other] ^ 1 + random.nextInt(255)));
            assertThatThrownBy(() -> PoolFile.readSuperblock(file))
                    .as("byte %d of A, byte %d of B", at, other)
                    .isInstanceOf(CorruptedPoolException.class)
                    .hasMessageContaining("both superblock copies of " + file + " (offsets 0 and 4096) are damaged");
            write(at, whole[at]);
            write(BYTES + other, whole[other]);
        }
        expectOpens();
    }

    @Test
    void shouldThrowVersionWhenLayoutIsNewerOrOlder() throws IOException {
        for (final int version : new int[] {0, Superblock.LAYOUT_VERSION + 1, 999}) {
            final byte[] bytes = ofVersion(version);
            write(0, bytes);
            write(BYTES, bytes);
            assertThatThrownBy(() -> PoolFile.readSuperblock(file))
                    .isInstanceOf(PoolVersionException.class)
                    .hasMessageContaining(
                            "has layout version " + version + ", this library reads " + Superblock.LAYOUT_VERSION
                                    + "; use " + (version == 0 ? "an older" : "a newer") + " RAllocator");
        }
    }

    /** With a CRC that is right, so it is the version that is another, not the bytes that are damaged. */
    private byte[] ofVersion(final int version) {
        final UnsafeBuffer bytes = superblock.encode();
        bytes.putInt(8, version);
        bytes.putInt(12, Crc32c.of(bytes, 0, 12) * 31 + Crc32c.of(bytes, 16, BYTES - 16));
        return bytes.byteArray();
    }

    @Test
    void shouldThrowCorruptedWhenGeometryIsImpossible() throws IOException {
        final UnsafeBuffer bytes = superblock.encode();
        bytes.putInt(68, 7);
        bytes.putInt(12, Crc32c.of(bytes, 0, 12) * 31 + Crc32c.of(bytes, 16, BYTES - 16));
        write(0, bytes.byteArray());
        write(BYTES, bytes.byteArray());
        assertThatThrownBy(() -> PoolFile.readSuperblock(file))
                .isInstanceOf(CorruptedPoolException.class)
                .hasMessageContaining("is impossible: ring capacity");
    }

    @Test
    void shouldChooseTheCopyWithTheHigherGeneration() throws IOException {
        for (int i = 0; i < 3; i++) {
            final Superblock next = superblock.nextIncarnation();
            assertThat(next.generation()).isEqualTo(superblock.generation() + 1);
            assertThat(next.incarnation()).isEqualTo(superblock.incarnation() + 1);
            write((i & 1) * (long) BYTES, next.encode().byteArray());
            superblock = next;
            expectOpens();
        }
    }

    @Test
    void shouldWriteOlderCopyFirstSoThatOneIsAlwaysWhole() {
        final HeapNvmRegion region = new HeapNvmRegion(2 * BYTES);
        superblock.writeTo(region);
        final Superblock next = superblock.nextIncarnation();
        final long[] firstOffset = {-1};
        final NvmRegion watched = new ForwardingNvmRegion(region) {
            @Override
            public void write(
                    final long offset, final org.agrona.DirectBuffer source, final int index, final int length) {
                if (firstOffset[0] < 0) {
                    firstOffset[0] = offset;
                } else {
                    assertThat(offset).isNotEqualTo(firstOffset[0]);
                }
                super.write(offset, source, index, length);
            }
        };
        next.writeTo(watched);
        assertThat(firstOffset[0]).isEqualTo(PoolGeometry.superblockOffset((int) (next.generation() & 1)));
        for (int copy = 0; copy < 2; copy++) {
            final UnsafeBuffer bytes = new UnsafeBuffer(new byte[BYTES]);
            region.read(PoolGeometry.superblockOffset(copy), bytes, 0, BYTES);
            assertThat(Superblock.isValid(bytes)).isTrue();
            assertThat(Superblock.decode(bytes).generation()).isEqualTo(next.generation());
        }
    }
}
