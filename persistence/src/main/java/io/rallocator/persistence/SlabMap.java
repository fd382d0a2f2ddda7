package io.rallocator.persistence;

import java.util.BitSet;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * The slab table as the checker understands it: damaged entries resolved, nothing of a slab of several units but its
 * first entry. Nine bytes and two bits a unit.
 */
final class SlabMap {
    private final PoolGeometry geometry;
    private final long[] owners;
    private final byte[] classes;
    private final BitSet used;
    private final BitSet claimed = new BitSet();
    private final BitSet named = new BitSet();
    private final Int2ObjectHashMap<SlabView> views = new Int2ObjectHashMap<>();

    SlabMap(final PoolGeometry geometry) {
        this.geometry = geometry;
        owners = new long[geometry.units()];
        classes = new byte[geometry.units()];
        used = new BitSet(geometry.units());
    }

    /** Enters a slab, or a free unit. */
    void put(final int unit, final long owner, final int slabClass) {
        owners[unit] = owner;
        classes[unit] = (byte) slabClass;
        if (SlabTableDescriptor.state(owner) != SlabTableDescriptor.FREE) {
            used.set(unit, unit + geometry.slabUnits(slabClass));
        }
    }

    /** Makes a slab free. */
    void remove(final int unit, final long owner) {
        used.clear(unit, unit + geometry.slabUnits(classes[unit]));
        owners[unit] = owner;
        views.remove(unit);
    }

    void replaceOwner(final int unit, final long owner) {
        owners[unit] = owner;
    }

    long owner(final int unit) {
        return owners[unit];
    }

    int state(final int unit) {
        return SlabTableDescriptor.state(owners[unit]);
    }

    int generation(final int unit) {
        return SlabTableDescriptor.generation(owners[unit]);
    }

    int slabClass(final int unit) {
        return classes[unit];
    }

    int units(final int unit) {
        return geometry.slabUnits(classes[unit]);
    }

    /** True if a slab of this class can begin at a unit. */
    boolean fits(final int unit, final int slabClass) {
        final int units = geometry.slabUnits(slabClass);
        return unit % units == 0 && unit + units <= geometry.units();
    }

    boolean isUsed(final int unit) {
        return used.get(unit);
    }

    /** True if any unit of a slab that could begin here belongs to one. */
    boolean overlaps(final int unit, final int slabClass) {
        final int next = used.nextSetBit(unit);
        return next >= 0 && next < unit + geometry.slabUnits(slabClass);
    }

    int usedUnits() {
        return used.cardinality();
    }

    /** Notes that a ring slot names a reserved slab; false if another one did before. */
    boolean name(final int unit, final boolean byClaim) {
        if (named.get(unit)) {
            return false;
        }
        named.set(unit);
        claimed.set(unit, byClaim);
        return true;
    }

    boolean isNamed(final int unit) {
        return named.get(unit);
    }

    /** True if a worker may have put blocks there: the slab has an owner, had one, or was claimed a moment ago. */
    boolean holdsBlocks(final int unit) {
        final int state = state(unit);
        return state == SlabTableDescriptor.OWNED
                || state == SlabTableDescriptor.ORPHANED
                || state == SlabTableDescriptor.RECOVERING
                || state == SlabTableDescriptor.RESERVED && claimed.get(unit);
    }

    /** The largest incarnation of a session that owns a slab, or -1. */
    int largestIncarnation(final int session) {
        int largest = -1;
        for (final long owner : owners) {
            final int state = SlabTableDescriptor.state(owner);
            if ((state == SlabTableDescriptor.OWNED || state == SlabTableDescriptor.RECOVERING)
                    && SlabTableDescriptor.session(owner) == session) {
                largest = Math.max(largest, SlabTableDescriptor.incarnation(owner));
            }
        }
        return largest;
    }

    SlabView view(final int unit) {
        return views.get(unit);
    }

    void view(final SlabView view) {
        views.put(view.unit, view);
    }
}
