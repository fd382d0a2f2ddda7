package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.rallocator.allocator.FabricCounters;
import io.rallocator.persistence.OperationId;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.StructureDroppedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One heap over several blades: who is one of them, what is where, and what happens while one is away. */
class StripedHeapTest {
    private static final int ENTRIES = 2_000;

    private TestPool pool;

    @TempDir
    private Path folder;

    @BeforeEach
    void create() {
        pool = TestPool.ofBlades(3, 16);
    }

    @AfterEach
    void close() {
        pool.check();
        pool.close();
    }

    private static RemoteMap<Integer, String> map(final RemoteHeap heap) {
        return heap.map("map", Codecs.ints(), Codecs.string());
    }

    private static Map<Integer, String> entries() {
        final Map<Integer, String> entries = new HashMap<>();
        for (int i = 0; i < ENTRIES; i++) {
            entries.put(i, "value " + i);
        }
        return entries;
    }

    /** Names of the structures that one blade has. */
    private List<String> namesAt(final int blade) {
        try (RemoteHeap one = RemoteHeap.open("embedded:" + pool.files().get(blade))) {
            return one.names();
        }
    }

    private long partsAt(final int blade) {
        return namesAt(blade).stream()
                .filter(name -> Placement.PartName.of(name) != null)
                .count();
    }

    private static Path newPool(final Path file) {
        PoolFile.create(file, PoolGeometry.ofCapacity(16 << 20), true, written -> {});
        return file;
    }

    // ---- what is where

    @Test
    void shouldSpreadAMapAndAnArrayOverAllBladesAndFindThemAgain() {
        try (RemoteHeap heap = pool.embedded()) {
            map(heap).putAll(entries());
            final RemoteLongArray longs = heap.longArray("longs", 100_000);
            longs.set(0, 1);
            longs.set(50_000, 2);
            longs.set(99_999, 3);
            assertThat(heap.names()).containsExactly("longs", "map");
        }
        for (int blade = 0; blade < 3; blade++) {
            assertThat(partsAt(blade)).isBetween(Placement.PARTS / 3L, Placement.PARTS / 3L + 1 + 3);
        }
        final List<Path> files = new ArrayList<>(pool.files());
        Collections.reverse(files); // any order will do
        try (RemoteHeap heap =
                RemoteHeap.open("embedded:" + files.stream().map(Path::toString).collect(Collectors.joining(",")))) {
            assertThat(map(heap)).isEqualTo(entries());
            assertThat(heap.longArray("longs").getAndAdd(50_000, 1)).isEqualTo(2);
            assertThat(heap.statistics("map").elements()).isEqualTo(ENTRIES);
            assertThat(heap.structures())
                    .extracting(StructureInfo::name, StructureInfo::type, StructureInfo::codecs)
                    .containsExactly(
                            tuple("longs", "long array", List.of("int64")),
                            tuple("map", "map", List.of("int32", "utf8")));
            assertThat(heap.structures().get(0).length()).hasValue(100_000);
        }
    }

    @Test
    void shouldCostAsManyRoundTripsAsOnOneBlade() {
        final List<Long> striped;
        try (RemoteHeap heap = pool.embedded()) {
            striped = roundTrips(heap);
        }
        try (TestPool one = TestPool.ofMebibytes(16);
                RemoteHeap heap = one.embedded()) {
            assertThat(striped).isEqualTo(roundTrips(heap));
        }
    }

    private static List<Long> roundTrips(final RemoteHeap heap) {
        final RemoteMap<Integer, String> map = map(heap);
        assertThat(map.containsKey(1)).isFalse(); // from here on its part is open
        final List<Long> before = chains(heap);
        map.put(1, "old");
        map.put(1, "new");
        map.get(1);
        map.remove(1);
        final List<Long> after = chains(heap);
        return IntStream.range(0, after.size())
                .mapToObj(i -> after.get(i) - before.get(i))
                .toList();
    }

    private static List<Long> chains(final RemoteHeap heap) {
        return Stream.of("map.put", "map.get", "map.remove", "map.locate")
                .map(operation -> heap.count(operation, FabricCounters.Figure.CHAINS))
                .toList();
    }

