package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Every field of every word and record comes back as it went in, at both ends of its range. */
class WordsTest {
    private static final int ROUNDS = 20_000;

    private static long offset(final Random random) {
        return 8 * (1 + (random.nextLong() >>> 24 + random.nextInt(40)) % LinkWord.VALUE_MASK);
    }

    @Test
    void shouldRoundTripBlockRefAndLinkWord() {
        final Random random = Seeds.random("WordsTest.links");
        for (int i = 0; i < ROUNDS; i++) {
            final long offset = i == 0 ? 8 : i == 1 ? LinkWord.MAX_OFFSET : offset(random);
            final int blockClass = random.nextInt(64);
            final int slabClass = random.nextInt(16);
            final int generation = random.nextInt(256);
            final long ref = BlockRef.of(offset, blockClass, slabClass, generation);
            assertThat(BlockRef.offset(ref)).isEqualTo(offset);
            assertThat(BlockRef.blockClass(ref)).isEqualTo(blockClass);
            assertThat(BlockRef.slabClass(ref)).isEqualTo(slabClass);
            assertThat(BlockRef.generation(ref)).isEqualTo(generation);
            assertThat(ref >>> BlockRef.BITS).isZero();

            final long old = random.nextLong();
            final long word = LinkWord.pointTo(old, ref);
            assertThat(LinkWord.isPointer(word)).isTrue();
            assertThat(LinkWord.isSpecial(word)).isFalse();
            assertThat(LinkWord.isFrozen(word)).isFalse();
            assertThat(LinkWord.offset(word)).isEqualTo(offset);
            assertThat(LinkWord.blockClass(word)).isEqualTo(blockClass);
            assertThat(word >>> 49).isEqualTo((old >>> 49) + 1 & 0x7FFF);
            assertThat(LinkWord.sameTarget(word, LinkWord.pointTo(word, ref) | LinkWord.FROZEN | LinkWord.DIRTY))
                    .isTrue();
            assertThat(LinkWord.sameTarget(word, word ^ 1L << random.nextInt(46)))
                    .isFalse();
            assertThat(LinkWord.sameTarget(word, word ^ LinkWord.SPECIAL)).isFalse();
        }
    }

    @Test
    void shouldRoundTripSpecialLinkWord() {
        final Random random = Seeds.random("WordsTest.special");
        for (int i = 0; i < ROUNDS; i++) {
            final long value = random.nextLong() & LinkWord.VALUE_MASK;
            final long old = random.nextLong();
            final long word = LinkWord.special(old, value);
            assertThat(LinkWord.isSpecial(word)).isTrue();
            assertThat(LinkWord.isPointer(word)).isFalse();
            assertThat(LinkWord.value(word)).isEqualTo(value);
            assertThat(word >>> 49).isEqualTo((old >>> 49) + 1 & 0x7FFF);
        }
        assertThat(LinkWord.isPointer(LinkWord.UNINIT)).isFalse();
        assertThat(LinkWord.isSpecial(LinkWord.UNINIT)).isFalse();
        assertThat(LinkWord.isFrozen(LinkWord.FROZEN)).isTrue();
    }

    @Test
    void shouldRoundTripSlabTableEntry() {
        final Random random = Seeds.random("WordsTest.slabTable");
        for (int i = 0; i < ROUNDS; i++) {
            final int state = random.nextInt(6);
            final int session = i == 0 ? SlabTableDescriptor.NO_SESSION : random.nextInt(1024);
            final int incarnation = i == 0 ? SessionDescriptor.MAX_INCARNATION : random.nextInt(1 << 20);
            final int generation = i == 0 ? SlabTableDescriptor.MAX_GENERATION : random.nextInt(1 << 20);
            final long owner = SlabTableDescriptor.ownerWord(state, session, incarnation, generation);
            assertThat(SlabTableDescriptor.checkOwner(owner, 0)).isEqualTo(owner);
            assertThat(SlabTableDescriptor.state(owner)).isEqualTo(state);
            assertThat(SlabTableDescriptor.session(owner)).isEqualTo(session);
            assertThat(SlabTableDescriptor.incarnation(owner)).isEqualTo(incarnation);
            assertThat(SlabTableDescriptor.generation(owner)).isEqualTo(generation);

            final int slabClass = random.nextInt(16);
            final int blockClass = random.nextInt(64);
            final int hint = random.nextInt(256);
            final long wear = random.nextInt() & 0xFFFF_FFFFL;
            final long info = SlabTableDescriptor.infoWord(slabClass, blockClass, hint, wear);
            assertThat(CheckedWord.isValid(info)).isTrue();
            assertThat(SlabTableDescriptor.slabClass(info)).isEqualTo(slabClass);
            assertThat(SlabTableDescriptor.blockClass(info)).isEqualTo(blockClass);
            assertThat(SlabTableDescriptor.freeHint(info)).isEqualTo(hint);
            assertThat(SlabTableDescriptor.wear(info)).isEqualTo(wear);
        }
        assertThat(SlabTableDescriptor.wear(SlabTableDescriptor.infoWord(0, 0, 0, 1L << 40)))
                .isEqualTo(0xFFFF_FFFFL);
        assertThat(SlabTableDescriptor.stateName(SlabTableDescriptor.LIMBO)).isEqualTo("limbo");
        assertThat(SlabTableDescriptor.stateName(7)).isEqualTo("state 7");
        assertThatThrownBy(() -> SlabTableDescriptor.checkOwner(1, 99))
                .isInstanceOf(CorruptedPoolException.class)
                .hasMessageContaining("offset 99");
    }

