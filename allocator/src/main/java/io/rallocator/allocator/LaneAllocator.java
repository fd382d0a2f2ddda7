package io.rallocator.allocator;

import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RingDescriptor;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.SlabHeader;
import io.rallocator.persistence.SlabLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The fine tier: divides the slabs of one lane into blocks, without network and without contention. Per block class it
 * keeps the slab it allocates from, slabs with room (partial) and slabs without (full); emptied slabs go to a common
 * list for any block class, and above a threshold back to the blade (DESIGN section 5). {@link SlabWriter} makes the
 * slabs' headers durable.
 *
 * <p>Threads: the lane's holder.
 */
final class LaneAllocator {
    private static final int HARVESTED_AT_ONCE = 4;
    private static final int EPOCHS_TO_WAIT = 3;
    private static final Operation HARVEST = Operation.named("block.harvest");
    private static final Operation ADOPT = Operation.named("slab.adopt");

    /** The slabs of one block class. */
    private static final class Shelf {
        final SlabDemand demand;
        Slab current;
        final ArrayDeque<Slab> partial = new ArrayDeque<>();
        final List<Slab> held = new ArrayList<>();
        int harvestCursor;

        Shelf(final SlabDemand demand) {
            this.demand = demand;
        }
    }

    private final WorkerSession session;
    private final Lane lane;
    private final PoolGeometry geometry;
    private final Shelf[] shelves = new Shelf[SizeClasses.COUNT];
    private final List<ArrayDeque<Slab>> empties = new ArrayList<>();
    private int emptyUnits;

    /** Figures, changed by the lane's holder; others may see them a moment old. */
    private long allocations;

    private long liveBytes;
    private long heldBytes;

    /** Round trips for looking at slabs, when a slab was taken last. */
    private long searchesAtLastSlab;

    /** Freed blocks of this session's slabs, waiting for the epochs. */
    private final LimboQueue limbo = new LimboQueue();

    /** Slabs of this lane in which other lanes of the session gave blocks back. */
    private final Queue<Slab> returned = new ManyToOneConcurrentLinkedQueue<>();

    private final SlabWriter writer;
    private UnsafeBuffer scratch = Lane.direct(4096);

    /** Marks that this session set before it adopted a slab are found by looking only. */
    private boolean adopted;

    LaneAllocator(final WorkerSession session, final Lane lane) {
        this.session = session;
        this.lane = lane;
        this.geometry = session.geometry();
        this.writer = new SlabWriter(lane);
        for (int i = 0; i < geometry.slabClasses(); i++) {
            empties.add(new ArrayDeque<>());
        }
    }

    SlabWriter writer() {
        return writer;
    }

    // ---- allocation

    long allocate(final int bytes) {
        if (bytes > geometry.maxBlockBytes()) {
            throw new IllegalArgumentException("a block of " + bytes + " bytes exceeds this pool's largest, "
                    + geometry.maxBlockBytes() + "; create the pool with larger slab classes");
        }
        final int blockClass = SizeClasses.indexFor(bytes);
        final Shelf shelf = shelf(blockClass);
        Slab slab = shelf.current;
        if (slab == null || slab.available == 0) {
            slab = refill(shelf, blockClass);
        }
        allocations++;
        liveBytes += slab.layout.blockBytes();
        shelf.demand.onAllocated();
        return slab.take();
    }

    private Shelf shelf(final int blockClass) {
        Shelf shelf = shelves[blockClass];
        if (shelf == null) {
            shelf = new Shelf(new SlabDemand(geometry, blockClass));
            shelves[blockClass] = shelf;
        }
        return shelf;
    }

    private Slab refill(final Shelf shelf, final int blockClass) {
        if (shelf.current != null) {
            writer.sealLater(shelf.current);
            shelf.current = null;
        }
        reclaim();
        Slab slab = pollPartial(shelf);
        if (slab == null) {
            harvest(shelf);
            slab = takeSlab(shelf, blockClass);
        }
        writer.open(slab);
        shelf.current = slab;
        return slab;
    }

