package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The lease words of a queue, in pages that are linked one after the other from the root block and stay until the queue is dropped.
 *
 * <pre>
 *  0    block header, kind LEASES, locator = ordinal
 *  16   next: link word, UNINIT in the last page
 *  24   61 lease words: free (UNINIT or VACATED of {@link SlotWord}), or leading to a lease; with FROZEN: confirmed
 * </pre>
 *
 * <p>Threads: any.
 */
final class LeaseDirectory {
    static final int PAGE_BYTES = 512;
    static final int NEXT_OFFSET = BlockDescriptor.HEADER_BYTES;
    static final int WORDS_OFFSET = NEXT_OFFSET + Long.BYTES;
    static final int WORDS = (PAGE_BYTES - WORDS_OFFSET) / Long.BYTES;

    private static final Operation PAGE = Operation.named("queue.lease.page");
    private static final int PAGES_IN_CHAIN = 64;

    private final QueueTable table;

    /** Offsets of the pages that are known. */
    private volatile long[] pages = {};

    LeaseDirectory(final QueueTable table) {
        this.table = table;
    }

    /** Where the link to the page behind those that are known is. */
    long nextOffset() {
        final long[] known = pages;
        return known.length == 0 ? table.leasesOffset() : known[known.length - 1] + NEXT_OFFSET;
    }

    /** Tells whether any page is known. */
    boolean isEmpty() {
        return pages.length == 0;
    }

    /** Takes in the pages that follow a link which was read at {@link #nextOffset}. */
    void learn(final Lane lane, final long linkOffset, final long link) {
        long offset = linkOffset;
        long next = link;
        while (next != LinkWord.UNINIT) {
            add(lane, offset, next);
            offset = LinkWord.offset(next) + NEXT_OFFSET;
            next = lane.readLink(PAGE, offset);
        }
    }

    /** Takes in all pages there are: one chain if there are no new ones. */
    void refresh(final Lane lane) {
        final long offset = nextOffset();
        learn(lane, offset, lane.readLink(PAGE, offset));
    }

    private synchronized void add(final Lane lane, final long linkOffset, final long link) {
        if (linkOffset != nextOffset()) {
            return; // another thread was faster
        }
        final int bytes = Blocks.targetBytes(lane.geometry(), link, linkOffset);
        final UnsafeBuffer header = lane.readBuffer(BlockDescriptor.HEADER_BYTES);
        lane.chain()
                .read(LinkWord.offset(link), header, 0, BlockDescriptor.HEADER_BYTES)
                .post(PAGE);
        if (bytes < PAGE_BYTES
                || !Blocks.isExpected(
                        header,
                        0,
                        BlockDescriptor.HEADER_BYTES,
                        BlockDescriptor.LEASES,
                        table.structure(),
                        pages.length)) {
            throw Blocks.damagedBlock(BlockDescriptor.LEASES, LinkWord.offset(link), linkOffset, "leases");
        }
        final long[] more = Arrays.copyOf(pages, pages.length + 1);
        more[pages.length] = LinkWord.offset(link);
        pages = more;
    }

    /** Appends a page, unless somebody did. */
    void append(final Lane lane) {
        final long linkOffset = nextOffset();
        final long ref = lane.allocate(PAGE_BYTES);
        final UnsafeBuffer page = lane.writeBuffer(PAGE_BYTES);
        page.setMemory(0, PAGE_BYTES, (byte) 0);
        BlockDescriptor.seal(
                page, 0, BlockDescriptor.HEADER_BYTES, BlockDescriptor.LEASES, table.structure(), pages.length, ref);
        final long link = LinkWord.pointTo(LinkWord.UNINIT, BlockRef.pointer(ref));
        final Commit commit = lane.commit()
                .begin(OperationCode.QUEUE_LEASES, table.structure(), linkOffset, LinkWord.UNINIT, link)
                .asHelp()
                .allocate(ref, page, 0, PAGE_BYTES);
        final boolean won = commit.post(PAGE);
        if (!won) {
            lane.discard(ref);
        }
        learn(lane, linkOffset, won ? link : commit.witness());
    }

    /** Lease words as they were read. */
    static final class Words {
        private final long[] offsets;
        private final long[] words;
        private int count;

        private Words(final int most) {
            offsets = new long[most];
            words = new long[most];
        }

        private void add(final long offset, final long word) {
            offsets[count] = offset;
            words[count++] = word;
        }

        int count() {
            return count;
        }

        long offset(final int i) {
            return offsets[i];
        }

        long word(final int i) {
            return words[i];
        }
    }

    /** Reads all lease words of the pages that are known: a chain for each {@value #PAGES_IN_CHAIN} pages. */
    Words read(final Lane lane, final Operation operation) {
        final long[] known = pages;
        final Words words = new Words(WORDS * known.length);
        for (int first = 0; first < known.length; first += PAGES_IN_CHAIN) {
            final int count = Math.min(PAGES_IN_CHAIN, known.length - first);
            final UnsafeBuffer buffer = lane.readBuffer(count * PAGE_BYTES);
            final Chain chain = lane.chain();
            for (int i = 0; i < count; i++) {
                chain.readLinks(known[first + i] + WORDS_OFFSET, buffer, i * PAGE_BYTES, WORDS * Long.BYTES);
            }
            chain.post(operation);
            for (int i = 0; i < count; i++) {
                for (int word = 0; word < WORDS; word++) {
                    words.add(
                            known[first + i] + WORDS_OFFSET + (long) word * Long.BYTES,
                            buffer.getLong(i * PAGE_BYTES + word * Long.BYTES));
                }
            }
        }
        return words;
    }

    static boolean isFree(final long word) {
        return word == LinkWord.UNINIT || SlotWord.isVacated(word);
    }

    static boolean isConfirmed(final long word) {
        return LinkWord.isFrozen(word);
    }
}