    @Test
    void shouldRoundTripRingSlot() {
        final Random random = Seeds.random("WordsTest.ring");
        for (int i = 0; i < ROUNDS; i++) {
            final long ticket = random.nextLong() >>> 24 + random.nextInt(40);
            final int state = random.nextInt(4);
            final int session = random.nextInt(1024);
            final int incarnation = random.nextInt(1 << 20);
            final long claim = RingDescriptor.claimWord(ticket, state, session, incarnation);
            assertThat(CheckedWord.isValid(claim)).isTrue();
            assertThat(RingDescriptor.claimState(claim)).isEqualTo(state);
            assertThat(RingDescriptor.claimSession(claim)).isEqualTo(session);
            assertThat(RingDescriptor.claimIncarnation(claim)).isEqualTo(incarnation);
            final int ahead = random.nextInt(1 << 24) - (1 << 23);
            assertThat(RingDescriptor.ticketDistance(claim, ticket - ahead)).isEqualTo(ahead);

            final int unit = random.nextInt(1 << 28);
            final int generation = random.nextInt(1 << 20);
            final long slab = RingDescriptor.slabWord(unit, generation);
            assertThat(CheckedWord.isValid(slab)).isTrue();
            assertThat(RingDescriptor.slabUnit(slab)).isEqualTo(unit);
            assertThat(RingDescriptor.slabGeneration(slab)).isEqualTo(generation);
        }
        assertThat(RingDescriptor.claimWord(-3, RingDescriptor.WITHDRAWN))
                .isEqualTo(RingDescriptor.claimWord((1 << 24) - 3, RingDescriptor.WITHDRAWN));
        assertThat(RingDescriptor.bytes(8)).isEqualTo(RingDescriptor.slotOffset(7, 8) + RingDescriptor.SLOT_BYTES);
    }

    @Test
    void shouldRoundTripSessionAndFreeRequest() {
        final Random random = Seeds.random("WordsTest.session");
        for (int i = 0; i < ROUNDS; i++) {
            final int state = random.nextInt(3);
            final int incarnation = random.nextInt(1 << 20);
            final long word = SessionDescriptor.stateWord(state, incarnation);
            assertThat(SessionDescriptor.state(word, 0)).isEqualTo(state);
            assertThat(SessionDescriptor.incarnation(word)).isEqualTo(incarnation);

            final long sequence = random.nextLong() >>> 8;
            final int unit = random.nextInt(1 << 28);
            final int generation = random.nextInt(1 << 20);
            final long request = FreeRequest.word(sequence, unit, generation);
            assertThat(FreeRequest.isRequest(request, sequence)).isTrue();
            assertThat(FreeRequest.isRequest(request, sequence + PoolGeometry.FREE_RING_CAPACITY))
                    .isFalse();
            assertThat(FreeRequest.unit(request)).isEqualTo(unit);
            assertThat(FreeRequest.matches(request, generation)).isTrue();
            assertThat(FreeRequest.matches(request, generation + 1)).isFalse();
            final int slot = (int) (sequence % PoolGeometry.FREE_RING_CAPACITY);
            assertThat(FreeRequest.isPossible(request, slot, unit + 1)).isTrue();
            assertThat(FreeRequest.isPossible(request, slot, unit)).isFalse();
            assertThat(FreeRequest.isPossible(request, slot ^ 1, unit + 1)).isFalse();
            assertThat(FreeRequest.isPossible(request ^ 1L << random.nextInt(64), slot, unit + 1))
                    .isFalse();
        }
        assertThat(FreeRequest.isRequest(0, 4095)).isFalse();
        assertThatThrownBy(() -> SessionDescriptor.state(0, 12)).isInstanceOf(CorruptedPoolException.class);
    }

