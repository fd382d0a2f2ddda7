package io.rallocator.examples.cli;

import io.rallocator.collections.RemoteMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Recounts from the workers' logs alone what must be in the pool, and compares. An operation that was in flight when its
 * worker was killed may have happened or not; everything acknowledged must have happened, once.
 */
final class DemoAudit {
    private final List<String> corpus;
    private final Map<String, Long> counted = new HashMap<>();
    private final Map<String, Long> maybe = new HashMap<>();
    private final Set<Long> taken = new HashSet<>();
    private final Set<Long> done = new HashSet<>();
    private final Set<Long> maybeDone = new HashSet<>();
    private long maybeTaken;

    long acknowledged;
    long lost;
    long torn;
    long duplicated;
    long inFlightAtKill;

    DemoAudit(final List<String> corpus) {
        this.corpus = corpus;
    }

    /** Reads the log of one life of a worker. */
    void read(final Path log, final boolean killed) throws IOException {
        final String text = Files.exists(log) ? Files.readString(log, StandardCharsets.US_ASCII) : "";
        final String[] records = text.substring(0, text.lastIndexOf('\n') + 1).split("\n");
        String last = "";
        for (final String record : records) {
            if (!record.isEmpty()) {
                account(record.split(" "));
                last = record;
            }
        }
        if (killed) {
            inFlight(last);
        }
    }

    private void account(final String[] record) {
        acknowledged++;
        final long number = Long.parseLong(record[1]);
        switch (record[0]) {
            case "P" -> {
                duplicated += taken.add(number) ? 0 : 1;
                torn += Corpus.checksum(corpus.get((int) number)) == Long.parseLong(record[2]) ? 0 : 1;
            }
            case "W" -> counted.merge(word(number, Integer.parseInt(record[2])), 1L, Long::sum);
            default -> done.add(number);
        }
    }

    private String word(final long line, final int index) {
        return Corpus.words(corpus.get((int) line)).get(index);
    }

    /** The one operation that follows the last acknowledged one. */
    private void inFlight(final String last) {
        final String[] record = last.split(" ");
        if (last.isEmpty() || record[0].equals("D")) {
            maybeTaken++;
            return;
        }
        final long number = Long.parseLong(record[1]);
        final int next = record[0].equals("P") ? 0 : Integer.parseInt(record[2]) + 1;
        if (next < Corpus.words(corpus.get((int) number)).size()) {
            maybe.merge(word(number, next), 1L, Long::sum);
        } else {
            maybeDone.add(number);
        }
    }

    /** Compares with the pool. */
    void compare(final RemoteMap<String, Long> words, final RemoteMap<Long, Long> finished) {
        final Map<String, Long> found = new HashMap<>();
        words.forEach((word, count) -> torn += found.put(word, count) == null ? 0 : 1);
        final Set<String> all = new HashSet<>(counted.keySet());
        all.addAll(found.keySet());
        for (final String word : all) {
            final long least = counted.getOrDefault(word, 0L);
            final long most = least + maybe.getOrDefault(word, 0L);
            final long count = found.getOrDefault(word, 0L);
            lost += Math.max(0, least - count);
            duplicated += Math.max(0, count - most);
        }
        final Set<Long> marks = new HashSet<>();
        finished.forEach((number, checksum) -> {
            marks.add(number);
            final boolean known = number >= 0 && number < corpus.size();
            torn += known && Corpus.checksum(corpus.get((int) (long) number)) == checksum ? 0 : 1;
            duplicated += done.contains(number) || maybeDone.contains(number) ? 0 : 1;
        });
        for (final long number : done) {
            lost += marks.contains(number) ? 0 : 1;
        }
        final long missing = (long) corpus.size() - taken.size();
        inFlightAtKill = Math.min(missing, maybeTaken);
        lost += Math.max(0, missing - maybeTaken);
        torn += words.sizeLong() == found.size() ? 0 : 1;
        torn += finished.sizeLong() == marks.size() ? 0 : 1;
        acknowledged += corpus.size(); // the offers, each acknowledged to the feeder
    }

    int distinctWords() {
        return counted.size();
    }
}