    /** A slab of the class that suits the demand, or another: from this lane, without an owner, from the blade. */
    private Slab takeSlab(final Shelf shelf, final int blockClass) {
        final SlabClient client = session.slabClient();
        final int wanted = session.slabSizing().choose(geometry, shelf.demand, client::orderSize);
        Slab slab = fromEmpties(shelf, blockClass, wanted);
        if (slab == null) {
            slab = session.orphans().adopt(lane, blockClass);
            if (slab != null) {
                shelf.held.add(slab);
            }
        }
        return slab == null ? fromBlade(shelf, blockClass, wanted) : slab;
    }

    private static Slab pollPartial(final Shelf shelf) {
        final Slab slab = shelf.partial.poll();
        if (slab != null) {
            slab.listed = false;
        }
        return slab;
    }

    /** Takes a slab in that another look will find useful. */
    void hold(final Slab slab) {
        shelf(slab.layout.blockClass()).held.add(slab);
        relist(slab);
    }

    /** The wanted class first, then smaller ones, then larger ones. */
    private int classAt(final int step, final int wanted, final int smallest) {
        return wanted - step >= smallest ? wanted - step : smallest + step;
    }

    private Slab fromEmpties(final Shelf shelf, final int blockClass, final int wanted) {
        final int smallest = shelf.demand.smallest;
        for (int step = 0; step < geometry.slabClasses() - smallest; step++) {
            final int slabClass = classAt(step, wanted, smallest);
            final Slab empty = empties.get(slabClass).poll();
            if (empty != null) {
                emptyUnits -= geometry.slabUnits(slabClass);
                return fresh(shelf, empty.unit, slabClass, empty.generation, blockClass);
            }
        }
        return null;
    }

    private Slab fromBlade(final Shelf shelf, final int blockClass, final int wanted) {
        final int smallest = shelf.demand.smallest;
        final int first = session.slabClient().reservedClass(wanted, smallest);
        OutOfRemoteMemoryException failure = null;
        for (int step = 0; step < geometry.slabClasses() - smallest; step++) {
            final int slabClass = classAt(step, first, smallest);
            try {
                final boolean patient = !(failure instanceof SlabsOverdueException);
                final long slabWord = session.slabClient().acquire(lane, slabClass, patient);
                heldBytes += geometry.slabBytes(slabClass);
                return fresh(
                        shelf,
                        RingDescriptor.slabUnit(slabWord),
                        slabClass,
                        RingDescriptor.slabGeneration(slabWord),
                        blockClass);
            } catch (final OutOfRemoteMemoryException e) {
                failure = failure instanceof SlabsOverdueException ? failure : e;
            }
        }
        final Slab slab = lastResort(shelf, blockClass);
        if (slab != null) {
            return slab;
        }
        throw failure;
    }

    /** A nearly full slab, or an orphan that did not look worthwhile, is better than an error. */
    private Slab lastResort(final Shelf shelf, final int blockClass) {
        final Slab listed = pollPartial(shelf); // put there since we looked: by an adoption
        if (listed != null) {
            return listed;
        }
        for (final Slab slab : shelf.held) {
            if (slab.available > 0) {
                return slab;
            }
        }
        final Slab orphan = session.orphans().adoptAny(lane, blockClass);
        if (orphan != null) {
            shelf.held.add(orphan);
        }
        return orphan;
    }

    private Slab fresh(
            final Shelf shelf, final int unit, final int slabClass, final int generation, final int blockClass) {
        final Slab slab = new Slab(geometry, unit, slabClass, generation, blockClass, this);
        writer.format(slab);
        session.own(slab);
        shelf.held.add(slab);
        final long searches =
                lane.counters().get(HARVEST, Figure.CHAINS) + lane.counters().get(ADOPT, Figure.CHAINS);
        shelf.demand.onSlab(slabClass, slab.layout.blocks(), searches - searchesAtLastSlab);
        searchesAtLastSlab = searches;
        return slab;
    }

