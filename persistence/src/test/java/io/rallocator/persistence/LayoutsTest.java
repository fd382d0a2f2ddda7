package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sizes and places: size classes, the inside of slabs, the regions of a pool. */
class LayoutsTest {
    private static final int[] CLASSES = {64 << 10, 256 << 10, 1 << 20};

    // ---- size classes

    @Test
    void shouldGrowMonotonically() {
        for (int index = 1; index < SizeClasses.COUNT; index++) {
            assertThat(SizeClasses.bytes(index)).isGreaterThan(SizeClasses.bytes(index - 1));
            assertThat(SizeClasses.bytes(index) % 8).isZero();
        }
        assertThat(SizeClasses.maxBytes()).isEqualTo(SizeClasses.bytes(SizeClasses.COUNT - 1));
    }

    @Test
    void shouldChooseTheSmallestClassThatHolds() {
        int index = 0;
        for (int length = 1; length <= SizeClasses.maxBytes(); length += length < 20_000 ? 1 : 97) {
            while (SizeClasses.bytes(index) < length) {
                index++;
            }
            assertThat(SizeClasses.indexFor(length)).as("%d bytes", length).isEqualTo(index);
        }
        for (int each = 0; each < SizeClasses.COUNT; each++) {
            assertThat(SizeClasses.indexFor(SizeClasses.bytes(each))).isEqualTo(each);
        }
        assertThatThrownBy(() -> SizeClasses.indexFor(SizeClasses.maxBytes() + 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4193793", "4193792");
    }

    @Test
    void shouldWasteAnEighthAtMostWhenABlockHasUpToTwoKibibytes() {
        for (int length = 57; length <= 2048; length++) {
            final int bytes = SizeClasses.bytes(SizeClasses.indexFor(length));
            assertThat(8 * (bytes - length)).as("of %d for %d", bytes, length).isLessThanOrEqualTo(bytes);
        }
        for (int length = 25; length <= 56; length++) {
            assertThat(SizeClasses.bytes(SizeClasses.indexFor(length)) - length)
                    .as("blocks are aligned to 8")
                    .isLessThan(8);
        }
    }

    @Test
    void shouldWasteAnEighthAtMostUpTo2KiB() {
        for (int index = 1; SizeClasses.bytes(index) <= 2048; index++) {
            final int previous = SizeClasses.bytes(index - 1);
            final int step = SizeClasses.bytes(index) - previous;
            assertThat(step <= 8 || (double) step / previous <= 0.125)
                    .as("%d after %d", step, previous)
                    .isTrue();
        }
    }

    // ---- slabs

    @Test
    void shouldLayOutSlabsWithoutOverlap() {
        for (int slabBytes = 4096; slabBytes <= 8 << 20; slabBytes *= 2) {
            for (int blockClass = 0; blockClass < SizeClasses.COUNT; blockClass++) {
                final int blockBytes = SizeClasses.bytes(blockClass);
                if (blockBytes + SlabLayout.overhead(1) > slabBytes) {
                    expectNoLayout(slabBytes, blockClass);
                } else {
                    expectLayout(SlabLayout.of(slabBytes, blockClass), slabBytes, blockBytes);
                }
            }
        }
    }

    private static void expectNoLayout(final int slabBytes, final int blockClass) {
        assertThatThrownBy(() -> SlabLayout.of(slabBytes, blockClass))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("does not fit a slab of " + slabBytes);
    }

    private static void expectLayout(final SlabLayout layout, final int slabBytes, final int blockBytes) {
        final String what = slabBytes + " / " + blockBytes;
        final int blocks = layout.blocks();
        assertThat(layout.slabBytes()).isEqualTo(slabBytes);
        assertThat(layout.blockBytes()).isEqualTo(blockBytes);
        assertThat(blocks).as(what).isPositive();
        assertThat(layout.bitmapWords() * 64).as(what).isBetween(blocks, blocks + 63);
        assertThat(layout.freedOffset())
                .as(what)
                .isGreaterThanOrEqualTo(SlabLayout.BITMAP_OFFSET + 8 * layout.bitmapWords());
        assertThat(layout.firstBlock()).as(what).isGreaterThanOrEqualTo(layout.freedOffset() + blocks);
        assertThat(layout.firstBlock() % 64).as(what).isZero();
        assertThat((long) layout.firstBlock() + (long) blocks * blockBytes)
                .as(what)
                .isLessThanOrEqualTo(slabBytes);
        final long oneMore = SlabLayout.overhead(blocks + 1) + (blocks + 1L) * blockBytes;
        assertThat(oneMore).as("%s: one more block would fit", what).isGreaterThan(slabBytes);
        assertThat(findWrongIndex(layout))
                .as("%s: offset with a wrong index", what)
                .isEqualTo(-1);
        assertThat(SlabLayout.of(slabBytes, layout.blockClass())).isSameAs(layout);
    }

    /** The first offset whose block is not the one that a division gives, or -1; looks at both ends of every block. */
    private static long findWrongIndex(final SlabLayout layout) {
        for (int index = 0; index < layout.blocks(); index++) {
            final long first = layout.blockOffset(index);
            final long last = first + layout.blockBytes() - 1;
            if (layout.indexAt(first) != index || !layout.isBlockAt(first)) {
                return first;
            }
            if (layout.indexAt(last) != index || layout.isBlockAt(last)) {
                return last;
            }
        }
        final long[] outside = {
            layout.blockOffset(layout.blocks()), layout.firstBlock() - layout.blockBytes(), -1, 1L << 40
        };
        for (final long offset : outside) {
            if (layout.isBlockAt(offset)
                    || layout.indexAt(offset) != (int) ((offset - layout.firstBlock()) / layout.blockBytes())) {
                return offset;
            }
        }
        return -1;
    }

    // ---- pools

    @Test
    void shouldLayOutRegionsInOrderAndAligned() {
        final Random random = Seeds.random("LayoutsTest.regions");
        for (int i = 0; i < 500; i++) {
            final PoolGeometry geometry = randomGeometry(random);
            final int sessions = geometry.sessions();
            final long[] starts = {
                PoolGeometry.superblockOffset(0),
                PoolGeometry.superblockOffset(1),
                PoolGeometry.epochOffset(),
                geometry.rootOffset(0),
                geometry.sessionOffset(0),
                geometry.intentOffset(0, 0, 0),
                geometry.freeRequestOffset(0, 0),
                geometry.freeHeadOffset(0),
                geometry.ringOffset(0),
                geometry.bitmapOffset(0),
                geometry.slabEntryOffset(0),
                geometry.slabsOffset(),
                geometry.capacity()
            };
            final long[] ends = {
                PoolGeometry.superblockBytes(),
                PoolGeometry.superblockOffset(1) + PoolGeometry.superblockBytes(),
                PoolGeometry.bladeHeartbeatOffset() + 8,
                geometry.rootOffset(geometry.roots() - 1) + 8,
                geometry.sessionOffset(sessions - 1) + SessionDescriptor.BYTES,
                geometry.intentOffset(sessions - 1, geometry.lanes() - 1, 1) + IntentDescriptor.BYTES,
                geometry.freeRequestOffset(sessions - 1, PoolGeometry.FREE_RING_CAPACITY - 1) + 8,
                geometry.freeHeadOffset(sessions - 1) + 8,
                geometry.ringOffset(geometry.slabClasses() - 1) + RingDescriptor.bytes(geometry.ringCapacity()),
                geometry.bitmapOffset(geometry.bitmapWords() - 1) + 8,
                geometry.slabEntryOffset(geometry.units() - 1) + SlabTableDescriptor.BYTES,
                geometry.unitOffset(geometry.units() - 1) + geometry.unitBytes()
            };
            for (int region = 0; region < ends.length; region++) {
                assertThat(starts[region] % 64)
                        .as("region %d of %s", region, geometry)
                        .isZero();
                assertThat(ends[region])
                        .as("region %d of %s", region, geometry)
                        .isLessThanOrEqualTo(starts[region + 1]);
            }
            assertThat(geometry.slabsOffset() % geometry.unitBytes()).isZero();
            assertThat(geometry.bitmapWords() * 56).isBetween(geometry.units(), geometry.units() + 55);
            assertThat(geometry.freeRequestOffset(0, PoolGeometry.FREE_RING_CAPACITY + 3))
                    .isEqualTo(geometry.freeRequestOffset(0, 3));
            assertThat(geometry.capacity() - geometry.unitOffset(geometry.units() - 1))
                    .isLessThan(3L * geometry.unitBytes() + geometry.units() * 17L);
        }
    }

    private static PoolGeometry randomGeometry(final Random random) {
        final int unit = 12 + random.nextInt(8);
        final int[] classes = new int[1 + random.nextInt(4)];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = 1 << unit + i;
        }
        final long capacity = (64L << 20) + (random.nextLong() >>> 24 + random.nextInt(16));
        return PoolGeometry.of(
                Math.min(capacity, (long) PoolGeometry.MAX_UNITS << unit),
                classes,
                8 << random.nextInt(6),
                2 + random.nextInt(100),
                1 + random.nextInt(20),
                8 << random.nextInt(8));
    }

    @Test
    void shouldAcceptExactlyTheBlocksThatSlabsHave() {
        final Random random = Seeds.random("LayoutsTest.plausible");
        for (int i = 0; i < 200; i++) {
            final PoolGeometry geometry = randomGeometry(random);
            final int slabClass = random.nextInt(geometry.slabClasses());
            final int units = geometry.slabUnits(slabClass);
            final int unit = random.nextInt(geometry.units() / units) * units;
            int blockClass = random.nextInt(SizeClasses.COUNT);
            while (SizeClasses.bytes(blockClass) + SlabLayout.overhead(1) > geometry.slabBytes(slabClass)) {
                blockClass = random.nextInt(SizeClasses.COUNT);
            }
            final SlabLayout layout = SlabLayout.of(geometry.slabBytes(slabClass), blockClass);
            final long base = geometry.unitOffset(unit);
            final long ref =
                    BlockRef.of(base + layout.blockOffset(random.nextInt(layout.blocks())), blockClass, slabClass, 200);
            assertThat(geometry.isPlausible(ref)).as("%s, %x", geometry, ref).isTrue();
            assertThat(geometry.slabUnitAt(BlockRef.offset(ref), slabClass)).isEqualTo(unit);
            assertThat(geometry.isPlausible(ref + 1)).isFalse();
            assertThat(geometry.isPlausible(ref | 1L << 58)).isFalse();
            assertThat(geometry.isPlausible(BlockRef.of(base, blockClass, slabClass, 0)))
                    .isFalse();
            final long behindLast = base + layout.firstBlock() + (long) layout.blocks() * layout.blockBytes();
            assertThat(geometry.isPlausible(BlockRef.of(behindLast, blockClass, slabClass, 0)))
                    .as("%s, %d behind %d blocks of %d", geometry, behindLast, layout.blocks(), layout.blockBytes())
                    .isEqualTo(false);
        }
    }

    @Test
    void shouldNeverThrowWhenReferenceIsGarbage() {
        final Random random = Seeds.random("LayoutsTest.garbage");
        final PoolGeometry geometry = PoolGeometry.ofCapacity(64 << 20);
        int plausible = 0;
        for (int i = 0; i < 1_000_000; i++) {
            plausible += geometry.isPlausible(random.nextLong() >>> random.nextInt(64)) ? 1 : 0;
        }
        assertThat(plausible).isLessThan(50_000);
    }

    @Test
    void shouldFitItsLargestBlock() {
        for (final long capacity : new long[] {8L << 20, 256L << 20, 5L << 30, 1L << 40}) {
            final PoolGeometry geometry = PoolGeometry.ofCapacity(capacity);
            final int largest = geometry.slabBytes(geometry.slabClasses() - 1);
            final int blockClass = SizeClasses.indexFor(geometry.maxBlockBytes());
            assertThat(SlabLayout.of(largest, blockClass).blocks()).isEqualTo(1);
        }
    }

    @Test
    void shouldRefuseFiguresOutsideTheirLimits() {
        refused("size is 4194303, must be 4194304", () -> PoolGeometry.ofCapacity(PoolGeometry.MIN_CAPACITY - 1));
        refused("size", () -> PoolGeometry.ofCapacity(PoolGeometry.MAX_CAPACITY + 1));
        refused("size", () -> PoolGeometry.ofCapacity(Long.MIN_VALUE));
        refused("slab classes is 0, must be 1 … 16", () -> geometry(new int[0], 8, 2, 1, 8));
        refused("slab class", () -> geometry(new int[] {2048}, 8, 2, 1, 8));
        refused("slab class", () -> geometry(new int[] {16 << 20}, 8, 2, 1, 8));
        refused("slab class", () -> geometry(new int[] {8192, 4096}, 8, 2, 1, 8));
        refused("slab class", () -> geometry(new int[] {12288}, 8, 2, 1, 8));
        refused("slab class", () -> geometry(new int[] {0}, 8, 2, 1, 8));
        refused("ring capacity", () -> geometry(CLASSES, 4, 2, 1, 8));
        refused("ring capacity", () -> geometry(CLASSES, 12, 2, 1, 8));
        refused("ring capacity", () -> geometry(CLASSES, 1 << 17, 2, 1, 8));
        refused("sessions is 1, must be 2 … 1023", () -> geometry(CLASSES, 8, 1, 1, 8));
        refused("sessions", () -> geometry(CLASSES, 8, 1024, 1, 8));
        refused("lanes", () -> geometry(CLASSES, 8, 2, 0, 8));
        refused("lanes", () -> geometry(CLASSES, 8, 2, 65, 8));
        refused("structures", () -> geometry(CLASSES, 8, 2, 1, 4));
        refused("structures", () -> geometry(CLASSES, 8, 2, 1, 9));
        refused("structures", () -> geometry(CLASSES, 8, 2, 1, 1 << 16));
        refused("leaves no room for one slab of 8388608 bytes", () -> geometry(new int[] {8 << 20}, 8, 2, 1, 8));
        refused("leaves no room", () -> geometry(CLASSES, 1 << 16, 1023, 64, 1 << 15));
        refused(
                "units (size / smallest slab) is 268435457",
                () -> PoolGeometry.of((1L << 40) + 4096, new int[] {4096}, 8, 2, 1, 8));
        assertThat(PoolGeometry.of(1L << 40, new int[] {4096}, 8, 2, 1, 8).units())
                .isLessThanOrEqualTo(PoolGeometry.MAX_UNITS);
        assertThat(PoolGeometry.ofCapacity(PoolGeometry.MAX_CAPACITY).units()).isPositive();
    }

    private static PoolGeometry geometry(
            final int[] classes, final int ring, final int sessions, final int lanes, final int roots) {
        return PoolGeometry.of(4 << 20, classes, ring, sessions, lanes, roots);
    }

    private static void refused(final String message, final Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void shouldCompareByEveryFigure() {
        final PoolGeometry geometry = geometry(CLASSES, 8, 2, 1, 8);
        assertThat(geometry)
                .isEqualTo(geometry(CLASSES, 8, 2, 1, 8))
                .hasSameHashCodeAs(geometry(CLASSES, 8, 2, 1, 8))
                .isNotEqualTo(geometry(new int[] {64 << 10}, 8, 2, 1, 8))
                .isNotEqualTo(geometry(CLASSES, 16, 2, 1, 8))
                .isNotEqualTo(geometry(CLASSES, 8, 3, 1, 8))
                .isNotEqualTo(geometry(CLASSES, 8, 2, 2, 8))
                .isNotEqualTo(geometry(CLASSES, 8, 2, 1, 16))
                .isNotEqualTo(PoolGeometry.of(8 << 20, CLASSES, 8, 2, 1, 8))
                .isNotEqualTo("geometry");
        assertThat(geometry.toString()).contains("capacity 4194304", "[65536, 262144, 1048576]");
    }
}
