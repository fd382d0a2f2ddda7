package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.PoolBuilder.TestSlab;
import org.junit.jupiter.api.Test;

/** Each kind of leak, double allocation, damage and unfinished business is produced by hand and found (I5, I11, I13). */
class PoolCheckerTest {
    private final PoolBuilder pool = PoolBuilder.inMemory();
    private final TestSlab roots = pool.slab(0, 0, TestTableType.ROOT_BYTES);
    private final TestSlab values = pool.slab(1, 0, PoolBuilder.VALUE_BYTES);
    private final long table = pool.table(roots, 3, "fruit");

    private long linked(final int link) {
        final long ref = pool.value(values, 3, link, 0);
        pool.link(table, link, ref);
        return ref;
    }

    @Test
    void shouldBeCleanWhenPoolIsFresh() {
        final CheckReport report = PoolBuilder.inMemory().check();
        assertThat(report.findings()).isEmpty();
        assertThat(report.clean()).isTrue();
        assertThat(report.usedUnits()).isZero();
        assertThat(report.utilization()).isZero();
        assertThat(report.structures()).isEmpty();
        assertThat(report.sessions()).isEmpty();
        assertThat(report.superblock()).isPresent();
    }

    @Test
    void shouldCountWhatIsThereWhenClean() {
        linked(0);
        linked(7);
        final long last = pool.value(values, 3, 9, 0);
        pool.link(table, 9, pool.value(values, 3, 9, last));
        pool.session(1, SessionDescriptor.ACTIVE, 5, "worker-1");

        final CheckReport report = pool.check();

        assertThat(report.findings()).isEmpty();
        assertThat(report.liveBlocks()).isEqualTo(5);
        assertThat(report.liveBytes())
                .isEqualTo(4L * PoolBuilder.VALUE_BYTES
                        + SizeClasses.bytes(SizeClasses.indexFor(TestTableType.ROOT_BYTES)));
        assertThat(report.heldBytes()).isEqualTo(128 << 10);
        assertThat(report.usedUnits()).isEqualTo(2);
        assertThat(report.slabs(SlabTableDescriptor.ORPHANED, 0)).isEqualTo(2);
        assertThat(report.slabs(SlabTableDescriptor.ORPHANED)).isEqualTo(2);
        assertThat(report.structures())
                .containsExactly(
                        new CheckReport.StructureFigures(3, "fruit", "test-table", 3, 3, 5, report.liveBytes()));
        assertThat(report.sessions())
                .containsExactly(new CheckReport.SessionFigures(1, SessionDescriptor.ACTIVE, 5, "worker-1", 4711, 4));
    }

    // ---- blocks in sealed slabs

