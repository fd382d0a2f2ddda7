package io.rallocator.collections;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureTracer;
import java.util.TreeSet;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongHashSet;

/**
 * Follows the links of one queue. The segments are walked once: those that recovery asks about were linked before their
 * session died, so they are in the list by then or were unlinked.
 *
 * <p>Threads: one.
 */
final class QueueTracer implements StructureTracer {
    private final BlockProbe probe;
    private final long rootRef;
    private final long root;
    private final QueueLayout layout;

    /** Pointers of the segments from head on, and of tail's. */
    private LongHashSet segments;

    private TreeSet<Long> segmentOffsets;

    /** Pointers of the pages of lease words. */
    private LongHashSet pages;

    private TreeSet<Long> pageOffsets;
    private long elements;

    QueueTracer(final BlockProbe probe, final long rootRef) {
        this.probe = probe;
        this.rootRef = rootRef;
        this.root = BlockRef.offset(rootRef);
        layout = QueueLayout.of(probe.geometry(), probe.word(root + RootDescriptor.PARAMETER_OFFSET));
    }

    // ---- one block

    @Override
    public boolean isReachable(final long ref, final DirectBuffer block, final int index) {
        return switch (BlockDescriptor.kind(block, index)) {
            case BlockDescriptor.ROOT -> BlockRef.pointer(ref) == BlockRef.pointer(rootRef);
            case BlockDescriptor.SEGMENT -> isInList(ref);
            case BlockDescriptor.ELEMENT ->
                isInSlot(BlockDescriptor.locator(block, index) << 3, QueueLayout.slotWord(ref));
            case BlockDescriptor.BATCH ->
                isInSlot(BlockDescriptor.locator(block, index) << 3, SlotWord.ofBatch(ref))
                        || isInSlot(BlockDescriptor.locator(block, index) << 3, SlotWord.ofLeftBatch(ref));
            case BlockDescriptor.LEASES -> isInPages(ref);
            case BlockDescriptor.LEASE -> isLeased(BlockDescriptor.locator(block, index) << 3, ref);
            default -> false;
        };
    }

    private boolean isInList(final long ref) {
        walk();
        return segments.contains(BlockRef.pointer(ref));
    }

    private boolean isInSlot(final long slotOffset, final long word) {
        walk();
        final Long segment = segmentOffsets.floor(slotOffset);
        if (segment == null) {
            return false;
        }
        final long inSegment = slotOffset - segment;
        return inSegment >= QueueLayout.SLOTS_OFFSET
                && inSegment < layout.segmentBytes()
                && probe.link(slotOffset) == word;
    }

    private void walk() {
        if (segments != null) {
            return;
        }
        final LongHashSet pointers = new LongHashSet();
        final TreeSet<Long> offsets = new TreeSet<>();
        final long tail = probe.link(root + QueueLayout.TAIL_OFFSET);
        long linkOffset = root + QueueLayout.HEAD_OFFSET;
        long link = probe.link(linkOffset);
        while (link != LinkWord.UNINIT) {
            final String wrong = readSegment(link, -1);
            if (wrong != null) {
                throw new CorruptedPoolException("damaged queue: the word at offset " + linkOffset + ": " + wrong);
            }
            if (!pointers.add(BlockRef.pointer(link))) {
                throw new CorruptedPoolException("damaged queue: its segments form a circle at offset " + linkOffset);
            }
            offsets.add(LinkWord.offset(link));
            linkOffset = LinkWord.offset(link) + QueueLayout.NEXT_OFFSET;
            link = probe.link(linkOffset);
        }
        pointers.add(BlockRef.pointer(tail));
        segmentOffsets = offsets;
        segments = pointers;
    }

    private boolean isInPages(final long ref) {
        walkPages();
        return pages.contains(BlockRef.pointer(ref));
    }

