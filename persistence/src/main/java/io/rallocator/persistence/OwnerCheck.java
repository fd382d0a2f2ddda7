package io.rallocator.persistence;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Checks, when it is known what links reach, that every slab has an owner who looks after it (I5) and a header that fits
 * (I11).
 *
 * <p>Repair gives back what holds nothing, and makes an orphan, sealed as recovery would, of what holds reachable blocks.
 * A damaged header is written anew from the slab table and the class that links name, or wiped out if nothing reaches the
 * slab. Slabs of living sessions stay open for their recovery.
 */
final class OwnerCheck {
    private final CheckRun run;
    private final PoolGeometry geometry;
    private final SlabMap slabs;
    private final SlabCheck slabCheck;
    private final SessionCheck sessions;
    private final RingCheck rings;
    private final BlockCheck blocks;

    OwnerCheck(
            final CheckRun run,
            final SlabMap slabs,
            final SlabCheck slabCheck,
            final SessionCheck sessions,
            final RingCheck rings,
            final BlockCheck blocks) {
        this.run = run;
        this.geometry = run.geometry;
        this.slabs = slabs;
        this.slabCheck = slabCheck;
        this.sessions = sessions;
        this.rings = rings;
        this.blocks = blocks;
    }

    /**
     * Checks every slab.
     *
     * @param traced true if it is known what links reach; otherwise nothing is repairable
     */
    void check(final boolean traced) {
        for (int unit = 0; unit < geometry.units(); unit++) {
            final SlabView view = slabs.view(unit);
            if (view != null) {
                checkHeader(view);
            }
            final String problem = problemOf(unit, view);
            if (problem != null) {
                report(unit, view, problem, traced);
            }
        }
    }

    private void report(final int unit, final SlabView view, final String problem, final boolean traced) {
        final Finding.Severity severity = isLeak(unit, view) ? Finding.Severity.LEAK : Finding.Severity.HAZARD;
        run.leakedSlabs += severity == Finding.Severity.LEAK ? 1 : 0;
        final String what = "the slab at unit " + unit + ", class " + slabs.slabClass(unit) + ", is "
                + SlabTableDescriptor.stateName(slabs.state(unit)) + ", but " + problem;
        final SlabView known = view == null && traced ? slabCheck.openView(unit) : view;
        if (traced && (known.layout != null || blocks.isUnused(known))) {
            run.found(severity, ownerOffset(unit), what, () -> giveBack(known));
        } else {
            run.found(severity, ownerOffset(unit), what);
        }
    }

    /** A slab in which links reach blocks is worse than leaked, unless its owner's name protects it. */
    private boolean isLeak(final int unit, final SlabView view) {
        final int state = slabs.state(unit);
        return state == SlabTableDescriptor.OWNED
                || state == SlabTableDescriptor.RECOVERING
                || view == null
                || view.reachedCount == 0;
    }

    private long ownerOffset(final int unit) {
        return geometry.slabEntryOffset(unit) + SlabTableDescriptor.OWNER_OFFSET;
    }

    /** What is wrong with who has a slab, or null. */
    private String problemOf(final int unit, final SlabView view) {
        final long owner = slabs.owner(unit);
        return switch (SlabTableDescriptor.state(owner)) {
            case SlabTableDescriptor.RESERVED -> reservedProblem(unit, view);
            case SlabTableDescriptor.OWNED, SlabTableDescriptor.RECOVERING ->
                sessionProblem(
                        SlabTableDescriptor.session(owner), SlabTableDescriptor.incarnation(owner), "belongs to");
            case SlabTableDescriptor.ORPHANED -> orphanProblem(view);
            default -> reachedProblem(view);
        };
    }

    private String reservedProblem(final int unit, final SlabView view) {
        if (!slabs.isNamed(unit)) {
            return "it is in no ring";
        }
        return slabs.holdsBlocks(unit) ? claimProblem(unit) : reachedProblem(view);
    }

    private String claimProblem(final int unit) {
        final long claim = rings.claimOf(unit);
        return sessionProblem(
                RingDescriptor.claimSession(claim), RingDescriptor.claimIncarnation(claim), "was claimed by");
    }

    private String sessionProblem(final int session, final int incarnation, final String how) {
        return sessions.isLive(session, incarnation)
                ? null
                : "it " + how + " session " + session + ", incarnation " + incarnation + ", which is over";
    }

    private static String reachedProblem(final SlabView view) {
        return view != null && view.reachedCount > 0 ? "links reach " + view.reachedCount + " blocks in it" : null;
    }

    private static String orphanProblem(final SlabView view) {
        if (view == null) {
            return null;
        }
        if (!view.hasHeader && view.reachedCount == 0) {
            return "it has no header, and nothing reaches it";
        }
        return view.state == SlabLayout.SEALED ? null : "nobody sealed it";
    }

    private void giveBack(final SlabView view) {
        if (blocks.isUnused(view)) {
            slabCheck.free(view.unit);
        } else {
            slabs.view(view);
            final int hint = blocks.seal(view);
            slabCheck.orphan(view.unit, view.layout.blockClass(), hint);
        }
    }

    /** The state word is the last that a new header gets, so a slab that has one, or blocks, has a header. */
    private void checkHeader(final SlabView view) {
        final boolean used = view.state != SlabView.UNUSED || view.reachedCount > 0;
        if (used && !view.hasHeader) {
            damagedHeader(view);
        }
        if (view.state == SlabView.DAMAGED || view.state == SlabView.UNUSED && view.reachedCount > 0) {
            damagedState(view);
        }
    }

    private void damagedHeader(final SlabView view) {
        final long offset = geometry.unitOffset(view.unit);
        final String what = "damaged header of the slab at unit " + view.unit;
        if (view.layout != null) {
            run.found(
                    Finding.Severity.DAMAGE,
                    offset,
                    what + ", in which links reach " + view.reachedCount + " blocks of " + view.layout.blockBytes()
                            + " bytes",
                    () -> writeHeader(view));
        } else if (blocks.isUnused(view)) {
            run.found(Finding.Severity.DAMAGE, offset, what + ", in which links reach nothing", () -> wipe(view));
        } else {
            run.found(
                    Finding.Severity.DAMAGE,
                    offset,
                    what + "; what is in it cannot be told, because damaged structures may reach it");
        }
    }

    private void wipe(final SlabView view) {
        final long offset = geometry.unitOffset(view.unit);
        run.region.zero(offset, SlabLayout.HEADER_BYTES);
        run.region.persist(offset, SlabLayout.HEADER_BYTES);
        view.state = SlabView.UNUSED;
    }

    /** The part under the CRC only: the state word has its own check. */
    private void writeHeader(final SlabView view) {
        final UnsafeBuffer header = new UnsafeBuffer(new byte[SlabLayout.HEADER_BYTES]);
        SlabHeader.encode(header, 0, view.unit, view.generation, view.slabClass, view.layout);
        final long offset = geometry.unitOffset(view.unit);
        run.region.write(offset, header, 0, SlabLayout.STATE_OFFSET);
        run.region.persist(offset, SlabLayout.STATE_OFFSET);
        view.hasHeader = true;
    }

    private void damagedState(final SlabView view) {
        final boolean sealed = slabs.state(view.unit) == SlabTableDescriptor.ORPHANED;
        final int state = sealed ? SlabLayout.SEALED : SlabLayout.OPEN;
        final long offset = geometry.unitOffset(view.unit) + SlabLayout.STATE_OFFSET;
        run.damagedWord(
                offset,
                "state word of the slab at unit " + view.unit,
                run.region.readLong(offset),
                SlabHeader.stateWord(state));
        view.state = state;
    }
}
