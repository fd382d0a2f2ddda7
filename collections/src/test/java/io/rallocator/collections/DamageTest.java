package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.StructureTracer;
import io.rallocator.persistence.StructureType;
import io.rallocator.persistence.Superblock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A byte of a live block is damaged: it is detected or does not matter; an answer is never wrong (I13). */
@Timeout(300)
class DamageTest {
    private static final long SEED = Long.getLong("rallocator.seed", 20_260_104);
    private static final int TRIALS = Integer.getInteger("rallocator.damage.trials", 300);
    private static final int KEYS = 150;

    private static final Map<Integer, String> ENTRIES = new HashMap<>();
    private static final List<String> ELEMENTS = new ArrayList<>();
    private static final List<String> SLOTS = Arrays.asList(new String[1_000]);
    private static TestPool pool;
    private static byte[] whole;

    /** Offset and bytes of a live block. */
    private record Place(long offset, int bytes) {}

    private static final List<Place> PLACES = new ArrayList<>();

    @BeforeAll
    static void fill() throws IOException {
        pool = TestPool.create(PoolGeometry.of(4 << 20, new int[] {4096, 65536}, 8, 4, 2, 8));
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = map(heap);
            for (int key = 0; key < KEYS; key++) {
                ENTRIES.put(key, "value " + "v".repeat(key % 10 == 0 ? 600 + key : key % 40));
            }
            map.putAll(ENTRIES);
            final RemoteQueue<String> queue = queue(heap);
            for (int i = 0; i < 700; i++) {
                queue.add("element " + i);
            }
            queue.addAll(IntStream.range(0, 90).mapToObj(i -> "of a batch " + i).toList());
            for (int i = 0; i < 600; i++) {
                queue.poll();
            }
            queue.iterator().forEachRemaining(ELEMENTS::add);
            fillArray(array(heap));
        }
        pool.check();
        whole = Files.readAllBytes(pool.file());
        collectPlaces();
    }

    @AfterAll
    static void remove() {
        pool.close();
    }

    private static RemoteMap<Integer, String> map(final RemoteHeap heap) {
        return heap.map("map", Codecs.ints(), Codecs.string());
    }

    private static RemoteQueue<String> queue(final RemoteHeap heap) {
        return heap.queue("queue", Codecs.string());
    }

    private static RemoteArray<String> array(final RemoteHeap heap) {
        return heap.array("array", Codecs.string(), SLOTS.size());
    }

    private static void fillArray(final RemoteArray<String> array) {
        for (int i = 0; i < 100; i++) {
            SLOTS.set(7 * i, "slot " + i);
            array.set(7 * i, "first " + i);
            array.set(7 * i, SLOTS.get(7 * i));
        }
        for (int i = 0; i < 100; i += 5) {
            SLOTS.set(7 * i, null);
            array.set(7 * i, null);
        }
    }

    private static void collectPlaces() {
        final Superblock superblock = PoolFile.readSuperblock(pool.file());
        final PoolGeometry geometry = superblock.geometry();
        try (NvmRegion region = PoolFile.map(pool.file(), superblock)) {
            for (int root = 0; root < geometry.roots(); root++) {
                final long word = region.readLong(geometry.rootOffset(root));
                if (word != 0) {
                    collectPlaces(region, geometry, root, word);
                }
            }
        }
        assertThat(PLACES).hasSizeGreaterThan(150);
    }

    private static void collectPlaces(
            final NvmRegion region, final PoolGeometry geometry, final int root, final long word) {
        final BlockProbe probe = new BlockProbe(region, geometry, root);
        assertThat(probe.read(word, io.rallocator.persistence.BlockDescriptor.ROOT, root, RootDescriptor.WORDS_OFFSET))
                .isNull();
        final int type = probe.block().getInt(RootDescriptor.TYPE_OFFSET);
        final StructureTracer tracer =
                StructureType.installed().get(type).tracer(region, geometry, root, probe.ref(word));
        tracer.trace(new StructureTracer.Visitor() {
            @Override
            public void block(final long ref, final long linkOffset) {
                PLACES.add(new Place(BlockRef.offset(ref), SizeClasses.bytes(BlockRef.blockClass(ref))));
                PLACES.add(new Place(linkOffset, Long.BYTES));
            }

            @Override
            public void damage(final long offset, final String what) {
                fail(what);
            }
        });
    }

    @Test
    void shouldDetectTheDamageOrAnswerRightWhenOneByteIsFlipped() throws IOException {
        final Random random = new Random(SEED);
        int detected = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            final Place place = PLACES.get(random.nextInt(PLACES.size()));
            final long offset = place.offset + random.nextInt(place.bytes);
            final int flip = 1 << random.nextInt(8);
            final String what = "seed " + SEED + ", trial " + trial + ": bit " + flip + " of byte " + offset;
            damage(pool.file(), offset, flip);
            final CheckReport report = PoolChecker.check(pool.file());
            detected += report.clean() ? 0 : 1;
            final boolean readWhole = readEverything(what);
            assertThat(readWhole || !report.clean()).as(what + ": " + report).isTrue();
            changeEverything(what, random);
        }
        assertThat(detected).isGreaterThan(TRIALS / 5);
    }

    private static void damage(final Path file, final long offset, final int flip) throws IOException {
        Files.write(file, whole);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {(byte) (whole[(int) offset] ^ flip)}), offset);
        }
    }

    /** Returns false if the damage was met. */
    private static boolean readEverything(final String what) {
        boolean isWhole = true;
        try (RemoteHeap heap = pool.embedded()) {
            try {
                final RemoteMap<Integer, String> map = map(heap);
                for (final Map.Entry<Integer, String> entry : ENTRIES.entrySet()) {
                    isWhole &= isRight(map, entry.getKey(), entry.getValue(), what);
                }
                isWhole &= isRight(map, -1, null, what);
                final Map<Integer, String> scanned = new HashMap<>();
                map.forEach(scanned::put);
                assertThat(scanned).as(what).isEqualTo(ENTRIES);
            } catch (final CorruptedPoolException e) {
                isWhole = false;
            }
            try {
                final RemoteQueue<String> queue = queue(heap);
                assertThat(queue.peek()).as(what).isEqualTo(ELEMENTS.get(0));
                assertThat(new ArrayList<>(queue)).as(what).isEqualTo(ELEMENTS);
            } catch (final CorruptedPoolException e) {
                isWhole = false;
            }
            isWhole &= isRight(array(heap), SLOTS, what);
        } catch (final CorruptedPoolException e) {
            isWhole = false;
        }
        return isWhole;
    }

    private static boolean isRight(
            final RemoteMap<Integer, String> map, final int key, final String value, final String what) {
        try {
            assertThat(map.get(key)).as(what).isEqualTo(value);
            return true;
        } catch (final CorruptedPoolException e) {
            assertThat(e).hasMessageMatching("(?s).*offset.*");
            return false;
        }
    }

    private static boolean isRight(final RemoteArray<String> array, final List<String> slots, final String what) {
        boolean isWhole = true;
        for (int i = 0; i < slots.size(); i++) {
            try {
                assertThat(array.get(i)).as(what).isEqualTo(slots.get(i));
            } catch (final CorruptedPoolException e) {
                assertThat(e).hasMessageMatching("(?s).*offset.*");
                isWhole = false;
            }
        }
        return isWhole;
    }

    /** Changes what can be changed: nothing but the report of damage may come of it, and what was changed is right. */
    private static void changeEverything(final String what, final Random random) {
        try (RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, String> map = map(heap);
            final Map<Integer, String> changed = new HashMap<>();
            for (int key = 0; key < KEYS; key++) {
                try {
                    final String value = "changed " + key + "x".repeat(random.nextInt(50));
                    map.put(key, value);
                    changed.put(key, value);
                } catch (final CorruptedPoolException e) {
                    changed.remove(key);
                }
            }
            changed.forEach((key, value) -> isRight(map, key, value, what));
            changeArray(array(heap), what);
            drain(queue(heap), what, random.nextBoolean());
        } catch (final CorruptedPoolException e) {
            // the damage is where everything must pass
        }
    }

    /** A damaged element cannot be returned, but it is replaced. */
    private static void changeArray(final RemoteArray<String> array, final String what) {
        for (int i = 0; i < SLOTS.size(); i += 7) {
            try {
                assertThat(array.set(i, "changed")).as(what).isEqualTo(SLOTS.get(i));
                assertThat(array.get(i)).as(what).isEqualTo("changed");
            } catch (final CorruptedPoolException e) {
                assertThat(e).hasMessageMatching("(?s).*offset.*");
            }
        }
    }

    private static void drain(final RemoteQueue<String> queue, final String what, final boolean inRuns) {
        final List<String> drained = new ArrayList<>();
        for (int failures = 0; failures < 3; ) {
            try {
                if (inRuns ? queue.drainTo(drained) == 0 : !drained.addAll(polled(queue))) {
                    break;
                }
            } catch (final CorruptedPoolException e) {
                assertThat(e).hasMessageMatching("(?s).*offset.*");
                failures++;
            }
        }
        final Deque<String> left = new ArrayDeque<>(ELEMENTS);
        for (final String element : drained) {
            while (!left.isEmpty() && !left.peek().equals(element)) {
                left.poll();
            }
            assertThat(left.poll()).as(what).isEqualTo(element);
        }
    }

    private static List<String> polled(final RemoteQueue<String> queue) {
        final String element = queue.poll();
        return element == null ? List.of() : List.of(element);
    }
}
