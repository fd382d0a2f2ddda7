package io.rallocator.allocator;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SlabHeader;
import io.rallocator.persistence.SlabLayout;
import io.rallocator.persistence.SlabTableDescriptor;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Looks after slabs without an owner: one whose last block was freed goes back to the blade, the others get a fresh hint
 * of how much room they have, so that workers adopt them.
 *
 * <p>Threads: the agent's.
 */
final class OrphanSweeper {
    private static final int HINT_WORTH_TELLING = 32;
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final SlabIndex slabs;
    private final FreeDrainer drainer;
    private UnsafeBuffer buffer = Lane.direct(4096);
    private int cursor = -1;
    private boolean begun;

    OrphanSweeper(
            final NvmRegion region, final PoolGeometry geometry, final SlabIndex slabs, final FreeDrainer drainer) {
        this.region = region;
        this.geometry = geometry;
        this.slabs = slabs;
        this.drainer = drainer;
    }

    /**
     * Goes on where the last call stopped.
     *
     * @param most how many orphans to look at, within one round through the table
     */
    void sweep(final int most) {
        if (!begun) {
            begun = true;
            begin();
        }
        int left = most;
        for (int i = 0; i < geometry.units() && left > 0; i++) {
            cursor = cursor + 1 < geometry.units() ? cursor + 1 : 0;
            final long owner = slabs.owner(cursor);
            if (SlabTableDescriptor.state(owner) == SlabTableDescriptor.ORPHANED) {
                sweep(cursor, owner);
                left--;
            }
        }
    }

    /**
     * Begins with another orphan at each start, as the epoch says, so that a pool that is often served for a short time is
     * swept all over.
     */
    private void begin() {
        int orphans = 0;
        for (int unit = 0; unit < geometry.units(); unit++) {
            orphans += isOrphan(unit) ? 1 : 0;
        }
        final long epoch = region.readLong(PoolGeometry.epochOffset()) & CheckedWord.PAYLOAD_MASK;
        int skipped = orphans == 0 ? 0 : (int) ((epoch * MIX >>> 32) % orphans);
        for (int unit = 0; skipped > 0; unit++) {
            skipped -= isOrphan(unit) ? 1 : 0;
            cursor = unit;
        }
    }

    private boolean isOrphan(final int unit) {
        return SlabTableDescriptor.state(slabs.owner(unit)) == SlabTableDescriptor.ORPHANED;
    }

    private void sweep(final int unit, final long owner) {
        final long info = slabs.info(unit);
        final int slabClass = SlabTableDescriptor.slabClass(info);
        final UnsafeBuffer slab = readSlab(unit, slabClass);
        if (!SlabHeader.isValid(slab, unit, SlabTableDescriptor.generation(owner), slabClass)) {
            return; // damaged: left for the checker to name
        }
        final SlabLayout layout =
                SlabLayout.of(geometry.slabBytes(slabClass), slab.getInt(SlabLayout.BLOCK_CLASS_OFFSET));
        final int live = liveBlocks(slab, layout);
        if (live == 0) {
            drainer.enterLimbo(unit, owner);
            return;
        }
        final int hint = (int) ((layout.blocks() - live) * 255L / layout.blocks());
        final int known = SlabTableDescriptor.freeHint(info);
        if (hint != known && SlabTableDescriptor.state(slabs.owner(unit)) == SlabTableDescriptor.ORPHANED) {
            slabs.hint(unit, layout.blockClass(), hint);
            if (hint >= HINT_WORTH_TELLING && known < HINT_WORTH_TELLING) {
                slabs.announceOrphans();
            }
        }
    }

    /**
     * Blocks that are allocated and not freed, in a sealed slab. What looks freed but is not whole counts too: the damage
     * may be in the generation, and the block in use (I13).
     */
    static int liveBlocks(final UnsafeBuffer slab, final SlabLayout layout) {
        int live = 0;
        for (int index = 0; index < layout.blocks(); index++) {
            final boolean allocated = (slab.getLong(SlabLayout.BITMAP_OFFSET + (index >>> 6) * 8) & 1L << index) != 0;
            if (allocated && !isFreed(slab, layout, index)) {
                live++;
            }
        }
        return live;
    }

    private static boolean isFreed(final UnsafeBuffer slab, final SlabLayout layout, final int index) {
        final int at = layout.blockOffset(index);
        return (slab.getByte(layout.freedOffset() + index) & 0xFF) == BlockDescriptor.generation(slab, at)
                && BlockDescriptor.isValid(slab, at, layout.blockBytes());
    }

    /** Reads a whole slab into a buffer that the next call reuses. */
    UnsafeBuffer readSlab(final int unit, final int slabClass) {
        final int bytes = geometry.slabBytes(slabClass);
        if (buffer.capacity() < bytes) {
            buffer = Lane.direct(bytes);
        }
        region.read(geometry.unitOffset(unit), buffer, 0, bytes);
        return buffer;
    }
}
