package io.rallocator.collections;

import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureDroppedException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which blade has which part of a structure that is on several of them: an array of words on the blade that has the names. The first word says
 * what it is, {@code type 8 | parameter 48}; the others, one for each part, are {@link PartWord}s. All are changed by compare-and-swap.
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

    /** The name of an instance of a part, which no other table ever has. */
    String partName(final int part, final int instance) {
        return PART_MARK + rest(part, instance);
    }

    /** The name of an instance that stands still, because it is moving. */
    String sealedName(final int part, final int instance) {
        return RootDescriptor.SEALED_MARK + rest(part, instance);
    }

    private String rest(final int part, final int instance) {
        return id + "." + part + (instance == 0 ? "" : "-" + instance);
    }

    /** The placement, part and instance that the name of a part says. */
    record PartName(String id, int part, int instance) {
        private static final Pattern FORMAT = Pattern.compile("##?([0-9a-f]+-[0-9a-f]+)\\.(\\d{1,2})(?:-(\\d{1,7}))?");

        /** Returns null if a name is none of a part. */
        static PartName of(final String name) {
            final Matcher matcher = FORMAT.matcher(name);
            return matcher.matches()
                    ? new PartName(
                            matcher.group(1),
                            Integer.parseInt(matcher.group(2)),
                            matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3)))
                    : null;
        }
    }

    String id() {
        return id;
    }

    static long parameterOf(final long word) {
        return word & (1L << TYPE_SHIFT) - 1;
    }

    String name() {
        return bound.root.name();
    }

    boolean isDropped() {
        return bound.root.isDropped();
    }

    /** As {@link #requireThere()}, even if this worker does not know yet: a round trip. */
    void lookWhetherThere() {
        final Bound current = bound();
        current.heap.catalog().requireThere(current.root);
        requireThere();
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

    /** The word of a part when it was last looked at. */
    long word(final int part) {
        return known[1 + part];
    }

    /** Reads the word of a part: one round trip. */
    long read(final int part) {
        final long word = bound().words.get(1 + part);
        if (word != PartWord.UNPLACED
                && (!isBlade(PartWord.blade(word))
                        || PartWord.isMoving(word) && !isBlade(PartWord.blade(PartWord.next(word))))) {
            throw new CorruptedPoolException(
                    "the placement of '" + name() + "' says that part " + part + " is on blade " + PartWord.blade(word)
                            + " (word " + Long.toHexString(word) + "); run `rallocator check`");
        }
        known[1 + part] = word;
        return word;
    }

    private static boolean isBlade(final int blade) {
        return blade >= 0 && blade < Members.MOST_BLADES;
    }

    /** Changes the word of a part; false if it was not as expected. */
    boolean swap(final int part, final long expected, final long word) {
        if (bound().words.compareAndExchange(1 + part, expected, word) != expected) {
            return false;
        }
        known[1 + part] = word;
        return true;
    }

    /**
     * Finds where a part is. If it is nowhere, chooses a blade that is not away.
     *
     * @param part number
     * @return its word, as it was just now
     */
    long place(final int part) {
        for (; ; ) {
            final long word = read(part);
            if (word != PartWord.UNPLACED) {
                return word;
            }
            swap(part, PartWord.UNPLACED, PartWord.of(seats.choose(part + id.hashCode()), 0));
        }
    }
}
