package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.FreeRequest;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SlabTableDescriptor;

/**
 * Drains the free-request rings and keeps slabs in limbo until two epochs passed for everyone. Handling a request twice,
 * or one that was overtaken by recovery, does nothing: owner and generation must match.
 *
 * <p>Threads: the agent's.
 */
final class FreeDrainer {
    private static final int EPOCHS_TO_WAIT = 3;

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final SlabIndex slabs;
    private final long[] heads;
    private LimboQueue limbo = new LimboQueue();

    FreeDrainer(final NvmRegion region, final PoolGeometry geometry, final SlabIndex slabs) {
        this.region = region;
        this.geometry = geometry;
        this.slabs = slabs;
        this.heads = new long[geometry.sessions()];
    }

    /** Reads the heads, and puts every slab in limbo at the current epoch: older ones wait a little longer. */
    void restore() {
        final long epoch = globalEpoch();
        for (int session = 0; session < heads.length; session++) {
            final long offset = geometry.freeHeadOffset(session);
            heads[session] = CheckedWord.payload(region.readLong(offset), "head of a free ring", offset);
        }
        limbo = new LimboQueue();
        for (int unit = 0; unit < geometry.units(); unit++) {
            if (SlabTableDescriptor.state(slabs.owner(unit)) == SlabTableDescriptor.LIMBO) {
                limbo.add(unit, epoch);
            }
        }
    }

    int drainAll() {
        int work = 0;
        for (int session = 0; session < heads.length; session++) {
            work += drain(session);
        }
        return work;
    }

    /** Handles the requests of one session, in order, up to one whose claim is not recorded yet (DESIGN trap 11). */
    int drain(final int session) {
        int work = 0;
        for (; ; ) {
            final long word = region.readLong(geometry.freeRequestOffset(session, heads[session]));
            if (!FreeRequest.isRequest(word, heads[session]) || !handle(session, word)) {
                return work;
            }
            heads[session]++;
            final long offset = geometry.freeHeadOffset(session);
            region.writeLong(offset, CheckedWord.of(heads[session]));
            region.persist(offset, Long.BYTES);
            work++;
        }
    }

    private boolean handle(final int session, final long request) {
        final int unit = FreeRequest.unit(request);
        if (unit >= geometry.units()) {
            return true;
        }
        final long owner = slabs.owner(unit);
        final int state = SlabTableDescriptor.state(owner);
        if (!FreeRequest.matches(request, SlabTableDescriptor.generation(owner))) {
            return true;
        }
        if (state == SlabTableDescriptor.RESERVED) {
            return false;
        }
        if (state == SlabTableDescriptor.OWNED && SlabTableDescriptor.session(owner) == session) {
            enterLimbo(unit, owner);
        }
        return true;
    }

    /**
     * Makes a slab wait for the epochs, from the one that is current now: what an earlier tick saw may be long past if this process
     * was stopped in between, and then nobody would wait for those who read now (I7).
     */
    boolean enterLimbo(final int unit, final long owner) {
        final boolean swapped = slabs.swapOwner(
                unit,
                owner,
                SlabTableDescriptor.ownerWord(
                        SlabTableDescriptor.LIMBO,
                        SlabTableDescriptor.NO_SESSION,
                        0,
                        SlabTableDescriptor.generation(owner)));
        if (swapped) {
            limbo.add(unit, globalEpoch() + 1);
        }
        return swapped;
    }

    /** Frees the slabs whose epochs are over. */
    int release(final long globalEpoch) {
        int work = 0;
        while (!limbo.isEmpty() && limbo.firstEpoch() + EPOCHS_TO_WAIT <= globalEpoch) {
            final int unit = (int) limbo.poll();
            slabs.release(unit, slabs.owner(unit));
            work++;
        }
        return work;
    }

    private long globalEpoch() {
        final long offset = PoolGeometry.epochOffset();
        return CheckedWord.payload(region.readLong(offset), "global epoch", offset);
    }
}
