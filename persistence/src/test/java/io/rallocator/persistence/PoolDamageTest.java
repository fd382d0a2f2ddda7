package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.rallocator.persistence.PoolBuilder.TestSlab;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Damages a pool byte by byte and at random: whatever the bytes are, check and repair end with a report (I13), a damaged
 * byte that matters is found, and no repair loses a block that was reachable.
 */
class PoolDamageTest {
    private static final int LIVE_BLOCKS = 6;

    private final PoolBuilder pool = PoolBuilder.inMemory();
    private final PoolGeometry geometry = pool.geometry();
    private final BitSet irrelevant = new BitSet();

    /** A pool with something in every region: live and free sessions, all ring and slab states, two structures. */
    private void populate() {
        final TestSlab roots = pool.slab(0, 0, TestTableType.ROOT_BYTES);
        final TestSlab values = pool.slab(1, 0, PoolBuilder.VALUE_BYTES);
        pool.session(0, SessionDescriptor.ACTIVE, 9, "worker");
        final TestSlab open = pool.openSlab(2, 0, 9, PoolBuilder.VALUE_BYTES);
        final long first = pool.table(roots, 3, "first");
        final long second = pool.table(roots, 6, "second");
        pool.link(first, 0, pool.value(values, 3, 0, 0));
        pool.link(first, 5, pool.value(open, 3, 5, pool.value(values, 3, 6, 0)));
        pool.link(second, 1, pool.value(open, 6, 1, 0));
        values.freed(pool.value(values, 3, 7, 0), 1);
        final TestSlab claimed = pool.reserve(8, 1, SlabTableDescriptor.RESERVED, 64);
        pool.claim(claimed, pool.publish(claimed), 0, 9);
        final TestSlab recorded = pool.reserve(3, 0, SlabTableDescriptor.RESERVED, 64);
        pool.claim(recorded, pool.publish(recorded), 0, 9);
        recorded.owner(SlabTableDescriptor.OWNED, 0, 9);
        pool.publish(pool.reserve(4, 0, SlabTableDescriptor.RESERVED, 64));
        pool.reserve(5, 0, SlabTableDescriptor.LIMBO, 64);
        pool.region().writeLong(geometry.freeRequestOffset(0, 0), FreeRequest.word(0, 5, 1));
    }

    /** Bytes whose damage changes nothing, or that nothing but an exact copy could verify; docs/pool-format.md says why. */
    private void markIrrelevant() {
        irrelevant(PoolGeometry.epochOffset() + 8, PoolGeometry.orphansOffset()); // zero
        irrelevant(PoolGeometry.orphansOffset(), PoolGeometry.bladeHeartbeatOffset()); // plain counter, zero
        irrelevant(PoolGeometry.bladeHeartbeatOffset() + 8, geometry.rootOffset(0)); // zero
        for (int root = 0; root < geometry.roots(); root++) {
            final long offset = geometry.rootOffset(root);
            irrelevant(offset + 6, offset + 8); // tags and version
            if (pool.region().readLong(offset) == LinkWord.UNINIT) {
                irrelevant(offset + 5, offset + 6); // class of a word that leads nowhere
            }
        }
        for (int session = 0; session < geometry.sessions(); session++) {
            final long line = geometry.sessionOffset(session);
            final long from = session == 0 ? SessionDescriptor.CRC_OFFSET + 4 : SessionDescriptor.PID_OFFSET;
            final long to = session == 0 ? SessionDescriptor.NAME_LENGTH_OFFSET : SessionDescriptor.BYTES;
            irrelevant(line + from, line + to); // zero; identity of a session that is free
        }
        irrelevant(geometry.intentOffset(0, 0, 0), geometry.freeRequestOffset(0, 0)); // never written
        for (int session = 0; session < geometry.sessions(); session++) {
            // never written: zero fails the check, so one byte in 256 can make it pass, with a sequence that is not due
            irrelevant(geometry.freeRequestOffset(session, 1), geometry.freeRequestOffset(session, 63) + 8);
        }
        irrelevant(geometry.freeRequestOffset(1, 0), geometry.freeHeadOffset(0));
        for (int slabClass = 0; slabClass < geometry.slabClasses(); slabClass++) {
            final long ring = geometry.ringOffset(slabClass);
            irrelevant(ring, ring + 3); // sequencer: 1 more in the third byte is just within its reach
            irrelevant(ring + 8, ring + RingDescriptor.PUBLISHED_OFFSET); // zero
            irrelevant(ring + RingDescriptor.PUBLISHED_OFFSET + 8, ring + RingDescriptor.SLOTS_OFFSET); // zero
        }
        irrelevant(geometry.freeHeadOffset(geometry.sessions() - 1) + 8, geometry.ringOffset(0)); // alignment
        irrelevant(geometry.bitmapOffset(geometry.bitmapWords() - 1) + 8, geometry.slabEntryOffset(0)); // alignment
        irrelevant(geometry.slabEntryOffset(geometry.units() - 1) + 16, geometry.slabsOffset()); // alignment
    }

    /** The other two bits of such a byte are tags. */
    private boolean isClassOfRoot(final int offset) {
        return offset >= geometry.rootOffset(0) && offset < geometry.rootOffset(geometry.roots()) && offset % 8 == 5;
    }

