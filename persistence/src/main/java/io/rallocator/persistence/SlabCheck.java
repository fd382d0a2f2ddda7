package io.rallocator.persistence;

import org.agrona.collections.IntArrayList;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Checks the slab table and the slab bitmap (I5): every word, that slabs do not overlap, and that the bits are exactly
 * the units of the slabs that are not free.
 *
 * <p>A damaged info word is rebuilt from the slab's header or its ring slot; wear starts again at 0. A damaged owner word
 * is rebuilt from whoever else knows the slab: inside a larger slab it is FREE; a ring slot that publishes it says
 * RESERVED; a set bit and a whole header say that it held blocks, so it becomes ORPHANED with the header's generation;
 * otherwise it is FREE. The bitmap is rebuilt from the table.
 */
final class SlabCheck {
    private final CheckRun run;
    private final PoolGeometry geometry;
    private final SlabMap slabs;
    private final UnsafeBuffer header = new UnsafeBuffer(new byte[SlabLayout.HEADER_BYTES]);

    SlabCheck(final CheckRun run, final SlabMap slabs) {
        this.run = run;
        this.geometry = run.geometry;
        this.slabs = slabs;
    }

    /** Reads the table; damaged entries are resolved last, when the slabs around them are known. */
    void load(final RingCheck rings) {
        final IntArrayList damagedOwners = new IntArrayList();
        final IntArrayList damagedInfos = new IntArrayList();
        for (int unit = 0; unit < geometry.units(); unit++) {
            final long owner = run.region.readLong(ownerOffset(unit));
            final long info = run.region.readLong(infoOffset(unit));
            if (!CheckedWord.isValid(owner) || SlabTableDescriptor.state(owner) > SlabTableDescriptor.RECOVERING) {
                damagedOwners.addInt(unit);
            } else if (!isPossible(info, unit, SlabTableDescriptor.state(owner))) {
                damagedInfos.addInt(unit);
            } else {
                put(unit, owner, SlabTableDescriptor.slabClass(info));
            }
        }
        for (int i = 0; i < damagedInfos.size(); i++) {
            resolveInfo(damagedInfos.getInt(i), rings);
        }
        for (int i = 0; i < damagedOwners.size(); i++) {
            resolveOwner(damagedOwners.getInt(i), rings);
        }
    }

    private long ownerOffset(final int unit) {
        return geometry.slabEntryOffset(unit) + SlabTableDescriptor.OWNER_OFFSET;
    }

    private long infoOffset(final int unit) {
        return geometry.slabEntryOffset(unit) + SlabTableDescriptor.INFO_OFFSET;
    }

    private boolean isPossible(final long info, final int unit, final int state) {
        final int slabClass = SlabTableDescriptor.slabClass(info);
        return CheckedWord.isValid(info)
                && slabClass < geometry.slabClasses()
                && (state == SlabTableDescriptor.FREE || slabs.fits(unit, slabClass));
    }

    private void put(final int unit, final long owner, final int slabClass) {
        final boolean free = SlabTableDescriptor.state(owner) == SlabTableDescriptor.FREE;
        if (!free && slabs.overlaps(unit, slabClass)) {
            run.found(
                    Finding.Severity.HAZARD,
                    ownerOffset(unit),
                    "the slab at unit " + unit + ", class " + slabClass + ", "
                            + SlabTableDescriptor.stateName(SlabTableDescriptor.state(owner))
                            + ", shares units with another slab");
        }
        slabs.put(unit, owner, slabClass);
    }

    private void resolveInfo(final int unit, final RingCheck rings) {
        final long owner = run.region.readLong(ownerOffset(unit));
        final int generation = SlabTableDescriptor.generation(owner);
        int slabClass = 0;
        int blockClass = 0;
        if (SlabTableDescriptor.state(owner) != SlabTableDescriptor.FREE) {
            final long slabWord = rings.slabWordOf(unit);
            if (readHeader(unit) && SlabHeader.generation(header, 0) == generation) {
                slabClass = SlabHeader.slabClass(header, 0);
                blockClass = SlabHeader.blockClass(header, 0);
            } else if (slabWord != 0 && RingDescriptor.slabGeneration(slabWord) == generation) {
                slabClass = rings.slabClassOf(unit);
            }
            if (!slabs.fits(unit, slabClass)) {
                slabClass = 0;
            }
        }
        final long offset = infoOffset(unit);
        final long replacement = SlabTableDescriptor.infoWord(slabClass, blockClass, 0, 0);
        final long word = run.region.readLong(offset);
        run.found(
                Finding.Severity.DAMAGE,
                offset,
                "damaged info word of unit " + unit + " in the slab table: " + CheckRun.hex(word),
                () -> run.write(offset, replacement));
        put(unit, owner, slabClass);
    }

