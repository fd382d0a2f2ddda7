package io.rallocator.examples.kv;

import io.netty.handler.codec.DecoderException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** A request that somebody typed: one line. */
final class InlineCommand {

    private static final byte[][] NOTHING = new byte[0][];
    private static final int HEX_RADIX = 16;

    private InlineCommand() {}

    /** Splits an inline command at blanks, with Redis's rules for quotes. */
    static byte[][] split(byte[] line) {
        List<byte[]> words = new ArrayList<>();
        int i = skipBlanks(line, 0);
        ByteArrayOutputStream word = new ByteArrayOutputStream();
        while (i < line.length) {
            word.reset();
            i = readWord(line, i, word);
            words.add(word.toByteArray());
            i = skipBlanks(line, i);
        }
        return words.toArray(NOTHING);
    }

    private static int skipBlanks(byte[] line, int from) {
        int i = from;
        while (i < line.length && isBlank(line[i])) {
            i++;
        }
        return i;
    }

    private static int readWord(byte[] line, int from, ByteArrayOutputStream word) {
        int i = from;
        while (i < line.length && !isBlank(line[i])) {
            if (line[i] == '"' || line[i] == '\'') {
                i = readQuoted(line, i, word);
                if (i < line.length && !isBlank(line[i])) {
                    throw new DecoderException("unbalanced quotes in request");
                }
            } else {
                word.write(line[i++]);
            }
        }
        return i;
    }

    private static int readQuoted(byte[] line, int open, ByteArrayOutputStream word) {
        byte quote = line[open];
        int i = open + 1;
        while (i < line.length && line[i] != quote) {
            i = line[i] == '\\' ? readEscape(line, i, quote == '"', word) : readPlain(line, i, word);
        }
        if (i >= line.length) {
            throw new DecoderException("unbalanced quotes in request");
        }
        return i + 1;
    }

    private static int readPlain(byte[] line, int i, ByteArrayOutputStream word) {
        word.write(line[i]);
        return i + 1;
    }

    /** Reads {@code \xHH}, {@code \n} and so on between double quotes; between single ones only {@code \'}. */
    private static int readEscape(byte[] line, int i, boolean inDouble, ByteArrayOutputStream word) {
        if (i + 1 >= line.length || !inDouble && line[i + 1] != '\'') {
            return readPlain(line, i, word);
        }
        if (inDouble && line[i + 1] == 'x' && i + 3 < line.length) {
            int high = Character.digit(line[i + 2], HEX_RADIX);
            int low = Character.digit(line[i + 3], HEX_RADIX);
            if (high >= 0 && low >= 0) {
                word.write(high << 4 | low);
                return i + 4;
            }
        }
        int escape = inDouble ? "nrtba".indexOf(line[i + 1]) : -1;
        word.write(escape < 0 ? line[i + 1] : "\n\r\t\b\u0007".charAt(escape));
        return i + 2;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b >= '\t' && b <= '\r' || b == 0;
    }
}
