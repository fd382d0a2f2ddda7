package io.rallocator.persistence;

import io.rallocator.persistence.NvmRegion.Durability;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The first thing in a pool, kept twice: who it is, how it is laid out, how often a blade served it.
 *
 * <pre>
 *  0    magic "RALLOCPL" (8)
 *  8    layout version (4) | CRC32C of bytes 0 … 11 and 16 … 4095 (4)
 *  16   generation: the valid copy with the higher one counts (8)
 *  24   pool id (16)
 *  40   blade id (4) | incarnation: how often a blade began to serve it (4)
 *  48   capacity in bytes (8)
 *  56   created, milliseconds since 1970 (8)
 *  64   slab classes (4) | slots of a slab ring (4)
 *  72   sessions (4) | lanes (4)
 *  80   structures (4) | flags: 1 sparse file, 2 durability POWER (4)
 *  88   bytes of each slab class (16 × 4)
 *  152  zero up to 4096
 * </pre>
 *
 * Immutable. An update writes the older copy, persists it, then writes the other.
 */
public final class Superblock {
    /** "RALLOCPL", little-endian. */
    public static final long MAGIC = 0x4C50434F4C4C4152L;

    /** The layout that this library writes and reads. */
    public static final int LAYOUT_VERSION = 4;

    private static final int VERSION_OFFSET = 8;
    private static final int CRC_OFFSET = 12;
    private static final int GENERATION_OFFSET = 16;
    private static final int POOL_ID_OFFSET = 24;
    private static final int BLADE_ID_OFFSET = 40;
    private static final int INCARNATION_OFFSET = 44;
    private static final int CAPACITY_OFFSET = 48;
    private static final int CREATED_OFFSET = 56;
    private static final int SLAB_CLASSES_OFFSET = 64;
    private static final int RING_OFFSET = 68;
    private static final int SESSIONS_OFFSET = 72;
    private static final int LANES_OFFSET = 76;
    private static final int ROOTS_OFFSET = 80;
    private static final int FLAGS_OFFSET = 84;
    private static final int SLAB_BYTES_OFFSET = 88;
    private static final int SPARSE_FLAG = 1;
    private static final int POWER_FLAG = 2;

    private final UUID poolId;
    private final int bladeId;
    private final long generation;
    private final int incarnation;
    private final long createdMs;
    private final int flags;
    private final PoolGeometry geometry;

    private Superblock(
            final UUID poolId,
            final int bladeId,
            final long generation,
            final int incarnation,
            final long createdMs,
            final int flags,
            final PoolGeometry geometry) {
        this.poolId = poolId;
        this.bladeId = bladeId;
        this.generation = generation;
        this.incarnation = incarnation;
        this.createdMs = createdMs;
        this.flags = flags;
        this.geometry = geometry;
    }

    /**
     * The superblock of a new pool with durability PROCESS.
     *
     * @param geometry of the pool
     * @param sparse true if blocks of the file are not allocated ahead
     * @return the superblock, incarnation 0
     */
    public static Superblock create(final PoolGeometry geometry, final boolean sparse) {
        return create(geometry, sparse, Durability.PROCESS);
    }

    /**
     * The superblock of a new pool.
     *
     * @param geometry of the pool
     * @param sparse true if blocks of the file are not allocated ahead
     * @param durability that everyone who uses the pool must reach
     * @return the superblock, incarnation 0
     */
    public static Superblock create(final PoolGeometry geometry, final boolean sparse, final Durability durability) {
        final int flags = (sparse ? SPARSE_FLAG : 0) | (durability == Durability.POWER ? POWER_FLAG : 0);
        return new Superblock(UUID.randomUUID(), 0, 1, 0, System.currentTimeMillis(), flags, geometry);
    }

    /**
     * The superblock after a blade began to serve the pool.
     *
     * @return a copy with the next generation and incarnation
     */
    public Superblock nextIncarnation() {
        return new Superblock(poolId, bladeId, generation + 1, incarnation + 1, createdMs, flags, geometry);
    }