    @Test
    void shouldRoundTripBlockHeaderAndDetectEveryFlip() {
        final Random random = Seeds.random("WordsTest.block");
        for (int i = 0; i < 300; i++) {
            final int length = BlockDescriptor.HEADER_BYTES + random.nextInt(200);
            final int index = random.nextInt(32);
            final byte[] bytes = new byte[index + length + 8];
            random.nextBytes(bytes);
            final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
            final long ref = BlockRef.of(offset(random), random.nextInt(64), random.nextInt(16), random.nextInt(256));
            final int kind = random.nextInt(16);
            final int structure = random.nextInt(1 << 16);
            final long locator = random.nextLong() & LinkWord.VALUE_MASK;
            BlockDescriptor.seal(buffer, index, length, kind, structure, locator, ref);
            assertThat(BlockDescriptor.isValid(buffer, index, length)).isTrue();
            assertThat(BlockDescriptor.isValid(buffer, index, length - 1)).isFalse();
            assertThat(BlockDescriptor.length(buffer, index)).isEqualTo(length);
            assertThat(BlockDescriptor.kind(buffer, index)).isEqualTo(kind);
            assertThat(BlockDescriptor.structure(buffer, index)).isEqualTo(structure);
            assertThat(BlockDescriptor.locator(buffer, index)).isEqualTo(locator);
            assertThat(BlockDescriptor.slabClass(buffer, index)).isEqualTo(BlockRef.slabClass(ref));
            assertThat(BlockDescriptor.generation(buffer, index)).isEqualTo(BlockRef.generation(ref));
            assertThat(BlockDescriptor.refOf(LinkWord.pointTo(0, ref), buffer, index))
                    .isEqualTo(ref);
            for (int at = index; at < index + length; at++) {
                final byte whole = bytes[at];
                bytes[at] ^= (byte) (1 + random.nextInt(255));
                assertThat(BlockDescriptor.isValid(buffer, index, length))
                        .as("byte %d", at - index)
                        .isFalse();
                bytes[at] = whole;
            }
        }
        assertThat(BlockDescriptor.isValid(new UnsafeBuffer(new byte[64]), 0, 64))
                .isFalse();
        assertThat(BlockDescriptor.kindName(BlockDescriptor.VALUE)).isEqualTo("value");
        assertThat(BlockDescriptor.kindName(200)).isEqualTo("kind 200");
    }

    @Test
    void shouldRoundTripIntentAndDetectEveryFlip() {
        final Random random = Seeds.random("WordsTest.intent");
        for (int i = 0; i < 100; i++) {
            final byte[] bytes = new byte[IntentDescriptor.BYTES];
            random.nextBytes(bytes);
            final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
            final int allocated = random.nextInt(IntentDescriptor.MAX_REFS + 1);
            final int freed = random.nextInt(IntentDescriptor.MAX_REFS + 1 - allocated);
            final int operation = 1 + random.nextInt(255);
            final long ref = random.nextLong();
            if (allocated + freed > 0) {
                buffer.putLong(IntentDescriptor.REFS_OFFSET + 8 * (allocated + freed - 1), ref);
            }
            IntentDescriptor.seal(buffer, 0, operation, allocated, freed);
            assertThat(IntentDescriptor.isValid(buffer, 0)).isTrue();
            assertThat(IntentDescriptor.operation(buffer, 0)).isEqualTo(operation);
            assertThat(IntentDescriptor.allocated(buffer, 0)).isEqualTo(allocated);
            assertThat(IntentDescriptor.freed(buffer, 0)).isEqualTo(freed);
            assertThat(buffer.getLong(IntentDescriptor.OUTCOME_OFFSET)).isZero();
            if (allocated + freed > 0) {
                assertThat(IntentDescriptor.ref(buffer, 0, allocated + freed - 1))
                        .isEqualTo(ref);
            }
            final int checked = IntentDescriptor.REFS_OFFSET + 8 * (allocated + freed);
            for (int at = 0; at < checked; at++) {
                final byte whole = bytes[at];
                bytes[at] ^= (byte) (1 + random.nextInt(255));
                assertThat(IntentDescriptor.isValid(buffer, 0))
                        .as("byte %d", at)
                        .isFalse();
                bytes[at] = whole;
            }
        }
        assertThat(IntentDescriptor.isValid(new UnsafeBuffer(new byte[IntentDescriptor.BYTES]), 0))
                .isFalse();
        final UnsafeBuffer ones = new UnsafeBuffer(new byte[IntentDescriptor.BYTES]);
        ones.setMemory(0, IntentDescriptor.BYTES, (byte) -1);
        assertThat(IntentDescriptor.isValid(ones, 0)).isFalse();
    }