    private boolean isLeased(final long wordOffset, final long ref) {
        walkPages();
        final Long page = pageOffsets.floor(wordOffset);
        if (page == null) {
            return false;
        }
        final long inPage = wordOffset - page;
        return inPage >= LeaseDirectory.WORDS_OFFSET
                && inPage < LeaseDirectory.PAGE_BYTES
                && (probe.link(wordOffset) & ~LinkWord.FROZEN) == SlotWord.of(ref);
    }

    private void walkPages() {
        if (pages != null) {
            return;
        }
        final LongHashSet pointers = new LongHashSet();
        final TreeSet<Long> offsets = new TreeSet<>();
        long linkOffset = root + QueueLayout.LEASES_OFFSET;
        long link = probe.link(linkOffset);
        while (link != LinkWord.UNINIT) {
            final String wrong = readPage(link, offsets.size());
            if (wrong != null) {
                throw new CorruptedPoolException("damaged queue: the word at offset " + linkOffset + ": " + wrong);
            }
            pointers.add(BlockRef.pointer(link));
            offsets.add(LinkWord.offset(link));
            linkOffset = LinkWord.offset(link) + LeaseDirectory.NEXT_OFFSET;
            link = probe.link(linkOffset);
        }
        pageOffsets = offsets;
        pages = pointers;
    }

    private String readPage(final long link, final long number) {
        return probe.read(link, BlockDescriptor.LEASES, number, LeaseDirectory.PAGE_BYTES);
    }

    private String readSegment(final long link, final long ordinal) {
        return probe.read(link, BlockDescriptor.SEGMENT, ordinal, layout.segmentBytes());
    }

    // ---- everything

    @Override
    public void trace(final Visitor visitor) {
        elements = 0;
        visitor.block(rootRef, probe.geometry().rootOffset(probe.structure()));
        final LongHashSet seen = new LongHashSet();
        long linkOffset = root + QueueLayout.HEAD_OFFSET;
        long link = probe.link(linkOffset);
        long ordinal = -1;
        final State state = new State();
        while (link != LinkWord.UNINIT) {
            final String wrong = readSegment(link, ordinal);
            if (wrong != null) {
                visitor.damage(linkOffset, wrong);
                return;
            }
            if (!seen.add(BlockRef.pointer(link))) {
                visitor.damage(linkOffset, "the segments form a circle");
                return;
            }
            visitor.block(probe.ref(link), linkOffset);
            ordinal = BlockDescriptor.locator(probe.block(), 0) + 1;
            checkRootLink(visitor, QueueLayout.TAIL_OFFSET, link, ordinal - 1);
            checkRootLink(visitor, QueueLayout.HEAD_OFFSET, link, ordinal - 1);
            traceSlots(visitor, LinkWord.offset(link), state);
            linkOffset = LinkWord.offset(link) + QueueLayout.NEXT_OFFSET;
            link = probe.link(linkOffset);
        }
        if (ordinal < 0) {
            visitor.damage(linkOffset, "the queue has no segment");
        }
        final long tailOffset = root + QueueLayout.TAIL_OFFSET;
        if (!seen.contains(BlockRef.pointer(probe.link(tailOffset)))) {
            visitor.damage(tailOffset, "the tail is not one of the segments from the head on");
        }
        traceLeases(visitor);
    }

    /** The number of a page is its locator, so they form no circle. */
    private void traceLeases(final Visitor visitor) {
        long linkOffset = root + QueueLayout.LEASES_OFFSET;
        long link = probe.link(linkOffset);
        for (long number = 0; link != LinkWord.UNINIT; number++) {
            final String wrong = readPage(link, number);
            if (wrong != null) {
                visitor.damage(linkOffset, wrong);
                return;
            }
            visitor.block(probe.ref(link), linkOffset);
            final long page = LinkWord.offset(link);
            for (int word = 0; word < LeaseDirectory.WORDS; word++) {
                traceLease(visitor, page + LeaseDirectory.WORDS_OFFSET + (long) word * Long.BYTES);
            }
            linkOffset = page + LeaseDirectory.NEXT_OFFSET;
            link = probe.link(linkOffset);
        }
    }

