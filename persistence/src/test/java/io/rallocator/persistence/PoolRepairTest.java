package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rallocator.persistence.PoolBuilder.TestSlab;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What has redundancy is repaired, what has not is named and left, and nothing reachable is ever given away (I13). */
class PoolRepairTest {
    private final PoolBuilder pool = PoolBuilder.inMemory();
    private final PoolGeometry geometry = pool.geometry();
    private final TestSlab roots = pool.slab(0, 0, TestTableType.ROOT_BYTES);
    private final TestSlab values = pool.slab(1, 0, PoolBuilder.VALUE_BYTES);
    private final long table = pool.table(roots, 3, "fruit");

    private long linked(final int link) {
        final long ref = pool.value(values, 3, link, 0);
        pool.link(table, link, ref);
        return ref;
    }

    private void expectRepaired(final int findings, final long liveBlocks) {
        assertThat(pool.check().clean()).isFalse();
        final CheckReport report = pool.repair();
        assertThat(report.clean()).as(report.toString()).isTrue();
        assertThat(report.findings()).hasSize(findings).allMatch(Finding::repaired);
        assertThat(report.liveBlocks()).isEqualTo(liveBlocks);
        assertThat(pool.check().findings()).isEmpty();
    }

    private int state(final TestSlab slab) {
        return SlabTableDescriptor.state(pool.region().readLong(geometry.slabEntryOffset(slab.unit())));
    }

    @Test
    void shouldDoNothingWhenPoolIsClean() {
        linked(0);
        final byte[] before = pool.heap().snapshot();
        assertThat(pool.repair().findings()).isEmpty();
        assertThat(pool.heap().snapshot()).isEqualTo(before);
    }

    @Test
    void shouldFreeLeakedBlock() {
        linked(0);
        final long leaked = pool.value(values, 3, 5, 0);
        expectRepaired(1, 2);
        assertThat(pool.getByte(values.freedOffset(leaked))).isEqualTo(1);
    }

    @Test
    void shouldMarkReachableBlocksAsAllocated() {
        final long first = linked(0);
        final long second = linked(1);
        values.freed(first, 1);
        values.bit(second, false);
        expectRepaired(2, 3);
        assertThat(pool.getByte(values.freedOffset(first))).isZero();
        assertThat(pool.region().readLong(values.bitWordOffset(second))).isEqualTo(0b11);
    }

    @Test
    void shouldGiveBackReservedSlabWhenItIsInNoRing() {
        final TestSlab slab = pool.reserve(4, 1, SlabTableDescriptor.RESERVED, 64);
        expectRepaired(1, 1);
        assertThat(state(slab)).isEqualTo(SlabTableDescriptor.FREE);
        assertThat(pool.check().usedUnits()).isEqualTo(2);
    }

