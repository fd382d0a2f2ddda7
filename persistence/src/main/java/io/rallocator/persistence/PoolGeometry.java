package io.rallocator.persistence;

import java.util.Arrays;

/**
 * The sizes of a pool, chosen at creation and kept in its superblock, and where each region begins.
 *
 * <pre>
 *  0        superblock copy A                                  4 KiB
 *  4096     superblock copy B                                  4 KiB
 *  8192     pool words: {@link #epochOffset()} …               4 KiB
 *  12288    root table: one link word a structure              roots × 8
 *           session table: {@link SessionDescriptor}           sessions × 128
 *           intents: {@link IntentDescriptor}                  sessions × lanes × 2 × 256
 *           free-request rings: one checked word a request     sessions × 64 × 8
 *           free-request heads: written by the agent           sessions × 8
 *           slab rings: {@link RingDescriptor}                 slab classes × (128 + ring × 16)
 *           slab bitmap: 56 units a checked word               ⌈units / 56⌉ × 8
 *           slab table: {@link SlabTableDescriptor}            units × 16
 *           slabs: {@link SlabLayout}                          units × unit bytes, aligned to the unit
 * </pre>
 *
 * Every region begins at a multiple of 64. A slab of class c is a naturally aligned run of units.
 */
public final class PoolGeometry {
    /** Requests a session's free ring holds. */
    public static final int FREE_RING_CAPACITY = 64;

    /** Units in one word of the slab bitmap. */
    public static final int UNITS_PER_BITMAP_WORD = CheckedWord.PAYLOAD_BITS;

    /** The smallest pool. */
    public static final long MIN_CAPACITY = 4L << 20;

    /** The largest pool: what 40 bits of 8-byte units reach. */
    public static final long MAX_CAPACITY = LinkWord.MAX_OFFSET;

    /** Most units: what a slab word of a ring has bits for. */
    public static final int MAX_UNITS = 1 << 28;

    private static final int SUPERBLOCK_BYTES = 4096;
    private static final int POOL_WORDS_OFFSET = 2 * SUPERBLOCK_BYTES;
    private static final int ROOTS_OFFSET = POOL_WORDS_OFFSET + 4096;
    private static final int ALIGNMENT = 64;

    private final long capacity;
    private final int[] slabClassBytes;
    private final int unitShift;
    private final int ringCapacity;
    private final int sessions;
    private final int lanes;
    private final int roots;

    private final long sessionsOffset;
    private final long intentsOffset;
    private final long freeRingsOffset;
    private final long freeHeadsOffset;
    private final long slabRingsOffset;
    private final long bitmapOffset;
    private final long slabTableOffset;
    private final long slabsOffset;
    private final int units;

    private PoolGeometry(
            final long capacity,
            final int[] slabClassBytes,
            final int ringCapacity,
            final int sessions,
            final int lanes,
            final int roots) {
        this.capacity = capacity;
        this.slabClassBytes = slabClassBytes.clone();
        this.ringCapacity = ringCapacity;
        this.sessions = sessions;
        this.lanes = lanes;
        this.roots = roots;
        checkParameters();
        unitShift = Integer.numberOfTrailingZeros(unitBytes());
        sessionsOffset = align(ROOTS_OFFSET + 8L * roots, ALIGNMENT);
        intentsOffset = sessionsOffset + (long) sessions * SessionDescriptor.BYTES;
        freeRingsOffset = intentsOffset + (long) sessions * lanes * 2 * IntentDescriptor.BYTES;
        freeHeadsOffset = freeRingsOffset + (long) sessions * FREE_RING_CAPACITY * 8;
        slabRingsOffset = align(freeHeadsOffset + 8L * sessions, ALIGNMENT);
        bitmapOffset = slabRingsOffset + (long) slabClassBytes.length * RingDescriptor.bytes(ringCapacity);
        final int most = (int) ((capacity - bitmapOffset) / unitBytes());
        slabTableOffset = align(bitmapOffset + bitmapBytes(Math.max(most, 0)), ALIGNMENT);
        slabsOffset = align(slabTableOffset + (long) Math.max(most, 0) * SlabTableDescriptor.BYTES, unitBytes());
        units = (int) Math.max(0, (capacity - slabsOffset) / unitBytes());
        if (units < slabClassBytes[slabClassBytes.length - 1] / unitBytes()) {
            throw new IllegalArgumentException("a pool of " + capacity + " bytes leaves no room for one slab of "
                    + slabClassBytes[slabClassBytes.length - 1] + " bytes after " + slabsOffset
                    + " bytes of metadata; choose a larger size or smaller slab classes");
        }
    }

