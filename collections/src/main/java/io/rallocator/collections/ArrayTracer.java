package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureTracer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Follows the links of one array. What longs and bytes are worth, nobody can tell; the slots of elements are followed.
 *
 * <p>Threads: one.
 */
final class ArrayTracer implements StructureTracer {
    private final BlockProbe probe;
    private final BlockProbe elements;
    private final long rootRef;
    private final long root;
    private final ArrayLayout layout;
    private long elementCount;

    ArrayTracer(final BlockProbe probe, final ArrayKind kind, final long rootRef) {
        this.probe = probe;
        this.elements = new BlockProbe(probe.region(), probe.geometry(), probe.structure());
        this.rootRef = rootRef;
        this.root = BlockRef.offset(rootRef);
        layout = ArrayLayout.of(kind, probe.geometry(), probe.word(root + RootDescriptor.PARAMETER_OFFSET));
        if (root + layout.rootBytes() > probe.geometry().capacity()) {
            throw new CorruptedPoolException("the root block of an array at offset " + root + " leaves the pool");
        }
    }

    // ---- one block

    @Override
    public boolean isReachable(final long ref, final DirectBuffer block, final int index) {
        final long locator = BlockDescriptor.locator(block, index);
        return switch (BlockDescriptor.kind(block, index)) {
            case BlockDescriptor.ROOT -> BlockRef.pointer(ref) == BlockRef.pointer(rootRef);
            case BlockDescriptor.DIRECTORY ->
                layout.hasDirectories()
                        && locator < layout.directories()
                        && BlockProbe.leadsTo(probe.link(inRoot((int) locator)), ref);
            case BlockDescriptor.EXTENT -> isExtentReachable(ref, locator);
            case BlockDescriptor.ARRAY_ELEMENT -> isElementReachable(ref, locator);
            default -> false;
        };
    }

    private boolean isExtentReachable(final long ref, final long extent) {
        if (extent >= layout.extents()) {
            return false;
        }
        final long linkOffset = linkOffset((int) extent);
        return linkOffset != 0 && BlockProbe.leadsTo(probe.link(linkOffset), ref);
    }

    private boolean isElementReachable(final long ref, final long element) {
        if (layout.kind() != ArrayKind.ELEMENTS || element >= layout.length()) {
            return false;
        }
        final long at = element * Long.BYTES;
        final int extent = layout.extentOf(at);
        final long linkOffset = linkOffset(extent);
        final long words = linkOffset == 0 ? 0 : words(linkOffset, layout.extentBytes(extent));
        return words != 0 && probe.link(words + at - layout.extentStart(extent)) == SlotWord.of(ref);
    }

    private long inRoot(final int link) {
        return root + ArrayLayout.linkOffset(link);
    }

    /** Where the link word of an extent is, or 0 if its directory does not exist. */
    private long linkOffset(final int extent) {
        if (!layout.hasDirectories()) {
            return inRoot(extent);
        }
        final int directory = layout.directoryOf(extent);
        final long words = words(inRoot(directory), layout.directoryBytes(directory));
        return words == 0 ? 0 : words + layout.inDirectory(extent);
    }

    /** Where the words of the block that a link word leads to are, or 0 if it leads nowhere. */
    private long words(final long linkOffset, final int bytes) {
        final long link = probe.link(linkOffset);
        if (link == LinkWord.UNINIT) {
            return 0;
        }
        if (Blocks.targetBytes(probe.geometry(), link, linkOffset) < bytes) {
            throw Blocks.damagedWord(link, linkOffset);
        }
        return LinkWord.offset(link) + ExtentTable.WORDS_OFFSET;
    }

    // ---- everything

    @Override
    public void trace(final Visitor visitor) {
        elementCount = 0;
        visitor.block(rootRef, probe.geometry().rootOffset(probe.structure()));
        if (!layout.hasDirectories()) {
            traceExtents(visitor, 0, layout.extents(), inRoot(0));
        } else {
            for (int directory = 0; directory < layout.directories(); directory++) {
                traceDirectory(visitor, directory);
            }
        }
    }

    private void traceDirectory(final Visitor visitor, final int directory) {
        final int bytes = layout.directoryBytes(directory);
        final long words = traceBlock(visitor, BlockDescriptor.DIRECTORY, directory, bytes, inRoot(directory));
        if (words != 0) {
            final int links = (bytes - ExtentTable.WORDS_OFFSET) / Long.BYTES;
            traceExtents(visitor, layout.firstExtent(directory), links, words);
        }
    }

    private void traceExtents(final Visitor visitor, final int first, final int count, final long links) {
        for (int i = 0; i < count; i++) {
            final int extent = first + i;
            final int bytes = layout.extentBytes(extent);
            final long words = traceBlock(visitor, BlockDescriptor.EXTENT, extent, bytes, links + 8L * i);
            if (words != 0 && layout.kind() == ArrayKind.ELEMENTS) {
                traceSlots(visitor, extent, words);
            }
        }
    }

    /** Visits the block of a link word, which is in the probe then; returns where its words are, 0 if there is none. */
    private long traceBlock(
            final Visitor visitor, final int kind, final int number, final int bytes, final long linkOffset) {
        final long link = probe.link(linkOffset);
        if (link == LinkWord.UNINIT) {
            return 0;
        }
        final String wrong = probe.read(link, kind, number, bytes);
        if (wrong != null) {
            visitor.damage(linkOffset, wrong);
            return 0;
        }
        visitor.block(probe.ref(link), linkOffset);
        return LinkWord.offset(link) + ExtentTable.WORDS_OFFSET;
    }

    /** Of the extent that is in the probe. */
    private void traceSlots(final Visitor visitor, final int extent, final long words) {
        final UnsafeBuffer block = probe.block();
        final int slots = (layout.extentBytes(extent) - ExtentTable.WORDS_OFFSET) / Long.BYTES;
        for (int slot = 0; slot < slots; slot++) {
            final long word = LinkWord.clean(block.getLong(ExtentTable.WORDS_OFFSET + slot * Long.BYTES));
            if (!ElementSlots.isEmpty(word)) {
                traceElement(visitor, layout.extentStart(extent) / Long.BYTES + slot, words + 8L * slot, word);
            }
        }
    }

    private void traceElement(final Visitor visitor, final long element, final long offset, final long word) {
        if (element >= layout.length() || !SlotWord.isPossible(probe.geometry(), word)) {
            visitor.damage(offset, "the slot's word 0x" + Long.toHexString(word) + " is impossible");
            return;
        }
        final String wrong = elements.read(word, BlockDescriptor.ARRAY_ELEMENT, element, BlockDescriptor.HEADER_BYTES);
        if (wrong != null) {
            visitor.damage(offset, wrong);
        } else if (!SlotWord.leadsTo(word, elements.block(), 0)) {
            visitor.damage(offset, "the element block at offset " + LinkWord.offset(word) + " is of another life");
        } else {
            elementCount++;
            visitor.block(SlotWord.ref(word), offset);
        }
    }

    // ---- sizes

    /** Longs and bytes are all there; of elements, those that are not null. */
    @Override
    public long tracedElements() {
        return layout.kind() == ArrayKind.ELEMENTS ? elementCount : layout.length();
    }

    /** An array keeps no counter. */
    @Override
    public long claimedElements() {
        return -1;
    }
}