    @Test
    void shouldRoundTripTextsOfRootBlocks() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[512]);
        for (final String text :
                new String[] {"", "fruit", "naïve – 名前 🙂", "x".repeat(RootDescriptor.MAX_NAME_BYTES)}) {
            RootDescriptor.putText(buffer, 40, text, RootDescriptor.MAX_NAME_BYTES, "the name");
            assertThat(RootDescriptor.getText(buffer, 40, RootDescriptor.MAX_NAME_BYTES))
                    .isEqualTo(text);
        }
        assertThatThrownBy(() -> RootDescriptor.putText(buffer, 40, "ä".repeat(101), 200, "the name"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the name is 202 bytes in UTF-8, at most 200 fit; shorten it");
        buffer.putInt(40, 201);
        assertThatThrownBy(() -> RootDescriptor.getText(buffer, 40, 200)).isInstanceOf(CorruptedPoolException.class);
        buffer.putInt(40, -1);
        assertThatThrownBy(() -> RootDescriptor.getText(buffer, 40, 200)).isInstanceOf(CorruptedPoolException.class);
    }

    @Test
    void shouldDetectEveryFlipInHeaderOfSlab() {
        final PoolGeometry geometry = PoolBuilder.smallGeometry();
        final byte[] bytes = new byte[SlabLayout.HEADER_BYTES];
        final UnsafeBuffer header = new UnsafeBuffer(bytes);
        SlabHeader.encode(header, 0, 8, 77, 1, SlabLayout.of(geometry.slabBytes(1), 12));
        assertThat(SlabHeader.isWhole(header, 0, geometry)).isTrue();
        assertThat(SlabHeader.isValid(header, 8, 77, 1)).isTrue();
        assertThat(SlabHeader.isValid(header, 9, 77, 1)).isFalse();
        assertThat(SlabHeader.isValid(header, 8, 78, 1)).isFalse();
        assertThat(SlabHeader.isValid(header, 8, 77, 0)).isFalse();
        assertThat(SlabHeader.blockClass(header, 0)).isEqualTo(12);
        assertThat(header.getLong(SlabLayout.STATE_OFFSET)).isEqualTo(SlabHeader.stateWord(SlabLayout.OPEN));
        for (int at = 0; at < SlabLayout.CRC_TO; at++) {
            for (int bit = 0; bit < 8; bit++) {
                bytes[at] ^= (byte) (1 << bit);
                assertThat(SlabHeader.isWhole(header, 0, geometry))
                        .as("byte %d", at)
                        .isFalse();
                assertThat(SlabHeader.isValid(header, 8, 77, 1))
                        .as("byte %d", at)
                        .isFalse();
                bytes[at] ^= (byte) (1 << bit);
            }
        }
    }

    @Test
    void shouldComputeOneChecksumOverAnyKindOfBuffer() {
        final Random random = Seeds.random("WordsTest.crc");
        final byte[] bytes = new byte[1000];
        random.nextBytes(bytes);
        final java.util.zip.CRC32C expected = new java.util.zip.CRC32C();
        expected.update(bytes, 100, 700);
        final UnsafeBuffer direct = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(1000));
        direct.putBytes(0, bytes);
        assertThat(Crc32c.of(new UnsafeBuffer(bytes), 100, 700)).isEqualTo((int) expected.getValue());
        assertThat(Crc32c.of(direct, 100, 700)).isEqualTo((int) expected.getValue());
        assertThat(Crc32c.of(new UnsafeBuffer(direct, 100, 800), 0, 700)).isEqualTo((int) expected.getValue());
        assertThat(Crc32c.of(new UnsafeBuffer(bytes, 50, 900), 50, 700)).isEqualTo((int) expected.getValue());
        assertThat(Crc32c.of(direct, 5, 0)).isZero();
        assertThatThrownBy(() -> Crc32c.of(direct, 900, 200)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
