package io.rallocator.examples.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Says from the workers' logs alone what must be in the pool after the kills, and compares. Of each life the step after
 * the last acknowledged one may have happened or not; the next life begins behind it.
 */
final class CrashAudit {
    /** What a key that was never put, or removed, holds. */
    private static final long REMOVED = -1;

    private final Map<String, Long> latest = new HashMap<>();

    /** What a step in flight may have left in a key since its latest acknowledged step. */
    private final Map<String, Set<Long>> maybe = new HashMap<>();

    private final List<BitSet> offered = new ArrayList<>();
    private final List<BitSet> maybeOffered = new ArrayList<>();
    private final List<BitSet> taken = new ArrayList<>();
    private long maybeTaken;

    long acknowledged;
    long lost;
    long stale;
    long torn;
    long duplicated;

    CrashAudit(final int workers) {
        for (int worker = 0; worker < workers; worker++) {
            offered.add(new BitSet());
            maybeOffered.add(new BitSet());
            taken.add(new BitSet());
        }
    }

    /**
     * Reads what one life of a worker wrote.
     *
     * @param worker number
     * @param log of that life; its last line may be cut short, then its step was not acknowledged
     * @param from number of its first step
     * @return number of the next life's first step
     */
    int read(final int worker, final Path log, final int from) throws IOException {
        final String text = Files.exists(log) ? Files.readString(log, StandardCharsets.US_ASCII) : "";
        int number = from;
        for (int at = 0, end = text.indexOf('\n'); end >= 0; at = end + 1, end = text.indexOf('\n', at)) {
            final int blank = text.indexOf(' ', at);
            if (Integer.parseInt(text, at, blank, 10) != number) {
                throw new IllegalStateException(log + " has no line for step " + number);
            }
            account(CrashStep.of(worker, number), text.substring(blank + 1, end));
            acknowledged++;
            number++;
        }
        inFlight(CrashStep.of(worker, number));
        return number + 1;
    }

    private void account(final CrashStep step, final String result) {
        switch (step.kind()) {
            case PUT -> settle(step.key(), step.number());
            case REMOVE -> settle(step.key(), REMOVED);
            case OFFER -> offered.get(step.worker()).set(step.number());
            case POLL -> {
                if (result.equals(CrashWorkerCommand.UNKNOWN_ELEMENT)) {
                    maybeTaken++;
                } else if (!result.equals(CrashWorkerCommand.NOTHING)) {
                    take(result);
                }
            }
        }
    }

    private void settle(final String key, final long value) {
        latest.put(key, value);
        maybe.remove(key);
    }

    private void inFlight(final CrashStep step) {
        switch (step.kind()) {
            case PUT ->
                maybe.computeIfAbsent(step.key(), key -> new HashSet<>()).add((long) step.number());
            case REMOVE ->
                maybe.computeIfAbsent(step.key(), key -> new HashSet<>()).add(REMOVED);
            case OFFER -> maybeOffered.get(step.worker()).set(step.number());
            case POLL -> maybeTaken++;
        }
    }

    private void take(final String element) {
        final int colon = element.indexOf(':');
        final BitSet numbers = taken.get(Integer.parseInt(element, 0, colon, 10));
        final int number = Integer.parseInt(element, colon + 1, element.length(), 10);
        duplicated += numbers.get(number) ? 1 : 0;
        numbers.set(number);
    }

    /** Compares with what the map holds. */
    void compareMap(final Map<String, byte[]> found) {
        final Set<String> keys = new HashSet<>(latest.keySet());
        keys.addAll(maybe.keySet());
        keys.addAll(found.keySet());
        for (final String key : keys) {
            final byte[] value = found.get(key);
            final long number = value == null ? REMOVED : CrashStep.numberOf(value);
            if (value != null && number < 0) {
                torn++;
            } else if (number != latest.getOrDefault(key, REMOVED)
                    && !maybe.getOrDefault(key, Set.of()).contains(number)) {
                lost += value == null ? 1 : 0;
                stale += value == null ? 0 : 1;
            }
        }
    }

    /** Compares with what the queue holds, first to last. */
    void compareQueue(final List<String> left) {
        left.forEach(this::take);
        long missing = 0;
        for (int worker = 0; worker < taken.size(); worker++) {
            final BitSet absent = (BitSet) offered.get(worker).clone();
            absent.andNot(taken.get(worker));
            missing += absent.cardinality();
            final BitSet unknown = (BitSet) taken.get(worker).clone();
            unknown.andNot(offered.get(worker));
            unknown.andNot(maybeOffered.get(worker));
            torn += unknown.cardinality();
        }
        lost += Math.max(0, missing - maybeTaken);
        final Map<String, Integer> last = new HashMap<>();
        for (final String element : left) {
            final int colon = element.indexOf(':');
            final int number = Integer.parseInt(element, colon + 1, element.length(), 10);
            final Integer before = last.put(element.substring(0, colon), number);
            stale += before != null && before > number ? 1 : 0; // out of the producer's order
        }
    }

    boolean passed() {
        return lost + stale + torn + duplicated == 0;
    }
}
