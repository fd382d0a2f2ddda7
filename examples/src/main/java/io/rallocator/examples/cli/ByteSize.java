package io.rallocator.examples.cli;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes such as 65536, 64k, 512m, 4g or 1t, and writes them for people. */
final class ByteSize implements ITypeConverter<Long> {
    private static final String UNITS = "kmgt";

    @Override
    public Long convert(final String text) {
        final String lower = text.toLowerCase(Locale.ROOT);
        final int unit = lower.isEmpty() ? -1 : UNITS.indexOf(lower.charAt(lower.length() - 1));
        try {
            final long number = Long.parseLong(unit < 0 ? lower : lower.substring(0, lower.length() - 1));
            final int shift = 10 * (unit + 1);
            if (number <= 0 || number > Long.MAX_VALUE >> shift) {
                throw new NumberFormatException(text);
            }
            return number << shift;
        } catch (final NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is no size such as 65536, 64k, 512m, 4g or 1t");
        }
    }

    static String forPeople(final long bytes) {
        int unit = -1;
        double value = bytes;
        while (value >= 1024 && unit + 1 < UNITS.length()) {
            value /= 1024;
            unit++;
        }
        return unit < 0
                ? bytes + " bytes"
                : String.format(Locale.ROOT, "%.1f %ciB", value, Character.toUpperCase(UNITS.charAt(unit)));
    }
}