    private void resolveOwner(final int unit, final RingCheck rings) {
        final long ringWord = rings.slabWordOf(unit);
        final boolean published =
                ringWord != 0 && RingDescriptor.claimState(rings.claimOf(unit)) == RingDescriptor.PUBLISHED;
        final boolean whole = readHeader(unit);
        final int latest = Math.max(
                ringWord == 0 ? 0 : RingDescriptor.slabGeneration(ringWord),
                whole ? SlabHeader.generation(header, 0) : 0);
        int state = SlabTableDescriptor.FREE;
        int slabClass = 0;
        int blockClass = 0;
        if (!slabs.isUsed(unit)) {
            if (published && canBe(unit, rings.slabClassOf(unit))) {
                state = SlabTableDescriptor.RESERVED;
                slabClass = rings.slabClassOf(unit);
            } else if (whole && isBitSet(unit) && canBe(unit, SlabHeader.slabClass(header, 0))) {
                state = SlabTableDescriptor.ORPHANED;
                slabClass = SlabHeader.slabClass(header, 0);
                blockClass = SlabHeader.blockClass(header, 0);
            }
        }
        final long owner = SlabTableDescriptor.ownerWord(state, SlabTableDescriptor.NO_SESSION, 0, latest);
        final long info = SlabTableDescriptor.infoWord(slabClass, blockClass, 0, 0);
        final long word = run.region.readLong(ownerOffset(unit));
        run.found(
                Finding.Severity.DAMAGE,
                ownerOffset(unit),
                "damaged owner word of unit " + unit + " in the slab table: " + CheckRun.hex(word)
                        + "; by what else is known it is " + SlabTableDescriptor.stateName(state),
                () -> {
                    run.write(infoOffset(unit), info);
                    run.write(ownerOffset(unit), owner);
                });
        put(unit, owner, slabClass);
    }

    private boolean canBe(final int unit, final int slabClass) {
        return slabs.fits(unit, slabClass) && !slabs.overlaps(unit, slabClass);
    }

    /** Reads the header at a unit; true if it is whole and says that it is this unit's. */
    private boolean readHeader(final int unit) {
        run.region.read(geometry.unitOffset(unit), header, 0, SlabLayout.HEADER_BYTES);
        return SlabHeader.isWhole(header, 0, geometry)
                && SlabHeader.unit(header, 0) == unit
                && SlabHeader.generation(header, 0) >= 0
                && SlabHeader.generation(header, 0) <= SlabTableDescriptor.MAX_GENERATION;
    }

    private boolean isBitSet(final int unit) {
        final long word = run.region.readLong(geometry.bitmapOffset(unit / PoolGeometry.UNITS_PER_BITMAP_WORD));
        return !CheckedWord.isValid(word) || (word >>> unit % PoolGeometry.UNITS_PER_BITMAP_WORD & 1) != 0;
    }

    // ---- headers

    /** Opens every slab that can hold blocks. */
    void openViews() {
        for (int unit = 0; unit < geometry.units(); unit++) {
            if (slabs.holdsBlocks(unit)) {
                slabs.view(openView(unit));
            }
        }
    }

    /** Reads the header of a slab, whatever its state. */
    SlabView openView(final int unit) {
        final SlabView view = new SlabView(unit, slabs.slabClass(unit), slabs.generation(unit));
        if (readHeader(unit)
                && SlabHeader.generation(header, 0) == view.generation
                && SlabHeader.slabClass(header, 0) == view.slabClass) {
            view.hasHeader = true;
            view.layout = SlabLayout.of(geometry.slabBytes(view.slabClass), SlabHeader.blockClass(header, 0));
        }
        view.state = state(header.getLong(SlabLayout.STATE_OFFSET));
        return view;
    }

    private static int state(final long word) {
        final int state = (int) (word & 3);
        if (word == 0) {
            return SlabView.UNUSED;
        }
        return word == SlabHeader.stateWord(state) && state != 0 && state <= SlabLayout.SEALED
                ? state
                : SlabView.DAMAGED;
    }

