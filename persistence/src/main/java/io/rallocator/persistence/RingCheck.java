package io.rallocator.persistence;

import java.util.Arrays;
import org.agrona.collections.Int2IntHashMap;

/**
 * Checks the slab rings: every word, the tickets in them, and that a published or claimed slab is the reserved one that
 * the table says (I4, I5).
 *
 * <p>Repair rebuilds a damaged slot as WITHDRAWN: whoever holds its ticket takes another. A damaged published counter
 * starts again at the sequencer, with every slot withdrawn, after the claims that were not recorded yet have been written
 * into the slab table; a sequencer that is out of reach is set to the published counter. Tickets that processes held are
 * worth nothing any more, for no process is left.
 */
final class RingCheck {
    private static final long MAX_TICKET = 1L << 40;
    private static final int LEAST_REACH = 1 << 16;
    private static final int NONE = -1;

    private final CheckRun run;
    private final PoolGeometry geometry;
    private final int capacity;
    private final long[][] claims;
    private final long[][] slabWords;
    private final int[] claimedBy;
    private Int2IntHashMap slotByUnit;

    RingCheck(final CheckRun run) {
        this.run = run;
        this.geometry = run.geometry;
        this.capacity = geometry.ringCapacity();
        this.claims = new long[geometry.slabClasses()][capacity];
        this.slabWords = new long[geometry.slabClasses()][capacity];
        this.claimedBy = new int[geometry.sessions()];
        Arrays.fill(claimedBy, NONE);
    }

