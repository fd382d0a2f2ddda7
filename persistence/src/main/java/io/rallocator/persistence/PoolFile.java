package io.rallocator.persistence;

import io.rallocator.persistence.NvmRegion.Durability;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Creates and opens the file of a pool. Everything that can be wrong with a file is found here by reading it, before a byte of it
 * is mapped, so a bad file gives an exception and never a signal. It is read and written by {@code RandomAccessFile}: an
 * interrupt of the thread, which would close a channel, changes nothing.
 */
public final class PoolFile {
    /** What the name of a pool's file ends in until the pool is whole. */
    static final String UNFINISHED = ".creating";

    private static final int CHUNK_BYTES = 1 << 20;

    private PoolFile() {}

    /**
     * Creates a pool of durability PROCESS: see the other method.
     *
     * @param file must not exist
     * @param geometry of the pool
     * @param sparse true to leave the blocks unallocated: for tests only, a full disk then kills the JVM
     * @param progress receives the bytes written so far
     * @return the superblock
     * @throws PoolUnavailableException as the other method
     */
    public static Superblock create(
            final Path file, final PoolGeometry geometry, final boolean sparse, final LongConsumer progress) {
        return create(file, geometry, sparse, Durability.PROCESS, progress);
    }

    /**
     * Creates a pool beside its place, in a file whose name ends in {@value #UNFINISHED}: allocates every block, lays out
     * the metadata, writes the superblock, and moves it there. So a creation that was interrupted leaves no pool; what it
     * leaves is used by the next one.
     *
     * @param file must not exist
     * @param geometry of the pool
     * @param sparse true to leave the blocks unallocated: for tests only, a full disk then kills the JVM
     * @param durability for all who will use the pool; at POWER the new pool itself survives power loss
     * @param progress receives the bytes written so far
     * @return the superblock
     * @throws PoolUnavailableException if the file exists or another process creates it, the folder is missing or
     *     read-only, the disk is full, or nothing there can survive power loss; an unfinished file is removed
     */
    public static Superblock create(
            final Path file,
            final PoolGeometry geometry,
            final boolean sparse,
            final Durability durability,
            final LongConsumer progress) {
        requireMissing(file);
        final Path unfinished = file.resolveSibling(file.getFileName() + UNFINISHED);
        try (RandomAccessFile opened = new RandomAccessFile(unfinished.toFile(), "rw")) {
            lock(file, opened.getChannel());
            requireMissing(file); // from here on, nobody else makes it
            final Superblock superblock = Superblock.create(geometry, sparse, durability);
            create(unfinished, opened, superblock, progress);
            finish(unfinished, file);
            if (durability == Durability.POWER) {
                FileSync.syncFolder(file);
            }
            return superblock;
        } catch (final IOException e) {
            throw createFailed(file, geometry, e);
        }
    }

    private static void create(
            final Path unfinished,
            final RandomAccessFile opened,
            final Superblock superblock,
            final LongConsumer progress)
            throws IOException {
        final PoolGeometry geometry = superblock.geometry();
        try {
            requireMedium(unfinished, superblock.durability());
            opened.setLength(0);
            if (!superblock.sparse()) {
                checkRoom(unfinished, geometry.capacity());
            }
            allocate(opened, geometry.capacity(), superblock.sparse(), progress);
            try (NvmRegion region = MappedNvmRegion.map(
                    unfinished, geometry.capacity(), superblock.durability(), superblock.sparse())) {
                PoolFormat.format(region, geometry);
                superblock.writeTo(region);
            }
        } catch (final IOException | PoolUnavailableException e) {
            deleteUnfinished(unfinished, e);
            throw e;
        }
    }

    private static void finish(final Path unfinished, final Path file) throws IOException {
        try {
            Files.move(unfinished, file);
        } catch (final IOException e) {
            deleteUnfinished(unfinished, e);
            throw e;
        }
    }

    /** A file in memory survives no power loss, whatever is synced. */
    private static void requireMedium(final Path file, final Durability durability) throws IOException {
        final String type = Files.getFileStore(file).type();
        if (durability == Durability.POWER && (type.equals("tmpfs") || type.equals("ramfs"))) {
            throw new PoolUnavailableException("a pool with durability POWER cannot be in "
                    + file.toAbsolutePath().getParent() + ": that is a " + type
                    + ", whose files are lost with the power; choose a folder on a disk");
        }
    }

    private static void requireMissing(final Path file) {
        if (Files.exists(file)) {
            throw new PoolUnavailableException(file + " exists already; open it, or remove it first");
        }
        if (Files.isSymbolicLink(file)) {
            throw new PoolUnavailableException(
                    file + " is a link that leads nowhere; remove it, or give the path of the file itself");
        }
    }

    private static void lock(final Path file, final FileChannel channel) throws IOException {
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (final OverlappingFileLockException e) {
            throw new PoolUnavailableException("this process is creating " + file + " already; wait for it", e);
        }
        if (lock == null) {
            throw new PoolUnavailableException("another process is creating " + file + "; wait for it, then open it");
        }
    }

