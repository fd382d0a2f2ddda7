package io.rallocator.examples.simulate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What workers tried, and what they were told, kept outside the simulated memory; says so when an answer cannot be right. Every
 * key is written by one worker at a time, in versions that go up.
 */
final class Journal {
    /** The last version that was begun, and the last that somebody knows: its writer by the return, a reader by having seen it. */
    private static final class Versions {
        private long begun;
        private long known;
    }

    /** What a key of one owner is, and what it may be as well since its last operation did not return. */
    private static final class Exact {
        private Long value;
        private Long other;
        private boolean open;
    }

    private final Map<String, Versions> versions = new HashMap<>();
    private final Map<String, Exact> exact = new HashMap<>();
    private final Set<Long> offers = new HashSet<>();
    private final Set<Long> returnedOffers = new HashSet<>();
    private final Set<Long> polled = new HashSet<>();
    private final Map<String, Boolean> polling = new HashMap<>();
    private int unknownPolls;
    private long operations;

    static void require(final boolean holds, final String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    long operations() {
        return operations;
    }

    // ---- versions that go up, of registers and counters

    private Versions of(final String key) {
        return versions.computeIfAbsent(key, k -> new Versions());
    }

    long begin(final String key) {
        operations++;
        return ++of(key).begun;
    }

    void returned(final String key, final long version) {
        of(key).known = Math.max(of(key).known, version);
    }

    /** What a reader must see at least; to be asked before it reads. */
    long known(final String key) {
        operations++;
        return of(key).known;
    }

    void seen(final String key, final long atLeast, final long version) {
        require(version >= atLeast, "'" + key + "' is " + version + ", but " + atLeast + " was known before");
        require(version <= of(key).begun, "'" + key + "' is " + version + ", but only " + of(key).begun + " was begun");
        returned(key, version);
    }

    /** Counters: those that were begun and did not return may have counted or not. */
    void counted(final String key) {
        of(key).known++;
    }

    void total(final String key, final long total) {
        require(
                total >= of(key).known && total <= of(key).begun,
                "'" + key + "' counted " + total + " of " + of(key).known + " that returned and " + of(key).begun
                        + " that were begun");
    }

    // ---- keys of one owner, which come and go

    void beginExact(final String key, final Long value) {
        operations++;
        final Exact state = exact.computeIfAbsent(key, k -> new Exact());
        state.other = value;
        state.open = true;
    }

    void returnedExact(final String key, final Long before) {
        final Exact state = exact.get(key);
        require(
                Objects.equals(before, state.value),
                "'" + key + "' was " + before + ", but " + state.value + " was put there last");
        state.value = state.other;
        state.open = false;
    }

    /** Settles what did not return, by what is there. */
    void foundExact(final String key, final Long found) {
        final Exact state = exact.computeIfAbsent(key, k -> new Exact());
        require(
                Objects.equals(found, state.value) || state.open && Objects.equals(found, state.other),
                "'" + key + "' is " + found + ", but " + state.value + " was acknowledged"
                        + (state.open ? " and " + state.other + " was begun" : ""));
        state.value = found;
        state.open = false;
    }

    List<String> exactKeys() {
        return new ArrayList<>(exact.keySet());
    }

    List<String> versionKeys() {
        return new ArrayList<>(versions.keySet());
    }

    // ---- elements of a queue

    void beginOffer(final long element) {
        operations++;
        offers.add(element);
    }

    void returnedOffer(final long element) {
        returnedOffers.add(element);
    }

    void beginPoll(final String worker) {
        operations++;
        polling.put(worker, true);
    }

    void returnedPoll(final String worker, final Long element) {
        polling.remove(worker);
        if (element != null) {
            require(offers.contains(element), "the element " + element + " was never offered");
            require(polled.add(element), "the element " + element + " was polled twice");
        }
    }

    /** A poll that did not return may have taken an element. */
    void ended(final String worker) {
        unknownPolls += polling.remove(worker) == null ? 0 : 1;
    }

    /** At the end: what is left in the queue, in order. */
    void left(final List<Long> elements, final long perProducer) {
        final Map<Long, Long> last = new HashMap<>();
        final Set<Long> there = new HashSet<>();
        for (final long element : elements) {
            require(offers.contains(element), "the element " + element + " was never offered");
            require(there.add(element), "the element " + element + " is there twice");
            require(!polled.contains(element), "the element " + element + " was polled and is still there");
            final Long before = last.put(element / perProducer, element);
            require(before == null || before < element, "the element " + element + " comes after " + before);
        }
        final Set<Long> missing = new HashSet<>(returnedOffers);
        missing.removeAll(there);
        missing.removeAll(polled);
        require(
                missing.size() <= unknownPolls,
                missing.size() + " elements are lost, but only " + unknownPolls + " polls did not return: " + missing);
    }
}
