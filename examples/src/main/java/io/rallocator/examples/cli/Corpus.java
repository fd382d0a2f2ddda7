package io.rallocator.examples.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/** The text that the demonstration counts: part of the Jargon File, which is in the public domain. */
final class Corpus {
    private Corpus() {}

    /** Its lines that have words. */
    static List<String> lines() {
        try (InputStream stream = Corpus.class.getResourceAsStream("jargon.txt")) {
            final List<String> lines = new ArrayList<>();
            for (final String line : new String(stream.readAllBytes(), StandardCharsets.US_ASCII).split("\n")) {
                if (!words(line).isEmpty()) {
                    lines.add(line);
                }
            }
            return lines;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The words of a line, in order. */
    static List<String> words(final String line) {
        final List<String> words = new ArrayList<>();
        for (final String word : line.toLowerCase(Locale.ROOT).split("[^a-z']+")) {
            if (!word.isEmpty()) {
                words.add(word);
            }
        }
        return words;
    }

    static long checksum(final String line) {
        final CRC32C crc = new CRC32C();
        crc.update(line.getBytes(StandardCharsets.US_ASCII));
        return crc.getValue();
    }
}