    /**
     * The default geometry for a capacity: slabs of 64 KiB, 256 KiB, 1 MiB and, from 256 MiB on, 4 MiB; 64 sessions of
     * 16 lanes; 4,096 structures.
     *
     * @param capacity bytes
     * @return the geometry
     * @throws IllegalArgumentException if the capacity is too small or too large, with the limits
     */
    public static PoolGeometry ofCapacity(final long capacity) {
        final int[] classes = capacity >= 256L << 20
                ? new int[] {64 << 10, 256 << 10, 1 << 20, 4 << 20}
                : new int[] {64 << 10, 256 << 10, 1 << 20};
        return of(capacity, classes, 64, 64, 16, 4096);
    }

    /**
     * A geometry with every size chosen.
     *
     * @param capacity bytes of the pool, {@link #MIN_CAPACITY} … {@link #MAX_CAPACITY}
     * @param slabClassBytes 1 … 16 ascending powers of two, 4 KiB … 8 MiB; the first is the unit
     * @param ringCapacity slots of each slab ring, a power of two 8 … 65,536
     * @param sessions most workers at once, 2 … 1,023
     * @param lanes operations at once in one worker, 1 … 64
     * @param roots most structures, a power of two up to 32,768
     * @return the geometry
     * @throws IllegalArgumentException if a figure is outside its limits
     */
    public static PoolGeometry of(
            final long capacity,
            final int[] slabClassBytes,
            final int ringCapacity,
            final int sessions,
            final int lanes,
            final int roots) {
        return new PoolGeometry(capacity, slabClassBytes, ringCapacity, sessions, lanes, roots);
    }

    private void checkParameters() {
        require(capacity >= MIN_CAPACITY && capacity <= MAX_CAPACITY, "size", capacity, MIN_CAPACITY, MAX_CAPACITY);
        require(
                slabClassBytes.length >= 1 && slabClassBytes.length <= 16,
                "slab classes",
                slabClassBytes.length,
                1,
                16);
        int previous = 0;
        for (final int bytes : slabClassBytes) {
            require(
                    bytes > previous && Integer.bitCount(bytes) == 1 && bytes >= 4096 && bytes <= 8 << 20,
                    "slab class (ascending powers of two)",
                    bytes,
                    4096,
                    8 << 20);
            previous = bytes;
        }
        require(
                capacity / unitBytes() <= MAX_UNITS,
                "units (size / smallest slab)",
                capacity / unitBytes(),
                1,
                MAX_UNITS);
        require(
                ringCapacity >= 8 && ringCapacity <= 1 << 16 && Integer.bitCount(ringCapacity) == 1,
                "ring capacity (a power of two)",
                ringCapacity,
                8,
                1 << 16);
        require(sessions >= 2 && sessions <= 1023, "sessions", sessions, 2, 1023);
        require(lanes >= 1 && lanes <= 64, "lanes", lanes, 1, 64);
        require(
                roots >= 8 && roots <= 1 << 15 && Integer.bitCount(roots) == 1,
                "structures (a power of two)",
                roots,
                8,
                1 << 15);
    }

    private static void require(
            final boolean holds, final String what, final long value, final long least, final long most) {
        if (!holds) {
            throw new IllegalArgumentException(what + " is " + value + ", must be " + least + " … " + most);
        }
    }

    private static long align(final long value, final long alignment) {
        return (value + alignment - 1) & -alignment;
    }

    private static long bitmapBytes(final int units) {
        return 8L * ((units + UNITS_PER_BITMAP_WORD - 1) / UNITS_PER_BITMAP_WORD);
    }

    /**
     * Bytes of the pool.
     *
     * @return the capacity
     */
    public long capacity() {
        return capacity;
    }

    /**
     * How many slab classes there are.
     *
     * @return 1 … 16
     */
    public int slabClasses() {
        return slabClassBytes.length;
    }

