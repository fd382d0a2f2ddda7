package io.rallocator.collections;

import java.util.function.Function;

/**
 * One call of one worker, as it was observed.
 *
 * @param worker who called
 * @param action what was called
 * @param begin {@link System#nanoTime} before the call: a clock that all threads share, and reading which orders no memory access
 * @param end the same after it
 * @param result what it answered
 */
record Call<S>(int worker, Action<S> action, long begin, long end, Object result) {
    /** Runs an action and observes it. */
    static <S> Call<S> observe(final int worker, final Action<S> action, final S structure) {
        final long begin = System.nanoTime();
        final Object result = action.body().apply(structure);
        return new Call<>(worker, action, begin, System.nanoTime(), result);
    }

    @Override
    public String toString() {
        return String.format("%15d … %15d  worker %d  %s = %s", begin, end, worker, action, result);
    }

    /**
     * Something to do with a structure; done to its sequential specification too, so it must depend on nothing else.
     *
     * @param what for people
     * @param body returns the answer
     */
    record Action<S>(String what, Function<S, Object> body) {
        @Override
        public String toString() {
            return what;
        }
    }
}
