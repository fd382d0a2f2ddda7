package io.rallocator.collections;

import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.SessionId;
import java.util.UUID;

/**
 * What a pool knows of the heap that it belongs to: a map of its own, {@value #NAME}, with the heap's id and the blade's number. That of
 * blade 0 also has the list of all blades. Every entry of that is written once, but for the count, which goes up; so whatever dies, whoever comes next
 * goes on. Besides, it has the states of blades that are to leave, and who moves a part.
 */
final class Members {
    /** Most blades of a heap. */
    static final int MOST_BLADES = 256;

    /** Name of the map. */
    static final String NAME = "#heap";

    private static final String HEAP = "heap";
    private static final String ROOT_MARK = " root";
    private static final String NUMBER = "number";
    private static final String COUNT = "count";
    private static final String BLADE = "blade ";
    private static final String STATE = "state ";
    private static final String MOVER = "mover ";
    private static final int UUID_LENGTH = 36;

    private final RemoteMap<String, String> entries;

    private Members(final RemoteMap<String, String> entries) {
        this.entries = entries;
    }

    /** What a pool knows; it may be nothing yet. */
    static Members of(final PoolHeap heap) {
        return new Members(heap.map(NAME, Codecs.string(), Codecs.string()));
    }

    /** Tells whether a pool belongs to a heap, without changing it. */
    static boolean areIn(final PoolHeap heap) {
        return heap.names().contains(NAME) && of(heap).heap() != null;
    }

    /** Id of the heap, or null. */
    String heap() {
        return idIn(entries.get(HEAP));
    }

    private static String idIn(final String entry) {
        return entry == null ? null : entry.substring(0, UUID_LENGTH);
    }

    /** Tells whether this is blade 0, which has the names. */
    boolean isRoot() {
        final String entry = entries.get(HEAP);
        return entry != null && entry.endsWith(ROOT_MARK);
    }

    /** Blades of the heap, 0 before it is complete. */
    int count() {
        final String count = entries.get(COUNT);
        return count == null ? 0 : Integer.parseInt(count);
    }

    /** Id of a blade's pool. */
    UUID pool(final int number) {
        return UUID.fromString(line(number).substring(0, UUID_LENGTH));
    }

    /** Where a blade was when it joined. */
    String place(final int number) {
        return line(number).substring(UUID_LENGTH + 1);
    }

    private String line(final int number) {
        final String line = entries.get(BLADE + number);
        if (line == null) {
            throw new CorruptedPoolException("the list of blades has " + count() + " blades, but no blade " + number);
        }
        return line;
    }

    /**
     * Makes a pool one of a heap.
     *
     * @param heap its id
     * @return the id of the heap that it belongs to from now on, or did already
     */
    String join(final String heap) {
        final String before = entries.putIfAbsent(HEAP, heap);
        return before == null ? heap : idIn(before);
    }

    /**
     * Makes a pool blade 0 of a heap, which nobody else can become: who it is, and that it is the first, is one entry.
     *
     * @param heap its id
     * @return the id of the heap whose blade 0 it is from now on, or was already
     */
    String joinAsRoot(final String heap) {
        final String before = entries.putIfAbsent(HEAP, heap + ROOT_MARK);
        return before == null ? heap : idIn(before);
    }

    void number(final int number) {
        entries.putIfAbsent(NUMBER, Integer.toString(number));
    }

    /**
     * Enters a blade into the list: under the first number that is free, or its own.
     *
     * @param from number to begin with
     * @param pool id of its pool
     * @param place where it is
     * @return its number
     */
    int enter(final int from, final UUID pool, final String place) {
        for (int number = from; number < MOST_BLADES; number++) {
            entries.putIfAbsent(BLADE + number, pool + " " + place);
            if (pool(number).equals(pool)) {
                return number;
            }
        }
        throw new IllegalArgumentException("a heap has at most " + MOST_BLADES + " blades");
    }

    BladeInfo.State state(final int number) {
        final String state = entries.get(STATE + number);
        return state == null ? BladeInfo.State.IN_USE : BladeInfo.State.valueOf(state);
    }

    void state(final int number, final BladeInfo.State state) {
        entries.set(STATE + number, state.name());
    }

    /**
     * Says who moves a part: a hint for those who wait for it.
     *
     * @param part name of the instance that is left
     * @param word of the part
     * @param session of the mover with this pool
     */
    void mover(final String part, final long word, final SessionId session) {
        entries.set(MOVER + part, Long.toHexString(word) + " " + session.toLong());
    }

    /** The session that moves a part, if its word is still the same; else null. */
    SessionId mover(final String part, final long word) {
        final String entry = entries.get(MOVER + part);
        final String mark = Long.toHexString(word) + " ";
        return entry == null || !entry.startsWith(mark)
                ? null
                : SessionId.fromLong(Long.parseLong(entry.substring(mark.length())));
    }

    void noMover(final String part) {
        entries.delete(MOVER + part);
    }

    /** The list is complete up to a number of blades. */
    void countAtLeast(final int count) {
        entries.merge(
                COUNT,
                Integer.toString(count),
                (old, now) -> Integer.toString(Math.max(Integer.parseInt(old), Integer.parseInt(now))));
    }
}