    /**
     * Size of the slabs of one class.
     *
     * @param slabClass 0 … {@link #slabClasses()} − 1
     * @return bytes
     */
    public int slabBytes(final int slabClass) {
        return slabClassBytes[slabClass];
    }

    /**
     * Units that a slab of one class takes.
     *
     * @param slabClass 0 … {@link #slabClasses()} − 1
     * @return count
     */
    public int slabUnits(final int slabClass) {
        return slabClassBytes[slabClass] >> unitShift;
    }

    /**
     * Size of the smallest slab.
     *
     * @return bytes
     */
    public int unitBytes() {
        return slabClassBytes[0];
    }

    /**
     * How many units the pool has.
     *
     * @return count
     */
    public int units() {
        return units;
    }

    /**
     * Slots of each slab ring.
     *
     * @return a power of two
     */
    public int ringCapacity() {
        return ringCapacity;
    }

    /**
     * Most sessions at once.
     *
     * @return count
     */
    public int sessions() {
        return sessions;
    }

    /**
     * Operations at once in one session.
     *
     * @return count
     */
    public int lanes() {
        return lanes;
    }

    /**
     * Most structures.
     *
     * @return a power of two
     */
    public int roots() {
        return roots;
    }

    /**
     * Where a superblock copy is.
     *
     * @param copy 0 or 1
     * @return offset
     */
    public static long superblockOffset(final int copy) {
        return (long) copy * SUPERBLOCK_BYTES;
    }

    /**
     * Size of a superblock copy.
     *
     * @return bytes
     */
    public static int superblockBytes() {
        return SUPERBLOCK_BYTES;
    }

    /**
     * The global epoch, a checked word.
     *
     * @return offset
     */
    public static long epochOffset() {
        return POOL_WORDS_OFFSET;
    }

    /**
     * The count of slabs that became orphaned, a plain word that only grows: when it changes, a worker that needs
     * space looks for slabs to adopt.
     *
     * @return offset
     */
    public static long orphansOffset() {
        return POOL_WORDS_OFFSET + 64;
    }

    /**
     * The count of steps by which structures were dropped, a plain word that only grows: when it changes, a worker looks
     * which of the structures that it has open still exist.
     *
     * @return offset
     */
    public static long dropsOffset() {
        return POOL_WORDS_OFFSET + 192;
    }

    /**
     * The epoch beyond which nobody advances while a dropped structure is taken apart: 0 for none, or a checked word. It
     * outlives the blade's process, so what was freed is still whole when the next one goes on.
     *
     * @return offset, behind {@link #dropsOffset()}
     */
    public static long epochHoldOffset() {
        return dropsOffset() + 8;
    }

    /**
     * The word that leads to the names of all structures, a link word, see {@link NameDirectory}.
     *
     * @return offset
     */
    public static long namesOffset() {
        return POOL_WORDS_OFFSET + 256;
    }

    /**
     * The blade's heartbeat, milliseconds of its clock, a checked word.
     *
     * @return offset
     */
    public static long bladeHeartbeatOffset() {
        return POOL_WORDS_OFFSET + 128;
    }

    /**
     * Root word of a structure.
     *
     * @param root 0 … {@link #roots()} − 1
     * @return offset of a link word
     */
    public long rootOffset(final int root) {
        return ROOTS_OFFSET + 8L * root;
    }

    /**
     * A line of the session table.
     *
     * @param session 0 … {@link #sessions()} − 1
     * @return offset
     */
    public long sessionOffset(final int session) {
        return sessionsOffset + (long) session * SessionDescriptor.BYTES;
    }

    /**
     * An intent slot.
     *
     * @param session 0 … {@link #sessions()} − 1
     * @param lane 0 … {@link #lanes()} − 1
     * @param slot 0 or 1
     * @return offset
     */
    public long intentOffset(final int session, final int lane, final int slot) {
        return intentsOffset + (((long) session * lanes + lane) * 2 + slot) * IntentDescriptor.BYTES;
    }

    /**
     * A word of a session's free-request ring.
     *
     * @param session 0 … {@link #sessions()} − 1
     * @param sequence of the request, from 0
     * @return offset
     */
    public long freeRequestOffset(final int session, final long sequence) {
        return freeRingsOffset + ((long) session * FREE_RING_CAPACITY + sequence % FREE_RING_CAPACITY) * 8;
    }

