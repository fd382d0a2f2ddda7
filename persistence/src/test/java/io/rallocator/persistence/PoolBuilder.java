package io.rallocator.persistence;

import org.agrona.concurrent.UnsafeBuffer;

/** Builds small pools by hand, word by word, as blade and workers would leave them; and damages them. */
public final class PoolBuilder {
    /** Bytes of a value block. */
    public static final int VALUE_BYTES = 64;

    private final NvmRegion region;
    private final Superblock superblock;
    private final PoolGeometry geometry;

    /** One slab that was put into the pool. */
    public final class TestSlab {
        private final int unit;
        private final int slabClass;
        private final int generation;
        private final SlabLayout layout;
        private int next;

        private TestSlab(final int unit, final int slabClass, final int generation, final int blockBytes) {
            this.unit = unit;
            this.slabClass = slabClass;
            this.generation = generation;
            this.layout = SlabLayout.of(geometry.slabBytes(slabClass), SizeClasses.indexFor(blockBytes));
        }

        /** The first unit. */
        public int unit() {
            return unit;
        }

        /** How the slab is divided. */
        public SlabLayout layout() {
            return layout;
        }

        /** Where the slab begins. */
        public long offset() {
            return geometry.unitOffset(unit);
        }

        /** Where the freed byte of a block is. */
        public long freedOffset(final long ref) {
            return offset() + layout.freedOffset() + index(ref);
        }

        /** Number of a block. */
        public int index(final long ref) {
            return layout.indexAt(BlockRef.offset(ref) - offset());
        }

        /** Where the word of the bitmap is that has a block's bit. */
        public long bitWordOffset(final long ref) {
            return offset() + SlabLayout.BITMAP_OFFSET + 8L * (index(ref) >>> 6);
        }

        /** Sets or clears a block's bit. */
        public void bit(final long ref, final boolean value) {
            final long offset = bitWordOffset(ref);
            final long bit = 1L << index(ref);
            region.writeLong(offset, value ? region.readLong(offset) | bit : region.readLong(offset) & ~bit);
        }

        /** Sets a block's freed byte. */
        public void freed(final long ref, final int value) {
            putByte(freedOffset(ref), value);
        }

        /** Writes OPEN or SEALED. */
        public TestSlab state(final int state) {
            region.writeLong(offset() + SlabLayout.STATE_OFFSET, SlabHeader.stateWord(state));
            return this;
        }

        /** Writes the owner word. */
        public TestSlab owner(final int state, final int session, final int incarnation) {
            region.writeLong(
                    geometry.slabEntryOffset(unit) + SlabTableDescriptor.OWNER_OFFSET,
                    SlabTableDescriptor.ownerWord(state, session, incarnation, generation));
            return this;
        }

        /** Takes the next block: bit set, generation 1. */
        public long allocate() {
            final int index = next++;
            final long ref = BlockRef.of(offset() + layout.blockOffset(index), layout.blockClass(), slabClass, 1);
            bit(ref, true);
            return ref;
        }
    }

    private PoolBuilder(final NvmRegion region, final PoolGeometry geometry) {
        this.region = region;
        this.geometry = geometry;
        this.superblock = Superblock.create(geometry, true);
        PoolFormat.format(region, geometry);
        superblock.writeTo(region);
    }

    /** The smallest useful geometry: 4 MiB, slabs of 64 and 256 KiB, 8 slots a ring, 3 sessions of 2 lanes, 8 roots. */
    public static PoolGeometry smallGeometry() {
        return PoolGeometry.of(PoolGeometry.MIN_CAPACITY, new int[] {64 << 10, 256 << 10}, 8, 3, 2, 8);
    }

    /** A small pool in memory. */
    public static PoolBuilder inMemory() {
        return on(new HeapNvmRegion((int) PoolGeometry.MIN_CAPACITY), smallGeometry());
    }

    /** A pool on a region of zeros. */
    public static PoolBuilder on(final NvmRegion region, final PoolGeometry geometry) {
        return new PoolBuilder(region, geometry);
    }

    /** The region. */
    public NvmRegion region() {
        return region;
    }

    /** The region, for pools in memory. */
    public HeapNvmRegion heap() {
        return (HeapNvmRegion) region;
    }

    /** The superblock. */
    public Superblock superblock() {
        return superblock;
    }

    /** The layout. */
    public PoolGeometry geometry() {
        return geometry;
    }