    private void irrelevant(final long from, final long to) {
        irrelevant.set((int) from, (int) Math.max(from, to));
    }

    @Test
    void shouldFindAndRepairEveryDamagedByteOfMetadata() {
        final Random random = Seeds.random("PoolDamageTest.metadata");
        populate();
        markIrrelevant();
        assertThat(pool.check().findings()).isEmpty();
        assertThat(pool.check().liveBlocks()).isEqualTo(LIVE_BLOCKS);
        final byte[] whole = pool.heap().snapshot();
        final List<String> failures = new ArrayList<>();
        final long end = geometry.slabEntryOffset(geometry.units() - 1) + SlabTableDescriptor.BYTES; // then zero
        for (int offset = 0; offset < end; offset++) {
            final int bits = 1 + random.nextInt(isClassOfRoot(offset) ? 63 : 255);
            pool.flip(offset, bits);
            final CheckReport report = pool.check();
            if (report.clean() && !irrelevant.get(offset)) {
                failures.add("offset " + offset + " ^ " + bits + " was not noticed");
            }
            final CheckReport repaired = pool.repair();
            if (!repaired.clean() || repaired.liveBlocks() != LIVE_BLOCKS) {
                failures.add(
                        "offset " + offset + " ^ " + bits + " was not repaired: " + report + "\n  then " + repaired);
            }
            pool.heap().restore(whole);
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void shouldFindAndRepairEveryDamageOfTheClassInARootWord() {
        populate();
        final byte[] whole = pool.heap().snapshot();
        for (int root = 0; root < geometry.roots(); root++) {
            final long offset = geometry.rootOffset(root);
            if (LinkWord.isPointer(pool.region().readLong(offset))) {
                for (int bits = 1; bits < 64; bits++) {
                    pool.flip(offset + 5, bits);
                    assertThat(pool.check().clean())
                            .as("root %d ^ %d", root, bits)
                            .isFalse();
                    final CheckReport repaired = pool.repair();
                    assertThat(repaired.clean())
                            .as("root %d ^ %d: %s", root, bits, repaired)
                            .isTrue();
                    assertThat(repaired.liveBlocks()).isEqualTo(LIVE_BLOCKS);
                    pool.heap().restore(whole);
                }
            }
        }
    }

    @Test
    void shouldNeverLoseBlocksWhenBytesOfSlabMetadataAreDamaged() {
        final Random random = Seeds.random("PoolDamageTest.slabs");
        populate();
        final byte[] whole = pool.heap().snapshot();
        final List<String> failures = new ArrayList<>();
        for (int unit = 0; unit < 3; unit++) {
            final int blockBytes = unit == 0 ? TestTableType.ROOT_BYTES : PoolBuilder.VALUE_BYTES;
            final int firstBlock = SlabLayout.of(geometry.unitBytes(), SizeClasses.indexFor(blockBytes))
                    .firstBlock();
            for (int at = 0; at < firstBlock; at++) {
                final int bits = 1 + random.nextInt(255);
                pool.flip(geometry.unitOffset(unit) + at, bits);
                final CheckReport report = pool.check();
                final CheckReport repaired = pool.repair();
                if (!repaired.clean() || repaired.liveBlocks() != LIVE_BLOCKS) {
                    failures.add(
                            "unit " + unit + ", byte " + at + " ^ " + bits + ": " + report + "\n  then " + repaired);
                }
                pool.heap().restore(whole);
            }
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void shouldEndWithReportWhenPoolIsFullOfGarbage() {
        final long seed = Seeds.seed("PoolDamageTest.garbage");
        populate();
        final byte[] whole = pool.heap().snapshot();
        for (int round = 0; round < 300; round++) {
            final Random random = new Random(seed + round);
            final int hits = 1 << random.nextInt(12);
            for (int i = 0; i < hits; i++) {
                damage(random);
            }
            assertThat(pool.check()).isNotNull();
            final CheckReport repaired = pool.repair();
            final byte[] after = pool.heap().snapshot();
            final CheckReport again = pool.repair();
            assertThat(pool.heap().snapshot())
                    .as("round %d of seed %d: repair is idempotent", round, seed)
                    .isEqualTo(after);
            assertThat(again.toString()).isEqualTo(again.toString());
            assertThat(repaired.findings())
                    .allSatisfy(finding -> assertThat(finding.what()).isNotEmpty());
            pool.heap().restore(whole);
        }
    }

    /** A byte, a word, a whole copy of another word, or a page of zeros, mostly in the metadata. */
    private void damage(final Random random) {
        final int most = random.nextInt(4) == 0 ? geometry.units() / 8 * geometry.unitBytes() : 0;
        final int offset = random.nextInt((int) geometry.slabsOffset() + most) & -8;
        switch (random.nextInt(4)) {
            case 0 -> pool.flip(offset + random.nextInt(8), 1 << random.nextInt(8));
            case 1 -> pool.region().writeLong(offset, random.nextLong());
            case 2 ->
                pool.region()
                        .writeLong(offset, pool.region().readLong(random.nextInt((int) geometry.slabsOffset()) & -8));
            default -> pool.region().writeLong(offset, CheckedWord.of(random.nextLong() & CheckedWord.PAYLOAD_MASK));
        }
    }
}
