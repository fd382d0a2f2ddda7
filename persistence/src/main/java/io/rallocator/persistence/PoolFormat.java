package io.rallocator.persistence;

/** Lays out the metadata of a new pool over a region of zeros. */
public final class PoolFormat {
    /** The first global epoch. */
    public static final long FIRST_EPOCH = 4;

    private PoolFormat() {}

    /**
     * Writes the initial words of every region but the superblock, and persists them.
     *
     * @param region all zeros
     * @param geometry of the pool
     */
    public static void format(final NvmRegion region, final PoolGeometry geometry) {
        region.writeLong(PoolGeometry.epochOffset(), CheckedWord.of(FIRST_EPOCH));
        region.writeLong(PoolGeometry.bladeHeartbeatOffset(), CheckedWord.of(0));
        region.writeLong(PoolGeometry.namesOffset(), NameDirectory.inRootBlocks(LinkWord.UNINIT));
        for (int session = 0; session < geometry.sessions(); session++) {
            final long offset = geometry.sessionOffset(session);
            region.writeLong(
                    offset + SessionDescriptor.STATE_OFFSET, SessionDescriptor.stateWord(SessionDescriptor.FREE, 0));
            region.writeLong(offset + SessionDescriptor.EPOCH_OFFSET, CheckedWord.of(0));
            region.writeLong(offset + SessionDescriptor.HEARTBEAT_OFFSET, CheckedWord.of(0));
            region.writeLong(geometry.freeHeadOffset(session), CheckedWord.of(0));
        }
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            formatRing(region, geometry, geometry.ringOffset(slabClass));
        }
        for (int word = 0; word < geometry.bitmapWords(); word++) {
            region.writeLong(geometry.bitmapOffset(word), CheckedWord.of(0));
        }
        final long free = SlabTableDescriptor.ownerWord(SlabTableDescriptor.FREE, SlabTableDescriptor.NO_SESSION, 0, 0);
        for (int unit = 0; unit < geometry.units(); unit++) {
            final long offset = geometry.slabEntryOffset(unit);
            region.writeLong(offset + SlabTableDescriptor.OWNER_OFFSET, free);
            region.writeLong(offset + SlabTableDescriptor.INFO_OFFSET, SlabTableDescriptor.infoWord(0, 0, 0, 0));
        }
        region.persist(0, geometry.slabsOffset());
    }

    private static void formatRing(final NvmRegion region, final PoolGeometry geometry, final long ring) {
        final int capacity = geometry.ringCapacity();
        region.writeLong(ring + RingDescriptor.PUBLISHED_OFFSET, CheckedWord.of(0));
        for (int slot = 0; slot < capacity; slot++) {
            final long offset = ring + RingDescriptor.slotOffset(slot, capacity);
            // a claim of "ticket slot - capacity" reads as older than the first ticket to come here
            region.writeLong(offset, RingDescriptor.claimWord((long) slot - capacity, RingDescriptor.WITHDRAWN));
            region.writeLong(offset + RingDescriptor.SLAB_OFFSET, RingDescriptor.slabWord(0, 0));
        }
    }
}
