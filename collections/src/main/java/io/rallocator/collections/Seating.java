package io.rallocator.collections;

import io.rallocator.persistence.PoolUnavailableException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Finds out which blades of an address list make up one heap. Pools that belong to none, and have no structures, become one; those of a heap
 * must all be named, though not all must answer; others may join it if the address says so.
 */
final class Seating {
    private final HeapUri address;
    private final List<Candidate> candidates;
    private final List<Candidate> here;

    private Seating(final HeapUri address, final List<Candidate> candidates) {
        this.address = address;
        this.candidates = candidates;
        here = candidates.stream().filter(Candidate::isHere).toList();
    }

    /**
     * Seats the blades of a list.
     *
     * @param address of several blades
     * @return their seats; close them
     */
    static Seats of(final HeapUri address) {
        final List<Candidate> candidates = new ArrayList<>();
        try {
            for (final HeapUri each : address.blades()) {
                candidates.add(Candidate.of(each));
            }
            return new Seating(address, candidates).seat();
        } catch (final RuntimeException | Error e) {
            Seats.closeAfter(
                    e,
                    candidates.stream()
                            .filter(Candidate::isHere)
                            .<Runnable>map(each -> each.heap()::close)
                            .toList());
            throw e;
        }
    }

    private Seats seat() {
        if (here.isEmpty()) {
            throw new PoolUnavailableException(
                    "none of the " + candidates.size() + " blades answers: "
                            + candidates.stream()
                                    .map(each -> each.failure().getMessage())
                                    .collect(Collectors.joining("; ")),
                    candidates.get(0).failure());
        }
        requireDistinct();
        final Candidate known = root();
        final Candidate root = known == null || Members.of(known.heap()).count() == 0 ? form(known) : known;
        final Members members = Members.of(root.heap());
        joinAll(members);
        return new Seats(address, seats(members));
    }

    private void requireDistinct() {
        final Map<UUID, Candidate> byPool = new HashMap<>();
        for (final Candidate each : here) {
            final Candidate other = byPool.put(each.heap().poolId(), each);
            if (other != null) {
                throw new IllegalArgumentException(other.place() + " and " + each.place() + " are the same pool, "
                        + each.heap().poolId() + ", or one is a copy of the other; name each blade once");
            }
            if (each.heap().durability() != here.get(0).heap().durability()) {
                throw new IllegalArgumentException(each.place() + " has durability "
                        + each.heap().durability() + ", and " + here.get(0).place() + " has "
                        + here.get(0).heap().durability() + "; all blades of a heap must have the same");
            }
        }
    }

    /** The blade that has the names, or null if no pool belongs to a heap. */
    private Candidate root() {
        Candidate member = null;
        Candidate root = null;
        for (final Candidate each : here) {
            if (Members.areIn(each.heap())) {
                if (member != null && !heapOf(member).equals(heapOf(each))) {
                    throw new IllegalArgumentException(member.place() + " belongs to the heap " + heapOf(member)
                            + ", and " + each.place() + " to " + heapOf(each) + "; name the blades of one heap");
                }
                member = each;
                root = Members.of(each.heap()).isRoot() ? each : root;
            }
        }
        if (member == null || root != null) {
            return root;
        }
        final String missing = "blade 0 of the heap " + heapOf(member) + ", which has the names, ";
        if (here.size() == candidates.size()) {
            throw new IllegalArgumentException(missing + "is not in the list of " + here.size() + "; name all blades");
        }
        throw new PoolUnavailableException(
                missing + "does not answer: " + away().get(0).failure().getMessage(),
                away().get(0).failure());
    }

    private static String heapOf(final Candidate candidate) {
        return Members.of(candidate.heap()).heap();
    }

    private List<Candidate> away() {
        return candidates.stream().filter(each -> !each.isHere()).toList();
    }

    // ---- a new heap

    /**
     * Makes all of them one heap, or goes on where somebody died who was doing so.
     *
     * @param begun the blade that is to have the names, if that is known already
     */
    private Candidate form(final Candidate begun) {
        if (here.size() < candidates.size()) {
            throw new PoolUnavailableException(
                    "a new heap needs all of its blades: "
                            + away().get(0).failure().getMessage(),
                    away().get(0).failure());
        }
        final Candidate root = begun == null ? newRoot() : begun;
        final Members members = Members.of(root.heap());
        final String heap = members.joinAsRoot(UUID.randomUUID().toString());
        members.enter(0, root.heap().poolId(), root.place());
        final List<Candidate> others = new ArrayList<>(here);
        others.remove(root);
        others.sort(Comparator.comparing(each -> each.heap().poolId()));
        for (final Candidate each : others) {
            join(members, heap, each);
        }
        members.countAtLeast(here.size());
        return root;
    }

