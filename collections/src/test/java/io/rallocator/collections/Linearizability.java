package io.rallocator.collections;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Looks for an order of concurrent calls in which a sequential specification gives the same answers, and which keeps the order of
 * calls that did not overlap: the search of Wing and Gong, with Lowe's memory of configurations that led nowhere.
 *
 * @param <S> type of structure and specification
 */
final class Linearizability<S> {
    private final UnaryOperator<S> copier;

    /**
     * Makes a checker.
     *
     * @param copier copies a specification, which must define {@code equals} and {@code hashCode} by its contents
     */
    Linearizability(final UnaryOperator<S> copier) {
        this.copier = copier;
    }

    /** Tells whether the calls, 62 at most, can be explained from a state. */
    boolean explains(final S initial, final List<Call<S>> calls) {
        if (calls.size() > 62) {
            throw new IllegalArgumentException(calls.size() + " calls; a set of calls is kept in one long");
        }
        return search(calls, 0, initial, new HashSet<>());
    }

    private boolean search(
            final List<Call<S>> calls, final long done, final S state, final Set<Configuration<S>> deadEnds) {
        if (done == (1L << calls.size()) - 1) {
            return true;
        }
        if (!deadEnds.add(new Configuration<>(done, state))) {
            return false;
        }
        final long firstEnd = firstEnd(calls, done);
        for (int i = 0; i < calls.size(); i++) {
            final Call<S> call = calls.get(i);
            if ((done & 1L << i) == 0 && call.begin() <= firstEnd) {
                final S next = copier.apply(state);
                if (Objects.equals(call.action().body().apply(next), call.result())
                        && search(calls, done | 1L << i, next, deadEnds)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whatever began after the first end of a call that is left cannot come before that call. */
    private static <S> long firstEnd(final List<Call<S>> calls, final long done) {
        long first = Long.MAX_VALUE;
        for (int i = 0; i < calls.size(); i++) {
            if ((done & 1L << i) == 0) {
                first = Math.min(first, calls.get(i).end());
            }
        }
        return first;
    }

    private record Configuration<S>(long done, S state) {}
}
