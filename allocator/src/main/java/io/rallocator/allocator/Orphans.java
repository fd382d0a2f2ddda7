package io.rallocator.allocator;

import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SlabTableDescriptor;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds slabs that hold blocks and have no owner, and adopts those with room. The slab table is read only when the
 * pool's count of orphans changed since the last look.
 *
 * <p>Threads: any; the monitor guards the list of candidates.
 */
final class Orphans {
    private static final Operation ADOPT = Operation.named("slab.adopt");
    private static final int WORTHWHILE = 32;
    private static final int TRIES = 16;

    private final WorkerSession session;
    private final PoolGeometry geometry;
    private final LongArrayList units = new LongArrayList();
    private long seenCount;

    Orphans(final WorkerSession session) {
        this.session = session;
        this.geometry = session.geometry();
    }

    /** Adopts a slab of a block class that has room in an eighth of its blocks, or returns null. */
    Slab adopt(final Lane lane, final int blockClass) {
        synchronized (this) {
            final long count = session.orphanCount();
            if (count != seenCount) {
                seenCount = count;
                look(lane, WORTHWHILE);
            }
            if (units.isEmpty()) {
                return null;
            }
        }
        return adoptListed(lane, blockClass);
    }

    /** Adopts a slab with any room at all: the blade has none left. */
    Slab adoptAny(final Lane lane, final int blockClass) {
        synchronized (this) {
            look(lane, 1);
        }
        return adoptListed(lane, blockClass);
    }

    /** Lists candidates as {block class 8 | unit 32}. */
    private void look(final Lane lane, final int leastHint) {
        units.clear();
        final int chunk = 4096;
        final UnsafeBuffer entries = Lane.direct(chunk * SlabTableDescriptor.BYTES);
        for (int first = 0; first < geometry.units(); first += chunk) {
            final int count = Math.min(chunk, geometry.units() - first);
            lane.chain()
                    .read(geometry.slabEntryOffset(first), entries, 0, count * SlabTableDescriptor.BYTES)
                    .post(ADOPT);
            for (int i = 0; i < count; i++) {
                final long owner = entries.getLong(i * SlabTableDescriptor.BYTES);
                final long info = entries.getLong(i * SlabTableDescriptor.BYTES + SlabTableDescriptor.INFO_OFFSET);
                if (SlabTableDescriptor.state(owner) == SlabTableDescriptor.ORPHANED
                        && SlabTableDescriptor.freeHint(info) >= leastHint) {
                    units.addLong((long) SlabTableDescriptor.blockClass(info) << 32 | first + i);
                }
            }
        }
    }

    private Slab adoptListed(final Lane lane, final int blockClass) {
        for (int tries = 0; tries < TRIES; tries++) {
            final int unit = pollUnit(blockClass);
            if (unit < 0) {
                return null;
            }
            final Slab slab = tryAdopt(lane, unit);
            if (slab != null && slab.layout.blockClass() == blockClass && slab.available > 0) {
                return slab;
            }
            if (slab != null) {
                lane.allocator().hold(slab);
            }
        }
        return null;
    }

    private synchronized int pollUnit(final int blockClass) {
        for (int i = units.size() - 1; i >= 0; i--) {
            if (units.getLong(i) >>> 32 == blockClass) {
                return (int) units.fastUnorderedRemove(i);
            }
        }
        return -1;
    }

    private Slab tryAdopt(final Lane lane, final int unit) {
        final long entry = geometry.slabEntryOffset(unit);
        final Chain chain = lane.chain();
        final int ownerVerb = chain.readWord(entry + SlabTableDescriptor.OWNER_OFFSET);
        final int infoVerb = chain.readWord(entry + SlabTableDescriptor.INFO_OFFSET);
        chain.post(ADOPT);
        final long owner = SlabTableDescriptor.checkOwner(chain.result(ownerVerb), entry);
        final long info = chain.result(infoVerb);
        if (SlabTableDescriptor.state(owner) != SlabTableDescriptor.ORPHANED) {
            return null;
        }
        final int generation = SlabTableDescriptor.generation(owner);
        final int swap = chain.compareAndSwap(
                entry + SlabTableDescriptor.OWNER_OFFSET,
                owner,
                SlabTableDescriptor.ownerWord(
                        SlabTableDescriptor.OWNED, session.index(), session.incarnation(), generation));
        chain.persist();
        chain.post(ADOPT);
        return chain.result(swap) == owner
                ? lane.allocator().adopt(unit, SlabTableDescriptor.slabClass(info), generation)
                : null;
    }
}
