package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.allocator.Blade;
import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.SimulatedPool;
import io.rallocator.allocator.WorkerSession;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.ChunksDescriptor;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.PoolRepair;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureTracer;
import io.rallocator.persistence.StructureType;
import io.rallocator.persistence.Superblock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Values that are larger than a block: sizes, costs, frees, a full pool, damage, readers of what others replace. */
@Timeout(120)
class LargeValueTest {
    private static final int MEBIBYTE = 1 << 20;

    /** Blocks of at most 3,584 bytes: a few kilobytes are chunks already. */
    private static TestPool smallBlocks() {
        return TestPool.create(PoolGeometry.of(8 << 20, new int[] {4096}, 64, 4, 4, 16));
    }

    private static byte[] bytes(final int seed, final int length) {
        final byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static RemoteMap<Integer, byte[]> map(final RemoteHeap heap) {
        return heap.map("large", Codecs.ints(), Codecs.bytes());
    }

    private static void assertSame(final byte[] actual, final byte[] expected) {
        assertThat(Arrays.equals(actual, expected)).isTrue(); // no message of 100 MiB
    }

    @Test
    void shouldKeepAHundredMebibytesWhenThePoolHasThem() {
        try (TestPool pool = TestPool.ofMebibytes(512)) {
            final int[] lengths = {8 * MEBIBYTE, 64 * MEBIBYTE, 100 * MEBIBYTE};
            try (RemoteHeap heap = pool.embedded()) {
                for (final int length : lengths) {
                    map(heap).put(length, bytes(length, length));
                    assertSame(map(heap).get(length), bytes(length, length));
                }
            }
            final CheckReport report = pool.check();
            assertThat(report.structures().get(0).elements()).isEqualTo(lengths.length);
            try (RemoteHeap heap = pool.embedded()) {
                for (final int length : lengths) {
                    assertSame(map(heap).get(length), bytes(length, length));
                }
                assertSame(map(heap).put(lengths[2], bytes(1, 64 * MEBIBYTE)), bytes(lengths[2], lengths[2]));
                assertThat(map(heap).remove(lengths[1], bytes(lengths[1], lengths[1])))
                        .isTrue();
                assertSame(map(heap).remove(lengths[2]), bytes(1, 64 * MEBIBYTE));
                assertSame(map(heap).remove(lengths[0]), bytes(lengths[0], lengths[0]));
                // all of it is given back: as much fits again
                map(heap).put(0, bytes(2, 100 * MEBIBYTE));
                map(heap).put(1, bytes(3, 100 * MEBIBYTE));
                map(heap).put(2, bytes(4, 100 * MEBIBYTE));
                map(heap).clear();
            }
            assertThat(pool.check().structures().get(0).elements()).isZero();
        }
    }

    @Test
    void shouldKeepAnySizeAroundTheBordersOfBlocksWhenReplacedComparedAndRemoved() {
        try (TestPool pool = smallBlocks()) {
            final List<Integer> lengths = new ArrayList<>(List.of(0, 1));
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteMap<Integer, byte[]> map = map(heap);
                final int inline = MapLayout.create(heap.geometry()).maxInlineBytes();
                final int block = heap.geometry().maxBlockBytes() - BlockDescriptor.HEADER_BYTES;
                for (final int border : new int[] {inline, block, 2 * block, 17 * block, 40 * block}) {
                    lengths.addAll(List.of(border - 1, border, border + 1));
                }
                for (final int from : lengths) {
                    for (final int to : lengths) {
                        assertThat(map.put(1, bytes(from, from))).isNull();
                        assertThat(map.replace(1, bytes(to, from), bytes(to, to)))
                                .isEqualTo(from == to || from == 0);
                        assertThat(map.replace(1, bytes(from, from), bytes(to, to)))
                                .isEqualTo(from > 0 || to == 0);
                        assertThat(map.get(1)).isEqualTo(bytes(to, to));
                        assertThat(map.merge(1, bytes(from, from), (old, value) -> value))
                                .hasSize(from);
                        assertThat(map.remove(1, bytes(from + 1, from))).isEqualTo(from == 0);
                        if (from > 0) {
                            assertThat(map.remove(1)).isEqualTo(bytes(from, from));
                        }
                    }
                }
                for (final int length : lengths) {
                    map.put(length, bytes(length, length));
                }
            }
            pool.check();
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteMap<Integer, byte[]> map = map(heap);
                assertThat(map).hasSize((int) lengths.stream().distinct().count());
                map.forEach((key, value) -> assertThat(value).isEqualTo(bytes(key, key)));
                final Map<Integer, byte[]> together = map.getAll(lengths);
                assertThat(together).hasSameSizeAs(map);
                together.forEach((key, value) -> assertThat(value).isEqualTo(bytes(key, key)));
                together.replaceAll((key, value) -> bytes(key + 1, key));
                map.putAll(together);
                assertThat(map.get(lengths.get(9))).isEqualTo(bytes(lengths.get(9) + 1, lengths.get(9)));
                map.putAll(Map.of(-1, bytes(-1, 10_000), lengths.get(9), bytes(-1, 1)));
                map.forEach((key, value) ->
                        assertThat(value).hasSize(key == -1 ? 10_000 : key.equals(lengths.get(9)) ? 1 : key));
                map.put(lengths.get(9), bytes(lengths.get(9), lengths.get(9)));
                assertThat(map.containsValue(bytes(lengths.get(9), lengths.get(9))))
                        .isTrue();
                map.clear();
            }
            pool.check();
        }
    }

    @Test
    void shouldTakeAsManyChainsAsItSaysWhenAValueHasChunks() {
        try (TestPool pool = smallBlocks();
                RemoteHeap heap = pool.embedded()) {
            final RemoteMap<Integer, byte[]> map = map(heap);
            final int block = heap.geometry().maxBlockBytes() - BlockDescriptor.HEADER_BYTES;
            for (final int chunks : new int[] {2, 16, 17, 33, 201}) {
                final int inChains = (chunks + 15) / 16;
                final int marks = 1 + (chunks + 199) / 200;
                final byte[] value = bytes(chunks, chunks * block);
                map.remove(1);
                // one to three for word, block and commit, as for any value: the rest is the chunks'
                assertThat(chains(heap, "map.put", () -> map.put(1, value))).isBetween(inChains + 1L, inChains + 3L);
                assertThat(chains(heap, "map.get", () -> map.get(1))).isBetween(inChains + 2L, inChains + 3L);
                assertThat(chains(
                                heap,
                                "map.get",
                                () -> assertThat(map.containsKey(1)).isTrue()))
                        .isBetween(1L, 2L);
                assertThat(chains(heap, "map.put", () -> map.write(1, 1, (buffer, offset, length) -> {})))
                        .isBetween(marks + 1L, marks + 3L);
                map.put(1, value);
                // the old value is read after the swap
                assertThat(chains(heap, "map.remove", () -> map.remove(1)))
                        .isBetween(marks + inChains + 2L, marks + inChains + 4L);
            }
        }
    }

    private static long chains(final RemoteHeap heap, final String operation, final Runnable action) {
        final long before = heap.count(operation, Figure.CHAINS);
        action.run();
        return heap.count(operation, Figure.CHAINS) - before;
    }

    @Test
    void shouldChangeNothingAndGiveEverythingBackWhenThePoolFillsUpInTheMiddle() {
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteMap<Integer, byte[]> map = map(heap);
                map.put(1, bytes(1, 20 * MEBIBYTE));
                for (int round = 0; round < 2; round++) {
                    assertThatThrownBy(() -> map.put(2, bytes(2, 50 * MEBIBYTE)))
                            .isInstanceOf(OutOfRemoteMemoryException.class)
                            .hasMessageContaining("no room for a value of " + 50 * MEBIBYTE + " bytes")
                            .hasMessageContaining("slab bytes are free");
                    assertThatThrownBy(() -> map.put(1, bytes(2, 50 * MEBIBYTE)))
                            .isInstanceOf(OutOfRemoteMemoryException.class);
                    assertSame(map.get(1), bytes(1, 20 * MEBIBYTE));
                    assertThat(map).doesNotContainKey(2);
                    map.put(3, bytes(3, 30 * MEBIBYTE)); // what the failed ones had is free again
                    assertSame(map.remove(3), bytes(3, 30 * MEBIBYTE));
                }
                for (int key = 10; key < 20_000; key++) {
                    map.put(key, new byte[100]); // for blocks of any class
                }
            }
            pool.check();
        }
    }

    @Test
    void shouldGetItsSlabsInTheEndWhenTheBladeIsSlowerThanTheWriter() {
        try (TestPool pool = TestPool.ofMebibytes(128)) {
            final byte[] value = bytes(1, 60 * MEBIBYTE);
            try (Blade blade = Blade.open(pool.file());
                    WorkerSession session = WorkerSession.embedded(blade, "impatient")) {
                SimulatedPool.waitUnpinned(session);
                final RemoteMap<Integer, String> map = new SimulatedWorker(session, () -> {}, false).map;
                map.write(1, value.length, (buffer, offset, length) -> buffer.putBytes(offset, value));
                map.read(1, (buffer, offset, length) -> {
                    final byte[] seen = new byte[length];
                    buffer.getBytes(offset, seen);
                    assertSame(seen, value);
                });
            }
            pool.check();
        }
    }

    @Test
    void shouldFreeListsAndChunksWhenTheMapIsDropped() {
        try (TestPool pool = smallBlocks()) {
            try (RemoteHeap heap = pool.embedded()) {
                for (int key = 0; key < 10; key++) {
                    map(heap).put(key, bytes(key, 20_000));
                }
                heap.drop("large");
                for (int key = 0; key < 300; key++) { // more than fits beside what was dropped
                    map(heap).put(key, bytes(key, 20_000));
                }
            }
            assertThat(pool.check().structures().get(0).elements()).isEqualTo(300);
        }
    }

    @Test
    void shouldUseSmallerChunksWhenThePoolHasNoLargeSlabsLeft() {
        try (TestPool pool = TestPool.ofMebibytes(64)) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteMap<Integer, byte[]> map = map(heap);
                int filled = 0;
                try {
                    for (; ; filled++) {
                        map.put(filled, bytes(filled, 60_000)); // slabs of 64 KiB, or with a few more blocks
                    }
                } catch (final OutOfRemoteMemoryException e) {
                    assertThat(filled).isGreaterThan(500);
                }
                for (int key = 0; key < filled; key += 2) {
                    map.remove(key);
                }
                map.put(-1, bytes(7, 8 * MEBIBYTE));
                assertSame(map.get(-1), bytes(7, 8 * MEBIBYTE));
            }
            pool.check();
        }
    }

    // ---- damage

    private record Block(long offset, int kind) {}

    private static List<Block> blocks(final TestPool pool) {
        final Superblock superblock = PoolFile.readSuperblock(pool.file());
        final PoolGeometry geometry = superblock.geometry();
        final List<Block> blocks = new ArrayList<>();
        try (NvmRegion region = PoolFile.map(pool.file(), superblock)) {
            int root = 0;
            while (region.readLong(geometry.rootOffset(root)) == 0) {
                root++;
            }
            final long word = region.readLong(geometry.rootOffset(root));
            final BlockProbe probe = new BlockProbe(region, geometry, root);
            assertThat(probe.read(word, BlockDescriptor.ROOT, root, RootDescriptor.WORDS_OFFSET))
                    .isNull();
            final StructureTracer tracer =
                    StructureType.installed().get(MapLayout.TYPE).tracer(region, geometry, root, probe.ref(word));
            tracer.trace(new StructureTracer.Visitor() {
                @Override
                public void block(final long ref, final long linkOffset) {
                    final long header = region.readLong(BlockRef.offset(ref));
                    blocks.add(new Block(BlockRef.offset(ref), (int) (header >>> 56) & 15));
                }

                @Override
                public void damage(final long offset, final String what) {
                    throw new AssertionError(what);
                }
            });
        }
        return blocks;
    }

    private static void flip(final TestPool pool, final long offset) {
        final Superblock superblock = PoolFile.readSuperblock(pool.file());
        try (NvmRegion region = PoolFile.map(pool.file(), superblock)) {
            region.writeLong(offset & -8, region.readLong(offset & -8) ^ 1L << (offset & 7) * 8);
        }
    }

    private static long countOf(final List<Block> blocks, final int kind) {
        return blocks.stream().filter(block -> block.kind == kind).count();
    }

    @Test
    void shouldNoticeEveryDamagedByteWhenAListOrAChunkIsHit() {
        try (TestPool pool = smallBlocks()) {
            final byte[] value = bytes(9, 10_000);
            try (RemoteHeap heap = pool.embedded()) {
                map(heap).put(1, value);
                map(heap).put(2, bytes(2, 10));
            }
            final CheckReport whole = pool.check();
            final List<Block> blocks = blocks(pool);
            assertThat(countOf(blocks, BlockDescriptor.CHUNKS)).isEqualTo(1);
            assertThat(countOf(blocks, BlockDescriptor.CHUNK)).isEqualTo(3);
            assertThat(whole.liveBlocks()).as("with two blocks of names").isEqualTo(blocks.size() + 2);
            final int[] places = {0, 4, 7, 8, 13, 15, 16, 24, 32, 41, 50, 55};
            for (final Block block : blocks) {
                if (block.kind == BlockDescriptor.CHUNKS || block.kind == BlockDescriptor.CHUNK) {
                    for (final int place : places) {
                        final long offset = block.offset + place;
                        flip(pool, offset);
                        final CheckReport report = PoolChecker.check(pool.file());
                        assertThat(report.clean()).as(block + " + " + place).isFalse();
                        try (RemoteHeap heap = pool.embedded()) {
                            assertThatThrownBy(() -> map(heap).get(1))
                                    .isInstanceOf(CorruptedPoolException.class)
                                    .hasMessageContaining("offset " + block.offset);
                            assertThat(map(heap).get(2)).isEqualTo(bytes(2, 10));
                        }
                        flip(pool, offset);
                    }
                }
            }
            pool.check();
        }
    }

    @Test
    void shouldLeaveTheChunksToARepairWhenADamagedListIsReplaced() {
        try (TestPool pool = smallBlocks()) {
            try (RemoteHeap heap = pool.embedded()) {
                map(heap).put(1, bytes(9, 10_000));
            }
            final Block list = blocks(pool).stream()
                    .filter(block -> block.kind == BlockDescriptor.CHUNKS)
                    .findFirst()
                    .orElseThrow();
            flip(pool, list.offset + ChunksDescriptor.REFS_OFFSET);
            try (RemoteHeap heap = pool.embedded()) {
                assertThat(map(heap).put(2, bytes(2, 8_000))).isNull();
                map(heap).write(1, 3, (buffer, offset, length) -> {});
                assertThat(map(heap).get(1)).isEqualTo(new byte[3]);
            }
            assertThat(PoolChecker.check(pool.file()).leakedBlocks()).isEqualTo(3);
            PoolRepair.repair(pool.file());
            pool.check();
            try (RemoteHeap heap = pool.embedded()) {
                assertThat(map(heap).get(2)).isEqualTo(bytes(2, 8_000));
            }
        }
    }

    // ---- readers and writers at once

    @Test
    void shouldShowOneValueInOnePieceWhenOthersReplaceItMeanwhile() throws InterruptedException {
        try (TestPool pool = smallBlocks()) {
            try (RemoteHeap first = pool.embedded();
                    RemoteHeap second = pool.local()) {
                map(first).put(1, uniform(0));
                final AtomicBoolean done = new AtomicBoolean();
                final List<Callable<Void>> tasks = new ArrayList<>();
                tasks.add(() -> {
                    for (int i = 1; i <= 1_500; i++) {
                        map(i % 2 == 0 ? first : second).put(1, uniform(i));
                    }
                    done.set(true);
                    return null;
                });
                for (final RemoteHeap heap : List.of(first, second)) {
                    tasks.add(() -> {
                        int reads = 0;
                        while (!done.get() || reads == 0) {
                            assertThat(map(heap).read(1, LargeValueTest::assertUniform))
                                    .isTrue();
                            reads++;
                        }
                        return null;
                    });
                }
                Workers.run(tasks);
            }
            pool.check();
        }
    }

    private static byte[] uniform(final int n) {
        final byte[] bytes = new byte[6_000 + n % 7 * 1_000];
        Arrays.fill(bytes, (byte) n);
        return bytes;
    }

    private static void assertUniform(final org.agrona.DirectBuffer buffer, final int offset, final int length) {
        assertThat(length).isBetween(6_000, 12_000);
        final byte first = buffer.getByte(offset);
        for (int i = 1; i < length; i++) {
            if (buffer.getByte(offset + i) != first) {
                throw new AssertionError("byte " + i + " of another value");
            }
        }
    }

    @Test
    void shouldLeakNothingWhenManyReplaceTheSameKeys() throws InterruptedException {
        try (TestPool pool = smallBlocks()) {
            try (RemoteHeap first = pool.embedded("cache=1m");
                    RemoteHeap second = pool.local("cache=1m")) {
                final List<Callable<Void>> tasks = new ArrayList<>();
                for (int thread = 0; thread < 4; thread++) {
                    final RemoteMap<Integer, byte[]> map = map(thread % 2 == 0 ? first : second);
                    final Random random = new Random(thread);
                    tasks.add(() -> {
                        for (int i = 0; i < 500; i++) {
                            final int key = random.nextInt(4);
                            switch (random.nextInt(4)) {
                                case 0 -> map.remove(key);
                                case 1 -> map.put(key, bytes(i, random.nextInt(600)));
                                case 2 -> map.compute(key, (k, old) -> old == null ? bytes(k, 5_000) : uniform(k));
                                default -> map.put(key, bytes(i, 3_000 + random.nextInt(12_000)));
                            }
                        }
                        return null;
                    });
                }
                Workers.run(tasks);
            }
            pool.check();
        }
    }

    // ---- without codecs

    @Test
    void shouldShowTheEncodedBytesWhenAValueOfAnySizeIsRead() {
        try (TestPool pool = smallBlocks()) {
            try (RemoteHeap heap = pool.embedded("cache=1m")) {
                final RemoteMap<Integer, byte[]> map = map(heap);
                for (final int length : new int[] {0, 1, 100, 3_000, 3_568, 3_569, 50_000}) {
                    map.put(length, bytes(length, length));
                    final byte[] seen = new byte[length];
                    assertThat(map.read(length, (buffer, offset, bytes) -> {
                                assertThat(bytes).isEqualTo(length);
                                assertThat(buffer.capacity()).isEqualTo(offset + length);
                                buffer.getBytes(offset, seen);
                                assertThat(map.get(length)).hasSize(length); // the map may be used meanwhile
                                assertThat(buffer.capacity()).isEqualTo(offset + length);
                            }))
                            .isTrue();
                    assertThat(seen).isEqualTo(bytes(length, length));
                }
                assertThat(map.read(-1, (buffer, offset, length) -> {
                            throw new AssertionError("there is nothing to show");
                        }))
                        .isFalse();
                assertThatThrownBy(() -> map.read(1, (buffer, offset, length) -> {
                            throw new IllegalStateException("mine");
                        }))
                        .hasMessage("mine");
                assertThatThrownBy(() -> map.read(1, null)).isInstanceOf(NullPointerException.class);
            }
            pool.check();
        }
    }

    @Test
    void shouldPutWhatTheWriterLeavesWhenAValueIsWrittenWithoutACodec() {
        try (TestPool pool = smallBlocks()) {
            try (RemoteHeap heap = pool.embedded()) {
                final RemoteMap<Integer, byte[]> map = map(heap);
                for (final int length : new int[] {0, 1, 100, 3_000, 3_569, 50_000}) {
                    map.write(7, length, (buffer, offset, bytes) -> {
                        assertThat(bytes).isEqualTo(length);
                        assertThat(buffer.capacity()).isEqualTo(offset + length);
                        map.put(8, bytes(8, 20_000)); // the map may be used meanwhile
                        buffer.putBytes(offset, bytes(length, length));
                    });
                    assertThat(map.get(7)).isEqualTo(bytes(length, length));
                }
                map.write(7, 40, (buffer, offset, length) -> {});
                assertThat(map.get(7)).isEqualTo(new byte[40]);
                assertThatThrownBy(() -> map.write(7, 9_000, (buffer, offset, length) -> {
                            buffer.setMemory(offset, length, (byte) 1);
                            throw new IllegalStateException("mine");
                        }))
                        .hasMessage("mine");
                assertThat(map.get(7)).isEqualTo(new byte[40]);
                assertThatThrownBy(() -> map.write(7, -1, (buffer, offset, length) -> {}))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("-1 bytes");
                assertThatThrownBy(() -> map.write(7, 1 << 30, (buffer, offset, length) -> {}))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> map.write(7, 4, (buffer, offset, length) -> buffer.putLong(offset, 1)))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThat(map).containsOnlyKeys(7, 8).contains(Map.entry(7, new byte[40]));
            }
            pool.check();
        }
    }
}
