package io.rallocator.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SizeClasses;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the words of a map are, in pools of all sizes. */
class MapLayoutTest {
    @ParameterizedTest
    @ValueSource(longs = {4, 16, 64, 255, 256, 1024, 4096, 1 << 20})
    void shouldGiveEachBucketOneWordOfOneExtentWhateverThePoolsSize(final long mebibytes) {
        final MapLayout layout = MapLayout.create(PoolGeometry.ofCapacity(mebibytes << 20));
        long start = 0;
        for (int extent = 0; extent < layout.directoryWords(); extent++) {
            assertThat(layout.extentStart(extent)).isEqualTo(start);
            assertThat(layout.extentOf(start)).isEqualTo(extent);
            assertThat(layout.extentOf(start + layout.extentWords(extent) - 1)).isEqualTo(extent);
            start += layout.extentWords(extent);
        }
        assertThat(layout.maxBuckets()).isEqualTo(start);
        final Random random = new Random(mebibytes);
        for (int i = 0; i < 10_000; i++) {
            final long bucket = (random.nextLong() & Long.MAX_VALUE) % (1L << random.nextInt(40)) % layout.maxBuckets();
            final int extent = layout.extentOf(bucket);
            assertThat(bucket - layout.extentStart(extent)).isBetween(0L, layout.extentWords(extent) - 1L);
        }
    }

    @Test
    void shouldReachOneHundredMillionBucketsWhenThePoolHasOneGibibyte() {
        final MapLayout layout = MapLayout.create(PoolGeometry.ofCapacity(1L << 30));
        assertThat(layout.maxBuckets()).isGreaterThan(100_000_000);
        assertThat(layout.directoryWords()).isEqualTo(1024);
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 16, 64, 256, 1024})
    void shouldReachMoreBucketsThanFitWhenThePoolIsSmall(final long mebibytes) {
        final MapLayout layout = MapLayout.create(PoolGeometry.ofCapacity(mebibytes << 20));
        assertThat(layout.maxBuckets()).isGreaterThan((mebibytes << 20) / 64);
    }

    @Test
    void shouldWasteLittleWhenAnExtentFillsItsBlock() {
        final MapLayout layout = MapLayout.create(PoolGeometry.ofCapacity(1L << 30));
        for (int extent = 0; extent < 20; extent++) {
            final int block = SizeClasses.bytes(SizeClasses.indexFor(layout.extentBytes(extent)));
            assertThat(block - layout.extentBytes(extent)).isLessThanOrEqualTo(block / 16);
        }
    }

    @Test
    void shouldGiveEveryLaneAStripeOfItsOwn() {
        for (final int[] sizes : new int[][] {{64, 16}, {2, 1}, {3, 5}, {1023, 64}}) {
            final PoolGeometry geometry =
                    PoolGeometry.of(1L << 30, new int[] {1 << 16, 4 << 20}, 8, sizes[0], sizes[1], 8);
            final MapLayout layout = MapLayout.create(geometry);
            final Set<Integer> offsets = new HashSet<>();
            for (int stripe = 0; stripe < sizes[0] * sizes[1]; stripe++) {
                final int offset = layout.stripeOffset(stripe);
                assertThat(offset)
                        .isBetween(MapLayout.STRIPES_OFFSET, MapLayout.STRIPES_OFFSET + 8 * (layout.stripeWords() - 1));
                assertThat(offsets.add(offset)).isTrue();
                assertThat(offset).isLessThan(layout.directoryOffset(0));
            }
            assertThat(layout.rootBytes()).isLessThanOrEqualTo(geometry.maxBlockBytes());
        }
    }

    @Test
    void shouldFindItsLayoutAgainFromTheParameter() {
        final PoolGeometry geometry = PoolGeometry.ofCapacity(64 << 20);
        final MapLayout created = MapLayout.create(geometry);
        final MapLayout found = MapLayout.of(geometry, created.parameter());
        assertThat(found.maxBuckets()).isEqualTo(created.maxBuckets());
        assertThat(found.rootBytes()).isEqualTo(created.rootBytes());
        final Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            final long parameter = created.parameter() ^ 1L << random.nextInt(64);
            try {
                assertThat(MapLayout.of(geometry, parameter).rootBytes()).isLessThanOrEqualTo(geometry.maxBlockBytes());
            } catch (final CorruptedPoolException e) {
                assertThat(e).hasMessageContaining("impossible parameter");
            }
        }
        assertThatThrownBy(() -> MapLayout.of(geometry, 0)).isInstanceOf(CorruptedPoolException.class);
        assertThatThrownBy(() -> QueueLayout.of(geometry, -1)).isInstanceOf(CorruptedPoolException.class);
    }

    @Test
    void shouldLeadAHashToTheBucketThatHasItsSuffix() {
        final Random random = new Random(7);
        for (long buckets = 16; buckets < 5_000; buckets++) {
            final long hash = random.nextLong();
            final long bucket = MapLayout.bucketOf(hash, buckets);
            assertThat(bucket).isBetween(0L, buckets - 1);
            final int level = MapLayout.levelOf(buckets);
            final boolean split = bucket < (buckets & MapLayout.mask(level)) || bucket > MapLayout.mask(level);
            assertThat(hash & MapLayout.mask(split ? level + 1 : level)).isEqualTo(bucket);
        }
        assertThat(MapLayout.parentOf(16)).isZero();
        assertThat(MapLayout.parentOf(0b101101)).isEqualTo(0b1101);
    }

    @Test
    void shouldVisitEverySuffixOnceWhenLevelsDifferAndGrow() {
        final Random random = new Random(3);
        for (int round = 0; round < 50; round++) {
            final int[] levels = new int[1 << 8];
            java.util.Arrays.fill(levels, 4);
            final Set<Long> seen = new HashSet<>();
            long cursor = 0;
            do {
                // a leaf of the tree may be split at any moment; the one at the cursor covers it
                int level = levels[(int) cursor & 0xFF];
                if (level < 8 && random.nextBoolean()) {
                    split(levels, (int) (cursor & MapLayout.mask(level)), level);
                    level = levels[(int) cursor & 0xFF];
                }
                for (long suffix = cursor & MapLayout.mask(level); suffix < 256; suffix += 1L << level) {
                    assertThat(seen.add(suffix)).isTrue();
                }
                cursor = BucketWalker.next(cursor, level);
            } while (cursor != 0);
            assertThat(seen).hasSize(256);
        }
    }

    private static void split(final int[] levels, final int suffix, final int level) {
        for (int i = suffix; i < 256; i += 1 << level) {
            levels[i] = level + 1;
        }
    }
}
