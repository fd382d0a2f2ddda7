package io.rallocator.persistence;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Compares, slab by slab, what is allocated with what links reach (I11). With f the freed byte of a block and g the
 * generation in its header:
 *
 * <ul>
 *   <li>in a SEALED slab a block is allocated if its bit is set and f ≠ g; in an OPEN one the bits lag behind and only
 *       recovery knows;
 *   <li>a reachable block must be whole, f must be g − 1 and, in a sealed slab, its bit set;
 *   <li>an unreachable one that is allocated is leaked, or unsettled if the intent of a live session names it.
 * </ul>
 */
final class BlockCheck {
    private final CheckRun run;
    private final PoolGeometry geometry;
    private final SlabMap slabs;
    private final StructureCheck structures;
    private final IntentCheck intents;
    private UnsafeBuffer slab = new UnsafeBuffer(0, 0);

    /** The slab that is in the buffer. */
    private SlabView view;

    private SlabLayout layout;
    private long base;

    BlockCheck(final CheckRun run, final SlabMap slabs, final StructureCheck structures, final IntentCheck intents) {
        this.run = run;
        this.geometry = run.geometry;
        this.slabs = slabs;
        this.structures = structures;
        this.intents = intents;
    }

    /** Reads a slab; what follows is about it. */
    void read(final SlabView next) {
        view = next;
        layout = next.layout;
        base = geometry.unitOffset(next.unit);
        if (slab.capacity() < layout.slabBytes()) {
            slab = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(layout.slabBytes()));
        }
        run.region.read(base, slab, 0, layout.slabBytes());
    }

    private int generation(final int index) {
        return BlockDescriptor.generation(slab, layout.blockOffset(index));
    }

    private int freed(final int index) {
        return slab.getByte(layout.freedOffset() + index) & 0xFF;
    }

    private boolean isBitSet(final int index) {
        return (slab.getLong(SlabLayout.BITMAP_OFFSET + (index >>> 6) * 8) & 1L << index) != 0;
    }

    boolean isWhole(final int index) {
        final int at = layout.blockOffset(index);
        return BlockDescriptor.isValid(slab, at, layout.blockBytes())
                && BlockDescriptor.slabClass(slab, at) == view.slabClass;
    }

    long ref(final int index) {
        return BlockRef.of(base + layout.blockOffset(index), layout.blockClass(), view.slabClass, generation(index));
    }

    /** True if a block is between its birth and its free, as far as its slab tells. */
    boolean isAllocated(final int index) {
        return view.state == SlabLayout.SEALED
                ? isBitSet(index) && freed(index) != generation(index)
                : freed(index) == (generation(index) - 1 & 0xFF) && isWhole(index);
    }

    int kind(final int index) {
        return BlockDescriptor.kind(slab, layout.blockOffset(index));
    }

    int structure(final int index) {
        return BlockDescriptor.structure(slab, layout.blockOffset(index));
    }

    long locator(final int index) {
        return BlockDescriptor.locator(slab, layout.blockOffset(index));
    }

    private String describe(final int index) {
        return BlockDescriptor.kindName(kind(index)) + " block of structure " + structure(index) + ", locator "
                + locator(index)
                + ", generation " + generation(index) + ", freed byte " + freed(index);
    }

    // ---- blocks

    /** Checks every block of every slab. */
    void check() {
        for (int unit = 0; unit < geometry.units(); unit++) {
            final SlabView each = slabs.view(unit);
            if (each != null && each.layout != null) {
                read(each);
                for (int index = 0; index < layout.blocks(); index++) {
                    if (view.isReached(index)) {
                        checkReached(index);
                    } else if (isAllocated(index)) {
                        checkUnreached(index);
                    }
                }
                checkBitsBeyond();
            }
        }
    }

    private void checkReached(final int index) {
        run.liveBlocks++;
        run.liveBytes += layout.blockBytes();
        final long offset = base + layout.blockOffset(index);
        if (!isWhole(index)) {
            run.damagedBlock(offset, "damaged block, its CRC32C is wrong; it says that it is a " + describe(index));
            return;
        }
        final int generation = generation(index);
        if (generation != view.reachedGeneration(index)) {
            run.damagedBlock(
                    offset,
                    "a link names generation " + view.reachedGeneration(index) + " of a block that has another: "
                            + describe(index));
            return;
        }
        final boolean unmarked = view.state == SlabLayout.SEALED && !isBitSet(index);
        final boolean reusable = freed(index) == generation;
        if (unmarked || reusable) {
            run.doubleAllocations++;
            run.found(
                    Finding.Severity.HAZARD,
                    offset,
                    "a reachable block is free" + (unmarked ? " in its slab's bitmap" : " by its freed byte")
                            + " and could be allocated again: " + describe(index),
                    () -> claim(index, generation));
        } else if (freed(index) != (generation - 1 & 0xFF)) {
            run.found(
                    Finding.Severity.DAMAGE,
                    base + layout.freedOffset() + index,
                    "damaged freed byte: " + describe(index),
                    () -> writeFreed(index, generation - 1));
        }
    }

    private void claim(final int index, final int generation) {
        final int word = SlabLayout.BITMAP_OFFSET + (index >>> 6) * 8;
        slab.putLong(word, slab.getLong(word) | 1L << index);
        run.write(base + word, slab.getLong(word));
        writeFreed(index, generation - 1);
    }

    private void writeFreed(final int index, final int value) {
        final int at = layout.freedOffset() + index;
        slab.putByte(at, (byte) value);
        run.region.write(base + at, slab, at, 1);
        run.region.persist(base + at, 1);
    }

    private void checkUnreached(final int index) {
        final int structure = structure(index);
        final boolean whole = isWhole(index);
        if (view.state != SlabLayout.SEALED || intents.names(ref(index))) {
            run.unsettledBlocks++;
        } else if (whole ? !structures.isComplete(structure) : !structures.allComplete()) {
            run.unknownBlocks++;
        } else {
            run.leakedBlocks++;
            run.found(
                    Finding.Severity.LEAK,
                    base + layout.blockOffset(index),
                    "leaked block, no link reaches it: " + (whole ? describe(index) : "its header is damaged"),
                    () -> writeFreed(index, generation(index)));
        }
    }

    private void checkBitsBeyond() {
        final int used = layout.blocks() & 63;
        final int at = SlabLayout.BITMAP_OFFSET + (layout.bitmapWords() - 1) * 8;
        if (view.state == SlabLayout.SEALED && used != 0 && slab.getLong(at) >>> used != 0) {
            run.found(
                    Finding.Severity.DAMAGE,
                    base + at,
                    "the block bitmap of the slab at unit " + view.unit + " has bits beyond its " + layout.blocks()
                            + " blocks",
                    () -> run.write(base + at, slab.getLong(at) & (1L << used) - 1));
        }
    }

    // ---- sealing, for repairs

    /** True if nothing in a slab is reachable or may be. */
    boolean isUnused(final SlabView each) {
        if (each.reachedCount > 0) {
            return false;
        }
        if (each.layout == null || structures.allComplete()) {
            return structures.allComplete() || each.state == SlabView.UNUSED;
        }
        read(each);
        for (int index = 0; index < layout.blocks(); index++) {
            if (mayBeReachable(index)) {
                return false;
            }
        }
        return true;
    }

    private boolean mayBeReachable(final int index) {
        return view.isReached(index)
                || freed(index) != generation(index) && isWhole(index) && !structures.isComplete(structure(index));
    }

    /**
     * Seals a slab as recovery does: reachable blocks are allocated, other whole ones freed, the rest was never used.
     *
     * @return about how many 255ths of its blocks are free
     */
    int seal(final SlabView each) {
        read(each);
        int live = 0;
        slab.setMemory(SlabLayout.BITMAP_OFFSET, layout.bitmapWords() * 8, (byte) 0);
        for (int index = 0; index < layout.blocks(); index++) {
            final int generation = generation(index);
            if (mayBeReachable(index)) {
                live++;
                writeFreed(index, generation - 1);
            } else if (isWhole(index) && freed(index) == (generation - 1 & 0xFF)) {
                writeFreed(index, generation);
            } else if (!isWhole(index) || freed(index) != generation) {
                continue;
            }
            final int word = SlabLayout.BITMAP_OFFSET + (index >>> 6) * 8;
            slab.putLong(word, slab.getLong(word) | 1L << index);
        }
        final int bytes = layout.bitmapWords() * 8;
        run.region.write(base + SlabLayout.BITMAP_OFFSET, slab, SlabLayout.BITMAP_OFFSET, bytes);
        run.region.persist(base + SlabLayout.BITMAP_OFFSET, bytes);
        run.write(base + SlabLayout.STATE_OFFSET, SlabHeader.stateWord(SlabLayout.SEALED));
        each.state = SlabLayout.SEALED;
        return (int) ((layout.blocks() - live) * 255L / layout.blocks());
    }
}