    void discard(final long ref) {
        final Slab slab = session.slabAt(ref);
        slab.untake(slab.indexAt(BlockRef.offset(ref)));
        final Shelf shelf = shelf(slab.layout.blockClass());
        allocations--;
        liveBytes -= slab.layout.blockBytes();
        shelf.demand.onDiscarded();
        if (slab == shelf.current) {
            return;
        }
        if (slab.isEmpty()) {
            leave(shelf, slab);
            keep(slab); // the same operation may want it again, as blocks of another class
        } else if (!slab.listed) {
            slab.listed = true;
            shelf.partial.add(slab);
        }
    }

    // ---- frees

    /** A block of a committed free: if this session owns its slab it is reused after the epochs, else its owner will. */
    void retire(final long ref) {
        final Slab slab = session.slabAt(ref);
        if (slab != null && slab.enterLimbo(slab.indexAt(BlockRef.offset(ref)))) {
            limbo.add(ref, lane.epoch());
        }
    }

    /** Takes in every block whose epochs are over. */
    void reclaim() {
        final long global = session.globalEpoch();
        while (!limbo.isEmpty() && limbo.firstEpoch() + EPOCHS_TO_WAIT <= global) {
            final long ref = limbo.poll();
            final Slab slab = session.slabAt(ref);
            final int index = slab.indexAt(BlockRef.offset(ref));
            if (slab.owner == this) {
                slab.release(index);
                onReleased(slab, 1);
                relist(slab);
            } else if (slab.giveBack(index)) {
                slab.owner.returned.add(slab);
            }
        }
        for (Slab slab = returned.poll(); slab != null; slab = returned.poll()) {
            final int blocks = slab.collectReturned();
            if (blocks > 0) { // else an earlier entry did, and the slab may be gone by now
                onReleased(slab, blocks);
                relist(slab);
            }
        }
    }

    private void onReleased(final Slab slab, final int blocks) {
        liveBytes -= (long) blocks * slab.layout.blockBytes();
        shelf(slab.layout.blockClass()).demand.onReleased(blocks);
    }

    private void relist(final Slab slab) {
        final Shelf shelf = shelf(slab.layout.blockClass());
        if (slab == shelf.current) {
            return;
        }
        if (slab.isEmpty()) {
            leave(shelf, slab);
            keepOrFree(slab);
        } else if (!slab.listed && slab.isWorthwhile()) {
            slab.listed = true;
            shelf.partial.add(slab);
        }
    }

    /** An empty slab leaves its shelf: it is of no block class any more. */
    private void leave(final Shelf shelf, final Slab slab) {
        if (slab.listed) {
            shelf.partial.remove(slab);
            slab.listed = false;
        }
        shelf.held.remove(slab);
        writer.forget(slab);
    }

    private void keepOrFree(final Slab slab) {
        if (emptyUnits + geometry.slabUnits(slab.slabClass) > session.emptyUnitsThreshold()
                && session.slabClient().free(lane, slab)) {
            heldBytes -= geometry.slabBytes(slab.slabClass);
            session.disown(slab);
        } else {
            keep(slab);
        }
    }

    private void keep(final Slab slab) {
        empties.get(slab.slabClass).add(slab);
        emptyUnits += geometry.slabUnits(slab.slabClass);
    }

    /** Gives every empty slab to the blade: another lane or worker may need the memory. No operation is under way. */
    void freeEmpties() {
        for (final Shelf shelf : shelves) {
            if (shelf != null && shelf.current != null && shelf.current.isEmpty()) {
                final Slab slab = shelf.current;
                shelf.current = null;
                relist(slab);
            }
        }
        freeEmpties(0);
    }

    /** Gives to the blade what discarded blocks left above the threshold. No operation is under way. */
    void trimEmpties() {
        freeEmpties(session.emptyUnitsThreshold());
    }

