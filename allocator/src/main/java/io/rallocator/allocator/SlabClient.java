package io.rallocator.allocator;

import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.FreeRequest;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RingDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The coarse tier, worker's side: takes slabs from the blade by fetch-and-add and compare-and-swap, n slabs in two round
 * trips and without the blade's CPU (DESIGN section 5, I4), keeps a small reserve, and gives slabs back.
 *
 * <p>Threads: any; each posts on its own lane. The monitor guards the lists only, never a round trip of a hand-out.
 */
final class SlabClient {
    private static final Operation ACQUIRE = Operation.named("slab.acquire");
    private static final Operation FREE = Operation.named("slab.free");
    private static final Operation DIAGNOSE = Operation.named("slab.diagnose");
    private static final int MOST_AT_ONCE = 8;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(5);

    /** What the session holds of one slab class. */
    private static final class Stock {
        final LongArrayList reserve = new LongArrayList();
        final LongArrayList tickets = new LongArrayList();
        int batch = 1;
    }

    private final WorkerSession session;
    private final PoolGeometry geometry;
    private final List<Stock> stocks = new ArrayList<>();
    private long freeTail;
    private long freeHead;

    SlabClient(final WorkerSession session, final long freeHead) {
        this.session = session;
        this.geometry = session.geometry();
        this.freeHead = freeHead;
        this.freeTail = freeHead;
        for (int i = 0; i < geometry.slabClasses(); i++) {
            stocks.add(new Stock());
        }
    }

    /**
     * Takes one slab, from the reserve or from the blade.
     *
     * @return its slab word, see {@link RingDescriptor#slabUnit}
     * @throws OutOfRemoteMemoryException if the blade answered that it has none (I6)
     * @throws PoolUnavailableException if the blade did not publish any in time
     */
    long acquire(final Lane lane, final int slabClass) {
        final Stock stock = stocks.get(slabClass);
        final long reserved = pollReserve(stock);
        if (reserved != 0) {
            return reserved;
        }
        final IdleStrategy idle = new BackoffIdleStrategy(100, 100, 1_000, 1_000_000);
        final long deadline = System.nanoTime() + PATIENCE_NS;
        long[] tickets = takeTickets(lane, slabClass, stock);
        for (; ; ) {
            final Claims claims = claim(lane, slabClass, tickets);
            keep(stock, claims);
            if (claims.slab != 0) {
                return claims.slab;
            }
            if (claims.voided > 0) {
                throw exhausted(lane, slabClass);
            }
            if (System.nanoTime() - deadline > 0) {
                throw notPublished(lane, slabClass);
            }
            if (claims.withdrawn == 0) {
                idle.idle();
            }
            tickets = takeTickets(lane, slabClass, stock);
        }
    }

    private synchronized long pollReserve(final Stock stock) {
        final int size = stock.reserve.size();
        return size == 0 ? 0 : stock.reserve.removeAt(size - 1);
    }

    /** Tickets held from before are used first; a fetch-and-add gets more only when there are none. */
    private long[] takeTickets(final Lane lane, final int slabClass, final Stock stock) {
        final int count;
        synchronized (this) {
            if (!stock.tickets.isEmpty()) {
                final long[] held = stock.tickets.toLongArray();
                stock.tickets.clear();
                return held;
            }
            count = stock.batch;
            final long next = 2L * count * geometry.slabUnits(slabClass);
            if (2 * count <= MOST_AT_ONCE && next * 64 <= geometry.units()) {
                stock.batch = 2 * count;
            }
        }
        final Chain chain = lane.chain();
        final int verb = chain.fetchAndAdd(geometry.ringOffset(slabClass) + RingDescriptor.SEQUENCER_OFFSET, count);
        chain.post(ACQUIRE);
        final long[] tickets = new long[count];
        Arrays.setAll(tickets, i -> chain.result(verb) + i);
        return tickets;
    }

    /** What became of a batch of tickets. */
    private static final class Claims {
        long slab;
        final LongArrayList more = new LongArrayList();
        final LongArrayList waiting = new LongArrayList();
        int voided;
        int withdrawn;
    }

    private Claims claim(final Lane lane, final int slabClass, final long[] tickets) {
        final Chain chain = lane.chain();
        final int[] swaps = new int[tickets.length];
        final int[] reads = new int[tickets.length];
        for (int i = 0; i < tickets.length; i++) {
            final long slot =
                    geometry.ringOffset(slabClass) + RingDescriptor.slotOffset(tickets[i], geometry.ringCapacity());
            swaps[i] = chain.compareAndSwap(
                    slot, RingDescriptor.claimWord(tickets[i], RingDescriptor.PUBLISHED), mine(tickets[i]));
            reads[i] = chain.readWord(slot + RingDescriptor.SLAB_OFFSET);
        }
        chain.persist();
        chain.post(ACQUIRE);
        final Claims claims = new Claims();
        for (int i = 0; i < tickets.length; i++) {
            settle(claims, tickets[i], chain.result(swaps[i]), chain.result(reads[i]));
        }
        return claims;
    }

