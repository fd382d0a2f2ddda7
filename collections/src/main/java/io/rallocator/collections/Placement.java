package io.rallocator.collections;

import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.StructureDroppedException;
import java.util.Arrays;

/**
 * Which blade has which part of a structure that is on several of them: an array of words on the blade that has the names. The first word says
 * what it is, {@code type 8 | parameter 48}; the others, one for each part, {@code blade + 1}, or 0 for a part that was never used. Each is
 * set once by a compare-and-swap.
 *
 * <p>A placement exists before its parts, whose names have its id, and is dropped before them: a part whose placement is gone is
 * nobody's, see {@link StripedHeap}.
 */
final class Placement {
    /** Parts of a map. An array has at most so many, a queue one. */
    static final int PARTS = 64;

    /** Words of a placement. */
    static final int LENGTH = 1 + PARTS;

    /** No name of an application's structure begins with it. */
    static final char PART_MARK = '#';

    private static final int TYPE_SHIFT = 48;

    /** What a structure is. The codes are stored. */
    enum Type {
        MAP(1, MapLayout.TYPE_NAME),
        QUEUE(2, QueueLayout.TYPE_NAME),
        LONGS(3, ArrayKind.LONGS.typeName()),
        BYTES(4, ArrayKind.BYTES.typeName()),
        ELEMENTS(5, ArrayKind.ELEMENTS.typeName());

        private final int code;
        private final String typeName;

        Type(final int code, final String typeName) {
            this.code = code;
            this.typeName = typeName;
        }

        String typeName() {
            return typeName;
        }

        /** The first word of such a structure. */
        long word(final long parameter) {
            return (long) code << TYPE_SHIFT | parameter;
        }

        /** The type that a first word says, or null. */
        static Type of(final long word) {
            return Arrays.stream(values())
                    .filter(type -> type.code == word >>> TYPE_SHIFT)
                    .findFirst()
                    .orElse(null);
        }
    }

    /** The words in one session with the blade that has them. */
    private record Bound(PoolHeap heap, StructureRoot root, RemoteLongArray words) {
        static Bound to(final PoolHeap heap, final ArrayTable table) {
            return new Bound(heap, table.root(), new PersistentLongArray(table));
        }
    }

    private final Seats seats;
    private final String id;
    private final long[] known = new long[LENGTH];
    private volatile Bound bound;

    /**
     * Reads all words: one round trip.
     *
     * @param seats of the heap
     * @param heap of the blade that has the words
     * @param table the words
     */
    Placement(final Seats seats, final PoolHeap heap, final ArrayTable table) {
        this.seats = seats;
        bound = Bound.to(heap, table);
        id = idOf(table.root());
        bound.words.getAll(0, known, 0, LENGTH);
    }

    /** The words in a session that was open just now: a new one, if the blade was away. */
    private Bound bound() {
        Bound current = bound;
        if (!current.heap.isOpen()) {
            final PoolHeap heap = seats.root();
            final StructureRoot root = heap.catalog().structures().stream()
                    .filter(each -> idOf(each).equals(id))
                    .findFirst()
                    .orElse(null);
            if (root == null) {
                current.root.drop();
                requireThere();
            }
            current = Bound.to(heap, heap.arrays().placement(root));
            bound = current;
        }
        return current;
    }

    /** The id of a placement: no other of this pool ever has the same. */
    static String idOf(final StructureRoot root) {
        return Long.toHexString(root.createdMs()) + "-" + Long.toHexString(root.ref());
    }

    /** The id that is in the name of a part, or null if it is no part's name. */
    static String idIn(final String partName) {
        final int end = partName.lastIndexOf('.');
        return partName.charAt(0) == PART_MARK && end > 0 ? partName.substring(1, end) : null;
    }

    static long parameterOf(final long word) {
        return word & (1L << TYPE_SHIFT) - 1;
    }

    String name() {
        return bound.root.name();
    }

    String partName(final int part) {
        return PART_MARK + id + "." + part;
    }

    boolean isDropped() {
        return bound.root.isDropped();
    }

    void requireThere() {
        if (isDropped()) {
            throw new StructureDroppedException(
                    "'" + name() + "' was dropped; open it by its name again if you want it anew");
        }
    }

    /**
     * Says what the structure is, unless that was said before.
     *
     * @param word type and parameter
     * @return what it is
     */
    long describe(final long word) {
        if (known[0] == 0) {
            final long before = bound().words.compareAndExchange(0, 0, word);
            known[0] = before == 0 ? word : before;
        }
        return known[0];
    }

    /** What the structure is, or 0 if whoever created it died before it said so. */
    long description() {
        return known[0];
    }

    /** The blade of a part, or −1 if it has none. */
    int blade(final int part) {
        return (int) known[1 + part] - 1;
    }

    /**
     * Finds the blade of a part. If it has none, chooses one that is not away.
     *
     * @param part number
     * @return number of the blade
     */
    int place(final int part) {
        if (blade(part) < 0) {
            final long choice = 1L + seats.choose(part + id.hashCode());
            final long before = bound().words.compareAndExchange(1 + part, 0, choice);
            known[1 + part] = before == 0 ? choice : before;
        }
        if (blade(part) < 0 || blade(part) >= Members.MOST_BLADES) {
            throw new CorruptedPoolException("the placement of '" + name() + "' says that part " + part
                    + " is on blade " + blade(part) + "; run `rallocator check`");
        }
        return blade(part);
    }
}