    /** Checks the pool. */
    public CheckReport check() {
        return PoolChecker.check(region, superblock, true);
    }

    /** Repairs the pool. */
    public CheckReport repair() {
        return PoolRepair.repair(region, superblock);
    }

    /** Opens a session's line. */
    public void session(final int session, final int state, final int incarnation, final String name) {
        final UnsafeBuffer line = new UnsafeBuffer(new byte[SessionDescriptor.BYTES]);
        final long offset = geometry.sessionOffset(session);
        line.putLong(SessionDescriptor.STATE_OFFSET, SessionDescriptor.stateWord(state, incarnation));
        line.putLong(SessionDescriptor.EPOCH_OFFSET, CheckedWord.of(PoolFormat.FIRST_EPOCH));
        line.putLong(SessionDescriptor.HEARTBEAT_OFFSET, CheckedWord.of(1));
        line.putLong(SessionDescriptor.PID_OFFSET, 4711);
        RootDescriptor.putText(
                line, SessionDescriptor.NAME_LENGTH_OFFSET, name, SessionDescriptor.MAX_NAME_BYTES, "name");
        line.putInt(SessionDescriptor.CRC_OFFSET, SessionDescriptor.identityCrc(line, 0));
        region.write(offset, line, 0, SessionDescriptor.BYTES);
    }

    /** Puts a slab into bitmap and table, with the next generation, without a header. */
    public TestSlab reserve(final int unit, final int slabClass, final int state, final int blockBytes) {
        final long entry = geometry.slabEntryOffset(unit);
        final int generation = SlabTableDescriptor.generation(region.readLong(entry)) + 1;
        for (int i = unit; i < unit + geometry.slabUnits(slabClass); i++) {
            bitmapBit(i, true);
        }
        final TestSlab slab = new TestSlab(unit, slabClass, generation, blockBytes);
        region.writeLong(
                entry + SlabTableDescriptor.INFO_OFFSET,
                SlabTableDescriptor.infoWord(slabClass, slab.layout.blockClass(), 0, generation));
        return slab.owner(state, SlabTableDescriptor.NO_SESSION, 0);
    }

    /** Puts an orphaned, sealed slab into the pool. */
    public TestSlab slab(final int unit, final int slabClass, final int blockBytes) {
        return format(reserve(unit, slabClass, SlabTableDescriptor.ORPHANED, blockBytes))
                .state(SlabLayout.SEALED);
    }

    /** Puts an open slab of a session into the pool. */
    public TestSlab openSlab(final int unit, final int session, final int incarnation, final int blockBytes) {
        return format(reserve(unit, 0, SlabTableDescriptor.OWNED, blockBytes))
                .owner(SlabTableDescriptor.OWNED, session, incarnation);
    }

    /** Writes the header of a slab. */
    public TestSlab format(final TestSlab slab) {
        final UnsafeBuffer header = new UnsafeBuffer(new byte[SlabLayout.HEADER_BYTES]);
        SlabHeader.encode(header, 0, slab.unit, slab.generation, slab.slabClass, slab.layout);
        region.write(slab.offset(), header, 0, SlabLayout.HEADER_BYTES);
        return slab;
    }

    /** Sets or clears a bit of the slab bitmap. */
    public void bitmapBit(final int unit, final boolean value) {
        final long offset = geometry.bitmapOffset(unit / PoolGeometry.UNITS_PER_BITMAP_WORD);
        final long bit = 1L << unit % PoolGeometry.UNITS_PER_BITMAP_WORD;
        final long bits = region.readLong(offset) & CheckedWord.PAYLOAD_MASK;
        region.writeLong(offset, CheckedWord.of(value ? bits | bit : bits & ~bit));
    }

    /** Publishes a reserved slab in the next slot of its ring. */
    public long publish(final TestSlab slab) {
        final long ring = geometry.ringOffset(slab.slabClass);
        final long ticket = region.readLong(ring + RingDescriptor.PUBLISHED_OFFSET) & CheckedWord.PAYLOAD_MASK;
        final long slot = ring + RingDescriptor.slotOffset(ticket, geometry.ringCapacity());
        region.writeLong(
                slot + RingDescriptor.SLAB_OFFSET,
                RingDescriptor.slabWord(slab.unit, slab.generation, ticket, geometry.ringCapacity()));
        region.writeLong(slot, RingDescriptor.claimWord(ticket, RingDescriptor.PUBLISHED));
        region.writeLong(ring + RingDescriptor.PUBLISHED_OFFSET, CheckedWord.of(ticket + 1));
        return ticket;
    }

