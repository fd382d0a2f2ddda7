package io.rallocator.collections;

import io.rallocator.persistence.RallocatorException;
import io.rallocator.persistence.SessionFencedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A worker's process that has little of something: see {@link ExhaustionIT}. Prints what happened, and ends with 0 if all was right. */
final class ExhaustedWorker {
    private static final int ROUNDS = 120;
    private static final int KEYS = 6;
    private static final int PIECE = 32 << 10;
    private static final int LARGE = 200 << 10;
    private static final int CHURN = 4_000;
    private static final int STRANGLED = 50;
    private static final int ARRAY = 50;

    /** Boxed before there is no room for it. */
    private static final Integer[] SMALL_KEYS =
            IntStream.range(1_000, 2_000).boxed().toArray(Integer[]::new);

    private ExhaustedWorker() {}

    /**
     * Runs one.
     *
     * @param args what is scarce, and the address of the pool
     */
    public static void main(final String[] args) throws IOException {
        switch (args[0]) {
            case "heap" -> new LittleHeap(args[1]).run();
            case "descriptors" -> runOutOfDescriptors(args[1]);
            case "session" -> holdSession(args[1]);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static void require(final boolean holds, final String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    // ---- sessions

    /** Until it is killed. */
    private static void holdSession(final String uri) throws IOException {
        try (RemoteHeap heap = RemoteHeap.open(uri)) {
            System.out.println("holds a session of " + heap);
            while (System.in.read() >= 0) {
                // until the test ends
            }
        }
    }

    // ---- file descriptors

    private static void runOutOfDescriptors(final String uri) throws IOException {
        try (RemoteHeap heap = RemoteHeap.open(uri)) {
            use(heap, 1);
            RemoteHeap.open(uri).close();
            refuse(uri + "-missing"); // loads what is needed to refuse
            final List<FileChannel> taken = new ArrayList<>();
            takeAll(taken);
            try {
                System.out.println("refused: " + refuseWithoutDescriptors(uri, taken));
                use(heap, 2);
            } finally {
                for (final FileChannel channel : taken) {
                    channel.close();
                }
            }
            try (RemoteHeap other = RemoteHeap.open(uri)) {
                use(other, 3);
            }
            use(heap, 4);
        }
        System.out.println("sound");
    }

    private static void takeAll(final List<FileChannel> taken) {
        try {
            for (; ; ) {
                taken.add(FileChannel.open(Path.of("/dev/null"), StandardOpenOption.READ));
            }
        } catch (final IOException e) {
            System.out.println("took " + taken.size() + " descriptors: " + e.getMessage());
        }
    }

    /**
     * The JVM itself opens a file for a moment now and then (it reads the limits of its control
     * group), and a descriptor that it gives back after all others were taken is enough to open a
     * heap: that one is taken as well, and the heap must be refused then.
     */
    private static String refuseWithoutDescriptors(final String uri, final List<FileChannel> taken) {
        for (int attempt = 1; attempt <= 10; attempt++) {
            try {
                RemoteHeap.open(uri).close();
            } catch (final RallocatorException e) {
                return e.toString();
            }
            takeAll(taken);
        }
        throw new AssertionError(uri + " was opened 10 times without a file descriptor");
    }

    private static String refuse(final String uri) {
        try {
            RemoteHeap.open(uri).close();
        } catch (final RallocatorException e) {
            return e.toString();
        }
        throw new AssertionError(uri + " was opened");
    }

    private static void use(final RemoteHeap heap, final int round) {
        final RemoteMap<Integer, byte[]> map = heap.map("map", Codecs.ints(), Codecs.bytes());
        map.put(round, new byte[5_000]);
        require(map.get(round).length == 5_000, "what was put is there");
    }

    // ---- heap

    /** Does operations while other objects leave less and less room for them. */
    private static final class LittleHeap {
        private final String uri;
        private final Map<Integer, Integer> model = new HashMap<>();
        private final List<byte[]> ballast = new ArrayList<>(4_096);
        private RemoteHeap heap;
        private RemoteMap<Integer, byte[]> map;
        private RemoteQueue<byte[]> queue;
        private RemoteArray<byte[]> array;
        private final byte[] prepared = new byte[700];
        private final List<Object[]> chain = new ArrayList<>(1);
        private int next;
        private int deepFailures;
        private int queued;
        private int failures;
        private int fenced;
        private int changes;

        LittleHeap(final String uri) {
            this.uri = uri;
            chain.add(null);
        }

        void run() {
            open();
            for (int round = 0; round < 2 * KEYS; round++) {
                operate(round);
            }
            for (int round = 0; round < ROUNDS; round++) {
                fillHeap(round % 40);
                squeezed(round);
                useAfterwards();
                fillHeap(0);
                fillToTheLastByte(round * 7);
                strangled();
                useAfterwards();
            }
            for (int i = 0; i < CHURN; i++) {
                put(i % KEYS, LARGE / 4);
            }
            verify();
            heap.close();
            System.out.println("failures " + failures + ", deep ones " + deepFailures + ", fenced " + fenced);
            System.out.println("sound");
        }

        private void open() {
            heap = RemoteHeap.open(uri);
            map = heap.map("map", Codecs.ints(), Codecs.bytes());
            queue = heap.queue("queue", Codecs.bytes());
            array = heap.array("array", Codecs.bytes(), ARRAY);
        }

        /** Leaves room for some pieces. */
        private void fillHeap(final int pieces) {
            try {
                for (; ; ) {
                    ballast.add(new byte[PIECE]);
                }
            } catch (final OutOfMemoryError e) {
                for (int i = 0; i < pieces && !ballast.isEmpty(); i++) {
                    ballast.remove(ballast.size() - 1);
                }
            }
        }

        /** Objects as small as there are; leaves room for some of them. */
        private void fillToTheLastByte(final int objects) {
            Object[] last = null;
            try {
                for (; ; ) {
                    last = new Object[] {last, null};
                }
            } catch (final OutOfMemoryError e) {
                for (int i = 0; i < objects && last != null; i++) {
                    last = (Object[]) last[0];
                }
            }
            chain.set(0, last);
        }

        /** Changes that need no memory of the application's, until one fails in the middle of what the library needs. */
        private void strangled() {
            try {
                for (int i = 0; i < STRANGLED; i++) {
                    map.set(SMALL_KEYS[next++ % SMALL_KEYS.length], prepared);
                    queue.add(prepared);
                    queue.poll();
                    array.set(next % ARRAY, prepared);
                }
            } catch (final OutOfMemoryError e) {
                deepFailures++;
            } finally {
                chain.set(0, null);
                ballast.clear();
            }
            settleFence();
            queued = (int) queue.sizeLong();
        }

        private void squeezed(final int round) {
            boolean failed = false;
            try {
                operate(round);
            } catch (final OutOfMemoryError e) {
                failed = true;
            } finally {
                ballast.clear();
            }
            if (failed) {
                failures++;
                settle(round % KEYS);
            }
        }

        private void operate(final int round) {
            final int key = round % KEYS;
            switch (round % 7) {
                case 0, 1 -> put(key, LARGE + round);
                case 2 -> get(key);
                case 3 -> compute(key);
                case 4 -> offer();
                case 5 -> poll();
                default ->
                    map.forEach((found, value) -> require(found >= KEYS || isWhole(found, value), "a value is whole"));
            }
        }

        /** Each value says in its first byte which change wrote it, and is full of it. */
        private void put(final int key, final int length) {
            changes++;
            final byte[] value = new byte[length];
            Arrays.fill(value, (byte) changes);
            map.put(key, value);
            model.put(key, changes & 0xFF);
        }

        private void get(final int key) {
            final byte[] value = map.get(key);
            require(value == null ? model.get(key) == null : isWhole(key, value), "the value of key " + key);
        }

        private void compute(final int key) {
            changes++;
            map.compute(key, (k, old) -> {
                final byte[] value = new byte[old == null ? LARGE : old.length];
                Arrays.fill(value, (byte) changes);
                return value;
            });
            model.put(key, changes & 0xFF);
        }

        private void offer() {
            queue.add(new byte[LARGE]);
            queued++;
        }

        private void poll() {
            final byte[] element = queue.poll();
            final boolean isWhole = element != null && (element.length == LARGE || element.length == prepared.length);
            require(element == null ? queued == 0 : isWhole, "the element is whole");
            queued -= element == null ? 0 : 1;
        }

        private boolean isWhole(final int key, final byte[] value) {
            for (final byte b : value) {
                if ((b & 0xFF) != model.get(key)) {
                    return false;
                }
            }
            return true;
        }

        /** What was interrupted happened or not. */
        private void settle(final int key) {
            settleFence();
            final byte[] found = map.get(key);
            if (found != null) {
                final int change = found[0] & 0xFF;
                require(change == (changes & 0xFF) || Integer.valueOf(change).equals(model.get(key)), "old or new");
                model.put(key, change);
                require(isWhole(key, found), "what is there is whole");
            }
            final long left = queue.sizeLong();
            require(Math.abs(left - queued) <= 1, left + " elements are left of " + queued);
            queued = (int) left;
        }

        /** If the fabric was hit, this session is over, and another one takes its place. */
        private void settleFence() {
            try {
                heap.names();
            } catch (final SessionFencedException e) {
                fenced++;
                heap.close();
                open();
            }
        }

        private void useAfterwards() {
            final int key = 100;
            map.put(key, new byte[] {1});
            require(map.remove(key).length == 1, "a small entry");
        }

        private void verify() {
            for (final int key : model.keySet()) {
                require(isWhole(key, map.get(key)), "at the end, key " + key);
            }
            final long counted = map.keySet().stream().count();
            require(map.sizeLong() == counted, "size " + map.sizeLong() + " of " + counted);
            require(queue.sizeLong() == queued, "queue of " + queue.sizeLong() + ", not " + queued);
        }
    }
}
