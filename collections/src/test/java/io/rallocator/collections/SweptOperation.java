package io.rallocator.collections;

import java.util.Arrays;
import java.util.List;

/** One public operation that changes something, and what it may leave behind when it is cut short. */
final class SweptOperation {
    /** Something to be done with a worker's structures. */
    @FunctionalInterface
    interface Action {
        void on(SweptWorker worker) throws Exception;
    }

    /** What may be seen of an operation that did not return. */
    enum Rule {
        /** All or nothing; {@link RemoteHeap#outcome} says which. */
        ATOMIC {
            @Override
            boolean allows(final SweptState found, final SweptState before, final SweptState after) {
                return found.equals(before) || found.equals(after);
            }
        },

        /** All or nothing, by a verb without an intent. */
        WORD {
            @Override
            boolean allows(final SweptState found, final SweptState before, final SweptState after) {
                return ATOMIC.allows(found, before, after);
            }
        },

        /** A sequence of atomic changes. */
        EACH {
            @Override
            boolean allows(final SweptState found, final SweptState before, final SweptState after) {
                return found.isBetween(before, after);
            }
        };

        abstract boolean allows(SweptState found, SweptState before, SweptState after);
    }

    private static final Action NOTHING = worker -> {};

    final String name;
    final List<String> covers;
    final Rule rule;
    final Action action;
    Action preparation = NOTHING;

    /** The session is opened in the swept part too. */
    boolean isFromStart;

    /** The session is closed in the swept part. */
    boolean isClosing;

    /** Steps after the operation's return that are swept too: what the blade and the conductor do about it. */
    long tail;

    /**
     * An operation.
     *
     * @param name for people
     * @param rule what may be left behind
     * @param action the operation
     * @param covers the public methods that it is one of
     */
    SweptOperation(final String name, final Rule rule, final Action action, final String... covers) {
        this.name = name;
        this.rule = rule;
        this.action = action;
        this.covers = Arrays.asList(covers);
    }

    /** What must be there before; it is not swept. */
    SweptOperation after(final Action first) {
        preparation = first;
        return this;
    }

    SweptOperation fromStart() {
        isFromStart = true;
        return this;
    }

    SweptOperation closing() {
        isClosing = true;
        return this;
    }

    SweptOperation andThen(final long steps) {
        tail = steps;
        return this;
    }

    @Override
    public String toString() {
        return name;
    }
}