    private long mine(final long ticket) {
        return RingDescriptor.claimWord(ticket, RingDescriptor.CLAIMED, session.index(), session.incarnation());
    }

    /** DESIGN trap 11: published or mine is success, an older ticket waits, everything else is dropped. */
    private void settle(final Claims claims, final long ticket, final long found, final long slabWord) {
        if (found == RingDescriptor.claimWord(ticket, RingDescriptor.PUBLISHED) || found == mine(ticket)) {
            CheckedWord.payload(slabWord, "slab word of a ring slot", geometry.ringOffset(0));
            if (claims.slab == 0) {
                claims.slab = slabWord;
            } else {
                claims.more.addLong(slabWord);
            }
        } else if (RingDescriptor.ticketDistance(found, ticket) < 0) {
            claims.waiting.addLong(ticket);
        } else if (found == RingDescriptor.claimWord(ticket, RingDescriptor.VOID)) {
            claims.voided++;
        } else {
            claims.withdrawn++; // taken back, or so late that the slot serves another ticket
        }
    }

    private synchronized void keep(final Stock stock, final Claims claims) {
        stock.reserve.addAll(claims.more);
        stock.tickets.addAll(claims.waiting);
    }

    /**
     * Asks the blade to take a slab back. Every block of it is free and past its epochs.
     *
     * @return false if the ring of requests is full: keep the slab, try later
     */
    synchronized boolean free(final Lane lane, final Slab slab) {
        if (freeTail - freeHead >= PoolGeometry.FREE_RING_CAPACITY) {
            final long offset = geometry.freeHeadOffset(session.index());
            freeHead = CheckedWord.payload(lane.readWord(FREE, offset), "head of a free ring", offset);
            if (freeTail - freeHead >= PoolGeometry.FREE_RING_CAPACITY) {
                return false;
            }
        }
        lane.chain()
                .writeWord(
                        geometry.freeRequestOffset(session.index(), freeTail),
                        FreeRequest.word(freeTail, slab.unit, slab.generation))
                .persist()
                .post(FREE);
        freeTail++;
        return true;
    }

    /** How many tickets the session holds that the blade has not served. */
    synchronized int heldTickets(final int slabClass) {
        return stocks.get(slabClass).tickets.size();
    }

    private OutOfRemoteMemoryException exhausted(final Lane lane, final int slabClass) {
        final int bytes = geometry.bitmapWords() * 8;
        final UnsafeBuffer words = Lane.direct(bytes);
        lane.chain().read(geometry.bitmapOffset(0), words, 0, bytes).post(DIAGNOSE);
        int used = 0;
        for (int i = 0; i < geometry.bitmapWords(); i++) {
            used += Long.bitCount(words.getLong(8 * i) & CheckedWord.PAYLOAD_MASK);
        }
        final long unit = geometry.unitBytes();
        return new OutOfRemoteMemoryException("the blade of " + session.poolName() + " has no slab of "
                + geometry.slabBytes(slabClass) + " bytes left: " + (geometry.units() - used) * unit + " of "
                + geometry.units() * unit + " slab bytes are free, capacity " + geometry.capacity()
                + "; remove entries, or create a larger pool");
    }

    private PoolUnavailableException notPublished(final Lane lane, final int slabClass) {
        final long ring = geometry.ringOffset(slabClass);
        final Chain chain = lane.chain();
        final int sequencer = chain.readWord(ring + RingDescriptor.SEQUENCER_OFFSET);
        final int published = chain.readWord(ring + RingDescriptor.PUBLISHED_OFFSET);
        final int heartbeat = chain.readWord(PoolGeometry.bladeHeartbeatOffset());
        chain.post(DIAGNOSE);
        final long ageMs = System.currentTimeMillis() - (chain.result(heartbeat) & CheckedWord.PAYLOAD_MASK);
        return new PoolUnavailableException("the blade of " + session.poolName() + " published no slab of "
                + geometry.slabBytes(slabClass) + " bytes for " + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NS)
                + " s: tickets given " + chain.result(sequencer) + ", published "
                + (chain.result(published) & CheckedWord.PAYLOAD_MASK) + ", its last heartbeat is " + ageMs
                + " ms old; start or resume it with `rallocator blade`, what was stored stays usable");
    }
}