    /** Reads every slot; nothing is judged yet. */
    void read() {
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            for (int slot = 0; slot < capacity; slot++) {
                claims[slabClass][slot] = run.region.readLong(slotOffset(slabClass, slot));
                slabWords[slabClass][slot] =
                        run.region.readLong(slotOffset(slabClass, slot) + RingDescriptor.SLAB_OFFSET);
            }
        }
    }

    private long slotOffset(final int slabClass, final int slot) {
        return geometry.ringOffset(slabClass) + RingDescriptor.slotOffset(slot, capacity);
    }

    /** The part of a ticket that a claim word has: enough for the lap. */
    private static long ticket(final long claim) {
        return claim & (1 << 24) - 1;
    }

    /** True if a slot says that a slab waits in it or was taken from it. */
    private boolean namesSlab(final int slabClass, final int slot) {
        final long claim = claims[slabClass][slot];
        final long slabWord = slabWords[slabClass][slot];
        final int state = RingDescriptor.claimState(claim);
        return CheckedWord.isValid(claim)
                && CheckedWord.isValid(slabWord)
                && (state == RingDescriptor.PUBLISHED || state == RingDescriptor.CLAIMED)
                && RingDescriptor.isSlabOf(slabWord, ticket(claim), capacity)
                && RingDescriptor.slabUnit(slabWord) < geometry.units();
    }

    /**
     * The slot that names a slab by its latest generation.
     *
     * @return its slab word, or 0
     */
    long slabWordOf(final int unit) {
        final int code = slots().get(unit);
        return code == NONE ? 0 : slabWords[code / capacity][code % capacity];
    }

    /** The class of the ring that names a slab, or 0. */
    int slabClassOf(final int unit) {
        final int code = slots().get(unit);
        return code == NONE ? 0 : code / capacity;
    }

    private Int2IntHashMap slots() {
        if (slotByUnit == null) {
            slotByUnit = new Int2IntHashMap(NONE);
            for (int code = 0; code < claims.length * capacity; code++) {
                final int slabClass = code / capacity;
                final int slot = code % capacity;
                if (namesSlab(slabClass, slot)) {
                    final long word = slabWords[slabClass][slot];
                    final int unit = RingDescriptor.slabUnit(word);
                    final int other = slotByUnit.get(unit);
                    if (other == NONE
                            || RingDescriptor.slabGeneration(slabWords[other / capacity][other % capacity])
                                    < RingDescriptor.slabGeneration(word)) {
                        slotByUnit.put(unit, code);
                    }
                }
            }
        }
        return slotByUnit;
    }

    /** Judges every ring against the slab table. */
    void check(final SlabMap slabs) {
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            for (int slot = 0; slot < capacity; slot++) {
                if (namesSlab(slabClass, slot)) {
                    noteSlab(slabs, slabClass, slot);
                }
            }
        }
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            checkCounters(slabs, slabClass);
        }
    }

    private void noteSlab(final SlabMap slabs, final int slabClass, final int slot) {
        final long slabWord = slabWords[slabClass][slot];
        final long claim = claims[slabClass][slot];
        final int unit = RingDescriptor.slabUnit(slabWord);
        final boolean published = RingDescriptor.claimState(claim) == RingDescriptor.PUBLISHED;
        final boolean reserved = slabs.state(unit) == SlabTableDescriptor.RESERVED
                && slabs.generation(unit) == RingDescriptor.slabGeneration(slabWord)
                && slabs.slabClass(unit) == slabClass;
        final long offset = slotOffset(slabClass, slot);
        if (reserved && !slabs.name(unit, !published)) {
            run.found(
                    Finding.Severity.HAZARD,
                    offset,
                    "the slab at unit " + unit + " is in two ring slots: two workers could own it",
                    () -> withdraw(slabClass, slot));
        } else if (published && !reserved) {
            run.found(
                    Finding.Severity.HAZARD,
                    offset,
                    "a ring slot publishes the slab at unit " + unit + ", generation "
                            + RingDescriptor.slabGeneration(slabWord) + ", which the table calls "
                            + SlabTableDescriptor.stateName(slabs.state(unit)) + ", generation "
                            + slabs.generation(unit) + ": it could get a second owner",
                    () -> withdraw(slabClass, slot));
        } else if (reserved && RingDescriptor.claimSession(claim) < claimedBy.length) {
            final int session = RingDescriptor.claimSession(claim);
            claimedBy[session] = Math.max(claimedBy[session], RingDescriptor.claimIncarnation(claim));
        }
    }

    /** The largest incarnation of a session with a claim that is not in the slab table yet, or -1. */
    int largestIncarnation(final int session) {
        return claimedBy[session];
    }

    /** The claim word of a reserved slab. */
    long claimOf(final int unit) {
        final int code = slots().get(unit);
        return claims[code / capacity][code % capacity];
    }

    private void checkCounters(final SlabMap slabs, final int slabClass) {
        final long ring = geometry.ringOffset(slabClass);
        final long word = run.region.readLong(ring + RingDescriptor.PUBLISHED_OFFSET);
        final long sequencer = run.region.readLong(ring + RingDescriptor.SEQUENCER_OFFSET);
        final long published = word & CheckedWord.PAYLOAD_MASK;
        if (!CheckedWord.isValid(word) || published > MAX_TICKET) {
            run.found(
                    Finding.Severity.DAMAGE,
                    ring + RingDescriptor.PUBLISHED_OFFSET,
                    "damaged published counter of slab class " + slabClass + ": word " + CheckRun.hex(word)
                            + " fails its check",
                    () -> rebuild(slabs, slabClass, sequencer));
            return;
        }
        final long reach = Math.max(LEAST_REACH, 64L * geometry.sessions() * geometry.lanes());
        if (sequencer < published - capacity || sequencer > published + reach) {
            run.found(
                    Finding.Severity.DAMAGE,
                    ring + RingDescriptor.SEQUENCER_OFFSET,
                    "the sequencer of slab class " + slabClass + " is " + sequencer + ", out of reach of " + published
                            + " published",
                    () -> run.write(ring + RingDescriptor.SEQUENCER_OFFSET, published));
        }
        for (int slot = 0; slot < capacity; slot++) {
            checkSlot(slabClass, slot, published);
        }
    }

    private void checkSlot(final int slabClass, final int slot, final long published) {
        final long offset = slotOffset(slabClass, slot);
        final long claim = claims[slabClass][slot];
        final long slabWord = slabWords[slabClass][slot];
        if (!CheckedWord.isValid(claim)) {
            damagedSlot(slabClass, slot, published, offset, "claim word " + CheckRun.hex(claim) + " fails its check");
        } else if (!CheckedWord.isValid(slabWord)) {
            damagedSlot(
                    slabClass,
                    slot,
                    published,
                    offset + RingDescriptor.SLAB_OFFSET,
                    "slab word " + CheckRun.hex(slabWord) + " fails its check");
        } else if (!isExpectedTicket(claim, slot, published)) {
            damagedSlot(
                    slabClass,
                    slot,
                    published,
                    offset,
                    "claim word " + CheckRun.hex(claim) + " has a ticket that cannot be here, next is " + published);
        } else if (RingDescriptor.claimState(claim) == RingDescriptor.PUBLISHED
                && !RingDescriptor.isSlabOf(slabWord, ticket(claim), capacity)) {
            damagedSlot(
                    slabClass,
                    slot,
                    published,
                    offset,
                    "the slab word " + CheckRun.hex(slabWord) + " is another ticket's");
        } else if (RingDescriptor.slabUnit(slabWord) >= geometry.units()) {
            damagedSlot(
                    slabClass,
                    slot,
                    published,
                    offset + RingDescriptor.SLAB_OFFSET,
                    "slab word names unit " + RingDescriptor.slabUnit(slabWord) + " of " + geometry.units());
        }
    }

    /** Tickets are published in order; the next one may be in its slot before the counter says so. */
    private boolean isExpectedTicket(final long claim, final int slot, final long published) {
        return RingDescriptor.ticketDistance(claim, latestTicket(slot, published)) == 0
                || (published & capacity - 1) == slot && RingDescriptor.ticketDistance(claim, published) == 0;
    }

    private void damagedSlot(
            final int slabClass, final int slot, final long published, final long offset, final String what) {
        run.found(
                Finding.Severity.DAMAGE,
                offset,
                "damaged slot " + slot + " in the ring of slab class " + slabClass + ": " + what,
                () -> writeSlot(slabClass, slot, latestTicket(slot, published)));
    }

    /** The last ticket below the counter that belongs to a slot. */
    private long latestTicket(final int slot, final long published) {
        return published - 1 - (published - 1 - slot & capacity - 1);
    }

    private void withdraw(final int slabClass, final int slot) {
        final long offset = slotOffset(slabClass, slot);
        run.write(offset, RingDescriptor.claimWord(ticket(claims[slabClass][slot]), RingDescriptor.WITHDRAWN));
    }

    /** First the claim, so that no word names a slab under the wrong claim. */
    private void writeSlot(final int slabClass, final int slot, final long ticket) {
        final long offset = slotOffset(slabClass, slot);
        run.write(offset, RingDescriptor.claimWord(ticket, RingDescriptor.WITHDRAWN));
        run.write(offset + RingDescriptor.SLAB_OFFSET, RingDescriptor.slabWord(0, 0, ticket, capacity));
    }

    private void rebuild(final SlabMap slabs, final int slabClass, final long sequencer) {
        final long next = sequencer >= 0 && sequencer <= MAX_TICKET ? sequencer : 0;
        for (int slot = 0; slot < capacity; slot++) {
            if (namesSlab(slabClass, slot)) {
                recordClaim(slabs, slabClass, slot);
            }
            writeSlot(slabClass, slot, latestTicket(slot, next));
        }
        final long ring = geometry.ringOffset(slabClass);
        run.write(ring + RingDescriptor.SEQUENCER_OFFSET, next);
        run.write(ring + RingDescriptor.PUBLISHED_OFFSET, CheckedWord.of(next));
    }

    private void recordClaim(final SlabMap slabs, final int slabClass, final int slot) {
        final long claim = claims[slabClass][slot];
        final long slabWord = slabWords[slabClass][slot];
        final int unit = RingDescriptor.slabUnit(slabWord);
        if (RingDescriptor.claimState(claim) == RingDescriptor.CLAIMED
                && slabs.state(unit) == SlabTableDescriptor.RESERVED
                && slabs.generation(unit) == RingDescriptor.slabGeneration(slabWord)) {
            final long owner = SlabTableDescriptor.ownerWord(
                    SlabTableDescriptor.OWNED,
                    RingDescriptor.claimSession(claim),
                    RingDescriptor.claimIncarnation(claim),
                    slabs.generation(unit));
            slabs.replaceOwner(unit, owner);
            run.write(geometry.slabEntryOffset(unit) + SlabTableDescriptor.OWNER_OFFSET, owner);
        }
    }
}
