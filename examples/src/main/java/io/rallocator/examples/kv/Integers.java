package io.rallocator.examples.kv;

import java.nio.charset.StandardCharsets;

/** Decimal 64-bit integers in bytes, as strict as Redis: no blanks, no plus sign, no leading zero, no minus zero. */
final class Integers {

    private static final int MAX_LENGTH = 20;

    private Integers() {}

    /**
     * Reads an integer.
     *
     * @param text its digits
     * @return the number
     * @throws CommandException if the text is no such integer or it does not fit in 64 bits
     */
    static long parse(byte[] text) {
        if (!isCanonical(text)) {
            throw CommandException.notAnInteger();
        }
        try {
            return Long.parseLong(new String(text, StandardCharsets.ISO_8859_1));
        } catch (NumberFormatException e) {
            throw CommandException.notAnInteger();
        }
    }

    static byte[] format(long value) {
        return Long.toString(value).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static boolean isCanonical(byte[] text) {
        int start = text.length > 0 && text[0] == '-' ? 1 : 0;
        if (text.length == start || text.length > MAX_LENGTH) {
            return false;
        }
        if (text[start] == '0') {
            return text.length == 1;
        }
        for (int i = start; i < text.length; i++) {
            if (text[i] < '0' || text[i] > '9') {
                return false;
            }
        }
        return true;
    }
}
