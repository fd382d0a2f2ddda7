package io.rallocator.examples.simulate;

import io.rallocator.allocator.SimulatedCluster;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.collections.Codecs;
import io.rallocator.collections.RemoteHeap;
import io.rallocator.collections.RemoteLongArray;
import io.rallocator.collections.RemoteMap;
import io.rallocator.collections.RemoteQueue;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RallocatorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One history by one seed: workers share a map, a queue and an array in a simulated machine, where they and the blade are
 * stopped and, if asked for, killed, cut off and lose power. What any call returned is checked at once, and everything at the
 * end, by the pool's checker too.
 */
public final class SimulatedHistory {
    private static final int WORKERS = 3;
    private static final int KEYS = 6;
    private static final long PER_PRODUCER = 1_000_000_000L;
    private static final PoolGeometry GEOMETRY = PoolGeometry.of(8 << 20, new int[] {1 << 14, 1 << 16}, 8, 8, 2, 8);

    private final long seed;
    private final boolean crashes;
    private final int rounds;
    private final Random random;
    private final Durability durability;
    private final Journal journal = new Journal();
    private final SimulatedCluster.Worker[] workers = new SimulatedCluster.Worker[WORKERS];
    private final long[] nextElement = new long[WORKERS];
    private int started;
    private int kills;
    private int powerLosses;

    private SimulatedHistory(final long seed, final boolean crashes, final int rounds) {
        this.seed = seed;
        this.crashes = crashes;
        this.rounds = rounds;
        this.random = new Random(seed * 0xD129_0254_38D8_A96BL); // else neighbours begin alike
        this.durability = crashes && random.nextBoolean() ? Durability.POWER : Durability.PROCESS;
    }

    /**
     * What a history came to.
     *
     * @param operations that were begun
     * @param steps of all processes
     * @param kills of processes
     * @param powerLosses of the whole machine
     */
    public record Outcome(long operations, long steps, int kills, int powerLosses) {}

    /**
     * Runs a history.
     *
     * @param seed from which everything follows
     * @param crashes true to kill processes, break connections and lose power; false to stop processes only
     * @param rounds how many faults
     * @return its figures
     * @throws AssertionError if an answer was wrong, or the pool is not whole at the end
     */
    public static Outcome run(final long seed, final boolean crashes, final int rounds) {
        return new SimulatedHistory(seed, crashes, rounds).run();
    }

    private Outcome run() {
        try (SimulatedCluster cluster = new SimulatedCluster(seed, GEOMETRY, durability)) {
            cluster.startBlade();
            for (int round = 0; round < rounds; round++) {
                startMissing(cluster);
                cluster.scheduler().run(50 + random.nextInt(3_000));
                fault(cluster);
            }
            for (int i = 0; i < WORKERS; i++) {
                end(i);
            }
            verify(cluster);
            return new Outcome(journal.operations(), cluster.scheduler().steps(), kills, powerLosses);
        }
    }

    // ---- faults

    private void startMissing(final SimulatedCluster cluster) {
        for (int i = 0; i < WORKERS; i++) {
            if (workers[i] != null && workers[i].hasEnded()) {
                end(i); // its connection broke, or memory ran out
            }
            if (workers[i] == null) {
                final int number = i;
                final String name = "worker-" + i + "-" + started++;
                workers[i] = cluster.start(name, session -> work(number, name, session));
            }
        }
    }

    private void end(final int worker) {
        if (workers[worker] != null) {
            workers[worker].kill();
            journal.ended(worker + "");
            workers[worker] = null;
        }
    }

    private void fault(final SimulatedCluster cluster) {
        final int worker = random.nextInt(WORKERS);
        switch (random.nextInt(crashes ? 8 : 2)) {
            case 0 -> workers[worker].pause(random.nextInt(5_000));
            case 1 -> cluster.pauseBlade(random.nextInt(5_000));
            case 2, 3 -> {
                kills++;
                end(worker);
            }
            case 4, 5 -> {
                kills++;
                cluster.killBlade();
                cluster.startBlade();
            }
            case 6 -> workers[worker].breakConnection();
            default -> losePower(cluster);
        }
    }

    private void losePower(final SimulatedCluster cluster) {
        if (durability == Durability.PROCESS) {
            return;
        }
        powerLosses++;
        cluster.losePower();
        for (int i = 0; i < WORKERS; i++) {
            journal.ended(i + "");
            workers[i] = null;
        }
        cluster.startBlade();
    }

