package io.rallocator.collections;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A worker process that waits to be killed: a sequence of map and queue operations that follows from a seed alone, each
 * acknowledged in a plain file after it returned. Whoever knows seed and count can say what must be in the pool.
 */
public final class KillWorker {
    static final int KEYS = 200;

    private KillWorker() {}

    /** One operation of the sequence. */
    enum Kind {
        PUT,
        REMOVE,
        OFFER
    }

    /**
     * An operation, derived from seed and number.
     *
     * @param kind what
     * @param key of the map, or nothing
     * @param valueLength bytes
     */
    record Step(Kind kind, String key, int valueLength) {
        static Step of(final long worker, final long number) {
            final Random random = new Random(worker * 1_000_003 + number);
            random.nextInt();
            final int dice = random.nextInt(10);
            final String key = "w" + worker + "-k" + random.nextInt(KEYS);
            final int length = random.nextInt(20) == 0 ? 600 + random.nextInt(20_000) : random.nextInt(300);
            return new Step(dice < 6 ? Kind.PUT : dice < 8 ? Kind.REMOVE : Kind.OFFER, key, length);
        }
    }

    static byte[] value(final long worker, final long number, final int length) {
        final byte[] value = new byte[8 + length];
        ByteBuffer.wrap(value).putLong(number);
        final byte fill = (byte) (worker * 31 + number);
        for (int i = 8; i < value.length; i++) {
            value[i] = (byte) (fill + i);
        }
        return value;
    }

    static String element(final long worker, final long number) {
        return worker + ":" + number;
    }

    /**
     * What the map must hold after a number of operations of one worker.
     *
     * @param worker number
     * @param operations how many took effect
     * @return key to number of the put that wrote the value
     */
    static Map<String, Long> model(final long worker, final long operations) {
        final Map<String, Long> model = new HashMap<>();
        for (long number = 0; number < operations; number++) {
            final Step step = Step.of(worker, number);
            if (step.kind() == Kind.PUT) {
                model.put(step.key(), number);
            } else if (step.kind() == Kind.REMOVE) {
                model.remove(step.key());
            }
        }
        return new TreeMap<>(model);
    }

    /**
     * Runs until killed.
     *
     * @param args heap URI, worker's number, number of the first operation, file of acknowledgements
     * @throws IOException if that file cannot be written
     */
    public static void main(final String[] args) throws IOException {
        final long worker = Long.parseLong(args[1]);
        try (RemoteHeap heap = RemoteHeap.open(args[0]);
                OutputStream acknowledgements = new FileOutputStream(args[3], true)) {
            final RemoteMap<String, byte[]> map = heap.map("kill-map", Codecs.string(), Codecs.bytes());
            final RemoteQueue<String> queue = heap.queue("kill-queue", Codecs.string());
            for (long number = Long.parseLong(args[2]); ; number++) {
                final Step step = Step.of(worker, number);
                switch (step.kind()) {
                    case PUT -> map.put(step.key(), value(worker, number, step.valueLength()));
                    case REMOVE -> map.remove(step.key());
                    case OFFER -> queue.add(element(worker, number));
                }
                acknowledgements.write((number + "\n").getBytes(StandardCharsets.US_ASCII));
            }
        }
    }
}
