package io.rallocator.allocator;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The name under which the verbs of one kind of operation are counted, such as {@code map.get}. Names are registered
 * once; the small index makes counting an array access.
 */
public final class Operation {
    private static final List<Operation> ALL = new ArrayList<>();

    private final String name;
    private final int index;

    private Operation(final String name, final int index) {
        this.name = name;
        this.index = index;
    }

    /**
     * The operation of a name, registered on first use.
     *
     * @param name such as {@code map.get}
     * @return the one operation of that name
     */
    public static Operation named(final String name) {
        synchronized (ALL) {
            final Operation known = find(name);
            if (known != null) {
                return known;
            }
            final Operation operation = new Operation(name, ALL.size());
            ALL.add(operation);
            return operation;
        }
    }

    /**
     * The operation of a name, if it is registered.
     *
     * @param name such as {@code map.get}
     * @return the one operation of that name, or null
     */
    public static Operation find(final String name) {
        Objects.requireNonNull(name, "the operation's name is null");
        synchronized (ALL) {
            for (final Operation operation : ALL) {
                if (operation.name.equals(name)) {
                    return operation;
                }
            }
            return null;
        }
    }

    /**
     * Every operation registered so far.
     *
     * @return a copy, by index
     */
    public static List<Operation> all() {
        synchronized (ALL) {
            return List.copyOf(ALL);
        }
    }

    /**
     * Its name.
     *
     * @return as registered
     */
    public String name() {
        return name;
    }

    /**
     * Its place in counters.
     *
     * @return from 0
     */
    int index() {
        return index;
    }

    @Override
    public String toString() {
        return name;
    }
}
