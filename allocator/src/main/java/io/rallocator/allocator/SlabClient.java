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
    private volatile long patienceNs = TimeUnit.SECONDS.toNanos(5);
    private volatile long pinnedNs = TimeUnit.MILLISECONDS.toNanos(20);

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
     * @param patient true to wait for the blade a little, though the lane pins the epoch
     * @return its slab word, see {@link RingDescriptor#slabUnit}
     * @throws SlabsOverdueException if the blade did not answer yet: the ticket is kept
     * @throws OutOfRemoteMemoryException if the blade answered that it has none (I6)
     */
    long acquire(final Lane lane, final int slabClass, final boolean patient) {
        final Stock stock = stocks.get(slabClass);
        final IdleStrategy idle = new BackoffIdleStrategy(100, 100, 1_000, 1_000_000);
        final long deadline = System.nanoTime() + (patient ? pinnedNs : 0);
        for (; ; ) {
            final long reserved = pollReserve(stock);
            if (reserved != 0) {
                return reserved;
            }
            final Claims claims = claim(lane, slabClass, stock, takeTickets(lane, slabClass, stock));
            if (claims.slab != 0) {
                return claims.slab;
            }
            if (claims.voided > 0) {
                throw exhausted(lane, slabClass);
            }
            if (claims.withdrawn == 0) {
                if (System.nanoTime() - deadline > 0) {
                    throw overdue(slabClass, claims.waiting.getLong(0));
                }
                idle.idle();
            }
        }
    }

    private synchronized long pollReserve(final Stock stock) {
        final int size = stock.reserve.size();
        return size == 0 ? 0 : stock.reserve.removeAt(size - 1);
    }

    /**
     * A few of the tickets held from before, the oldest first; a fetch-and-add gets more only when there are none. So a
     * session never has more than {@value #MOST_AT_ONCE} for each of its lanes, however long the blade is away.
     */
    private long[] takeTickets(final Lane lane, final int slabClass, final Stock stock) {
        final int count;
        synchronized (this) {
            if (!stock.tickets.isEmpty()) {
                final long[] held = new long[Math.min(MOST_AT_ONCE, stock.tickets.size())];
                Arrays.setAll(held, i -> stock.tickets.removeAt(0));
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

    /** Tries every ticket. If the fabric fails in between, all are tried again: what was claimed shows as ours. */
    private Claims claim(final Lane lane, final int slabClass, final Stock stock, final long[] tickets) {
        final Claims claims = new Claims();
        try {
            claim(lane, slabClass, tickets, claims);
        } catch (final RuntimeException e) {
            keepTickets(stock, tickets);
            throw e;
        }
        keep(stock, claims);
        return claims;
    }

    private void claim(final Lane lane, final int slabClass, final long[] tickets, final Claims claims) {
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
        for (int i = 0; i < tickets.length; i++) {
            settle(claims, slabClass, tickets[i], chain.result(swaps[i]), chain.result(reads[i]));
        }
    }

    private long mine(final long ticket) {
        return RingDescriptor.claimWord(ticket, RingDescriptor.CLAIMED, session.index(), session.incarnation());
    }

    /** DESIGN trap 11: published or mine is success, an older ticket waits, everything else is dropped. */
    private void settle(
            final Claims claims, final int slabClass, final long ticket, final long found, final long slabWord) {
        final int capacity = geometry.ringCapacity();
        final long slot = geometry.ringOffset(slabClass) + RingDescriptor.slotOffset(ticket, capacity);
        CheckedWord.payload(found, "claim word of a slab ring", slot);
        if (found == RingDescriptor.claimWord(ticket, RingDescriptor.PUBLISHED) || found == mine(ticket)) {
            CheckedWord.payload(slabWord, "slab word of a slab ring", slot + RingDescriptor.SLAB_OFFSET);
            if (!RingDescriptor.isSlabOf(slabWord, ticket, capacity)) {
                claims.withdrawn++; // away for so long that the ring went round: the slab is ours till the session ends
            } else if (claims.slab == 0) {
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

    private synchronized void keepTickets(final Stock stock, final long[] tickets) {
        for (final long ticket : tickets) {
            stock.tickets.addLong(ticket);
        }
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
        final long request = freeTail++;
        lane.chain()
                .writeWord(
                        geometry.freeRequestOffset(session.index(), request),
                        FreeRequest.word(request, slab.unit, slab.generation))
                .persist()
                .post(FREE);
        return true;
    }

    /** How many slabs of a class the next fetch-and-add orders. */
    synchronized int orderSize(final int slabClass) {
        return stocks.get(slabClass).batch;
    }

    /** The wanted class, or if there is none in reserve the largest smaller one that is: it costs no round trip. */
    synchronized int reservedClass(final int wanted, final int smallest) {
        for (int slabClass = wanted; slabClass >= smallest; slabClass--) {
            if (!stocks.get(slabClass).reserve.isEmpty()) {
                return slabClass;
            }
        }
        return wanted;
    }

    /** Bytes of the slabs that the session holds and no lane uses yet. */
    synchronized long reservedBytes() {
        long bytes = 0;
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            bytes += (long) stocks.get(slabClass).reserve.size() * geometry.slabBytes(slabClass);
        }
        return bytes;
    }

    /** How many slabs the session holds that no lane uses yet. */
    synchronized int reservedSlabs() {
        return stocks.stream().mapToInt(stock -> stock.reserve.size()).sum();
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
                + "; remove entries (if there is no block left even for that: drain a queue, or set elements of an array"
                + " to null, which need none), or create a larger pool");
    }

    private SlabsOverdueException overdue(final int slabClass, final long ticket) {
        return new SlabsOverdueException(
                "the blade of " + session.poolName() + " has not answered ticket " + ticket + " for a slab of "
                        + geometry.slabBytes(slabClass) + " bytes yet; release the lane and wait for it",
                slabClass,
                ticket);
    }

    /** True if the ticket for which somebody waits was published, or answered otherwise. */
    boolean isAnswered(final Lane lane, final SlabsOverdueException overdue) {
        final long offset = geometry.ringOffset(overdue.slabClass()) + RingDescriptor.PUBLISHED_OFFSET;
        final long word = lane.readWord(ACQUIRE, offset);
        return CheckedWord.payload(word, "published counter", offset) > overdue.ticket();
    }

    /** How long somebody waits for the blade before that is an error. */
    long patienceNs() {
        return patienceNs;
    }

    /**
     * Sets how long to wait for the blade.
     *
     * @param pinned nanoseconds with a lane held
     * @param patience nanoseconds without
     */
    void patience(final long pinned, final long patience) {
        pinnedNs = pinned;
        patienceNs = patience;
    }

    PoolUnavailableException notPublished(final Lane lane, final SlabsOverdueException overdue) {
        final long ring = geometry.ringOffset(overdue.slabClass());
        final Chain chain = lane.chain();
        final int sequencer = chain.readWord(ring + RingDescriptor.SEQUENCER_OFFSET);
        final int published = chain.readWord(ring + RingDescriptor.PUBLISHED_OFFSET);
        final int heartbeat = chain.readWord(PoolGeometry.bladeHeartbeatOffset());
        chain.post(DIAGNOSE);
        final long ageMs = System.currentTimeMillis() - (chain.result(heartbeat) & CheckedWord.PAYLOAD_MASK);
        return new PoolUnavailableException(
                "the blade of " + session.poolName() + " published no slab of "
                        + geometry.slabBytes(overdue.slabClass()) + " bytes for "
                        + TimeUnit.NANOSECONDS.toMillis(patienceNs) + " ms: tickets given " + chain.result(sequencer)
                        + ", published " + (chain.result(published) & CheckedWord.PAYLOAD_MASK)
                        + ", its last heartbeat is " + ageMs
                        + " ms old; start or resume it with `rallocator blade`, what was stored stays usable",
                overdue);
    }
}