    /** Claims a published slab. */
    public void claim(final TestSlab slab, final long ticket, final int session, final int incarnation) {
        final long ring = geometry.ringOffset(slab.slabClass);
        region.fetchAndAdd(ring + RingDescriptor.SEQUENCER_OFFSET, 1);
        region.writeLong(
                ring + RingDescriptor.slotOffset(ticket, geometry.ringCapacity()),
                RingDescriptor.claimWord(ticket, RingDescriptor.CLAIMED, session, incarnation));
    }

    /** Creates a structure and links it to its root word. */
    public long table(final TestSlab slab, final int root, final String name) {
        final long ref = slab.allocate();
        final UnsafeBuffer block = new UnsafeBuffer(new byte[TestTableType.ROOT_BYTES]);
        block.putInt(RootDescriptor.TYPE_OFFSET, TestTableType.CODE);
        RootDescriptor.putText(block, RootDescriptor.NAME_OFFSET, name, RootDescriptor.MAX_NAME_BYTES, "name");
        BlockDescriptor.seal(block, 0, RootDescriptor.WORDS_OFFSET, BlockDescriptor.ROOT, root, root, ref);
        region.write(BlockRef.offset(ref), block, 0, block.capacity());
        final long word = geometry.rootOffset(root);
        region.writeLong(word, LinkWord.pointTo(region.readLong(word), ref));
        return ref;
    }

    /** Writes a value block; nothing leads to it yet. */
    public long value(final TestSlab slab, final int root, final long locator, final long next) {
        final long ref = slab.allocate();
        writeValue(ref, root, locator, next);
        return ref;
    }

    /** Writes the bytes of a value block. */
    public void writeValue(final long ref, final int root, final long locator, final long next) {
        final UnsafeBuffer block = new UnsafeBuffer(new byte[VALUE_BYTES]);
        block.putLong(TestTableType.NEXT_OFFSET, next);
        block.putLong(TestTableType.NEXT_OFFSET + 8, locator * 31 + 7);
        BlockDescriptor.seal(block, 0, VALUE_BYTES, BlockDescriptor.VALUE, root, locator, ref);
        region.write(BlockRef.offset(ref), block, 0, VALUE_BYTES);
    }

    /** Where a link word of a table is. */
    public static long linkOffset(final long table, final int link) {
        return BlockRef.offset(table) + TestTableType.LINKS_OFFSET + 8L * link;
    }

    /** Links a block to a table and counts it. */
    public void link(final long table, final int link, final long ref) {
        final long offset = linkOffset(table, link);
        region.writeLong(offset, LinkWord.pointTo(region.readLong(offset), ref));
        region.fetchAndAdd(BlockRef.offset(table) + TestTableType.COUNT_OFFSET, 1);
    }

    /** Writes an intent. */
    public void intent(
            final int session, final int lane, final int incarnation, final long[] allocated, final long[] freed) {
        final UnsafeBuffer slot = new UnsafeBuffer(new byte[IntentDescriptor.BYTES]);
        slot.putLong(IntentDescriptor.SEQUENCE_OFFSET, 2);
        slot.putInt(IntentDescriptor.INCARNATION_OFFSET, incarnation);
        for (int i = 0; i < allocated.length; i++) {
            slot.putLong(IntentDescriptor.REFS_OFFSET + 8 * i, allocated[i]);
        }
        for (int i = 0; i < freed.length; i++) {
            slot.putLong(IntentDescriptor.REFS_OFFSET + 8 * (allocated.length + i), freed[i]);
        }
        IntentDescriptor.seal(slot, 0, 1, allocated.length, freed.length);
        region.write(geometry.intentOffset(session, lane, 0), slot, 0, IntentDescriptor.BYTES);
    }

    /** Reads one byte. */
    public int getByte(final long offset) {
        final UnsafeBuffer value = new UnsafeBuffer(new byte[1]);
        region.read(offset, value, 0, 1);
        return value.getByte(0) & 0xFF;
    }

    /** Writes one byte. */
    public void putByte(final long offset, final int value) {
        region.write(offset, new UnsafeBuffer(new byte[] {(byte) value}), 0, 1);
    }

    /** Flips bits of one byte. */
    public void flip(final long offset, final int bits) {
        putByte(offset, getByte(offset) ^ bits);
    }
}
