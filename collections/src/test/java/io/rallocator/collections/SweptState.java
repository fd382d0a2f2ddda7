package io.rallocator.collections;

import static io.rallocator.collections.SweptWorker.LENGTH;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the structures of a {@link SweptWorker} hold.
 *
 * @param parts every entry, element and word that is not empty, by a name of it
 * @param queues elements in order, the unbounded queue's and the bounded one's
 */
record SweptState(Map<String, String> parts, List<List<String>> queues) {
    private static final int WORDS_AT_A_BORDER = 6;
    private static final int LONGS_IN_AN_EXTENT = 126;

    static SweptState read(final SweptWorker worker) {
        final Map<String, String> parts = new TreeMap<>();
        worker.map.forEach((key, value) -> parts.put(
                "map " + key,
                value + worker.map.timeToLive(key).map(left -> ", for " + left).orElse("")));
        readElements(parts, "array ", worker.array.getAll(0, WORDS_AT_A_BORDER));
        readElements(parts, "last of array ", worker.array.getAll(LENGTH - 2, 2));
        readElements(parts, "few ", worker.few.getAll(0, 4));
        readWords(parts, worker, 0);
        readWords(parts, worker, LONGS_IN_AN_EXTENT - WORDS_AT_A_BORDER / 2);
        worker.heap.names().forEach(name -> parts.put("structure " + name, "is there"));
        return new SweptState(parts, List.of(new ArrayList<>(worker.queue), new ArrayList<>(worker.bounded)));
    }

    private static void readElements(final Map<String, String> parts, final String name, final List<String> elements) {
        for (int i = 0; i < elements.size(); i++) {
            if (elements.get(i) != null) {
                parts.put(name + i, elements.get(i));
            }
        }
    }

    /** Of both arrays of words: each is written as a whole, or not. */
    private static void readWords(final Map<String, String> parts, final SweptWorker worker, final int from) {
        final long[] longs = new long[WORDS_AT_A_BORDER];
        worker.longs.getAll(from, longs, 0, longs.length);
        final byte[] bytes = new byte[8 * WORDS_AT_A_BORDER];
        worker.bytes.read(8L * from, bytes, 0, bytes.length);
        for (int i = 0; i < WORDS_AT_A_BORDER; i++) {
            parts.put("long " + (from + i), Long.toString(longs[i]));
            parts.put("bytes " + (from + i), new String(bytes, 8 * i, 8, StandardCharsets.ISO_8859_1));
        }
    }

    /** Tells whether every part is as it was before or after, and a queue has no more than one and no less than the other. */
    boolean isBetween(final SweptState before, final SweptState after) {
        final TreeSet<String> names = new TreeSet<>(parts.keySet());
        names.addAll(before.parts.keySet());
        names.addAll(after.parts.keySet());
        boolean between = true;
        for (final String name : names) {
            final String found = parts.get(name);
            between &= Objects.equals(found, before.parts.get(name)) || Objects.equals(found, after.parts.get(name));
        }
        for (int i = 0; i < queues.size(); i++) {
            between &= isBetween(queues.get(i), before.queues.get(i), after.queues.get(i));
        }
        return between;
    }

    /** Elements are added at the end, one after the other; they may be taken anywhere. */
    private static boolean isBetween(final List<String> found, final List<String> before, final List<String> after) {
        if (after.size() >= before.size()) {
            return found.size() >= before.size()
                    && found.size() <= after.size()
                    && found.equals(after.subList(0, found.size()));
        }
        return isPartOf(after, found) && isPartOf(found, before);
    }

    private static boolean isPartOf(final List<String> part, final List<String> whole) {
        final Iterator<String> rest = whole.iterator();
        boolean isPart = true;
        for (final String element : part) {
            boolean isFound = false;
            while (!isFound && rest.hasNext()) {
                isFound = rest.next().equals(element);
            }
            isPart &= isFound;
        }
        return isPart;
    }
}