    @Test
    void shouldKeepTheOrderOfAQueueThatIsOnOneBlade() {
        try (RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local()) {
            for (int i = 0; i < 6; i++) {
                heap.queue("queue " + i, Codecs.ints()).addAll(List.of(i, i + 1));
            }
            for (int i = 0; i < 6; i++) {
                assertThat(other.queue("queue " + i, Codecs.ints())).containsExactly(i, i + 1);
            }
            assertThat(other.boundedQueue("bounded", Codecs.ints(), 2).remainingCapacity())
                    .isEqualTo(2);
            assertThat(heap.structures().get(0).capacity()).hasValue(2);
        }
        assertThat(IntStream.range(0, 3).filter(blade -> partsAt(blade) > 0).count())
                .isGreaterThan(1);
    }

    @Test
    void shouldRefuseWhatIsSomethingElse() {
        try (RemoteHeap heap = pool.embedded()) {
            map(heap);
            heap.longArray("longs", 5);
            heap.boundedQueue("queue", Codecs.ints(), 3);
            assertRefused(() -> heap.longArray("map"), "'map' is a map, asked for was a long array; open");
            assertRefused(() -> heap.queue("longs", Codecs.longs()), "'longs' is a long array of 5 elements");
            assertRefused(() -> heap.longArray("longs", 6), "'longs' is a long array of 5 elements", "of 6 elements");
            assertRefused(() -> heap.queue("queue", Codecs.ints()), "a capacity of 3", "without a bound");
            assertRefused(() -> heap.array("none", Codecs.ints()), "there is no array 'none'; say its length");
            assertRefused(() -> heap.queue("#mine", Codecs.ints()), "the name '#mine' begins with #");
            assertRefused(() -> heap.rename("map", "#mine"), "the name '#mine' begins with #");
            assertThat(heap.names()).containsExactly("longs", "map", "queue");
            assertThatThrownBy(heap::session)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("3 blades has as many sessions");
        }
    }

    private static void assertRefused(final Callable<?> call, final String... parts) {
        assertThatThrownBy(call::call)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(parts);
    }

    private static void assertRefused(final Runnable call, final String... parts) {
        assertRefused(
                () -> {
                    call.run();
                    return null;
                },
                parts);
    }

    // ---- names

    @Test
    void shouldRenameAndDropAStructureWithAllOfItsParts() {
        try (RemoteHeap heap = pool.embedded();
                RemoteHeap other = pool.local()) {
            final RemoteMap<Integer, String> seen = map(other);
            map(heap).putAll(entries());
            heap.rename("map", "renamed");
            assertThat(seen).hasSize(ENTRIES);
            assertThat(map(heap)).isEmpty();
            assertThat(heap.drop("renamed")).isTrue();
            assertThat(heap.drop("renamed")).isFalse();
            assertThat(heap.names()).containsExactly("map");
            // the other worker learns of it before it uses a new epoch
            assertThatThrownBy(() -> {
                        for (; ; ) {
                            seen.put(1, "lost");
                        }
                    })
                    .isInstanceOf(StructureDroppedException.class);
            heap.drop("map");
        }
        pool.embedded().close();
        for (int blade = 0; blade < 3; blade++) {
            assertThat(partsAt(blade)).isZero();
        }
    }

    @Test
    void shouldDropThePartsOfABladeThatWasAwayWhenItIsThereAgain() {
        try (RemoteHeap heap = pool.embedded()) {
            map(heap).putAll(entries());
        }
        final RemoteHeap first = RemoteHeap.open("embedded:" + pool.files().get(0));
        final RemoteHeap second = RemoteHeap.open("embedded:" + pool.files().get(1));
        final int root = ((PoolHeap) first).names().contains("map")
                ? 0
                : ((PoolHeap) second).names().contains("map") ? 1 : 2;
        first.close();
        second.close();
        final int absent = (root + 1) % 3;
        final List<RemoteHeap> blades = new ArrayList<>();
        for (int blade = 0; blade < 3; blade++) {
            if (blade != absent) {
                blades.add(RemoteHeap.open("embedded:" + pool.files().get(blade)));
            }
        }
        try (RemoteHeap heap = pool.local()) {
            assertThat(heap.drop("map")).isTrue();
        }
        blades.forEach(RemoteHeap::close);
        assertThat(partsAt(absent)).isPositive();
        pool.embedded().close();
        assertThat(partsAt(absent)).isZero();
    }

