package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.SimulatedPool;
import io.rallocator.persistence.StructureDroppedException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Structures are listed and dropped; their memory comes back, and their users are told. */
@Timeout(120)
class DropTest {
    private final TestPool pool = TestPool.ofMebibytes(32);

    @AfterEach
    void removePool() {
        pool.close();
    }

    private static void fill(final RemoteMap<Integer, byte[]> map, final int count) {
        for (int key = 0; key < count; key++) {
            map.put(key, new byte[key % 10 == 0 ? 5_000 : 100]);
        }
    }

    @Test
    void shouldTellWhatThereIs() {
        try (RemoteHeap heap = pool.embedded()) {
            assertThat(heap.structures()).isEmpty();
            heap.map("users", Codecs.string(), Codecs.bytes());
            heap.queue("jobs", Codecs.longs());
            assertThat(heap.structures()).extracting(StructureInfo::name).containsExactly("jobs", "users");
            assertThat(heap.structures()).extracting(StructureInfo::type).containsExactly("queue", "map");
            assertThat(heap.structures().get(1).codecs())
                    .containsExactly(Codecs.string().id(), Codecs.bytes().id());
            assertThat(heap.drop("jobs")).isTrue();
            assertThat(heap.structures()).extracting(StructureInfo::name).containsExactly("users");
            assertThat(heap.drop("jobs")).isFalse();
            assertThat(heap.drop("x".repeat(10_000))).isFalse();
        }
        pool.check();
    }