    /** Whatever the order of the list, all take the same one: that with structures, or else that with the least id. */
    private Candidate newRoot() {
        final List<Candidate> used =
                here.stream().filter(each -> hasStructures(each.heap())).toList();
        if (used.isEmpty()) {
            return here.stream()
                    .min(Comparator.comparing(each -> each.heap().poolId()))
                    .orElseThrow();
        }
        if (used.size() > 1) {
            throw new IllegalArgumentException(used.get(0).place() + " and "
                    + used.get(1).place() + " both have structures already; at most one blade of a new heap may");
        }
        if (!address.joins()) {
            throw new IllegalArgumentException(used.get(0).place() + " has structures already; to make it one heap with"
                    + " the others, for good, add join=true to the address");
        }
        return used.get(0);
    }

    private static boolean hasStructures(final PoolHeap heap) {
        return heap.names().stream().anyMatch(name -> name.charAt(0) != Placement.PART_MARK);
    }

    // ---- those that join

    private void joinAll(final Members members) {
        final String heap = members.heap();
        for (final Candidate each : here) {
            if (!isMember(members, each)) {
                if (!address.joins()) {
                    throw new IllegalArgumentException(
                            each.place() + " (pool " + each.heap().poolId()
                                    + ") is none of the " + members.count()
                                    + " blades of this heap; to let it join, for good, add"
                                    + " join=true to the address");
                }
                if (hasStructures(each.heap())) {
                    throw new IllegalArgumentException(each.place() + " cannot join: it has structures already");
                }
                members.countAtLeast(join(members, heap, each) + 1);
            }
        }
    }

    private static boolean isMember(final Members members, final Candidate candidate) {
        for (int number = members.count() - 1; number >= 0; number--) {
            if (members.pool(number).equals(candidate.heap().poolId())) {
                return true;
            }
        }
        return false;
    }

    /** Enters a blade into the list, and returns its number. */
    private static int join(final Members members, final String heap, final Candidate candidate) {
        final Members own = Members.of(candidate.heap());
        final String belongsTo = own.join(heap);
        if (!belongsTo.equals(heap)) {
            throw new IllegalArgumentException(candidate.place() + " belongs to another heap, " + belongsTo);
        }
        final int number = members.enter(1, candidate.heap().poolId(), candidate.place());
        own.number(number);
        return number;
    }

    // ---- the seats

    private List<Seat> seats(final Members members) {
        final List<Seat> seats = new ArrayList<>();
        final List<Candidate> unseated = new ArrayList<>(away());
        for (int number = 0; number < members.count(); number++) {
            seats.add(seat(members, number, unseated));
        }
        if (!unseated.isEmpty()) {
            throw new PoolUnavailableException(
                    "the heap has " + members.count() + " blades, and the list has " + candidates.size() + ", of which "
                            + unseated.get(0).place() + " does not answer: "
                            + unseated.get(0).failure().getMessage(),
                    unseated.get(0).failure());
        }
        return seats;
    }

    private Seat seat(final Members members, final int number, final List<Candidate> unseated) {
        final UUID pool = members.pool(number);
        final String place = members.place(number);
        final Seat seat = seat(number, pool, place, members.state(number), unseated);
        seat.state(members.state(number));
        return seat;
    }

    private Seat seat(
            final int number,
            final UUID pool,
            final String place,
            final BladeInfo.State state,
            final List<Candidate> unseated) {
        for (final Candidate each : here) {
            if (each.heap().poolId().equals(pool)) {
                return new Seat(number, pool, each);
            }
        }
        if (state == BladeInfo.State.RETIRED) {
            unseated.removeIf(each -> each.place().equals(place));
            return new Seat(number, pool, place);
        }
        if (unseated.isEmpty()) {
            throw new IllegalArgumentException("blade " + number + " of this heap, pool " + pool + ", last seen at "
                    + place + ", is not in the list of " + candidates.size() + "; name all blades");
        }
        final Candidate candidate = unseated.stream()
                .filter(each -> each.place().equals(place))
                .findFirst()
                .orElse(unseated.get(0));
        unseated.remove(candidate);
        return new Seat(number, pool, candidate);
    }
}