    // ---- a blade that is away

    @Test
    void shouldUseTheOtherBladesWhileOneIsAwayAndThatOneWhenItIsBack() {
        try (RemoteHeap heap = pool.embedded()) {
            map(heap).putAll(entries());
        }
        final List<RemoteHeap> blades = new ArrayList<>();
        int root = 0;
        for (int blade = 0; blade < 3; blade++) {
            blades.add(RemoteHeap.open("embedded:" + pool.files().get(blade)));
            root = blades.get(blade).names().contains("map") ? blade : root;
        }
        final int absent = (root + 1) % 3;
        blades.get(absent).close();
        try (RemoteHeap heap = pool.local()) {
            final RemoteMap<Integer, String> map = map(heap);
            final Set<Integer> lost = new HashSet<>();
            for (int i = 0; i < ENTRIES; i++) {
                try {
                    assertThat(map.get(i)).isEqualTo("value " + i);
                } catch (final PoolUnavailableException e) {
                    lost.add(i);
                    assertThat(e)
                            .hasMessageContainingAll(
                                    "of 'map' cannot be used now: blade ",
                                    pool.files().get(absent).toString(),
                                    "is away");
                }
            }
            assertThat(lost).hasSizeBetween(ENTRIES / 5, ENTRIES / 2);
            assertThatThrownBy(map::size).isInstanceOf(PoolUnavailableException.class);
            // what is new goes to those that are there
            final RemoteQueue<Integer> queue = heap.queue("queue", Codecs.ints());
            queue.add(1);
            blades.set(absent, RemoteHeap.open("embedded:" + pool.files().get(absent)));
            final int key = lost.iterator().next();
            String value = null;
            while (value == null) {
                try {
                    value = map.get(key);
                } catch (final PoolUnavailableException e) {
                    Thread.onSpinWait(); // it is tried once a second
                }
            }
            assertThat(map).isEqualTo(entries());
            assertThat(queue).containsExactly(1);
        }
        blades.forEach(RemoteHeap::close);
    }

    @Test
    void shouldNameTheBladeWithTheNamesWhenItIsAway() {
        pool.embedded().close();
        for (int blade = 0; blade < 3; blade++) {
            try (RemoteHeap one = RemoteHeap.open("embedded:" + pool.files().get(blade))) {
                final boolean isRoot = Members.of((PoolHeap) one).isRoot();
                if (!isRoot) {
                    assertThatThrownBy(pool::local).isInstanceOf(PoolUnavailableException.class);
                }
            }
        }
        assertThatThrownBy(pool::local)
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("none of the 3 blades answers");
    }

    // ---- who is one of them

    @Test
    void shouldRefuseListsThatAreNotOneHeap() throws IOException {
        pool.embedded().close();
        final List<Path> files = pool.files();
        final Path copy = folder.resolve("copy");
        Files.copy(files.get(1), copy);
        final Path blank = newPool(folder.resolve("blank"));
        assertRefused(() -> RemoteHeap.open("embedded:" + files.get(0) + "," + files.get(0)), "is there twice");
        assertRefused(() -> RemoteHeap.open("embedded:" + files.get(0) + ",,"), "nothing between two commas");
        assertRefused(
                () -> RemoteHeap.open("embedded:" + files.get(0) + "," + files.get(1)),
                "is not in the list of 2; name all");
        assertRefused(() -> open(files.get(0), files.get(1), files.get(2), copy), "are the same pool");
        assertRefused(
                () -> open(files.get(0), files.get(1), files.get(2), blank),
                "is none of the 3 blades of this heap; to let it join");
        try (TestPool foreign = TestPool.ofBlades(2, 16)) {
            foreign.embedded().close();
            assertRefused(
                    () -> open(files.get(0), foreign.files().get(0)), "belongs to the heap ", "name the blades of one");
        }
        try (RemoteHeap heap = pool.embedded()) {
            assertThat(heap.names()).isEmpty();
        }
    }

