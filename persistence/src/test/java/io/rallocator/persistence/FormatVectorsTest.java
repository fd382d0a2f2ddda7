package io.rallocator.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What docs/pool-format.md gives as examples is what the code writes: the page outranks the code. */
class FormatVectorsTest {
    private static String page;

    @BeforeAll
    static void readPage() throws IOException {
        page = Files.readString(Path.of("..", "docs", "pool-format.md"), StandardCharsets.UTF_8);
    }

    private static void expect(final String line, final long... words) {
        final String row = page.lines()
                .filter(each -> each.startsWith("| " + line))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no row \"" + line + "\""));
        for (final long word : words) {
            assertThat(row).contains(String.format("`%016X`", word));
        }
    }

    private static void expectBytes(final UnsafeBuffer buffer) {
        final StringBuilder hex = new StringBuilder();
        for (final byte each : buffer.byteArray()) {
            hex.append(String.format("%02x", each));
        }
        assertThat(page.replaceAll("\\s", "")).contains(hex);
    }

    @Test
    void shouldWriteTheWordsOfThePage() {
        final long ref = BlockRef.of(0x20100, 13, 1, 200);
        expect(
                "checked word",
                CheckedWord.of(0),
                CheckedWord.of(1),
                CheckedWord.of(CheckedWord.PAYLOAD_MASK),
                CheckedWord.of(0x01_2345_6789_ABCDL));
        expect("block reference:", ref);
        expect("link to it", LinkWord.pointTo(0, ref));
        expect("SPECIAL 5", LinkWord.special(LinkWord.pointTo(0, ref), 5));
        expect("session state ACTIVE", SessionDescriptor.stateWord(SessionDescriptor.ACTIVE, 5));
        expect("owner OWNED", SlabTableDescriptor.ownerWord(SlabTableDescriptor.OWNED, 3, 5, 7));
        expect(
                "owner FREE",
                SlabTableDescriptor.ownerWord(SlabTableDescriptor.FREE, SlabTableDescriptor.NO_SESSION, 0, 0));
        expect("info:", SlabTableDescriptor.infoWord(1, 13, 200, 9));
        expect("claim: ticket 10", RingDescriptor.claimWord(10, RingDescriptor.CLAIMED, 3, 5));
        expect("claim: ticket −8", RingDescriptor.claimWord(-8, RingDescriptor.WITHDRAWN));
        expect("slab word:", RingDescriptor.slabWord(9, 7, 10, 8));
        expect("free request 0:", FreeRequest.word(0, 9, 7));
        expect("OPEN, SEALED", SlabHeader.stateWord(SlabLayout.OPEN), SlabHeader.stateWord(SlabLayout.SEALED));
        expect(
                "outcome of sequence 2",
                IntentDescriptor.outcomeWord(2, IntentDescriptor.HAPPENED | IntentDescriptor.SETTLED));
    }

    @Test
    void shouldWriteTheBytesOfThePage() {
        final UnsafeBuffer block = new UnsafeBuffer(new byte[24]);
        block.putLong(16, 0x1122334455667788L);
        BlockDescriptor.seal(block, 0, 24, BlockDescriptor.VALUE, 3, 77, BlockRef.of(0x20100, 13, 1, 200));
        expectBytes(block);
        final UnsafeBuffer header = new UnsafeBuffer(new byte[SlabLayout.HEADER_BYTES]);
        SlabHeader.encode(header, 0, 4, 7, 1, SlabLayout.of(256 << 10, 13));
        expectBytes(header);
    }

    @Test
    void shouldHaveTheSizesAndPlacesOfThePage() {
        final StringBuilder sizes = new StringBuilder();
        for (int index = 0; index < SizeClasses.COUNT; index++) {
            sizes.append(SizeClasses.bytes(index));
        }
        assertThat(page.replaceAll("[\\s·]", "")).contains("class0first:" + sizes + ".");
        final SlabLayout layout = SlabLayout.of(64 << 10, SizeClasses.indexFor(64));
        assertThat(page)
                .contains("64 bytes has " + layout.blocks() + " of them; its freed bytes begin at "
                        + layout.freedOffset() + ", its blocks at " + layout.firstBlock());
        final PoolGeometry geometry = PoolGeometry.ofCapacity(64 << 20);
        assertThat(page.replaceAll("\\s+", " "))
                .contains("sessions at " + geometry.sessionOffset(0) + ", intents at " + geometry.intentOffset(0, 0, 0)
                        + ", free rings at " + geometry.freeRequestOffset(0, 0) + ", heads at "
                        + geometry.freeHeadOffset(0) + ", slab rings at " + geometry.ringOffset(0) + ", bitmap at "
                        + geometry.bitmapOffset(0) + ", slab table at " + geometry.slabEntryOffset(0) + ", and "
                        + geometry.units() + " units from " + geometry.slabsOffset() + " on");
    }
}
