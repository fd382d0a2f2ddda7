package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.allocator.SimulatedCluster;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.NvmRegion.Durability;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.simulator.SimulatedNvm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A worker and a blade run a short history; power is lost after each step of either, every way in which few lines can survive
 * is tried, and some of those in which many can. What is there then is what was acknowledged, with or without the operation
 * that was under way (I1, I8), and nothing leaks (I5, I11). {@code -Psoak} tries every step; a build every few.
 */
@Timeout(7_200)
class PowerSweepTest {
    private static final long SEED = Long.getLong("rallocator.seed", 7);
    private static final int STRIDE = Integer.getInteger("rallocator.stride", 97);
    private static final int FEW_LINES = 3;
    private static final int RANDOM_FATES = 6;
    private static final PoolGeometry GEOMETRY = PoolGeometry.of(4 << 20, new int[] {4096}, 8, 4, 2, 8);
    private static final String LARGE = "large ".repeat(200);

    /** What the structures hold. */
    private record State(Map<String, String> map, List<String> queue, List<String> array, long sum) {
        static State read(final RemoteHeap heap) {
            final Structures there = new Structures(heap);
            return new State(
                    new HashMap<>(there.map),
                    new ArrayList<>(there.queue),
                    Arrays.asList(there.array.get(0), there.array.get(1)),
                    there.longs.get(0));
        }
    }

    private static final class Structures {
        private final RemoteMap<String, String> map;
        private final RemoteQueue<String> queue;
        private final RemoteArray<String> array;
        private final RemoteLongArray longs;

        Structures(final RemoteHeap heap) {
            map = heap.map("map", Codecs.string(), Codecs.string());
            queue = heap.queue("queue", Codecs.string());
            array = heap.array("array", Codecs.string(), 2);
            longs = heap.longArray("longs", 4);
        }
    }

    private static final List<Consumer<Structures>> HISTORY = List.of(
            s -> s.map.put("a", "1"),
            s -> s.queue.add("first"),
            s -> s.array.set(0, "x"),
            s -> s.map.put("b", LARGE),
            s -> s.longs.getAndAdd(0, 5),
            s -> s.map.merge("a", "2", String::concat),
            s -> s.queue.add(LARGE),
            s -> s.queue.poll(),
            s -> s.map.put("b", LARGE + "again"),
            s -> s.array.set(1, LARGE),
            s -> s.map.remove("a"),
            s -> s.array.set(0, null),
            s -> s.map.put("c", "3"),
            s -> s.map.remove("b"),
            s -> s.queue.poll(),
            s -> s.array.compareAndSet(1, LARGE, "y"),
            s -> s.longs.compareAndSet(0, 5, 6),
            s -> s.map.clear(),
            s -> s.queue.add("last"));

    /** What must be there after each operation: found out in a machine in which nothing fails. */
    private static List<State> states() {
        final List<State> states = new ArrayList<>();
        try (SimulatedCluster cluster = new SimulatedCluster(SEED, GEOMETRY, Durability.POWER)) {
            cluster.startBlade();
            final SimulatedCluster.Worker worker = cluster.start("worker", session -> {
                final RemoteHeap heap = RemoteHeap.over(session);
                final Structures structures = new Structures(heap);
                states.add(State.read(heap));
                for (final Consumer<Structures> operation : HISTORY) {
                    operation.accept(structures);
                    states.add(State.read(heap));
                }
            });
            while (!worker.hasEnded()) {
                cluster.scheduler().run(1_000);
            }
        }
        return states;
    }

    @Test
    void shouldHaveWhatWasAcknowledgedWhenPowerIsLostAfterAnyStep() {
        final List<State> states = states();
        assertThat(states).hasSize(HISTORY.size() + 1);
        int losses = 0;
        boolean ended = false;
        for (long steps = 1 + SEED % STRIDE; !ended; steps += STRIDE) {
            try (SimulatedCluster cluster = new SimulatedCluster(SEED, GEOMETRY, Durability.POWER)) {
                cluster.startBlade();
                final int[] returned = {-1};
                final SimulatedCluster.Worker worker = cluster.start("worker", session -> play(session, returned));
                cluster.scheduler().run(steps);
                ended = worker.hasEnded();
                cluster.killAll();
                final SimulatedNvm atDeath = cluster.memory().snapshot();
                final Random random = new Random(SEED + steps);
                for (final Consumer<SimulatedNvm> fate : fates(atDeath, random)) {
                    cluster.memory().restore(atDeath);
                    fate.accept(cluster.memory());
                    losses++;
                    verify(
                            cluster,
                            states,
                            returned[0],
                            "power lost after step " + steps + ", way " + losses + ", seed " + SEED);
                }
            }
        }
        assertThat(losses).isGreaterThan(100);
    }

    private static void play(final WorkerSession session, final int[] returned) {
        final Structures structures = new Structures(RemoteHeap.over(session));
        returned[0] = 0;
        for (final Consumer<Structures> operation : HISTORY) {
            operation.accept(structures);
            returned[0]++;
        }
    }

    /** All ways if they are few; else nothing, everything, and any. */
    private static List<Consumer<SimulatedNvm>> fates(final SimulatedNvm memory, final Random random) {
        final int lines = memory.changedLines();
        final List<Consumer<SimulatedNvm>> fates = new ArrayList<>();
        if (lines <= FEW_LINES) {
            final int ways = (int) Math.pow(SimulatedNvm.FATES, lines);
            IntStream.range(0, ways).forEach(way -> fates.add(nvm -> nvm.losePower(way)));
            return fates;
        }
        fates.add(nvm -> nvm.losePower(0));
        for (int i = 0; i < RANDOM_FATES; i++) {
            fates.add(nvm -> nvm.losePower(random));
        }
        return fates;
    }

    /** The recovery is killed after a while, and power is lost again; the next one finishes. */
    private static void verify(
            final SimulatedCluster cluster, final List<State> states, final int returned, final String what) {
        cluster.startBlade();
        cluster.scheduler().run(40);
        cluster.losePower();
        cluster.startBlade();
        final CheckReport report = cluster.check();
        assertThat(report.clean()).as("%s: %s", what, report).isTrue();
        final State[] found = {null};
        final SimulatedCluster.Worker reader =
                cluster.start("reader", session -> found[0] = State.read(RemoteHeap.over(session)));
        while (!reader.hasEnded()) {
            cluster.scheduler().run(1_000);
        }
        final int before = Math.max(0, returned);
        final int after = Math.min(HISTORY.size(), before + 1);
        assertThat(found[0]).as("%s: after %d operations", what, returned).isIn(states.get(before), states.get(after));
        cluster.killAll();
    }
}
