package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RingDescriptor;
import io.rallocator.persistence.SlabTableDescriptor;
import java.util.Arrays;
import java.util.BitSet;
import org.agrona.collections.IntArrayList;
import org.agrona.concurrent.EpochClock;

/**
 * The blade's side of the slab rings: publishes slabs ahead of demand, records who claimed them, takes unclaimed ones
 * back when memory runs out, and answers waiting tickets with VOID when there is none (DESIGN section 5, I4 … I6).
 *
 * <p>Order of a publication, each step persisted before the next: bit, table entry, slab word, claim word, counter. A
 * slot is used again only after the owner of the slab in it is in the slab table.
 *
 * <p>Threads: the agent's.
 */
final class SlabPublisher {

    /** What a worker needs that creates its first structure: blocks of four sizes. */
    private static final int INITIAL_AHEAD = 4;

    private static final int SWEPT_AT_ONCE = 64;

    /** How long a worker may take from the fetch-and-add to the claim before its slab is taken back at exhaustion. */
    private static final long CLAIM_PATIENCE_MS = 20;

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final SlabIndex slabs;
    private final FreeDrainer drainer;
    private final OrphanSweeper sweeper;
    private final EpochClock clock;
    private final long[] published;
    private final long[] settled;
    private final int[] ahead;
    private final long[][] publishedMs;

    SlabPublisher(
            final NvmRegion region,
            final PoolGeometry geometry,
            final SlabIndex slabs,
            final FreeDrainer drainer,
            final OrphanSweeper sweeper,
            final EpochClock clock) {
        this.region = region;
        this.geometry = geometry;
        this.slabs = slabs;
        this.drainer = drainer;
        this.sweeper = sweeper;
        this.clock = clock;
        published = new long[geometry.slabClasses()];
        settled = new long[geometry.slabClasses()];
        ahead = new int[geometry.slabClasses()];
        Arrays.fill(ahead, INITIAL_AHEAD);
        publishedMs = new long[geometry.slabClasses()][geometry.ringCapacity()];
    }

    private long ring(final int slabClass) {
        return geometry.ringOffset(slabClass);
    }

    private long slot(final int slabClass, final long ticket) {
        return ring(slabClass) + RingDescriptor.slotOffset(ticket, geometry.ringCapacity());
    }

    private long sequencer(final int slabClass) {
        return region.readLong(ring(slabClass) + RingDescriptor.SEQUENCER_OFFSET);
    }

    private long claim(final int slabClass, final long ticket) {
        final long offset = slot(slabClass, ticket);
        final long word = region.readLong(offset);
        CheckedWord.payload(word, "claim word of a slab ring", offset);
        return word;
    }

    private long slabWord(final int slabClass, final long ticket) {
        final long offset = slot(slabClass, ticket) + RingDescriptor.SLAB_OFFSET;
        final long word = region.readLong(offset);
        CheckedWord.payload(word, "slab word of a slab ring", offset);
        return word;
    }

    // ---- start