    // ---- what a worker does

    private void work(final int number, final String name, final WorkerSession session) {
        try {
            final RemoteHeap heap = RemoteHeap.over(session);
            final Random choice = new Random(seed ^ name.hashCode());
            final Work work = new Work(number, heap, choice);
            work.lookAtOwn();
            for (; ; ) {
                work.once();
            }
        } catch (final RallocatorException e) {
            // the connection broke or memory ran out: this worker ends, and another takes its place
        }
    }

    /** The structures as one worker sees them. */
    private final class Work {
        private final int number;
        private final Random choice;
        private final RemoteMap<String, Long> map;
        private final RemoteQueue<Long> queue;
        private final RemoteLongArray longs;

        Work(final int number, final RemoteHeap heap, final Random choice) {
            this.number = number;
            this.choice = choice;
            map = heap.map("map", Codecs.string(), Codecs.longs());
            queue = heap.queue("queue", Codecs.longs());
            longs = heap.longArray("longs", 2 + WORKERS);
        }

        void lookAtOwn() {
            for (int i = 0; i < KEYS; i++) {
                journal.foundExact(own(i), map.get(own(i)));
            }
        }

        private String own(final int key) {
            return "own " + number + " " + key;
        }

        void once() {
            switch (choice.nextInt(9)) {
                case 0, 1 -> put();
                case 2 -> read();
                case 3 -> change();
                case 4 -> count();
                case 5, 6 -> offer();
                case 7 -> poll();
                default -> array();
            }
        }

        private void put() {
            final String key = "key " + number + " " + choice.nextInt(KEYS);
            final long version = journal.begin(key);
            map.put(key, version);
            journal.returned(key, version);
        }

        private void read() {
            final String key = "key " + choice.nextInt(WORKERS) + " " + choice.nextInt(KEYS);
            final long known = journal.known(key);
            journal.seen(key, known, map.getOrDefault(key, 0L));
        }

        private void change() {
            final String key = own(choice.nextInt(KEYS));
            final Long value = choice.nextInt(3) == 0 ? null : choice.nextLong();
            journal.beginExact(key, value);
            journal.returnedExact(key, value == null ? map.remove(key) : map.put(key, value));
        }

        private void count() {
            journal.begin("count");
            map.merge("count", 1L, Long::sum);
            journal.counted("count");
        }

        private void offer() {
            final long element = number * PER_PRODUCER + nextElement[number]++;
            journal.beginOffer(element);
            queue.add(element);
            journal.returnedOffer(element);
        }

        private void poll() {
            journal.beginPoll(number + "");
            journal.returnedPoll(number + "", queue.poll());
        }

        private void array() {
            journal.begin("sum");
            longs.getAndAdd(0, 1);
            journal.counted("sum");
            final String key = "long " + number;
            final long version = journal.begin(key);
            longs.set(2L + number, version);
            journal.returned(key, version);
            final int other = choice.nextInt(WORKERS);
            final long known = journal.known("long " + other);
            journal.seen("long " + other, known, longs.get(2L + other));
        }
    }

    // ---- the end

    private void verify(final SimulatedCluster cluster) {
        final CheckReport report = cluster.check();
        Journal.require(report.clean(), "the pool is not whole: " + report);
        cluster.killBlade();
        try (RemoteHeap heap = RemoteHeap.over(cluster.open("reader"))) {
            final RemoteMap<String, Long> map = heap.map("map", Codecs.string(), Codecs.longs());
            final RemoteLongArray longs = heap.longArray("longs", 2 + WORKERS);
            for (final String key : journal.versionKeys()) {
                if (key.startsWith("key ")) {
                    journal.seen(key, journal.known(key), map.getOrDefault(key, 0L));
                } else if (key.startsWith("long ")) {
                    final long index = 2 + Long.parseLong(key.substring(5));
                    journal.seen(key, journal.known(key), longs.get(index));
                }
            }
            journal.exactKeys().forEach(key -> journal.foundExact(key, map.get(key)));
            journal.total("count", map.getOrDefault("count", 0L));
            journal.total("sum", longs.get(0));
            final List<Long> left = new ArrayList<>(heap.queue("queue", Codecs.longs()));
            journal.left(left, PER_PRODUCER);
            Journal.require(
                    map.sizeLong() == map.entrySet().stream().count(),
                    "the map says that it has " + map.sizeLong() + " entries");
        }
        cluster.startBlade();
    }
}