    @Test
    void shouldFindLeakedBlockWhenNothingReachesIt() {
        final long ref = pool.value(values, 3, 5, 0);

        final CheckReport report = pool.check();

        assertThat(report.leakedBlocks()).isEqualTo(1);
        assertThat(report.clean()).isFalse();
        assertThat(report.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Finding.Severity.LEAK);
            assertThat(finding.offset()).isEqualTo(BlockRef.offset(ref));
            assertThat(finding.what()).contains("value block of structure 3, locator 5");
            assertThat(finding.repairable()).isTrue();
            assertThat(finding.repaired()).isFalse();
        });
    }

    @Test
    void shouldFindLeakedBlockWhenItsHeaderIsDamaged() {
        final long ref = pool.value(values, 3, 5, 0);
        pool.flip(BlockRef.offset(ref), 0x40);
        assertThat(pool.check().leakedBlocks()).isEqualTo(1);
    }

    @Test
    void shouldNotCountBlockWhenItWasFreed() {
        values.freed(pool.value(values, 3, 5, 0), 1);
        assertThat(pool.check().findings()).isEmpty();
    }

    @Test
    void shouldFindDoubleAllocationWhenReachableBlockIsMarkedFreed() {
        final long ref = linked(0);
        values.freed(ref, 1);
        expectDoubleAllocation(ref);
    }

    @Test
    void shouldFindDoubleAllocationWhenBitOfReachableBlockIsClear() {
        final long ref = linked(0);
        values.bit(ref, false);
        expectDoubleAllocation(ref);
    }

    private void expectDoubleAllocation(final long ref) {
        final CheckReport report = pool.check();
        assertThat(report.doubleAllocations()).isEqualTo(1);
        assertThat(report.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Finding.Severity.HAZARD);
            assertThat(finding.offset()).isEqualTo(BlockRef.offset(ref));
        });
    }

    @Test
    void shouldFindDamageWhenFreedByteOfReachableBlockIsNeitherGeneration() {
        final long ref = linked(0);
        values.freed(ref, 77);
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("damaged freed byte"));
    }

    @Test
    void shouldFindDamageWhenAnyByteOfReachableBlockFlips() {
        final long ref = linked(0);
        for (int at = 0; at < PoolBuilder.VALUE_BYTES; at++) {
            pool.flip(BlockRef.offset(ref) + at, 1 << at % 8);
            assertThat(pool.check().count(Finding.Severity.DAMAGE))
                    .as("byte %d", at)
                    .isPositive();
            assertThat(pool.check().leakedBlocks()).as("byte %d", at).isZero();
            pool.flip(BlockRef.offset(ref) + at, 1 << at % 8);
        }
        assertThat(pool.check().clean()).isTrue();
    }

    @Test
    void shouldFindDamageWhenBitmapHasBitsBeyondItsBlocks() {
        final long offset = values.offset()
                + SlabLayout.BITMAP_OFFSET
                + 8L * (values.layout().bitmapWords() - 1);
        pool.region().writeLong(offset, pool.region().readLong(offset) | Long.MIN_VALUE);
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("bits beyond"));
    }

    @Test
    void shouldFindHazardWhenTwoLinksReachOneBlock() {
        pool.link(table, 1, linked(0));
        assertThat(pool.check().findings()).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Finding.Severity.HAZARD);
            assertThat(finding.offset()).isEqualTo(PoolBuilder.linkOffset(table, 1));
            assertThat(finding.what()).contains("which another link reaches too");
        });
    }

    @Test
    void shouldFindDamageWhenReferenceNamesAnotherGeneration() {
        final long next = pool.value(values, 3, 9, 0);
        pool.link(table, 9, pool.value(values, 3, 9, next + (1L << 50)));
        assertThat(pool.check().findings()).anySatisfy(finding -> {
            assertThat(finding.offset()).isEqualTo(BlockRef.offset(next));
            assertThat(finding.what()).contains("a link names generation 2 of a block that has another");
        });
    }

    // ---- blocks in open slabs, intents

    @Test
    void shouldLeaveUnreachedBlockToRecoveryWhenItsSlabIsOpen() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab open = pool.openSlab(2, 0, 9, PoolBuilder.VALUE_BYTES);
        pool.value(open, 3, 1, 0);
        open.freed(pool.value(open, 3, 2, 0), 1);
        final long reached = pool.value(open, 3, 3, 0);
        pool.link(table, 0, reached);
        open.bit(reached, false);

        final CheckReport report = pool.check();

        assertThat(report.findings()).isEmpty();
        assertThat(report.unsettledBlocks()).isEqualTo(1);
        assertThat(report.liveBlocks()).isEqualTo(2);
    }

    @Test
    void shouldFindDoubleAllocationWhenReachableBlockOfOpenSlabIsMarkedFreed() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab open = pool.openSlab(2, 0, 9, PoolBuilder.VALUE_BYTES);
        final long reached = pool.value(open, 3, 3, 0);
        pool.link(table, 0, reached);
        open.freed(reached, 1);
        expectDoubleAllocation(reached);
    }

    @Test
    void shouldLeaveBlocksToRecoveryWhenIntentOfLiveSessionNamesThem() {
        pool.session(0, SessionDescriptor.RECOVERING, 9, "w");
        final long[] allocated = {pool.value(values, 3, 1, 0)};
        final long[] freed = {pool.value(values, 3, 2, 0), pool.value(values, 3, 3, 0)};
        pool.intent(0, 1, 9, allocated, freed);

        final CheckReport report = pool.check();

        assertThat(report.findings()).isEmpty();
        assertThat(report.unsettledBlocks()).isEqualTo(3);
    }

    @Test
    void shouldFindLeaksWhenIntentIsOfAnEarlierIncarnation() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        pool.intent(0, 1, 8, new long[] {pool.value(values, 3, 1, 0)}, new long[0]);
        assertThat(pool.check().leakedBlocks()).isEqualTo(1);
    }

    // ---- slabs

    @Test
    void shouldFindLeakedSlabWhenBitHasNoSlab() {
        pool.bitmapBit(9, true);
        pool.bitmapBit(10, true);
        pool.bitmapBit(30, true);
        final CheckReport report = pool.check();
        assertThat(report.leakedSlabs()).isEqualTo(2);
        assertThat(report.findings()).extracting(Finding::severity).containsOnly(Finding.Severity.LEAK);
    }

    @Test
    void shouldFindHazardWhenSlabHasNoBit() {
        pool.bitmapBit(1, false);
        final CheckReport report = pool.check();
        assertThat(report.leakedSlabs()).isZero();
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.severity()).isEqualTo(Finding.Severity.HAZARD));
    }

    @Test
    void shouldFindLeakedSlabWhenReservedOneIsInNoRing() {
        pool.reserve(4, 1, SlabTableDescriptor.RESERVED, 64);
        final CheckReport report = pool.check();
        assertThat(report.leakedSlabs()).isEqualTo(1);
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("it is in no ring"));
    }

    @Test
    void shouldBeCleanWhenReservedSlabIsPublished() {
        pool.publish(pool.reserve(4, 1, SlabTableDescriptor.RESERVED, 64));
        final CheckReport report = pool.check();
        assertThat(report.findings()).isEmpty();
        assertThat(report.slabs(SlabTableDescriptor.RESERVED, 1)).isEqualTo(1);
        assertThat(report.usedUnits()).isEqualTo(6);
    }

    @Test
    void shouldFollowLinksIntoReservedSlabWhenItIsClaimed() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab slab = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, PoolBuilder.VALUE_BYTES);
        pool.claim(slab, pool.publish(slab), 0, 9);
        pool.format(slab);
        pool.link(table, 0, pool.value(slab, 3, 0, 0));
        final CheckReport report = pool.check();
        assertThat(report.findings()).isEmpty();
        assertThat(report.liveBlocks()).isEqualTo(2);
    }

    @Test
    void shouldFindLeakedSlabWhenItsClaimantIsOver() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab slab = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, 64);
        pool.claim(slab, pool.publish(slab), 0, 8);
        assertThat(pool.check().leakedSlabs()).isEqualTo(1);
    }

    @Test
    void shouldFindLeakedSlabWhenItsOwnerIsOver() {
        pool.openSlab(2, 0, 9, 64);
        assertThat(pool.check().leakedSlabs()).isEqualTo(1);
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        assertThat(pool.check().findings()).isEmpty();
    }

    @Test
    void shouldFindHazardWhenPublishedSlabIsOwned() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab slab = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, 64);
        pool.publish(slab);
        slab.owner(SlabTableDescriptor.OWNED, 0, 9);
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("could get a second owner"));
    }

    @Test
    void shouldFindHazardWhenSlabIsPublishedTwice() {
        final TestSlab slab = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, 64);
        pool.publish(slab);
        pool.publish(slab);
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("in two ring slots"));
    }

    @Test
    void shouldFindHazardWhenSlabsOverlap() {
        pool.publish(pool.reserve(4, 1, SlabTableDescriptor.RESERVED, 64));
        pool.publish(pool.reserve(6, 0, SlabTableDescriptor.RESERVED, 64));
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("shares units"));
    }

    @Test
    void shouldFindHazardWhenLinksReachIntoFreeSlab() {
        linked(0);
        values.owner(SlabTableDescriptor.FREE, SlabTableDescriptor.NO_SESSION, 0);
        pool.bitmapBit(1, false);
        final CheckReport report = pool.check();
        assertThat(report.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Finding.Severity.HAZARD);
            assertThat(finding.what()).contains("is free, but links reach 1 blocks in it");
        });
    }

    @Test
    void shouldFindHazardWhenOrphanIsNotSealed() {
        linked(0);
        values.state(SlabLayout.OPEN);
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("nobody sealed it"));
    }

    @Test
    void shouldAcceptOwnedSlabWhenItWasNeverUsed() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        pool.reserve(4, 0, SlabTableDescriptor.OWNED, 64).owner(SlabTableDescriptor.OWNED, 0, 9);
        assertThat(pool.check().findings()).isEmpty();
    }

    @Test
    void shouldFindDamageWhenHeaderOfUsedSlabFlips() {
        linked(0);
        for (int at = 0; at < SlabLayout.CRC_TO; at++) {
            pool.flip(values.offset() + at, 0x10);
            assertThat(pool.check().findings())
                    .as("byte %d", at)
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.what()).contains("damaged header of the slab at unit 1"));
            pool.flip(values.offset() + at, 0x10);
        }
    }

    @Test
    void shouldFindDamageWhenSlabHasStateButNoHeader() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab open = pool.openSlab(2, 0, 9, PoolBuilder.VALUE_BYTES);
        pool.flip(open.offset() + 9, 1);
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what())
                        .contains("damaged header of the slab at unit 2, in which links reach nothing"));
        assertThat(pool.repair().clean()).isTrue();
        assertThat(pool.region().readLong(open.offset())).isZero();
    }

    @Test
    void shouldAcceptHeaderWithoutStateWhenFormatWasInterrupted() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        pool.openSlab(2, 0, 9, PoolBuilder.VALUE_BYTES);
        pool.region().writeLong(pool.geometry().unitOffset(2) + SlabLayout.STATE_OFFSET, 0);
        assertThat(pool.check().findings()).isEmpty();
        pool.flip(pool.geometry().unitOffset(2) + 9, 1);
        assertThat(pool.check().findings()).isEmpty();
    }

    @Test
    void shouldNotTakeSlabWordOfAnotherLapForTheClaimants() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        final TestSlab first = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, 64);
        pool.claim(first, pool.publish(first), 0, 9);
        first.owner(SlabTableDescriptor.OWNED, 0, 9);
        pool.reserve(5, 0, SlabTableDescriptor.RESERVED, 64);
        final long slot = pool.geometry().ringOffset(0) + RingDescriptor.slotOffset(8, 8);
        pool.region().writeLong(slot + RingDescriptor.SLAB_OFFSET, RingDescriptor.slabWord(5, 1, 8, 8));
        final CheckReport report = pool.check();
        assertThat(report.leakedSlabs()).isEqualTo(1);
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("unit 5", "it is in no ring"));
    }

    @Test
    void shouldFindDamageWhenPublishedSlabWordIsOfAnotherLap() {
        final TestSlab slab = pool.reserve(4, 0, SlabTableDescriptor.RESERVED, 64);
        final long slot = pool.geometry().ringOffset(0) + RingDescriptor.slotOffset(pool.publish(slab), 8);
        pool.region().writeLong(slot + RingDescriptor.SLAB_OFFSET, RingDescriptor.slabWord(4, 1, 8, 8));
        assertThat(pool.check().count(Finding.Severity.DAMAGE)).isEqualTo(1);
        assertThat(pool.repair().clean()).isTrue();
    }

    @Test
    void shouldIgnoreIntentWhenItsWorkerSettledIt() {
        pool.session(0, SessionDescriptor.ACTIVE, 9, "w");
        pool.intent(0, 1, 9, new long[] {pool.value(values, 3, 1, 0)}, new long[0]);
        pool.region()
                .writeLong(
                        pool.geometry().intentOffset(0, 1, 0) + IntentDescriptor.OUTCOME_OFFSET,
                        IntentDescriptor.outcomeWord(2, IntentDescriptor.DID_NOT_HAPPEN | IntentDescriptor.SETTLED));
        assertThat(pool.check().leakedBlocks()).isEqualTo(1);
    }

    @Test
    void shouldFindDamageWhenStateOfSlabFlips() {
        linked(0);
        for (int at = SlabLayout.STATE_OFFSET; at < SlabLayout.STATE_OFFSET + 8; at++) {
            pool.flip(values.offset() + at, 0x10);
            assertThat(pool.check().findings())
                    .as("byte %d", at)
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.what()).contains("damaged state word"));
            pool.flip(values.offset() + at, 0x10);
        }
    }

    // ---- structures

    @Test
    void shouldFindDamageWhenCountersDisagree() {
        linked(0);
        pool.region().writeLong(BlockRef.offset(table) + TestTableType.COUNT_OFFSET, 2);
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding ->
                        assertThat(finding.what()).contains("test-table \"fruit\" has 1 elements, its counters say 2"));
    }

    @Test
    void shouldAcceptCountersWhenIntentsMayExplainThem() {
        linked(0);
        pool.region().writeLong(BlockRef.offset(table) + TestTableType.COUNT_OFFSET, 2);
        pool.session(2, SessionDescriptor.ACTIVE, 1, "w");
        assertThat(pool.check().findings()).isEmpty();
    }

    @Test
    void shouldNotCallBlocksLeakedWhenTypeIsUnknown() {
        linked(0);
        retype(4242);
        final CheckReport report = pool.check();
        assertThat(report.clean()).isFalse();
        assertThat(report.leakedBlocks()).isZero();
        assertThat(report.unknownBlocks()).isEqualTo(1);
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding ->
                        assertThat(finding.what()).contains("type 4242, which nothing on the class path knows"));
    }

    private void retype(final int code) {
        final org.agrona.concurrent.UnsafeBuffer block =
                new org.agrona.concurrent.UnsafeBuffer(new byte[TestTableType.ROOT_BYTES]);
        pool.region().read(BlockRef.offset(table), block, 0, block.capacity());
        block.putInt(RootDescriptor.TYPE_OFFSET, code);
        BlockDescriptor.seal(block, 0, RootDescriptor.WORDS_OFFSET, BlockDescriptor.ROOT, 3, 3, table);
        pool.region().write(BlockRef.offset(table), block, 0, block.capacity());
    }

    @Test
    void shouldNotCallBlocksLeakedWhenTracerFails() {
        linked(0);
        pool.region().writeLong(BlockRef.offset(table) + TestTableType.COUNT_OFFSET, TestTableType.POISON);
        final CheckReport report = pool.check();
        assertThat(report.leakedBlocks()).isZero();
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding ->
                        assertThat(finding.what()).contains("could not be followed to its end", "a broken tracer"));
    }

    @Test
    void shouldStopTracerWhenItGoesInCircles() {
        final long first = pool.value(values, 3, 0, 0);
        final long second = pool.value(values, 3, 1, first);
        pool.writeValue(first, 3, 0, second);
        pool.link(table, 0, first);
        final CheckReport report = pool.check();
        assertThat(report.findings())
                .anySatisfy(finding -> assertThat(finding.what()).contains("goes in circles"));
        assertThat(report.findings()).hasSizeLessThan(200);
    }

    @Test
    void shouldFindLostRootWhenItsWordIsZero() {
        linked(0);
        pool.region().writeLong(pool.geometry().rootOffset(3), 0);
        final CheckReport report = pool.check();
        assertThat(report.leakedBlocks()).isZero();
        assertThat(report.unknownBlocks()).isEqualTo(2);
        assertThat(report.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.what()).contains("root word 3 (0x0) leads nowhere");
            assertThat(finding.repairable()).isTrue();
        });
    }

    // ---- the rest

    @Test
    void shouldFindNothingOfBlocksWhenCheckIsShallow() {
        pool.value(values, 3, 5, 0);
        assertThat(PoolChecker.check(pool.region(), pool.superblock(), false).findings())
                .isEmpty();
    }

    @Test
    void shouldFindHazardWhenEpochRanBackwards() {
        pool.session(0, SessionDescriptor.ACTIVE, 1, "w");
        pool.region().writeLong(pool.geometry().sessionOffset(0) + SessionDescriptor.EPOCH_OFFSET, CheckedWord.of(100));
        assertThat(pool.check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("behind 100"));
        pool.repair();
        assertThat(pool.region().readLong(PoolGeometry.epochOffset())).isEqualTo(CheckedWord.of(103));
    }

    @Test
    void shouldOnlyNoteWhenSessionNeverSaidWhoItIs() {
        pool.region().writeLong(pool.geometry().sessionOffset(1), SessionDescriptor.stateWord(1, 7));
        final CheckReport report = pool.check();
        assertThat(report.clean()).isTrue();
        assertThat(report.count(Finding.Severity.NOTE)).isEqualTo(1);
        assertThat(report.toString()).contains("clean", "session 1 never said who it is");
    }

    @Test
    void shouldOnlyNoteWhenSuperblockUpdateWasInterrupted() {
        final Superblock next = pool.superblock().nextIncarnation();
        final org.agrona.concurrent.UnsafeBuffer bytes = next.encode();
        pool.region().write(PoolGeometry.superblockOffset(0), bytes, 0, bytes.capacity());
        final CheckReport report = PoolChecker.check(pool.region(), next, true);
        assertThat(report.clean()).isTrue();
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).contains("copy B is older"));
    }
}