    private void traceLease(final Visitor visitor, final long offset) {
        final long word = probe.link(offset);
        if (LeaseDirectory.isFree(word)) {
            return;
        }
        final long lease = word & ~LinkWord.FROZEN;
        if (!SlotWord.isPossible(probe.geometry(), lease)) {
            visitor.damage(offset, "the lease word 0x" + Long.toHexString(word) + " is impossible");
            return;
        }
        final String wrong = probe.read(lease, BlockDescriptor.LEASE, offset >>> 3, LeaseBlock.ELEMENT_OFFSET);
        if (wrong != null) {
            visitor.damage(offset, wrong);
        } else if (probe.ref(lease) != SlotWord.ref(lease)) {
            visitor.damage(offset, "the lease at offset " + LinkWord.offset(lease) + " is of another life");
        } else {
            visitor.block(SlotWord.ref(lease), offset);
        }
    }

    private void checkRootLink(final Visitor visitor, final int offset, final long link, final long ordinal) {
        final long word = probe.link(root + offset);
        if (LinkWord.sameTarget(word, link) && !QueueLayout.isRootLink(word, ordinal)) {
            visitor.damage(root + offset, "the word's version is not that of segment " + ordinal);
        }
    }

    /** What the slots before allow the next ones to be: elements and taken ones, then empty ones. */
    private static final class State {
        boolean sawEmpty;
    }

    private void traceSlots(final Visitor visitor, final long segment, final State state) {
        for (int slot = 0; slot < layout.slots(); slot++) {
            final long offset = QueueLayout.slotOffset(segment, slot);
            final long word = probe.link(offset);
            if (word == QueueLayout.EMPTY) {
                state.sawEmpty = true;
                continue;
            }
            if (state.sawEmpty) {
                visitor.damage(offset, "a filled slot comes after an empty one");
            }
            if (BatchBlock.isBatch(word)) {
                traceBatch(visitor, offset, word);
            } else if (!QueueLayout.isTaken(word)) {
                traceElement(visitor, offset, word);
            }
        }
    }

    private void traceElement(final Visitor visitor, final long offset, final long word) {
        if (!SegmentReader.isPossibleSlot(probe.geometry(), word)) {
            visitor.damage(offset, "the slot's word 0x" + Long.toHexString(word) + " is impossible");
            return;
        }
        final String wrong = probe.read(word, BlockDescriptor.ELEMENT, offset >>> 3, BlockDescriptor.HEADER_BYTES);
        if (wrong != null) {
            visitor.damage(offset, wrong);
        } else if (probe.ref(word) != QueueLayout.slotRef(word)) {
            visitor.damage(offset, "the element block at offset " + LinkWord.offset(word) + " is of another life");
        } else {
            elements++;
            visitor.block(probe.ref(word), offset);
        }
    }

    private void traceBatch(final Visitor visitor, final long offset, final long word) {
        final String wrong = probe.read(word, BlockDescriptor.BATCH, offset >>> 3, BatchBlock.ENTRIES_OFFSET);
        if (wrong != null) {
            visitor.damage(offset, wrong);
        } else if (!SlotWord.leadsToBatch(word, probe.block(), 0)) {
            visitor.damage(offset, "the batch block at offset " + LinkWord.offset(word) + " is of another life");
        } else if (!BatchBlock.hasWholeEntries(probe.block(), 0)) {
            visitor.damage(offset, "the batch block at offset " + LinkWord.offset(word) + " has impossible entries");
        } else {
            elements += BatchBlock.count(probe.block(), 0);
            visitor.block(probe.ref(word), offset);
        }
    }

    // ---- sizes

    @Override
    public long tracedElements() {
        return elements;
    }

    /** A queue keeps no counter. */
    @Override
    public long claimedElements() {
        return -1;
    }
}