    /**
     * How many free requests of a session the agent has settled, a checked word.
     *
     * @param session 0 … {@link #sessions()} − 1
     * @return offset
     */
    public long freeHeadOffset(final int session) {
        return freeHeadsOffset + 8L * session;
    }

    /**
     * Start of the ring of one slab class.
     *
     * @param slabClass 0 … {@link #slabClasses()} − 1
     * @return offset, see {@link RingDescriptor}
     */
    public long ringOffset(final int slabClass) {
        return slabRingsOffset + (long) slabClass * RingDescriptor.bytes(ringCapacity);
    }

    /**
     * How many words the slab bitmap has.
     *
     * @return count
     */
    public int bitmapWords() {
        return (int) (bitmapBytes(units) >>> 3);
    }

    /**
     * A word of the slab bitmap.
     *
     * @param word 0 … {@link #bitmapWords()} − 1
     * @return offset of a checked word
     */
    public long bitmapOffset(final int word) {
        return bitmapOffset + 8L * word;
    }

    /**
     * The slab table's entry of a unit.
     *
     * @param unit 0 … {@link #units()} − 1
     * @return offset, see {@link SlabTableDescriptor}
     */
    public long slabEntryOffset(final int unit) {
        return slabTableOffset + (long) unit * SlabTableDescriptor.BYTES;
    }

    /**
     * Where the slabs begin.
     *
     * @return offset, a multiple of the unit
     */
    public long slabsOffset() {
        return slabsOffset;
    }

    /**
     * Where a unit's bytes begin.
     *
     * @param unit 0 … {@link #units()} − 1
     * @return offset
     */
    public long unitOffset(final int unit) {
        return slabsOffset + ((long) unit << unitShift);
    }

    /**
     * The first unit of the slab that holds an address.
     *
     * @param offset inside the slabs
     * @param slabClass of the slab
     * @return unit
     */
    public int slabUnitAt(final long offset, final int slabClass) {
        final int unit = (int) (offset - slabsOffset >> unitShift);
        return unit & -slabUnits(slabClass);
    }

    /**
     * The largest block that fits the largest slab.
     *
     * @return bytes
     */
    public int maxBlockBytes() {
        return maxBlockBytes(slabClassBytes.length - 1);
    }

    /**
     * The largest block that fits a slab.
     *
     * @param slabClass of the slab
     * @return bytes
     */
    public int maxBlockBytes(final int slabClass) {
        int index = SizeClasses.COUNT - 1;
        while (SizeClasses.bytes(index) + SlabLayout.overhead(1) > slabClassBytes[slabClass]) {
            index--;
        }
        return SizeClasses.bytes(index);
    }

    /**
     * Tells whether a reference leads to a block that this geometry can hold.
     *
     * @param ref a {@link BlockRef}
     * @return false if any part of it is impossible
     */
    public boolean isPlausible(final long ref) {
        final int slabClass = BlockRef.slabClass(ref);
        final long offset = BlockRef.offset(ref);
        final int blockBytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        if (ref >>> BlockRef.BITS != 0
                || slabClass >= slabClassBytes.length
                || offset < slabsOffset
                || offset + blockBytes > capacity) {
            return false;
        }
        final int unit = slabUnitAt(offset, slabClass);
        if (unit + slabUnits(slabClass) > units || blockBytes + SlabLayout.overhead(1) > slabBytes(slabClass)) {
            return false;
        }
        final SlabLayout layout = SlabLayout.of(slabBytes(slabClass), BlockRef.blockClass(ref));
        return layout.isBlockAt(offset - unitOffset(unit));
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof PoolGeometry
                && capacity == ((PoolGeometry) other).capacity
                && Arrays.equals(slabClassBytes, ((PoolGeometry) other).slabClassBytes)
                && ringCapacity == ((PoolGeometry) other).ringCapacity
                && sessions == ((PoolGeometry) other).sessions
                && lanes == ((PoolGeometry) other).lanes
                && roots == ((PoolGeometry) other).roots;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(slabClassBytes) * 31 + Long.hashCode(capacity);
    }

    @Override
    public String toString() {
        return "capacity " + capacity + ", slab classes " + Arrays.toString(slabClassBytes) + ", ring " + ringCapacity
                + ", sessions " + sessions + ", lanes " + lanes + ", structures " + roots + ", units " + units;
    }
}
