package io.rallocator.collections;

import io.rallocator.persistence.PoolUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The blades of a heap. Blade 0 has the names and the list of blades; those that join later are found there.
 *
 * <p>Threads: any.
 */
final class Seats {
    private static final int NONE = -1;

    private final HeapUri address;
    private final List<Seat> seats;
    private volatile Bound bound;

    /** The list of blades in one session with the blade that has it. */
    private record Bound(PoolHeap heap, Members members) {}

    Seats(final HeapUri address, final List<Seat> seats) {
        this.address = address;
        this.seats = new CopyOnWriteArrayList<>(seats);
    }

    List<Seat> all() {
        return seats;
    }

    /** The blade that has the names. */
    PoolHeap root() {
        return heap(0);
    }

    /**
     * The heap of a blade.
     *
     * @param blade its number
     * @return the heap
     * @throws PoolUnavailableException if the blade is away, or no blade of this heap has the number
     */
    PoolHeap heap(final int blade) {
        return seat(blade).heap();
    }

    private Seat seat(final int blade) {
        if (blade >= seats.size()) {
            addJoined();
        }
        if (blade >= seats.size()) {
            throw new PoolUnavailableException("this heap has " + seats.size() + " blades, and no blade " + blade);
        }
        return seats.get(blade);
    }

    /** The list of blades, in a session that was open just now. */
    Members members() {
        final PoolHeap root = root();
        Bound current = bound;
        if (current == null || current.heap != root) {
            current = new Bound(root, Members.of(root));
            bound = current;
        }
        return current.members;
    }

    /** The state of a blade as it is now. */
    BladeInfo.State state(final int blade) {
        final BladeInfo.State state = members().state(blade);
        seat(blade).state(state);
        return state;
    }

    private synchronized void addJoined() {
        final Members members = members();
        for (int number = seats.size(); number < members.count(); number++) {
            seats.add(new Seat(number, members.pool(number), Candidate.of(address.at(members.place(number)))));
        }
    }

    /**
     * Chooses a blade for something new.
     *
     * @param preference blades take turns by it
     * @return number of a blade that is not away, and in use as far as is known
     * @throws PoolUnavailableException if there is none
     */
    int choose(final int preference) {
        return chooseBut(NONE, preference);
    }

    /** As {@link #choose}, but another than one. */
    int chooseBut(final int other, final int preference) {
        final int first = Math.floorMod(preference, seats.size());
        for (int i = 0; i < seats.size(); i++) {
            final int blade = (first + i) % seats.size();
            if (blade != other && seats.get(blade).isHere() && seats.get(blade).state() == BladeInfo.State.IN_USE) {
                return blade;
            }
        }
        seats.get(0).requireNotEnded();
        throw new PoolUnavailableException("none of the " + seats.size() + " blades of this heap"
                + (other == NONE ? "" : ", but for blade " + other + ",") + " is here and in use");
    }

    /** The blade of a pool. */
    PoolHeap ofPool(final UUID pool) {
        for (final Seat seat : seats) {
            if (seat.pool().equals(pool)) {
                return seat.heap();
            }
        }
        seats.get(0).requireNotEnded();
        throw new IllegalArgumentException("none of the " + seats.size() + " blades of this heap has the pool " + pool);
    }

    /** Ends all sessions, that with the names last, each of them even if another one cannot be ended as it should. */
    void close() {
        seats.forEach(Seat::end);
        final List<Runnable> sessions = new ArrayList<>();
        seats.forEach(each -> sessions.add(0, each::close));
        closeAll(sessions);
    }

    /** Closes what had been opened before a failure. */
    static void closeAfter(final Throwable failure, final List<Runnable> opened) {
        try {
            closeAll(opened);
        } catch (final RuntimeException e) {
            if (e != failure) {
                failure.addSuppressed(e);
            }
        }
    }

    private static void closeAll(final List<Runnable> all) {
        RuntimeException failure = null;
        for (final Runnable each : all) {
            try {
                each.run();
            } catch (final RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else if (failure != e) {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