    /**
     * Encodes it.
     *
     * @return a buffer of {@link PoolGeometry#superblockBytes()} bytes
     */
    public UnsafeBuffer encode() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[PoolGeometry.superblockBytes()]);
        buffer.putLong(0, MAGIC);
        buffer.putInt(VERSION_OFFSET, LAYOUT_VERSION);
        buffer.putLong(GENERATION_OFFSET, generation);
        buffer.putLong(POOL_ID_OFFSET, poolId.getMostSignificantBits());
        buffer.putLong(POOL_ID_OFFSET + 8, poolId.getLeastSignificantBits());
        buffer.putInt(BLADE_ID_OFFSET, bladeId);
        buffer.putInt(INCARNATION_OFFSET, incarnation);
        buffer.putLong(CAPACITY_OFFSET, geometry.capacity());
        buffer.putLong(CREATED_OFFSET, createdMs);
        buffer.putInt(SLAB_CLASSES_OFFSET, geometry.slabClasses());
        buffer.putInt(RING_OFFSET, geometry.ringCapacity());
        buffer.putInt(SESSIONS_OFFSET, geometry.sessions());
        buffer.putInt(LANES_OFFSET, geometry.lanes());
        buffer.putInt(ROOTS_OFFSET, geometry.roots());
        buffer.putInt(FLAGS_OFFSET, flags);
        for (int i = 0; i < geometry.slabClasses(); i++) {
            buffer.putInt(SLAB_BYTES_OFFSET + 4 * i, geometry.slabBytes(i));
        }
        buffer.putInt(CRC_OFFSET, crc(buffer));
        return buffer;
    }

    private static int crc(final DirectBuffer buffer) {
        return Crc32c.of(buffer, 0, CRC_OFFSET) * 31
                + Crc32c.of(buffer, GENERATION_OFFSET, PoolGeometry.superblockBytes() - GENERATION_OFFSET);
    }

    /**
     * Tells whether a copy begins like a pool at all.
     *
     * @param buffer one copy
     * @return true if the magic is there
     */
    static boolean hasMagic(final DirectBuffer buffer) {
        return buffer.getLong(0) == MAGIC;
    }

    /**
     * Tells whether a copy was a superblock before something damaged it.
     *
     * @param buffer one copy
     * @return true if most of the magic is there
     */
    static boolean resemblesSuperblock(final DirectBuffer buffer) {
        final long difference = buffer.getLong(0) ^ MAGIC;
        int same = 0;
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            same += (difference >>> shift & 0xFF) == 0 ? 1 : 0;
        }
        return same > Long.BYTES / 2;
    }

    /**
     * The layout version in a copy.
     *
     * @param buffer one copy
     * @return the version, meaningful if the magic is there
     */
    static int layoutVersion(final DirectBuffer buffer) {
        return buffer.getInt(VERSION_OFFSET);
    }

    /**
     * Tells whether a copy is whole, whatever its version.
     *
     * @param buffer one copy
     * @return true if magic and CRC are right
     */
    static boolean isValid(final DirectBuffer buffer) {
        return hasMagic(buffer) && buffer.getInt(CRC_OFFSET) == crc(buffer);
    }

    /**
     * Reads a copy that was {@linkplain #encode() encoded} elsewhere.
     *
     * @param from where it comes from, for messages
     * @param buffer one copy
     * @return the superblock
     * @throws CorruptedPoolException if it is not whole, or impossible
     * @throws PoolVersionException if another version of this library wrote it
     */
    public static Superblock verified(final String from, final DirectBuffer buffer) {
        if (!isValid(buffer)) {
            throw new CorruptedPoolException("the superblock of " + from + " is damaged: magic or CRC32C is wrong");
        }
        if (layoutVersion(buffer) != LAYOUT_VERSION) {
            throw new PoolVersionException(from + " has layout version " + layoutVersion(buffer)
                    + ", this library reads " + LAYOUT_VERSION + "; use the blade's version of RAllocator");
        }
        try {
            return decode(buffer);
        } catch (final IllegalArgumentException e) {
            throw new CorruptedPoolException("the superblock of " + from + " is impossible: " + e.getMessage(), e);
        }
    }

    /**
     * The id of a pool that is mapped, so that its superblock is known to be whole.
     *
     * @param region the pool
     * @return the id
     */
    public static UUID poolId(final NvmRegion region) {
        return new UUID(region.readLong(POOL_ID_OFFSET), region.readLong(POOL_ID_OFFSET + Long.BYTES));
    }

    /**
     * Decodes a valid copy of this layout version.
     *
     * @param buffer one copy
     * @return the superblock
     */
    static Superblock decode(final DirectBuffer buffer) {
        final int[] slabBytes = new int[Math.min(Math.max(buffer.getInt(SLAB_CLASSES_OFFSET), 0), 16)];
        for (int i = 0; i < slabBytes.length; i++) {
            slabBytes[i] = buffer.getInt(SLAB_BYTES_OFFSET + 4 * i);
        }
        final PoolGeometry geometry = PoolGeometry.of(
                buffer.getLong(CAPACITY_OFFSET),
                slabBytes,
                buffer.getInt(RING_OFFSET),
                buffer.getInt(SESSIONS_OFFSET),
                buffer.getInt(LANES_OFFSET),
                buffer.getInt(ROOTS_OFFSET));
        return new Superblock(
                new UUID(buffer.getLong(POOL_ID_OFFSET), buffer.getLong(POOL_ID_OFFSET + Long.BYTES)),
                buffer.getInt(BLADE_ID_OFFSET),
                buffer.getLong(GENERATION_OFFSET),
                buffer.getInt(INCARNATION_OFFSET),
                buffer.getLong(CREATED_OFFSET),
                buffer.getInt(FLAGS_OFFSET),
                geometry);
    }

    /**
     * Writes both copies, the one that is older in the region first, each persisted before the other is touched, so
     * that a crash in between leaves a valid one.
     *
     * @param region the pool
     */
    public void writeTo(final NvmRegion region) {
        final UnsafeBuffer buffer = encode();
        final int first = (int) (generation & 1);
        writeCopy(region, buffer, first);
        writeCopy(region, buffer, 1 - first);
    }

    private static void writeCopy(final NvmRegion region, final DirectBuffer buffer, final int copy) {
        final long offset = PoolGeometry.superblockOffset(copy);
        region.write(offset, buffer, 0, buffer.capacity());
        region.persist(offset, buffer.capacity());
    }

    /**
     * Identity of the pool.
     *
     * @return never null
     */
    public UUID poolId() {
        return poolId;
    }

    /**
     * Identity of the blade in its heap.
     *
     * @return from 0
     */
    public int bladeId() {
        return bladeId;
    }

    /**
     * How often the superblock was written.
     *
     * @return from 1
     */
    public long generation() {
        return generation;
    }

    /**
     * How often a blade began to serve the pool.
     *
     * @return from 0
     */
    public int incarnation() {
        return incarnation;
    }

    /**
     * When the pool was created.
     *
     * @return milliseconds since 1970
     */
    public long createdMs() {
        return createdMs;
    }

    /**
     * Tells whether the file's blocks were not allocated ahead.
     *
     * @return true for a sparse file: a full disk kills the JVM
     */
    public boolean sparse() {
        return (flags & SPARSE_FLAG) != 0;
    }

    /**
     * What a crash may be for acknowledged operations to survive it. Chosen when the pool is created, for all who use it.
     *
     * @return the level
     */
    public Durability durability() {
        return (flags & POWER_FLAG) == 0 ? Durability.PROCESS : Durability.POWER;
    }

    /**
     * The layout.
     *
     * @return never null
     */
    public PoolGeometry geometry() {
        return geometry;
    }
}
