package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RingDescriptor;
import io.rallocator.persistence.SlabTableDescriptor;
import java.util.Arrays;
import java.util.BitSet;
import org.agrona.collections.IntArrayList;

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
    private static final int INITIAL_AHEAD = 2;
    private static final int SWEPT_AT_ONCE = 64;

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final SlabIndex slabs;
    private final FreeDrainer drainer;
    private final OrphanSweeper sweeper;
    private final long[] published;
    private final long[] settled;
    private final int[] ahead;

    SlabPublisher(
            final NvmRegion region,
            final PoolGeometry geometry,
            final SlabIndex slabs,
            final FreeDrainer drainer,
            final OrphanSweeper sweeper) {
        this.region = region;
        this.geometry = geometry;
        this.slabs = slabs;
        this.drainer = drainer;
        this.sweeper = sweeper;
        published = new long[geometry.slabClasses()];
        settled = new long[geometry.slabClasses()];
        ahead = new int[geometry.slabClasses()];
        Arrays.fill(ahead, INITIAL_AHEAD);
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
        for (long ticket = settled[slabClass]; ticket < next; ticket++) {
            final int state = RingDescriptor.claimState(claim(slabClass, ticket));
            if (state == RingDescriptor.PUBLISHED || state == RingDescriptor.CLAIMED) {
                inRings.set(RingDescriptor.slabUnit(slabWord(slabClass, ticket)));
            }
        }
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
        if (RingDescriptor.claimState(claim) != RingDescriptor.CLAIMED) {
            return 0;
        }
        final long slabWord = slabWord(slabClass, ticket);
        final int unit = RingDescriptor.slabUnit(slabWord);
        final long owner = slabs.owner(unit);
        if (SlabTableDescriptor.state(owner) != SlabTableDescriptor.RESERVED
                || SlabTableDescriptor.generation(owner) != RingDescriptor.slabGeneration(slabWord)) {
            return 0; // recorded before
        }
        slabs.swapOwner(
                unit,
                owner,
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
        final int wanted = (int) Math.min(target - published[slabClass], geometry.ringCapacity());
        final IntArrayList units = slabs.findFree(slabClass, wanted);
        int work = 0;
        for (int i = 0; i < units.size() && canReuseSlot(slabClass); i++) {
            publish(slabClass, units.getInt(i));
            work++;
        }
        if (work == 0 && published[slabClass] < demanded) {
            work += relieve(slabClass, demanded);
        }
        return work;
    }

    /** Doubles when demand caught up, so that workers seldom wait, but never sets much of the pool aside. */
    private int ahead(final int slabClass, final long demanded) {
        final int affordable = slabs.freeUnits() / (8 * geometry.slabUnits(slabClass));
        if (demanded >= published[slabClass] && published[slabClass] > 0) {
            ahead[slabClass] = Math.min(2 * ahead[slabClass], geometry.ringCapacity() / 2);
        }
        return Math.min(ahead[slabClass], affordable);
    }

    /** Ticket t takes the slot of ticket t − capacity: its slab must have an owner in the table, or be taken back. */
    private boolean canReuseSlot(final int slabClass) {
        final long previous = published[slabClass] - geometry.ringCapacity();
        if (previous < 0) {
            return true;
        }
        final long claim = claim(slabClass, previous);
        if (RingDescriptor.claimState(claim) == RingDescriptor.PUBLISHED) {
            takeBack(slabClass, previous);
        }
        settle(slabClass, previous, claim(slabClass, previous));
        settled[slabClass] = Math.max(settled[slabClass], previous + 1);
        return true;
    }

    private void publish(final int slabClass, final int unit) {
        final long ticket = published[slabClass];
        final int generation = slabs.reserve(unit, slabClass);
        final long slot = slot(slabClass, ticket);
        region.writeLong(slot + RingDescriptor.SLAB_OFFSET, RingDescriptor.slabWord(unit, generation));
        region.persist(slot + RingDescriptor.SLAB_OFFSET, Long.BYTES);
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

    /** Nothing is free: empty orphans first, then what other classes published in vain, then the truth: VOID (I6). */
    private int relieve(final int slabClass, final long demanded) {
        sweeper.sweep(SWEPT_AT_ONCE);
        if (takeBackUnclaimed(slabClass)) {
            return 1;
        }
        int work = 0;
        while (published[slabClass] < demanded && canReuseSlot(slabClass)) {
            writeClaim(slabClass, published[slabClass], RingDescriptor.VOID);
            work++;
        }
        return work;
    }

    private boolean takeBackUnclaimed(final int wantedClass) {
        boolean any = false;
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            for (long ticket = settled[slabClass];
                    slabClass != wantedClass && ticket < published[slabClass];
                    ticket++) {
                any |= takeBack(slabClass, ticket);
            }
            if (slabClass != wantedClass) {
                ahead[slabClass] = 1;
            }
        }
        return any;
    }

    /** The swap makes a slow worker's late claim fail cleanly (I5). */
    private boolean takeBack(final int slabClass, final long ticket) {
        final long slot = slot(slabClass, ticket);
        final long open = RingDescriptor.claimWord(ticket, RingDescriptor.PUBLISHED);
        final long slabWord = slabWord(slabClass, ticket);
        if (region.compareAndSwap(slot, open, RingDescriptor.claimWord(ticket, RingDescriptor.WITHDRAWN)) != open) {
            return false;
        }
        region.persist(slot, Long.BYTES);
        final int unit = RingDescriptor.slabUnit(slabWord);
        slabs.release(unit, slabs.owner(unit));
        return true;
    }
}
