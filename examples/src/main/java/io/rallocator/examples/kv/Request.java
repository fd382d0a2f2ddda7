package io.rallocator.examples.kv;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** One command as it arrived: the name at index 0, its arguments from index 1, and whose connection it came by. */
final class Request {

    private final byte[][] words;
    private final String name;
    private final ClientSession session;

    Request(byte[][] words, ClientSession session) {
        this.words = words;
        this.name = text(0).toLowerCase(Locale.ROOT);
        this.session = session;
    }

    /** The command's name in lower case. */
    String name() {
        return name;
    }

    ClientSession session() {
        return session;
    }

    /** How many words there are, the name included. */
    int size() {
        return words.length;
    }

    byte[] bytes(int index) {
        return words[index];
    }

    /** A word as text, byte by byte: for option names and messages, not for keys. */
    String text(int index) {
        return new String(words[index], StandardCharsets.ISO_8859_1);
    }

    /** Whether this word is that option, in whatever case. */
    boolean is(int index, String option) {
        return words[index].length == option.length() && text(index).equalsIgnoreCase(option);
    }

    /**
     * A word as an integer.
     *
     * @throws CommandException if it is none
     */
    long integer(int index) {
        return Integers.parse(words[index]);
    }

    /**
     * The word behind an option.
     *
     * @throws CommandException a syntax error, if the request ends there
     */
    byte[] operandOf(int option) {
        if (option + 1 >= words.length) {
            throw CommandException.syntax();
        }
        return words[option + 1];
    }
}