    @Test
    void shouldBeginEmptyWhenItIsOpenedAgainWithOtherCodecs() {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, byte[]> first = heap.map("it", Codecs.ints(), Codecs.bytes());
            fill(first, 2_000);
            assertThat(heap.drop("it")).isTrue();
            assertThatThrownBy(() -> first.get(1))
                    .isInstanceOf(StructureDroppedException.class)
                    .hasMessageContaining("'it' was dropped");
            assertThatThrownBy(() -> first.put(1, new byte[1])).isInstanceOf(StructureDroppedException.class);
            assertThatThrownBy(first::size).isInstanceOf(StructureDroppedException.class);
            assertThatThrownBy(() -> first.getAll(List.of(1, 2))).isInstanceOf(StructureDroppedException.class);
            assertThatThrownBy(() -> first.putAll(Map.of(1, new byte[1], 2, new byte[1])))
                    .isInstanceOf(StructureDroppedException.class);
            assertThatThrownBy(first::removeExpired).isInstanceOf(StructureDroppedException.class);
            assertThatThrownBy(first::clear).isInstanceOf(StructureDroppedException.class);
            assertThatThrownBy(() -> first.forEach((key, value) -> {})).isInstanceOf(StructureDroppedException.class);
            final RemoteQueue<String> second = heap.queue("it", Codecs.string());
            assertThat(second).isEmpty();
            second.add("a");
            assertThat(heap.drop("it")).isTrue();
            final RemoteMap<Integer, byte[]> third = heap.map("it", Codecs.ints(), Codecs.bytes());
            assertThat(third.sizeLong()).isZero();
            fill(third, 100);
            assertThat(third.sizeLong()).isEqualTo(100);
        }
        pool.check();
    }

    @Test
    void shouldGiveTheMemoryBackWhenOneIsMadeAndDroppedAgainAndAgain() {
        try (RemoteHeap heap = pool.embedded()) {
            for (int round = 0; round < 20; round++) {
                fill(heap.map("again", Codecs.ints(), Codecs.bytes()), 10_000); // some 8 MiB
                assertThat(heap.drop("again")).isTrue();
            }
        }
        pool.check();
    }

    @Test
    void shouldTellOtherHeaps() {
        try (RemoteHeap first = pool.embedded();
                RemoteHeap second = pool.local("cache=1m")) {
            final RemoteMap<Integer, byte[]> map = first.map("shared", Codecs.ints(), Codecs.bytes());
            fill(map, 3_000);
            final RemoteMap<Integer, byte[]> other = second.map("shared", Codecs.ints(), Codecs.bytes());
            assertThat(other.get(1)).hasSize(100);
            assertThat(first.drop("shared")).isTrue();
            await(() -> isDropped(other));
            fill(first.map("shared", Codecs.ints(), Codecs.bytes()), 10);
            assertThat(second.map("shared", Codecs.ints(), Codecs.bytes()).sizeLong())
                    .isEqualTo(10);
        }
        pool.check();
    }

    @Test
    void shouldLetOthersUseTheMemoryWhileTheOwnerOfTheSlabsDoesNothing() {
        try (RemoteHeap owner = pool.embedded();
                RemoteHeap other = pool.local()) {
            fill(owner.map("large", Codecs.ints(), Codecs.bytes()), 30_000); // most of the pool
            assertThat(other.drop("large")).isTrue();
            final RemoteMap<Integer, byte[]> map = other.map("other", Codecs.ints(), Codecs.bytes());
            fill(map, 25_000);
            assertThat(map.sizeLong()).isEqualTo(25_000);
        }
        pool.check();
    }

    /** The worker that creates, fills and drops dies before each of its verbs. */
    @Test
    void shouldHaveDroppedAllOrNothingWhereverTheWorkerDies() {
        try (SimulatedPool simulated = new SimulatedPool()) {
            boolean died = true;
            for (long crashAt = 0; died; crashAt++) {
                final String what = "died before verb " + crashAt;
                simulated.restart();
                final SimulatedPool.Victim victim = simulated.victim(crashAt, false);
                final Map<Integer, String> model = new HashMap<>();
                final boolean[] dropping = {false};
                died = victim.run(() -> {
                    final SimulatedWorker worker = new SimulatedWorker(victim.open(), simulated::agentTurn, false);
                    for (int key = 0; key < 6; key++) {
                        simulated.agentTurn();
                        final String value = "value ".repeat(key % 2 == 0 ? 1 : 150);
                        worker.map.put(key, value);
                        model.put(key, value);
                    }
                    dropping[0] = true;
                    simulated.agentTurn();
                    assertThat(worker.catalog.drop("map")).isTrue();
                });
                simulated.turns(80);
                final SimulatedWorker other = new SimulatedWorker(simulated.open("other"), simulated::agentTurn, false);
                if (dropping[0]) {
                    assertThat(other.map)
                            .as(what)
                            .satisfiesAnyOf(
                                    map -> assertThat(map).isEmpty(),
                                    map -> assertThat(map).isEqualTo(model));
                    assertThat(died || other.map.isEmpty()).as(what).isTrue();
                } else {
                    assertThat(other.map).as(what).containsAllEntriesOf(model);
                }
                simulated.agentTurn();
                other.map.put(1, "again");
                simulated.check(what);
            }
        }
    }

    private static boolean isDropped(final RemoteMap<Integer, byte[]> map) {
        try {
            map.get(1);
            return false;
        } catch (final StructureDroppedException e) {
            return true;
        }
    }

    private static void await(final BooleanSupplier condition) {
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).isNegative();
            LockSupport.parkNanos(100_000);
        }
    }

    @Test
    void shouldGiveAnArrayAnotherLengthWhenItIsDropped() {
        final long dropped;
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteByteArray bytes = heap.byteArray("bytes", 20 << 20);
            bytes.fill(0, 20 << 20, (byte) 1);
            final RemoteArray<String> array = heap.array("array", Codecs.string(), 10_000);
            for (int i = 0; i < 10_000; i++) {
                array.set(i, "element " + i);
            }
            assertThat(heap.drop("bytes")).isTrue();
            assertThat(heap.drop("array")).isTrue();
            assertThatThrownBy(() -> bytes.get(0)).isInstanceOf(StructureDroppedException.class);
            assertThatThrownBy(() -> array.set(0, "x")).isInstanceOf(StructureDroppedException.class);
            assertThat(heap.array("array", Codecs.ints(), 3)).containsExactly(null, null, null);
            heap.byteArray("bytes", 19 << 20).fill(0, 19 << 20, (byte) 2); // in the memory of the first one
            dropped = heap.byteArray("bytes").longLength();
        }
        assertThat(dropped).isEqualTo(19 << 20);
        assertThat(pool.check().liveBytes()).isLessThan(21 << 20);
    }
}
