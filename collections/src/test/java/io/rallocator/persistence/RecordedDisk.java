package io.rallocator.persistence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A disk under a real mapping at durability POWER: at each sync it notes what of the file differs from the sync before, and
 * then can make every image that a loss of power may leave: all that was synced, and of what came later any 8-byte words.
 */
public final class RecordedDisk implements DeviceSync {
    private final FileChannel channel;
    private final byte[] first;
    private final List<Changes> syncs = new ArrayList<>();
    private byte[] last;
    private volatile int completed;

    /** Words that differ from the sync before. */
    private static final class Changes {
        private final List<Integer> offsets = new ArrayList<>();
        private final List<Long> words = new ArrayList<>();
    }

    private RecordedDisk(final Path file) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.READ);
        first = image();
        last = first.clone();
    }

    /** A mapping of a file, and what its disk has of it. */
    public record Mapping(NvmRegion region, RecordedDisk disk) {}

    /** Makes a pool of durability POWER, in memory too: the disk is recorded anyway. */
    public static void createPool(final Path file, final PoolGeometry geometry) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), geometry.capacity() - 1);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        try (NvmRegion region = MappedNvmRegion.map(file, geometry.capacity(), NvmRegion.Durability.PROCESS, true)) {
            PoolFormat.format(region, geometry);
            Superblock.create(geometry, true, NvmRegion.Durability.POWER).writeTo(region);
        }
    }

    /** Maps a pool of durability POWER, wherever its file is. */
    public static Mapping map(final Path file, final Superblock superblock) {
        try {
            final RecordedDisk disk = new RecordedDisk(file);
            return new Mapping(MappedNvmRegion.map(file, superblock.geometry().capacity(), disk), disk);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] image() throws IOException {
        final byte[] bytes = new byte[(int) channel.size()];
        final ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.read(buffer, buffer.position());
        }
        return bytes;
    }

    private static long word(final byte[] bytes, final int offset) {
        return ByteBuffer.wrap(bytes, offset, Long.BYTES).getLong();
    }

    /** What is stored while the image is taken may be in it: so it may be on a disk. */
    @Override
    public void sync() throws IOException {
        final byte[] now = image();
        final Changes changes = new Changes();
        for (int offset = 0; offset < now.length; offset += Long.BYTES) {
            if (word(now, offset) != word(last, offset)) {
                changes.offsets.add(offset);
                changes.words.add(word(now, offset));
            }
        }
        synchronized (syncs) {
            syncs.add(changes);
        }
        last = now;
        completed = syncs.size();
    }

    /** How many syncs are done: what they covered is on the disk. */
    public int completedSyncs() {
        return completed;
    }

    /**
     * What a loss of power leaves.
     *
     * @param count of syncs that were done before
     * @param random chooses which words that changed later reached the disk on their own
     * @param odds one word in so many did not; 1 for none of them, 0 for all
     * @return the bytes of the file
     */
    public byte[] afterPowerLoss(final int count, final Random random, final int odds) {
        final byte[] image = first.clone();
        synchronized (syncs) {
            for (int sync = 0; sync < count; sync++) {
                put(image, syncs.get(sync), random, 0);
            }
            if (count < syncs.size()) {
                put(image, syncs.get(count), random, odds);
            }
        }
        return image;
    }

    private static void put(final byte[] image, final Changes changes, final Random random, final int odds) {
        for (int i = 0; i < changes.offsets.size(); i++) {
            if (odds == 0 || random.nextInt(odds) != 0) {
                ByteBuffer.wrap(image, changes.offsets.get(i), Long.BYTES).putLong(changes.words.get(i));
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
