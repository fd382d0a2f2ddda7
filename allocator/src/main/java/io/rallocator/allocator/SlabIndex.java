package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SlabLayout;
import io.rallocator.persistence.SlabTableDescriptor;
import java.util.BitSet;
import org.agrona.collections.IntArrayList;

/**
 * The blade's view of the slab bitmap and the slab table: finds free runs, least worn first, and writes both through.
 * The bitmap's words are the agent's alone; owner words change by compare-and-swap, because adopters swap them too.
 *
 * <p>Threads: the agent's.
 */
final class SlabIndex {
    private static final int WEAR_STEP_SHIFT = 3;

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final BitSet used;
    private int usedUnits;

    SlabIndex(final NvmRegion region, final PoolGeometry geometry) {
        this.region = region;
        this.geometry = geometry;
        this.used = new BitSet(geometry.units());
    }

    long owner(final int unit) {
        final long offset = geometry.slabEntryOffset(unit) + SlabTableDescriptor.OWNER_OFFSET;
        return SlabTableDescriptor.checkOwner(region.readLong(offset), offset);
    }

    long info(final int unit) {
        final long offset = geometry.slabEntryOffset(unit) + SlabTableDescriptor.INFO_OFFSET;
        final long word = region.readLong(offset);
        CheckedWord.payload(word, "slab table entry", offset);
        return word;
    }

    int slabClass(final int unit) {
        return SlabTableDescriptor.slabClass(info(unit));
    }

    /** Swaps an owner word and persists it. */
    boolean swapOwner(final int unit, final long expected, final long replacement) {
        final long offset = geometry.slabEntryOffset(unit) + SlabTableDescriptor.OWNER_OFFSET;
        final boolean swapped = region.compareAndSwap(offset, expected, replacement) == expected;
        region.persist(offset, Long.BYTES);
        return swapped;
    }

    void writeInfo(final int unit, final long info) {
        final long offset = geometry.slabEntryOffset(unit) + SlabTableDescriptor.INFO_OFFSET;
        region.writeLong(offset, info);
        region.persist(offset, Long.BYTES);
    }

    /** Sets block class and free hint, keeping class and wear. */
    void hint(final int unit, final int blockClass, final int freeHint) {
        final long info = info(unit);
        writeInfo(
                unit,
                SlabTableDescriptor.infoWord(
                        SlabTableDescriptor.slabClass(info), blockClass, freeHint, SlabTableDescriptor.wear(info)));
    }

    /**
     * Takes the bitmap from the slab table: bits of slabs that are not free are set, all others cleared (a bit may have
     * been set, or not yet cleared, when the last blade died; I5).
     */
    void restore() {
        used.clear();
        for (int unit = 0; unit < geometry.units(); ) {
            final int state = SlabTableDescriptor.state(owner(unit));
            if (state == SlabTableDescriptor.FREE) {
                unit++;
            } else {
                final int units = geometry.slabUnits(slabClass(unit));
                used.set(unit, unit + units);
                unit += units;
            }
        }
        usedUnits = used.cardinality();
        for (int word = 0; word < geometry.bitmapWords(); word++) {
            writeBitmapWord(word);
        }
    }

    private void writeBitmapWord(final int word) {
        long bits = 0;
        final int first = word * PoolGeometry.UNITS_PER_BITMAP_WORD;
        for (int i = 0; i < PoolGeometry.UNITS_PER_BITMAP_WORD; i++) {
            if (used.get(first + i)) {
                bits |= 1L << i;
            }
        }
        final long offset = geometry.bitmapOffset(word);
        region.writeLong(offset, CheckedWord.of(bits));
        region.persist(offset, Long.BYTES);
    }

    private void mark(final int unit, final int units, final boolean value) {
        used.set(unit, unit + units, value);
        usedUnits += value ? units : -units;
        final int last = (unit + units - 1) / PoolGeometry.UNITS_PER_BITMAP_WORD;
        for (int word = unit / PoolGeometry.UNITS_PER_BITMAP_WORD; word <= last; word++) {
            writeBitmapWord(word);
        }
    }

    int freeUnits() {
        return geometry.units() - usedUnits;
    }

    /**
     * Finds free, aligned runs: the least worn first, in steps of eight lives, then by address.
     *
     * @param slabClass of the slabs
     * @param most how many at most
     * @return first units
     */
    IntArrayList findFree(final int slabClass, final int most) {
        final int units = geometry.slabUnits(slabClass);
        final IntArrayList best = new IntArrayList();
        final IntArrayList bestWear = new IntArrayList();
        for (int unit = 0; unit + units <= geometry.units(); unit += units) {
            final int taken = used.nextSetBit(unit);
            if (taken >= 0 && taken < unit + units) {
                continue;
            }
            final int wear = (int) (SlabTableDescriptor.wear(info(unit)) >>> WEAR_STEP_SHIFT);
            if (best.size() < most || wear < bestWear.getInt(bestWear.size() - 1)) {
                insert(best, bestWear, unit, wear);
                if (best.size() > most) {
                    best.removeAt(most);
                    bestWear.removeAt(most);
                }
            }
        }
        return best;
    }

    private static void insert(final IntArrayList units, final IntArrayList wears, final int unit, final int wear) {
        int at = units.size();
        while (at > 0 && wears.getInt(at - 1) > wear) {
            at--;
        }
        units.add(at, unit);
        wears.add(at, wear);
    }

    /**
     * Reserves a free run: first the bit, then the table, each persisted, so nobody can learn of it before (I4). The old
     * header is wiped out, so that one without a state means that nothing was ever linked in this life of the slab.
     */
    int reserve(final int unit, final int slabClass) {
        mark(unit, geometry.slabUnits(slabClass), true);
        final long owner = owner(unit);
        assert SlabTableDescriptor.state(owner) == SlabTableDescriptor.FREE : "slab " + unit + " is not free (I4)";
        final int generation = SlabTableDescriptor.generation(owner) + 1 & SlabTableDescriptor.MAX_GENERATION;
        writeInfo(unit, SlabTableDescriptor.infoWord(slabClass, 0, 0, SlabTableDescriptor.wear(info(unit)) + 1));
        region.zero(geometry.unitOffset(unit), SlabLayout.HEADER_BYTES);
        region.persist(geometry.unitOffset(unit), SlabLayout.HEADER_BYTES);
        final boolean swapped = swapOwner(
                unit,
                owner,
                SlabTableDescriptor.ownerWord(
                        SlabTableDescriptor.RESERVED, SlabTableDescriptor.NO_SESSION, 0, generation));
        assert swapped : "slab " + unit;
        return generation;
    }

    /** Makes a slab free: first the table, then the bit. */
    void release(final int unit, final long owner) {
        final int slabClass = slabClass(unit);
        if (swapOwner(
                unit,
                owner,
                SlabTableDescriptor.ownerWord(
                        SlabTableDescriptor.FREE,
                        SlabTableDescriptor.NO_SESSION,
                        0,
                        SlabTableDescriptor.generation(owner)))) {
            mark(unit, geometry.slabUnits(slabClass), false);
        }
    }

    /** Tells workers that there is something to adopt. */
    void announceOrphans() {
        region.fetchAndAdd(PoolGeometry.orphansOffset(), 1);
    }
}
