package io.rallocator.examples.kv;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The names of the queues behind list keys: {@value #PREFIX} and the key, in which every byte that is not a letter, a
 * digit or one of {@code _ . : -} is written as {@code %} and two hexadecimal digits. So two keys never share a name,
 * and a list {@code jobs:mail} is found as {@code kv.list.jobs:mail} among the pool's structures.
 */
final class ListNames {

    static final String PREFIX = "kv.list.";

    /** The longest name that a pool takes, in bytes. */
    static final int MAX_NAME_BYTES = 200;

    private static final char[] HEX = "0123456789ABCDEF".toCharArray();
    private static final int HEX_RADIX = 16;

    private ListNames() {}

    /**
     * The queue of a list key.
     *
     * @throws CommandException if the name would be too long for the pool
     */
    static String nameOf(byte[] key) {
        StringBuilder name = new StringBuilder(PREFIX.length() + key.length).append(PREFIX);
        for (byte b : key) {
            if (isPlain(b)) {
                name.append((char) b);
            } else {
                name.append('%').append(HEX[b >> 4 & 0xF]).append(HEX[b & 0xF]);
            }
        }
        if (name.length() > MAX_NAME_BYTES) {
            throw new CommandException("ERR the key of a list is too long: its queue's name would have " + name.length()
                    + " bytes, at most " + MAX_NAME_BYTES + " are allowed; use a shorter key");
        }
        return name.toString();
    }

    static boolean isListName(String name) {
        return name.startsWith(PREFIX);
    }

    /** The key whose list has this name. */
    static byte[] keyOf(String name) {
        byte[] text = name.substring(PREFIX.length()).getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream key = new ByteArrayOutputStream(text.length);
        for (int i = 0; i < text.length; i++) {
            if (text[i] == '%' && i + 2 < text.length) {
                key.write(Character.digit(text[i + 1], HEX_RADIX) << 4 | Character.digit(text[i + 2], HEX_RADIX));
                i += 2;
            } else {
                key.write(text[i]);
            }
        }
        return key.toByteArray();
    }

    private static boolean isPlain(byte b) {
        return b >= 'a' && b <= 'z'
                || b >= 'A' && b <= 'Z'
                || b >= '0' && b <= '9'
                || b == '_'
                || b == '.'
                || b == ':'
                || b == '-';
    }
}