    @Test
    void shouldWithdrawDamagedRingSlotAndGiveItsSlabBack() {
        final TestSlab slab = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, 64);
        final long ticket = pool.publish(slab);
        final long slot = geometry.ringOffset(0) + RingDescriptor.slotOffset(ticket, geometry.ringCapacity());
        pool.flip(slot, 1);
        expectRepaired(2, 1);
        assertThat(state(slab)).isEqualTo(SlabTableDescriptor.FREE);
        assertThat(pool.region().readLong(slot)).isEqualTo(RingDescriptor.claimWord(ticket, RingDescriptor.WITHDRAWN));
    }

    @Test
    void shouldKeepReservedSlabAsOrphanWhenItsDamagedClaimHidBlocks() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab slab = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, PoolBuilder.VALUE_BYTES);
        final long ticket = pool.publish(slab);
        pool.claim(slab, ticket, 0, 9);
        pool.format(slab);
        pool.link(table, 0, pool.value(slab, 3, 0, 0));
        pool.flip(geometry.ringOffset(0) + RingDescriptor.slotOffset(ticket, geometry.ringCapacity()), 1);
        expectRepaired(2, 2);
        assertThat(state(slab)).isEqualTo(SlabTableDescriptor.ORPHANED);
    }

    @Test
    void shouldRecordClaimsWhenPublishedCounterIsRebuilt() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab claimed = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, 64);
        pool.claim(claimed, pool.publish(claimed), 0, 9);
        final TestSlab waiting = pool.reserve(5, 0, SlabTableDescriptor.RESERVED, 64);
        pool.publish(waiting);
        pool.flip(geometry.ringOffset(0) + RingDescriptor.PUBLISHED_OFFSET, 0x80);
        expectRepaired(2, 1);
        assertThat(pool.region().readLong(geometry.slabEntryOffset(4)))
                .isEqualTo(SlabTableDescriptor.ownerWord(SlabTableDescriptor.OWNED, 0, 9, 1));
        assertThat(state(waiting)).isEqualTo(SlabTableDescriptor.FREE);
        assertThat(pool.region().readLong(geometry.ringOffset(0) + RingDescriptor.PUBLISHED_OFFSET))
                .isEqualTo(CheckedWord.of(1));
    }

    @Test
    void shouldSetSequencerWhenItIsOutOfReach() {
        pool.region().writeLong(geometry.ringOffset(1), 1L << 50);
        expectRepaired(1, 1);
        assertThat(pool.region().readLong(geometry.ringOffset(1))).isZero();
    }

    @Test
    void shouldSealAndOrphanSlabWhenItsOwnerIsOver() {
        final TestSlab open = pool.openSlab(2, 0, 9, PoolBuilder.VALUE_BYTES);
        final long reached = pool.value(open, 3, 0, 0);
        pool.link(table, 0, reached);
        final long dropped = pool.value(open, 3, 1, 0);
        open.bit(reached, false);
        expectRepaired(1, 2);
        assertThat(state(open)).isEqualTo(SlabTableDescriptor.ORPHANED);
        assertThat(pool.region().readLong(open.offset() + SlabLayout.STATE_OFFSET))
                .isEqualTo(SlabHeader.stateWord(SlabLayout.SEALED));
        assertThat(pool.getByte(open.freedOffset(dropped))).isEqualTo(1);
        assertThat(pool.region().readLong(open.bitWordOffset(reached))).isEqualTo(0b11);
        final long info = pool.region().readLong(geometry.slabEntryOffset(2) + SlabTableDescriptor.INFO_OFFSET);
        assertThat(SlabTableDescriptor.blockClass(info)).isEqualTo(open.layout().blockClass());
        assertThat(SlabTableDescriptor.freeHint(info)).isGreaterThan(250);
    }

    @Test
    void shouldFreeSlabWhenItsOwnerIsOverAndNothingReachesIt() {
        pool.value(pool.openSlab(2, 0, 9, PoolBuilder.VALUE_BYTES), 3, 1, 0);
        expectRepaired(1, 1);
        assertThat(pool.check().usedUnits()).isEqualTo(2);
    }

    @Test
    void shouldMakeOrphanOfFreeSlabWhenLinksReachIntoIt() {
        linked(0);
        values.owner(SlabTableDescriptor.FREE, SlabTableDescriptor.NO_SESSION, 0);
        pool.bitmapBit(1, false);
        expectRepaired(1, 2);
        assertThat(state(values)).isEqualTo(SlabTableDescriptor.ORPHANED);
    }

    @Test
    void shouldRewriteHeaderWhenItIsDamaged() {
        linked(0);
        pool.flip(values.offset() + SlabLayout.GENERATION_OFFSET, 3);
        expectRepaired(1, 2);
    }

    @Test
    void shouldRebuildEntryOfSlabTableFromHeader() {
        linked(0);
        pool.region().writeLong(geometry.slabEntryOffset(1), 0);
        pool.region().writeLong(geometry.slabEntryOffset(1) + SlabTableDescriptor.INFO_OFFSET, 0);
        expectRepaired(1, 2);
        assertThat(state(values)).isEqualTo(SlabTableDescriptor.ORPHANED);
    }

    @Test
    void shouldRebuildBitmapFromSlabTable() {
        pool.region().writeLong(geometry.bitmapOffset(0), 0);
        pool.bitmapBit(60, true);
        expectRepaired(2, 1);
        assertThat(pool.region().readLong(geometry.bitmapOffset(0))).isEqualTo(CheckedWord.of(0b11));
        assertThat(pool.region().readLong(geometry.bitmapOffset(1))).isEqualTo(CheckedWord.of(0));
    }

    @Test
    void shouldRestoreRootWordFromRootBlock() {
        linked(0);
        pool.region().writeLong(geometry.rootOffset(3), 0);
        expectRepaired(1, 2);
        assertThat(LinkWord.offset(pool.region().readLong(geometry.rootOffset(3))))
                .isEqualTo(BlockRef.offset(table));
    }

    @Test
    void shouldClearRootWordWhenNoSuchStructureExists() {
        pool.region().writeLong(geometry.rootOffset(5), 0x1234);
        expectRepaired(1, 1);
        assertThat(pool.region().readLong(geometry.rootOffset(5))).isZero();
    }

    @Test
    void shouldKeepEverythingWhenTwoRootBlocksClaimOneWord() {
        linked(0);
        final long rival = pool.table(roots, 3, "other");
        pool.region().writeLong(geometry.rootOffset(3), 0);
        final CheckReport report = pool.repair();
        assertThat(report.clean()).isFalse();
        assertThat(report.unknownBlocks()).isEqualTo(3);
        assertThat(pool.getByte(roots.freedOffset(rival))).isZero();
    }

    @Test
    void shouldKeepBlocksWhenRootWordAndHeaderOfItsSlabAreLost() {
        final long ref = linked(0);
        for (final long word : new long[] {0, 0x1234}) {
            pool.region().writeLong(geometry.rootOffset(3), word);
            pool.region().writeLong(roots.offset() + 8, 77);
            final CheckReport report = pool.repair();
            assertThat(report.clean()).isFalse();
            assertThat(report.findings()).noneMatch(Finding::repaired);
            assertThat(report.unknownBlocks()).isEqualTo(1);
            assertThat(pool.getByte(values.freedOffset(ref))).isZero();
            assertThat(pool.region().readLong(geometry.rootOffset(3))).isEqualTo(word);
        }
    }

    @Test
    void shouldLeaveDamagedBlockAndWhatItLedTo() {
        final long child = pool.value(values, 3, 8, 0);
        final long parent = pool.value(values, 3, 7, child);
        pool.link(table, 7, parent);
        final long stray = pool.value(values, 3, 9, 0);
        pool.flip(BlockRef.offset(parent) + 30, 4);
        final CheckReport report = pool.repair();
        assertThat(report.clean()).isFalse();
        assertThat(report.findings()).noneMatch(Finding::repaired).anySatisfy(finding -> {
            assertThat(finding.offset()).isEqualTo(BlockRef.offset(parent));
            assertThat(finding.what()).contains("structure 3 \"fruit\"", "a damaged value");
        });
        assertThat(pool.getByte(values.freedOffset(child))).isZero();
        assertThat(pool.getByte(values.freedOffset(stray))).isZero();
        assertThat(report.unknownBlocks()).isEqualTo(3);
    }

    @Test
    void shouldFreeLeaksOfWholeStructuresWhenAnotherIsDamaged() {
        pool.table(roots, 6, "other");
        final long leaked = pool.value(values, 6, 1, 0);
        final long broken = linked(0);
        pool.flip(BlockRef.offset(broken) + 20, 1);
        pool.repair();
        assertThat(pool.getByte(values.freedOffset(leaked))).isEqualTo(1);
        assertThat(pool.getByte(values.freedOffset(broken))).isZero();
    }

    @Test
    void shouldRestoreEpochBeyondEveryAnnouncedOne() {
        pool.session(1, SessionDescriptor.ACTIVE, 2, "w");
        pool.region().writeLong(geometry.sessionOffset(1) + SessionDescriptor.EPOCH_OFFSET, CheckedWord.of(40));
        pool.region().writeLong(PoolGeometry.epochOffset(), 99);
        expectRepaired(1, 1);
        assertThat(pool.region().readLong(PoolGeometry.epochOffset())).isEqualTo(CheckedWord.of(43));
    }

    @Test
    void shouldLeaveSessionToRecoveryWhenItOwnsSlabs() {
        pool.session(1, SessionDescriptor.ACTIVE, 77, "w");
        pool.openSlab(2, 1, 77, 64);
        pool.flip(geometry.sessionOffset(1), 0x20);
        expectRepaired(1, 1);
        assertThat(pool.region().readLong(geometry.sessionOffset(1)))
                .isEqualTo(SessionDescriptor.stateWord(SessionDescriptor.ACTIVE, 77));
    }

    @Test
    void shouldFreeSessionAboveItsIntentsWhenItOwnsNothing() {
        pool.session(1, SessionDescriptor.ACTIVE, 77, "w");
        pool.intent(1, 0, 76, new long[0], new long[0]);
        pool.flip(geometry.sessionOffset(1), 0x20);
        expectRepaired(1, 1);
        assertThat(pool.region().readLong(geometry.sessionOffset(1)))
                .isEqualTo(SessionDescriptor.stateWord(SessionDescriptor.FREE, 77));
    }

    @Test
    void shouldResetFreeRingWhenItsHeadIsDamaged() {
        pool.region().writeLong(geometry.freeRequestOffset(2, 5), FreeRequest.word(5, 1, 1));
        pool.region().writeLong(geometry.freeHeadOffset(2), 12345);
        expectRepaired(1, 1);
        assertThat(pool.region().readLong(geometry.freeHeadOffset(2))).isEqualTo(CheckedWord.of(0));
        assertThat(pool.region().readLong(geometry.freeRequestOffset(2, 5))).isZero();
    }

    @Test
    void shouldLetRecoveryDecideAgainWhenOutcomeIsDamaged() {
        pool.session(1, SessionDescriptor.RECOVERING, 77, "w");
        pool.intent(1, 1, 77, new long[0], new long[0]);
        final long outcome = geometry.intentOffset(1, 1, 0) + IntentDescriptor.OUTCOME_OFFSET;
        pool.region().writeLong(outcome, 1);
        expectRepaired(1, 1);
        assertThat(pool.region().readLong(outcome)).isZero();
    }

    // ---- files

    @Test
    void shouldCheckAndRepairFileWithoutMapping(@TempDir final Path folder) {
        final Path file = folder.resolve("pool");
        PoolFile.create(file, PoolBuilder.smallGeometry(), true, bytes -> {});
        assertThat(PoolChecker.check(file).findings()).isEmpty();
        try (NvmRegion region = FileNvmRegion.open(file, PoolGeometry.MIN_CAPACITY, true)) {
            region.writeLong(PoolGeometry.superblockOffset(0) + 64, 7);
            region.writeLong(geometry.bitmapOffset(0), 7);
        }
        assertThat(PoolChecker.check(file).count(Finding.Severity.DAMAGE)).isEqualTo(2);
        assertThat(PoolRepair.repair(file).clean()).isTrue();
        assertThat(PoolChecker.check(file).findings()).isEmpty();
    }

    @Test
    void shouldReportWhenBothSuperblocksAreDamaged(@TempDir final Path folder) {
        final Path file = folder.resolve("pool");
        PoolFile.create(file, PoolBuilder.smallGeometry(), true, bytes -> {});
        try (NvmRegion region = FileNvmRegion.open(file, PoolGeometry.MIN_CAPACITY, true)) {
            region.writeLong(PoolGeometry.superblockOffset(0) + 64, 7);
            region.writeLong(PoolGeometry.superblockOffset(1) + 64, 7);
        }
        final CheckReport report = PoolChecker.check(file);
        assertThat(report.clean()).isFalse();
        assertThat(report.superblock()).isEmpty();
        assertThat(report.units()).isZero();
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("both superblock copies"));
        assertThatThrownBy(() -> PoolRepair.repair(file)).isInstanceOf(CorruptedPoolException.class);
    }

    @Test
    void shouldRefuseToRepairWhenPoolIsInUse(@TempDir final Path folder) {
        final Path file = folder.resolve("pool");
        PoolFile.create(file, PoolBuilder.smallGeometry(), true, bytes -> {});
        try (PoolLock lock = PoolLock.tryAcquire(PoolLock.bladeLock(file))) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> PoolRepair.repair(file))
                    .isInstanceOf(PoolInUseException.class)
                    .hasMessageContaining("a blade serves");
        }
        try (NvmRegion region = FileNvmRegion.open(file, PoolGeometry.MIN_CAPACITY, true);
                PoolLock lock = PoolLock.tryAcquire(PoolLock.sessionLock(file, 1))) {
            assertThat(lock).isNotNull();
            region.writeLong(geometry.sessionOffset(1), SessionDescriptor.stateWord(SessionDescriptor.ACTIVE, 3));
            assertThatThrownBy(() -> PoolRepair.repair(file))
                    .isInstanceOf(PoolInUseException.class)
                    .hasMessageContaining("session 1");
        }
        assertThat(PoolRepair.repair(file).sessions()).hasSize(1);
    }

    @Test
    void shouldThrowUnavailableWhenFileIsTruncatedMeanwhile(@TempDir final Path folder) throws Exception {
        final Path file = folder.resolve("pool");
        final Superblock superblock = PoolFile.create(file, PoolBuilder.smallGeometry(), true, bytes -> {});
        try (NvmRegion region = FileNvmRegion.open(file, PoolGeometry.MIN_CAPACITY, false)) {
            try (var channel = Files.newByteChannel(file, java.nio.file.StandardOpenOption.WRITE)) {
                channel.truncate(13_000);
            }
            assertThatThrownBy(() -> PoolChecker.check(region, superblock, true))
                    .isInstanceOf(PoolUnavailableException.class)
                    .hasMessageContaining("is truncated: it has 13000 bytes");
        }
        assertThatThrownBy(() -> PoolChecker.check(file))
                .isInstanceOf(PoolUnavailableException.class)
                .hasMessageContaining("is truncated: it has 13000 bytes");
    }
}
