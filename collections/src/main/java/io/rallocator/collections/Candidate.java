package io.rallocator.collections;

import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RallocatorException;

/**
 * An address of a list, and whether something answers there.
 *
 * @param address of one blade
 * @param heap of its pool, or null
 * @param failure why there is none
 */
record Candidate(HeapUri address, PoolHeap heap, RallocatorException failure) {
    static Candidate of(final HeapUri address) {
        try {
            return new Candidate(address, PoolHeap.open(address), null);
        } catch (final PoolUnavailableException | PoolInUseException e) {
            return new Candidate(address, null, e);
        }
    }

    boolean isHere() {
        return heap != null;
    }

    String place() {
        return address.place();
    }
}
