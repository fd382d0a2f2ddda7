package io.rallocator.examples.cli;

import java.util.Random;
import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One operation of a crash test, which follows from worker and number alone, so that whoever knows how many were acknowledged
 * knows what must be in the pool.
 *
 * @param worker who does it
 * @param number which of the worker's operations, from 0
 * @param kind what
 * @param key of the map, of that worker alone
 * @param valueBytes of the value's filling
 */
record CrashStep(int worker, int number, Kind kind, String key, int valueBytes) {
    static final int KEYS = 500;

    private static final int HEADER_BYTES = 16;

    /** What an operation does. */
    enum Kind {
        PUT,
        REMOVE,
        OFFER,
        POLL
    }

    static CrashStep of(final int worker, final int number) {
        final Random random = new Random(number * 1_000_003L + worker);
        random.nextInt();
        final int dice = random.nextInt(20);
        final String key = "w" + worker + "/" + random.nextInt(KEYS);
        final int bytes = random.nextInt(16) == 0 ? random.nextInt(20_000) : random.nextInt(400);
        final Kind kind = dice < 9 ? Kind.PUT : dice < 12 ? Kind.REMOVE : dice < 16 ? Kind.OFFER : Kind.POLL;
        return new CrashStep(worker, number, kind, key, bytes);
    }

    /** Number, checksum and filling. */
    byte[] value() {
        final byte[] value = new byte[HEADER_BYTES + valueBytes];
        for (int i = HEADER_BYTES; i < value.length; i++) {
            value[i] = (byte) (number * 31 + worker + i);
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(value);
        buffer.putLong(0, number);
        buffer.putLong(8, checksum(value));
        return value;
    }

    private static long checksum(final byte[] value) {
        final CRC32C crc = new CRC32C();
        crc.update(value, 0, 8);
        crc.update(value, HEADER_BYTES, value.length - HEADER_BYTES);
        return crc.getValue();
    }

    /** The number in a value, or -1 if the value is torn. */
    static long numberOf(final byte[] value) {
        if (value.length < HEADER_BYTES) {
            return -1;
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(value);
        return buffer.getLong(8) == checksum(value) ? buffer.getLong(0) : -1;
    }

    String element() {
        return worker + ":" + number;
    }
}