    private void freeEmpties(final int unitsToKeep) {
        for (int slabClass = geometry.slabClasses() - 1; slabClass >= 0; slabClass--) {
            final ArrayDeque<Slab> slabs = empties.get(slabClass);
            while (emptyUnits > unitsToKeep
                    && !slabs.isEmpty()
                    && session.slabClient().free(lane, slabs.peek())) {
                final Slab slab = slabs.poll();
                emptyUnits -= geometry.slabUnits(slab.slabClass);
                heldBytes -= geometry.slabBytes(slab.slabClass);
                session.disown(slab);
            }
        }
    }

    /** Looks in a few slabs for blocks that other sessions freed; they wait for the epochs from now on. */
    private void harvest(final Shelf shelf) {
        if (!session.hasPeers() && !adopted) {
            return;
        }
        for (int i = Math.min(HARVESTED_AT_ONCE, shelf.held.size()); i > 0; i--) {
            shelf.harvestCursor = shelf.harvestCursor + 1 < shelf.held.size() ? shelf.harvestCursor + 1 : 0;
            harvest(shelf.held.get(shelf.harvestCursor));
        }
    }

    void harvestAll() {
        for (final Shelf shelf : shelves) {
            if (shelf != null) {
                shelf.held.forEach(this::harvest);
            }
        }
    }

    private void harvest(final Slab slab) {
        if (slab.unwritten) {
            return; // what is there are the marks of an earlier life of the slab
        }
        final int blocks = slab.layout.blocks();
        final UnsafeBuffer marks = scratch(blocks);
        lane.chain()
                .read(slab.base + slab.layout.freedOffset(), marks, 0, blocks)
                .post(HARVEST);
        for (int index = 0; index < blocks; index++) {
            final byte generation = (byte) (slab.freed[index] + 1);
            if (marks.getByte(index) == generation && slab.isTaken(index) && slab.enterLimbo(index)) {
                limbo.add(refOf(slab, index, generation), lane.epoch());
            }
        }
    }

    private static long refOf(final Slab slab, final int index, final int generation) {
        return BlockRef.of(
                slab.base + slab.layout.blockOffset(index), slab.layout.blockClass(), slab.slabClass, generation);
    }

    // ---- defragmentation

    /**
     * From here on nothing is allocated from slabs of which more than a quarter is free: what is in them is about to be moved. The only one of a block class
     * stays, unless a smaller one would do.
     *
     * @return bytes of these slabs
     */
    long markSparse() {
        long bytes = 0;
        for (final Shelf shelf : shelves) {
            if (shelf != null) {
                bytes += markSparse(shelf);
            }
        }
        return bytes;
    }

    private long markSparse(final Shelf shelf) {
        if (shelf.current != null && shelf.current.isSparse()) {
            writer.sealLater(shelf.current);
            shelf.current = null;
        }
        final List<Slab> sparse = shelf.held.stream().filter(Slab::isSparse).toList();
        if (sparse.isEmpty() || sparse.size() == 1 && !isTooLarge(shelf, sparse.get(0))) {
            sparse.forEach(this::relist);
            return 0;
        }
        long bytes = 0;
        for (final Slab slab : sparse) {
            slab.sparse = true;
            bytes += geometry.slabBytes(slab.slabClass);
            if (slab.listed) {
                slab.listed = false;
                shelf.partial.remove(slab);
            }
        }
        return bytes;
    }

    /** Half of a slab of the next smaller class would do. */
    private boolean isTooLarge(final Shelf shelf, final Slab slab) {
        final long used = (long) (slab.layout.blocks() - slab.available) * slab.layout.blockBytes();
        return slab.slabClass > shelf.demand.smallest && 4 * used < geometry.slabBytes(slab.slabClass);
    }

    /** What could not be moved is as good to allocate from as before. */
    void unmarkSparse() {
        for (final Shelf shelf : shelves) {
            if (shelf != null) {
                shelf.held.stream().filter(slab -> slab.sparse).toList().forEach(slab -> {
                    slab.sparse = false;
                    relist(slab);
                });
            }
        }
    }