    /** Settles what the last blade left half done: counters, claims, reserved slabs that never got into a ring. */
    void restore() {
        final BitSet inRings = new BitSet();
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            restoreRing(slabClass, inRings);
        }
        for (int unit = 0; unit < geometry.units(); unit++) {
            final long owner = slabs.owner(unit);
            if (SlabTableDescriptor.state(owner) == SlabTableDescriptor.RESERVED && !inRings.get(unit)) {
                freeReserved(unit, owner);
            }
        }
        slabs.restore();
        drainer.restore();
    }

    /** The bitmap is rebuilt afterwards: only the table counts here. */
    private void freeReserved(final int unit, final long owner) {
        slabs.swapOwner(
                unit,
                owner,
                SlabTableDescriptor.ownerWord(
                        SlabTableDescriptor.FREE,
                        SlabTableDescriptor.NO_SESSION,
                        0,
                        SlabTableDescriptor.generation(owner)));
    }

    private void restoreRing(final int slabClass, final BitSet inRings) {
        final long counter = ring(slabClass) + RingDescriptor.PUBLISHED_OFFSET;
        long next = CheckedWord.payload(region.readLong(counter), "published counter", counter);
        if (RingDescriptor.ticketDistance(claim(slabClass, next), next) == 0) {
            next++; // the slot was published, the counter not yet
            writePublished(slabClass, next);
        }
        published[slabClass] = next;
        settled[slabClass] = Math.max(0, next - geometry.ringCapacity());
        long taken = settled[slabClass];
        for (long ticket = settled[slabClass]; ticket < next; ticket++) {
            final int state = RingDescriptor.claimState(claim(slabClass, ticket));
            taken = state == RingDescriptor.CLAIMED ? ticket + 1 : taken;
            if ((state == RingDescriptor.PUBLISHED || state == RingDescriptor.CLAIMED)
                    && isReserved(slabClass, ticket)) {
                inRings.set(RingDescriptor.slabUnit(slabWord(slabClass, ticket)));
            }
        }
        raiseSequencer(slabClass, taken);
    }

    /** Nobody persists the tickets that he takes: after power loss the sequencer may be behind those that were used. */
    private void raiseSequencer(final int slabClass, final long least) {
        final long offset = ring(slabClass) + RingDescriptor.SEQUENCER_OFFSET;
        for (long seen = region.readLong(offset); seen < least; ) {
            final long found = region.compareAndSwap(offset, seen, least);
            seen = found == seen ? least : found;
        }
        region.persist(offset, Long.BYTES);
    }

    /** True if a ticket's slot names a slab that still is the reserved one: neither word was left by another ticket. */
    private boolean isReserved(final int slabClass, final long ticket) {
        final long slabWord = slabWord(slabClass, ticket);
        final long owner = slabs.owner(RingDescriptor.slabUnit(slabWord));
        return RingDescriptor.isSlabOf(slabWord, ticket, geometry.ringCapacity())
                && SlabTableDescriptor.state(owner) == SlabTableDescriptor.RESERVED
                && SlabTableDescriptor.generation(owner) == RingDescriptor.slabGeneration(slabWord);
    }

    private void writePublished(final int slabClass, final long next) {
        final long offset = ring(slabClass) + RingDescriptor.PUBLISHED_OFFSET;
        region.writeLong(offset, CheckedWord.of(next));
        region.persist(offset, Long.BYTES);
    }

    // ---- claims

    /** Writes the owners of claimed slabs into the slab table. */
    int settleClaims() {
        int work = 0;
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            boolean contiguous = true;
            for (long ticket = settled[slabClass]; ticket < published[slabClass]; ticket++) {
                final long claim = claim(slabClass, ticket);
                final boolean open = RingDescriptor.claimState(claim) == RingDescriptor.PUBLISHED;
                if (!open) {
                    work += settle(slabClass, ticket, claim);
                }
                contiguous &= !open;
                if (contiguous) {
                    settled[slabClass] = ticket + 1;
                }
            }
        }
        return work;
    }

    private int settle(final int slabClass, final long ticket, final long claim) {
        if (RingDescriptor.claimState(claim) != RingDescriptor.CLAIMED || !isReserved(slabClass, ticket)) {
            return 0; // nothing to record, or recorded before
        }
        final long slabWord = slabWord(slabClass, ticket);
        final int unit = RingDescriptor.slabUnit(slabWord);
        region.persist(slot(slabClass, ticket), Long.BYTES); // else power loss publishes again what has an owner (I4)
        slabs.swapOwner(
                unit,
                slabs.owner(unit),
                SlabTableDescriptor.ownerWord(
                        SlabTableDescriptor.OWNED,
                        RingDescriptor.claimSession(claim),
                        RingDescriptor.claimIncarnation(claim),
                        RingDescriptor.slabGeneration(slabWord)));
        return 1;
    }

    // ---- publication

    int publish() {
        int work = 0;
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            work += publish(slabClass);
        }
        return work;
    }

    private int publish(final int slabClass) {
        final long demanded = sequencer(slabClass);
        final long target = Math.min(demanded + ahead(slabClass, demanded), demanded + geometry.ringCapacity() / 2);
        if (target <= published[slabClass]) {
            return 0;
        }
        int work = publishFree(slabClass, target);
        if (work == 0 && published[slabClass] < demanded) {
            work = relieve(slabClass, demanded);
        }
        return work;
    }

    private int publishFree(final int slabClass, final long target) {
        final int wanted = (int) Math.min(target - published[slabClass], geometry.ringCapacity());
        final IntArrayList units = slabs.findFree(slabClass, wanted);
        for (int i = 0; i < units.size(); i++) {
            freeSlot(slabClass);
            publish(slabClass, units.getInt(i));
        }
        return units.size();
    }

    /** Doubles when demand caught up, so that workers seldom wait, but never sets much of the pool aside. */
    private int ahead(final int slabClass, final long demanded) {
        final int affordable = slabs.freeUnits() / (8 * geometry.slabUnits(slabClass));
        if (demanded >= published[slabClass] && published[slabClass] > 0) {
            ahead[slabClass] = Math.min(2 * ahead[slabClass], geometry.ringCapacity() / 2);
        }
        return Math.min(ahead[slabClass], affordable);
    }

    /** Ticket t takes the slot of ticket t − capacity: its slab gets an owner in the table, or is taken back. */
    private void freeSlot(final int slabClass) {
        final long previous = published[slabClass] - geometry.ringCapacity();
        if (previous < 0) {
            return;
        }
        takeBack(slabClass, previous);
        settle(slabClass, previous, claim(slabClass, previous));
        settled[slabClass] = Math.max(settled[slabClass], previous + 1);
    }

    private void publish(final int slabClass, final int unit) {
        final long ticket = published[slabClass];
        final int generation = slabs.reserve(unit, slabClass);
        final long slot = slot(slabClass, ticket);
        region.writeLong(
                slot + RingDescriptor.SLAB_OFFSET,
                RingDescriptor.slabWord(unit, generation, ticket, geometry.ringCapacity()));
        region.persist(slot + RingDescriptor.SLAB_OFFSET, Long.BYTES);
        publishedMs[slabClass][(int) (ticket & geometry.ringCapacity() - 1)] = clock.time();
        writeClaim(slabClass, ticket, RingDescriptor.PUBLISHED);
    }

    private void writeClaim(final int slabClass, final long ticket, final int state) {
        final long slot = slot(slabClass, ticket);
        region.writeLong(slot, RingDescriptor.claimWord(ticket, state));
        region.persist(slot, Long.BYTES);
        published[slabClass] = ticket + 1;
        writePublished(slabClass, ticket + 1);
    }

    // ---- exhaustion

    /**
     * Nothing is free: empty orphans first, then what other classes published in vain, then what tickets of this class
     * did not claim in time, then the truth: VOID (I6). A ring's worth of answers at once is enough.
     */
    private int relieve(final int slabClass, final long demanded) {
        sweeper.sweep(SWEPT_AT_ONCE);
        int work = 0;
        if (takeBackFromOthers(slabClass)) {
            work = publishFree(slabClass, demanded);
        }
        if (work == 0 && takeBackUnclaimed(slabClass)) {
            work = publishFree(slabClass, demanded);
        }
        if (work > 0) {
            return work;
        }
        while (published[slabClass] < demanded && work < geometry.ringCapacity()) {
            freeSlot(slabClass);
            writeClaim(slabClass, published[slabClass], RingDescriptor.VOID);
            work++;
        }
        return work;
    }

    private boolean takeBackFromOthers(final int wantedClass) {
        boolean any = false;
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            if (slabClass != wantedClass) {
                any |= takeBackUnclaimed(slabClass);
                ahead[slabClass] = 1;
            }
        }
        return any;
    }

    /** What no worker has the ticket of, and what the holder of the ticket is slow or dead to claim. */
    private boolean takeBackUnclaimed(final int slabClass) {
        boolean any = false;
        final long latest = clock.time() - CLAIM_PATIENCE_MS;
        final long demanded = sequencer(slabClass);
        for (long ticket = settled[slabClass]; ticket < published[slabClass]; ticket++) {
            if (ticket >= demanded || publishedMs[slabClass][(int) (ticket & geometry.ringCapacity() - 1)] <= latest) {
                any |= takeBack(slabClass, ticket);
            }
        }
        return any;
    }

    /** The swap makes a slow worker's late claim fail cleanly (I5). */
    private boolean takeBack(final int slabClass, final long ticket) {
        final long slot = slot(slabClass, ticket);
        final long open = RingDescriptor.claimWord(ticket, RingDescriptor.PUBLISHED);
        if (region.compareAndSwap(slot, open, RingDescriptor.claimWord(ticket, RingDescriptor.WITHDRAWN)) != open) {
            return false;
        }
        region.persist(slot, Long.BYTES);
        final int unit = RingDescriptor.slabUnit(slabWord(slabClass, ticket));
        slabs.release(unit, slabs.owner(unit));
        return true;
    }
}