    private static RemoteHeap open(final Path... files) {
        return RemoteHeap.open(
                "embedded:" + List.of(files).stream().map(Path::toString).collect(Collectors.joining(",")));
    }

    @Test
    void shouldLetABladeJoinAndUseItForWhatIsNew() {
        final String blank = newPool(folder.resolve("blank")).toString();
        final String paths = pool.files().stream().map(Path::toString).collect(Collectors.joining(","));
        try (RemoteHeap heap = pool.embedded()) {
            map(heap).putAll(entries());
        }
        try (RemoteHeap heap = RemoteHeap.open("embedded:" + paths + "," + blank + "?join=true");
                RemoteHeap again = RemoteHeap.open("local:" + paths + "," + blank)) {
            assertThat(map(heap)).isEqualTo(entries());
            final RemoteMap<Integer, String> wide = again.map("wide", Codecs.ints(), Codecs.string());
            wide.putAll(entries());
            assertThat(heap.map("wide", Codecs.ints(), Codecs.string())).isEqualTo(entries());
        }
        try (RemoteHeap one = RemoteHeap.open("embedded:" + blank)) {
            assertThat(one.names().stream()
                            .filter(name -> Placement.PartName.of(name) != null)
                            .count())
                    .isEqualTo(Placement.PARTS / 4);
        }
    }

    @Test
    void shouldFindABladeThatJoinedAfterTheHeapWasOpened() {
        final String blank = newPool(folder.resolve("blank")).toString();
        final String paths = pool.files().stream().map(Path::toString).collect(Collectors.joining(","));
        try (RemoteHeap heap = pool.embedded();
                RemoteHeap serving = RemoteHeap.open("embedded:" + blank);
                RemoteHeap early = pool.local();
                RemoteHeap joining = RemoteHeap.open("local:" + paths + "," + blank + "?join=true")) {
            map(joining).putAll(entries());
            assertThat(map(early)).isEqualTo(entries());
            assertThat(map(heap).put(1, "changed")).isEqualTo("value 1");
            assertThat(map(joining).get(1)).isEqualTo("changed");
            assertThat(serving.isOpen()).isTrue();
        }
    }

    @Test
    void shouldKeepWhatBladeZeroHadBeforeThereWereOthers() {
        final List<Path> files = pool.files();
        try (RemoteHeap one = RemoteHeap.open("embedded:" + files.get(2))) {
            map(one).putAll(entries());
            one.longArray("longs", 3).set(2, 7);
        }
        assertRefused(() -> pool.embedded(), files.get(2) + " has structures already", "add join=true");
        try (RemoteHeap heap = pool.embedded("join=true")) {
            assertThat(map(heap)).isEqualTo(entries());
            assertThat(heap.longArray("longs").get(2)).isEqualTo(7);
            heap.map("new", Codecs.ints(), Codecs.ints()).put(1, 1);
            assertThat(heap.names()).containsExactly("longs", "map", "new");
            assertThat(heap.statistics("map").elements()).isEqualTo(ENTRIES);
            assertThat(heap.drop("map")).isTrue();
        }
        try (RemoteHeap heap = pool.embedded()) {
            assertThat(heap.names()).containsExactly("longs", "new");
        }
    }

    @Test
    void shouldAskThePoolThatAnOperationIsOf() {
        try (RemoteHeap heap = pool.embedded()) {
            for (final Path file : pool.files()) {
                final UUID id = PoolFile.readSuperblock(file).poolId();
                assertThat(heap.outcome(new OperationId(id, 60, 1, 0, 1))).isEqualTo(Outcome.DID_NOT_HAPPEN);
            }
            assertRefused(
                    () -> heap.outcome(new OperationId(new UUID(1, 2), 60, 1, 0, 1)),
                    "none of the 3 blades of this heap has the pool");
        }
    }
}