    private static void deleteUnfinished(final Path file, final Exception cause) {
        try {
            Files.deleteIfExists(file);
        } catch (final IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** Says so at once, rather than after filling the disk. */
    private static void checkRoom(final Path file, final long capacity) throws IOException {
        final long usable = Files.getFileStore(file).getUsableSpace();
        if (usable > 0 && usable < capacity) {
            throw new IOException("no space left");
        }
    }

    private static void allocate(
            final RandomAccessFile opened, final long capacity, final boolean sparse, final LongConsumer progress)
            throws IOException {
        if (sparse) {
            opened.setLength(capacity);
            return;
        }
        final byte[] zeros = new byte[CHUNK_BYTES];
        opened.seek(0);
        for (long written = 0; written < capacity; ) {
            final int count = (int) Math.min(CHUNK_BYTES, capacity - written);
            opened.write(zeros, 0, count);
            written += count;
            progress.accept(written);
        }
    }

    private static PoolUnavailableException createFailed(
            final Path file, final PoolGeometry geometry, final IOException cause) {
        long usable = Long.MAX_VALUE;
        try {
            final Path folder = file.toAbsolutePath().getParent();
            usable = Files.getFileStore(folder).getUsableSpace();
        } catch (final IOException e) {
            cause.addSuppressed(e);
        }
        return new PoolUnavailableException(
                "cannot create a pool of " + geometry.capacity() + " bytes at " + file + ": " + cause + "; "
                        + (usable < geometry.capacity()
                                ? usable
                                        + " bytes are usable there: make room, choose a smaller size, or another folder"
                                : "check that the folder exists and can be written, that this user may have so much there, and that the"
                                        + " name is one for a file"),
                cause);
    }

    /**
     * Reads and verifies the superblock.
     *
     * @param file of a pool
     * @return the valid copy with the highest generation
     * @throws PoolUnavailableException if there is no such file, it is no pool, or it is shorter than its superblock
     *     says
     * @throws PoolVersionException if the layout is older or newer
     * @throws CorruptedPoolException if both copies are damaged
     */
    public static Superblock readSuperblock(final Path file) {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r")) {
            final UnsafeBuffer[] copies = {readCopy(opened, 0), readCopy(opened, 1)};
            final Superblock superblock = choose(file, opened.length(), copies);
            if (opened.length() < superblock.geometry().capacity()) {
                throw new PoolUnavailableException(file + " is truncated: it has " + opened.length()
                        + " bytes, its superblock says " + superblock.geometry().capacity()
                        + "; restore the file, what was cut off cannot be recovered");
            }
            return superblock;
        } catch (final IOException e) {
            if (Files.notExists(file)) {
                throw new PoolUnavailableException("there is no file " + file + "; create a pool first", e);
            }
            throw new PoolUnavailableException("cannot read " + file + ": " + e.getMessage() + "; " + advice(file), e);
        }
    }

    private static String advice(final Path file) {
        if (Files.isDirectory(file)) {
            return "it is a folder: give the path of a file";
        }
        return Files.isReadable(file)
                ? "see whether its disk is in order"
                : "give this user the right to read and write it";
    }

    private static UnsafeBuffer readCopy(final RandomAccessFile opened, final int copy) throws IOException {
        final byte[] bytes = new byte[PoolGeometry.superblockBytes()];
        opened.seek(PoolGeometry.superblockOffset(copy));
        int read = 0;
        for (int count = 0; count >= 0 && read < bytes.length; count = opened.read(bytes, read, bytes.length - read)) {
            read += count;
        }
        return new UnsafeBuffer(bytes);
    }

    private static Superblock choose(final Path file, final long fileBytes, final UnsafeBuffer[] copies) {
        Superblock best = null;
        for (final UnsafeBuffer copy : copies) {
            if (Superblock.isValid(copy)) {
                checkVersion(file, Superblock.layoutVersion(copy));
                final Superblock decoded = decode(file, copy);
                if (best == null || decoded.generation() > best.generation()) {
                    best = decoded;
                }
            }
        }
        if (best != null) {
            return best;
        }
        if (Superblock.resemblesSuperblock(copies[0]) || Superblock.resemblesSuperblock(copies[1])) {
            throw new CorruptedPoolException("both superblock copies of " + file
                    + " (offsets 0 and 4096) are damaged: their CRC32C is wrong; restore one from a backup");
        }
        throw new PoolUnavailableException(file + " (" + fileBytes + " bytes) is not a RAllocator pool, or its creation"
                + " was interrupted: no superblock at offsets 0 and 4096; choose another file, or remove it");
    }

    private static void checkVersion(final Path file, final int version) {
        if (version != Superblock.LAYOUT_VERSION) {
            throw new PoolVersionException(file + " has layout version " + version + ", this library reads "
                    + Superblock.LAYOUT_VERSION + "; use "
                    + (version > Superblock.LAYOUT_VERSION ? "a newer" : "an older")
                    + " RAllocator");
        }
    }

    private static Superblock decode(final Path file, final UnsafeBuffer copy) {
        try {
            return Superblock.decode(copy);
        } catch (final IllegalArgumentException e) {
            throw new CorruptedPoolException("the superblock of " + file + " is impossible: " + e.getMessage(), e);
        }
    }

    /**
     * Maps a pool for reading and writing, after verifying file and superblock.
     *
     * @param file of a pool
     * @param superblock as {@link #readSuperblock} returned it
     * @return the region
     * @throws PoolUnavailableException if the file is read-only or cannot be mapped
     */
    public static MappedNvmRegion map(final Path file, final Superblock superblock) {
        if (!Files.isWritable(file)) {
            throw new PoolUnavailableException(
                    file + " is read-only; give this user the right to write it, or use `rallocator check`");
        }
        return MappedNvmRegion.map(
                file, superblock.geometry().capacity(), superblock.durability(), superblock.sparse());
    }
}
