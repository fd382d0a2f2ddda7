package io.rallocator.collections;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Where the last operation of this heap at one end of a queue was: the next one begins there.
 *
 * <p>Threads: any, without waiting. The sequence is odd while somebody writes; who finds it odd, or changed, goes without.
 */
final class PositionHint {
    private final AtomicLong sequence = new AtomicLong();
    private final Position position = new Position();
    private boolean isSet;

    /**
     * Copies the position.
     *
     * @param target where to
     * @return false if none is known
     */
    boolean load(final Position target) {
        final long before = sequence.getAcquire();
        if ((before & 1) != 0 || !isSet) {
            return false;
        }
        target.copyFrom(position);
        VarHandle.loadLoadFence();
        return sequence.getOpaque() == before;
    }

    /**
     * Remembers a position, unless somebody else does at this moment.
     *
     * @param source where from
     */
    void store(final Position source) {
        final long before = sequence.getAcquire();
        if ((before & 1) == 0 && sequence.compareAndSet(before, before + 1)) {
            VarHandle.storeStoreFence();
            position.copyFrom(source);
            isSet = true;
            sequence.setRelease(before + 2);
        }
    }
}
