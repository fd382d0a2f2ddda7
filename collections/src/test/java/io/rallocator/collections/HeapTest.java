package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.PoolUnavailableException;
import io.rallocator.persistence.RallocatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Addresses, names, and what happens when they do not fit what is there. */
@Timeout(60)
class HeapTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/dev/shm/pool | it has no scheme",
                "tcp:host:7777 | there is no scheme 'tcp'",
                "embedded: | it has no path",
                "embedded:?size=1g | it has no path",
                "embedded:pool?sise=1g | there is no parameter 'sise' for embedded, known are size, sessions, lanes",
                "local:pool?size=1g | there is no parameter 'size' for local, known are cache, name",
                "embedded:pool?size | parameter 'size' has no value",
                "embedded:pool?size= | parameter 'size' has no value",
                "embedded:pool?size=1x | is '1x', which is no number of bytes",
                "embedded:pool?size=g | which is no number of bytes",
                "embedded:pool?size=-1g | which is no number of bytes",
                "embedded:pool?size=99999999999999t | which is no number of bytes",
                "embedded:pool?size=1g&size=2g | parameter 'size' is there twice",
                "embedded:pool?lanes=many | which is no number",
                "embedded:pool?size=1k | size is 1024, must be",
                "embedded:pool?durability=none | there is no durability 'none', known are process and power",
                "embedded:pool?size=1g&lanes=65 | lanes is 65, must be 1 … 64",
            })
    void shouldSayWhatIsWrongWhenAnAddressCannotBeUsed(final String address, final String message) {
        assertThatThrownBy(() -> RemoteHeap.open(address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void shouldKeepTheDurabilityThatThePoolWasCreatedWith(@TempDir(cleanup = CleanupMode.ALWAYS) final Path temporary)
            throws IOException {
        final String pool = "embedded:" + folderOnADisk(temporary).resolve("pool");
        try (RemoteHeap heap = RemoteHeap.open(pool + "?size=4m&durability=power")) {
            heap.map("map", Codecs.ints(), Codecs.ints()).put(1, 2);
            final RemoteLongArray longs = heap.longArray("longs", 3);
            longs.set(1, 7);
            assertThat(longs.get(1)).isEqualTo(7);
        }
        assertThatThrownBy(() -> RemoteHeap.open(pool + "?durability=process"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("exists with durability power, asked for was process");
        try (RemoteHeap heap = RemoteHeap.open(pool)) {
            assertThat(heap.map("map", Codecs.ints(), Codecs.ints())).containsOnly(entry(1, 2));
        }
    }

    /** The given one, or one below the build's. */
    private static Path folderOnADisk(final Path temporary) throws IOException {
        return Files.getFileStore(temporary).type().equals("tmpfs")
                ? Files.createTempDirectory(Path.of("target"), "disk")
                : temporary;
    }

    @Test
    void shouldRefuseToPromiseAPoolInMemoryThatItSurvivesPowerLoss() throws IOException {
        final Path shm = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(shm) && Files.getFileStore(shm).type().equals("tmpfs"));
        try (TestPool pool = TestPool.missing()) {
            assertThatThrownBy(() -> pool.embedded("size=4m", "durability=power"))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("lost with the power; choose a folder on a disk");
            assertThat(pool.file().resolveSibling("pool.creating")).doesNotExist();
        }
    }

    @Test
    void shouldCreateThePoolWithTheGivenSizesWhenThereIsNone() {
        try (TestPool pool = TestPool.missing()) {
            try (RemoteHeap heap = pool.embedded("size=16m", "sessions=8", "lanes=4", "name=first", "cache=64K")) {
                assertThat(heap.geometry().capacity()).isEqualTo(16 << 20);
                assertThat(heap.geometry().sessions()).isEqualTo(8);
                assertThat(heap.geometry().lanes()).isEqualTo(4);
                heap.map("map", Codecs.ints(), Codecs.ints()).put(1, 2);
                assertThat(heap.toString()).contains("embedded:");
            }
            try (RemoteHeap heap = pool.embedded("size=16384k")) {
                assertThat(heap.map("map", Codecs.ints(), Codecs.ints())).containsEntry(1, 2);
            }
            assertThatThrownBy(() -> pool.embedded("size=32m"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("exists with size 16777216, asked for was 33554432");
            assertThatThrownBy(() -> pool.embedded("lanes=5")).hasMessageContaining("exists with lanes 4");
            pool.check();
        }
    }

    @Test
    void shouldSayWhoServesThePoolWhenItCannotBeOpened() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            assertThatThrownBy(pool::local)
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("no blade serves");
            try (RemoteHeap heap = pool.embedded()) {
                assertThatThrownBy(pool::embedded)
                        .isInstanceOf(PoolInUseException.class)
                        .hasMessageContaining("local:");
                try (RemoteHeap second = pool.local("name=second")) {
                    second.map("shared", Codecs.string(), Codecs.string()).put("from", "second");
                }
                assertThat(heap.map("shared", Codecs.string(), Codecs.string())).containsEntry("from", "second");
            }
            pool.check();
        }
    }

    @Test
    void shouldRefuseAnotherTypeOrCodecWhenANameIsTaken() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                heap.map("map", Codecs.string(), Codecs.longs());
                heap.queue("queue", Codecs.uuid());
                assertThatThrownBy(() -> heap.map("map", Codecs.string(), Codecs.ints()))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("'map' is a map with codecs utf8 → int64")
                        .hasMessageContaining("asked for was a map with codecs utf8 → int32");
                assertThatThrownBy(() -> heap.map("map", Codecs.ints(), Codecs.longs()))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> heap.queue("map", Codecs.string()))
                        .hasMessageContaining("asked for was a queue with codec utf8");
                assertThatThrownBy(() -> heap.map("queue", Codecs.string(), Codecs.string()))
                        .hasMessageContaining("'queue' is a queue with codec uuid");
                assertThatThrownBy(() -> heap.queue("queue", Codecs.string()))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThat(heap.names()).containsExactly("map", "queue");
            }
            pool.check();
        }
    }

    @Test
    void shouldTakeNamesOfOneToTwoHundredBytesWhenCounted() {
        try (TestPool pool = TestPool.ofMebibytes(16)) {
            try (RemoteHeap heap = pool.embedded()) {
                for (final String name : List.of("a", "x".repeat(200), "ü".repeat(100))) {
                    heap.map(name, Codecs.string(), Codecs.string()).put("name", name);
                }
                for (final String name : List.of("", "x".repeat(201), "ü".repeat(101))) {
                    assertThatThrownBy(() -> heap.queue(name, Codecs.string()))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("1 … 200");
                }
                assertThatThrownBy(() -> heap.queue(null, Codecs.string())).isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> heap.queue("q", null)).isInstanceOf(NullPointerException.class);
                assertThat(heap.names()).hasSize(3).contains("ü".repeat(100));
            }
            pool.check();
        }
    }

    @Test
    void shouldRefuseOneMoreStructureWhenAllRootsAreTaken() {
        final PoolGeometry geometry = PoolGeometry.of(32 << 20, new int[] {4096, 65536, 1 << 20}, 16, 4, 4, 8);
        try (TestPool pool = TestPool.create(geometry)) {
            try (RemoteHeap heap = pool.embedded()) {
                for (int i = 0; i < 8; i++) {
                    heap.queue("queue " + i, Codecs.ints()).add(i);
                }
                assertThatThrownBy(() -> heap.queue("one more", Codecs.ints()))
                        .isInstanceOf(RallocatorException.class)
                        .hasMessageContaining("all 8 places for structures");
                for (int i = 0; i < 8; i++) {
                    assertThat(heap.queue("queue " + i, Codecs.ints()).peek()).isEqualTo(i);
                }
                assertThat(heap.names()).hasSize(8);
            }
            pool.check();
        }
    }

    @Test
    void shouldMakeOneStructureOfANameWhenManyCreateItAtOnce() throws InterruptedException {
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            try (RemoteHeap first = pool.embedded();
                    RemoteHeap second = pool.local()) {
                for (int round = 0; round < 30; round++) {
                    final String name = "raced " + round;
                    final String mate = "mate " + round;
                    final List<Callable<Integer>> tasks = new ArrayList<>();
                    for (int i = 0; i < 4; i++) {
                        final RemoteHeap heap = i % 2 == 0 ? first : second;
                        final int me = i;
                        tasks.add(() -> {
                            heap.map(name, Codecs.ints(), Codecs.ints()).put(me, me);
                            heap.queue(mate, Codecs.ints()).add(me);
                            return me;
                        });
                    }
                    Workers.run(tasks);
                    assertThat(first.map(name, Codecs.ints(), Codecs.ints())).hasSize(4);
                    final Set<Integer> elements = new HashSet<>();
                    second.queue(mate, Codecs.ints()).drainTo(elements);
                    assertThat(elements).containsExactlyInAnyOrder(0, 1, 2, 3);
                }
                assertThat(first.names()).hasSize(60).isEqualTo(second.names());
            }
            pool.check();
        }
    }
}
