package io.rallocator.persistence;

import java.util.BitSet;

/**
 * Looks for what belongs to root words that were lost: those that lead to no root block of theirs; and zero ones, though
 * blocks of theirs are allocated in sealed slabs (a dropped structure's word keeps its version, so it is not zero).
 *
 * <p>Repair lets the word lead to the root block that claims it, if there is exactly one. If there is none, and no other
 * block of the structure either, there was no structure: the word becomes zero. Otherwise everything is left as it is, and
 * nothing of the structure is taken for leaked.
 */
final class RootCheck {
    private static final long SEVERAL = -1;

    private final CheckRun run;
    private final PoolGeometry geometry;
    private final SlabMap slabs;
    private final StructureCheck structures;
    private final IntentCheck intents;
    private final BlockCheck blocks;
    private final NameCheck names;
    private final long[] found;
    private final BitSet populated = new BitSet();

    /** True if a slab holds blocks, but not even their size is known. */
    private boolean anySlabUnknown;

    RootCheck(
            final CheckRun run,
            final SlabMap slabs,
            final StructureCheck structures,
            final IntentCheck intents,
            final BlockCheck blocks,
            final NameCheck names) {
        this.run = run;
        this.geometry = run.geometry;
        this.slabs = slabs;
        this.structures = structures;
        this.intents = intents;
        this.blocks = blocks;
        this.names = names;
        this.found = new long[geometry.roots()];
    }

    void check() {
        for (int unit = 0; unit < geometry.units(); unit++) {
            final SlabView view = slabs.view(unit);
            if (view != null && view.layout == null) {
                anySlabUnknown |= view.state != SlabView.UNUSED;
            } else if (view != null && view.reachedCount < view.layout.blocks()) {
                look(view);
            }
        }
        for (int structure = 0; structure < found.length; structure++) {
            if (structures.isUnrooted(structure)) {
                reportUnrooted(structure);
            } else if (populated.get(structure)) {
                structures.incomplete(structure);
                report(structure, "(" + CheckRun.hex(word(structure)) + ") leads nowhere");
            }
        }
    }

    private void look(final SlabView view) {
        blocks.read(view);
        for (int index = 0; index < view.layout.blocks(); index++) {
            final int structure = blocks.structure(index);
            if (structure == NameDirectory.STRUCTURE
                    && blocks.isAllocated(index)
                    && blocks.isWhole(index)
                    && !intents.names(blocks.ref(index))) {
                names.unreached(blocks.ref(index));
            } else if (structure < found.length
                    && !view.isReached(index)
                    && isLost(structure, view, index)
                    && blocks.isAllocated(index)
                    && blocks.isWhole(index)
                    && !intents.names(blocks.ref(index))) {
                populated.set(structure);
                if (blocks.kind(index) == BlockDescriptor.ROOT && blocks.locator(index) == structure) {
                    found[structure] = found[structure] == 0 ? blocks.ref(index) : SEVERAL;
                }
            }
        }
    }

    /** A root block in an open slab under a zero word may be one whose creation was interrupted. */
    private boolean isLost(final int structure, final SlabView view, final int index) {
        if (structures.isUnrooted(structure)) {
            return true;
        }
        final long word = word(structure);
        final boolean wasPointer = LinkWord.isSpecial(word)
                && LinkWord.offset(word) == geometry.unitOffset(view.unit) + view.layout.blockOffset(index);
        return view.state == SlabLayout.SEALED && (word == LinkWord.UNINIT || wasPointer);
    }

    private long word(final int structure) {
        return Links.read(run.region, geometry.rootOffset(structure));
    }

    private void reportUnrooted(final int structure) {
        final long offset = geometry.rootOffset(structure);
        final String problem = structures.unrootedBecause(structure);
        if (found[structure] == 0 && !populated.get(structure) && !anySlabUnknown) {
            run.found(
                    Finding.Severity.DAMAGE,
                    offset,
                    "root word " + structure + " " + problem + "; no block of such a structure exists",
                    () -> run.write(offset, LinkWord.UNINIT));
        } else {
            report(structure, problem);
        }
    }

    private void report(final int structure, final String problem) {
        final long offset = geometry.rootOffset(structure);
        final long ref = found[structure];
        final String what = "root word " + structure + " " + problem;
        if (ref == 0) {
            run.found(Finding.Severity.DAMAGE, offset, what + "; no whole root block of the structure exists");
        } else if (ref == SEVERAL) {
            run.found(Finding.Severity.DAMAGE, offset, what + "; several root blocks of the structure exist");
        } else {
            run.found(
                    Finding.Severity.DAMAGE,
                    offset,
                    what + "; the root block of the structure is at offset " + BlockRef.offset(ref),
                    () -> run.write(offset, LinkWord.pointTo(run.region.readLong(offset), ref)));
        }
    }
}