    // ---- bitmap

    /** Compares the bitmap with the table. */
    void checkBitmap() {
        for (int index = 0; index < geometry.bitmapWords(); index++) {
            final long offset = geometry.bitmapOffset(index);
            final long word = run.region.readLong(offset);
            final long expected = expectedBits(index);
            if (!CheckedWord.isValid(word)) {
                run.damagedWord(offset, "word " + index + " of the slab bitmap", word, CheckedWord.of(expected));
            } else if ((word & CheckedWord.PAYLOAD_MASK) != expected) {
                compareBits(index, offset, word & CheckedWord.PAYLOAD_MASK, expected);
            }
        }
    }

    private long expectedBits(final int word) {
        final int first = word * PoolGeometry.UNITS_PER_BITMAP_WORD;
        long bits = 0;
        for (int i = 0; i < PoolGeometry.UNITS_PER_BITMAP_WORD; i++) {
            if (slabs.isUsed(first + i)) {
                bits |= 1L << i;
            }
        }
        return bits;
    }

    private void compareBits(final int index, final long offset, final long bits, final long expected) {
        final int first = index * PoolGeometry.UNITS_PER_BITMAP_WORD;
        long leaked = bits & ~expected;
        while (leaked != 0) {
            final int from = Long.numberOfTrailingZeros(leaked);
            final int count = Long.numberOfTrailingZeros(~(leaked >>> from));
            run.leakedSlabs++;
            run.found(
                    Finding.Severity.LEAK,
                    offset,
                    count + " units from " + (first + from)
                            + " on are marked in the slab bitmap, but the slab table has" + " no slab there",
                    () -> run.write(offset, CheckedWord.of(expectedBits(index))));
            leaked &= ~((1L << from + count) - (1L << from));
        }
        final long missing = expected & ~bits;
        if (missing != 0) {
            run.found(
                    Finding.Severity.HAZARD,
                    offset,
                    Long.bitCount(missing) + " units from " + (first + Long.numberOfTrailingZeros(missing))
                            + " on belong to slabs, but are not marked in the slab bitmap: they could get a second owner",
                    () -> run.write(offset, CheckedWord.of(expectedBits(index))));
        }
    }

    /** Brings the words of the bitmap that hold a slab's units up to the map. */
    void writeBits(final int unit, final int units) {
        final int last = (unit + units - 1) / PoolGeometry.UNITS_PER_BITMAP_WORD;
        for (int word = unit / PoolGeometry.UNITS_PER_BITMAP_WORD; word <= last; word++) {
            run.write(geometry.bitmapOffset(word), CheckedWord.of(expectedBits(word)));
        }
    }

    /** Makes a slab free: first the table, then the bits. */
    void free(final int unit) {
        final int units = slabs.units(unit);
        final long owner = SlabTableDescriptor.ownerWord(
                SlabTableDescriptor.FREE, SlabTableDescriptor.NO_SESSION, 0, slabs.generation(unit));
        slabs.remove(unit, owner);
        run.write(ownerOffset(unit), owner);
        writeBits(unit, units);
    }

    /** Makes a slab an orphan: first the bits, then the table. */
    void orphan(final int unit, final int blockClass, final int freeHint) {
        final int slabClass = slabs.slabClass(unit);
        final long owner = SlabTableDescriptor.ownerWord(
                SlabTableDescriptor.ORPHANED, SlabTableDescriptor.NO_SESSION, 0, slabs.generation(unit));
        slabs.put(unit, owner, slabClass);
        writeBits(unit, slabs.units(unit));
        final long wear = SlabTableDescriptor.wear(run.region.readLong(infoOffset(unit)));
        run.write(infoOffset(unit), SlabTableDescriptor.infoWord(slabClass, blockClass, freeHint, wear));
        run.write(ownerOffset(unit), owner);
        run.region.fetchAndAdd(PoolGeometry.orphansOffset(), 1);
    }

    // ---- figures

    /** Counts slabs and units. */
    void count() {
        for (int unit = 0; unit < geometry.units(); unit++) {
            if (slabs.state(unit) != SlabTableDescriptor.FREE) {
                run.slabs[slabs.state(unit)][slabs.slabClass(unit)]++;
                if (slabs.holdsBlocks(unit)) {
                    run.heldBytes += geometry.slabBytes(slabs.slabClass(unit));
                }
            }
        }
        run.usedUnits = slabs.usedUnits();
    }
}
