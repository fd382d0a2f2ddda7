package io.rallocator.benchmarks;

import io.rallocator.persistence.SizeClasses;
import java.util.Arrays;

/** A worker's allocator of its paged memory: free lists by size class, whose links are in the free blocks, as in an allocator of ordinary memory. No block crosses a page. */
final class PagedHeap {
    private static final int CLASS_SHIFT = 48;
    private static final long PLACE_MASK = (1L << CLASS_SHIFT) - 1;
    private static final long NONE = -1;

    private final PagedMemory memory;
    private final long[] first = new long[AllocationRun.CLASSES];
    private long next;

    /** Allocates from a place on. */
    PagedHeap(final PagedMemory memory, final long from) {
        this.memory = memory;
        this.next = from;
        Arrays.fill(first, NONE);
    }

    /** Where a block is in the memory. */
    static long place(final long block) {
        return block & PLACE_MASK;
    }

    long allocate(final int bytes) {
        final int blockClass = SizeClasses.indexFor(bytes);
        long place = first[blockClass];
        if (place == NONE) {
            place = fresh(SizeClasses.bytes(blockClass));
        } else {
            first[blockClass] = memory.getLong(place);
        }
        return (long) blockClass << CLASS_SHIFT | place;
    }

    private long fresh(final int bytes) {
        final long left = PagedMemory.PAGE_BYTES - next % PagedMemory.PAGE_BYTES;
        final long place = bytes <= left ? next : next + left;
        if (place + bytes > memory.bytes()) {
            throw new IllegalStateException("the paged memory of " + memory.bytes() + " bytes is full");
        }
        next = place + bytes;
        return place;
    }

    void free(final long block) {
        final int blockClass = (int) (block >>> CLASS_SHIFT);
        memory.putLong(place(block), first[blockClass]);
        first[blockClass] = place(block);
    }
}