    // ---- adoption

    /**
     * Takes in a sealed slab that just became this session's: its bitmap says what is allocated, freed bytes equal to
     * the blocks' generations say what was freed since. Those wait for the epochs: somebody may still read them.
     *
     * @return the slab, or null if its header is not what the slab table says (it stays owned and untouched)
     */
    Slab adopt(final int unit, final int slabClass, final int generation) {
        final int slabBytes = geometry.slabBytes(slabClass);
        final UnsafeBuffer bytes = scratch(slabBytes);
        lane.chain().read(geometry.unitOffset(unit), bytes, 0, slabBytes).post(ADOPT);
        if (!SlabHeader.isValid(bytes, unit, generation, slabClass)) {
            return null;
        }
        final Slab slab =
                new Slab(geometry, unit, slabClass, generation, bytes.getInt(SlabLayout.BLOCK_CLASS_OFFSET), this);
        session.own(slab);
        adopted = true;
        heldBytes += slabBytes;
        final SlabLayout layout = slab.layout;
        for (int index = 0; index < layout.blocks(); index++) {
            final byte mark = bytes.getByte(layout.freedOffset() + index);
            slab.freed[index] = mark;
            if ((bytes.getLong(SlabLayout.BITMAP_OFFSET + (index >>> 6) * 8) & 1L << index) != 0) {
                adoptBlock(slab, index, bytes, mark);
            }
        }
        final int blocks = layout.blocks() - slab.available;
        liveBytes += (long) blocks * layout.blockBytes();
        shelf(layout.blockClass()).demand.onAdopted(blocks);
        return slab;
    }

    private void adoptBlock(final Slab slab, final int index, final UnsafeBuffer bytes, final byte mark) {
        slab.taken[index >>> 6] |= 1L << index;
        slab.available--;
        final int at = slab.layout.blockOffset(index);
        final byte generation = (byte) BlockDescriptor.generation(bytes, at);
        if (mark == generation && BlockDescriptor.isValid(bytes, at, slab.layout.blockBytes())) {
            // whole, so no block in use whose generation is damaged (I13); the life that ended is the one that the
            // header names: count from the one before, release adds it again
            slab.freed[index]--;
            slab.enterLimbo(index);
            limbo.add(refOf(slab, index, generation), lane.epoch());
        }
    }

    // ---- end

    /** Seals every slab, at the end of the session: nothing is left for recovery to scan. */
    void sealAll() {
        reclaim();
        for (final Shelf shelf : shelves) {
            if (shelf != null) {
                shelf.held.forEach(writer::seal);
            }
        }
        for (final ArrayDeque<Slab> slabs : empties) {
            slabs.forEach(writer::seal);
        }
    }

    private UnsafeBuffer scratch(final int capacity) {
        if (scratch.capacity() < capacity) {
            scratch = Lane.direct(Math.max(2 * scratch.capacity(), capacity));
        }
        return scratch;
    }

    // ---- figures

    long allocations() {
        return allocations;
    }

    long liveBytes() {
        return liveBytes;
    }

    long heldBytes() {
        return heldBytes;
    }

    /** Bytes of empty slabs that are kept for what comes. */
    long emptyBytes() {
        return (long) emptyUnits * geometry.unitBytes();
    }

    long heldBlocks() {
        long blocks = 0;
        for (final Shelf shelf : shelves) {
            if (shelf != null) {
                for (final Slab slab : shelf.held) {
                    blocks += slab.layout.blocks() - slab.available;
                }
            }
        }
        return blocks;
    }

    int heldSlabs() {
        int slabs = 0;
        for (final Shelf shelf : shelves) {
            slabs += shelf == null ? 0 : shelf.held.size();
        }
        for (final ArrayDeque<Slab> list : empties) {
            slabs += list.size();
        }
        return slabs;
    }
}
