package io.rallocator.benchmarks;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Fabric;
import io.rallocator.allocator.FabricCounters.Figure;
import io.rallocator.allocator.Operation;
import io.rallocator.allocator.QueuePair;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.collections.Int2IntHashMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One worker's own memory on the blade, seen through a cache of pages, as an operating system that swaps to remote memory shows it: a page that is not there is read,
 * and in the same chain the one that makes room is written if it was changed. Nothing is durable, and nobody else may use it. Pages leave by second chance.
 */
final class PagedMemory implements AutoCloseable {
    static final int PAGE_BYTES = 4096;
    private static final Operation PAGE = Operation.named("bench.page");
    private static final int NO_PAGE = -1;

    private final RemoteArea area;
    private final Fabric fabric;
    private final QueuePair queuePair;
    private final Chain chain;
    private final UnsafeBuffer frames;
    private final int[] pages;
    private final boolean[] changed;
    private final boolean[] used;
    private final Int2IntHashMap frameOf = new Int2IntHashMap(NO_PAGE);
    private int hand;

    PagedMemory(final PolicyPool pool, final RemoteArea area, final int cachedPages) {
        this.area = area;
        fabric = pool.fabric();
        queuePair = fabric.connect();
        chain = new Chain(queuePair);
        frames = new UnsafeBuffer(ByteBuffer.allocateDirect(cachedPages * PAGE_BYTES));
        pages = new int[cachedPages];
        Arrays.fill(pages, NO_PAGE);
        changed = new boolean[cachedPages];
        used = new boolean[cachedPages];
    }

    long bytes() {
        return area.bytes();
    }

    long getLong(final long place) {
        return frames.getLong(at(place, false));
    }

    void putLong(final long place, final long value) {
        frames.putLong(at(place, true), value);
    }

    /** Reads bytes of one page. */
    void getBytes(final long place, final byte[] target) {
        frames.getBytes(at(place, false), target);
    }

    /** Writes bytes of one page. */
    void putBytes(final long place, final byte[] source) {
        frames.putBytes(at(place, true), source);
    }

    private int at(final long place, final boolean change) {
        final int page = (int) (place / PAGE_BYTES);
        int frame = frameOf.get(page);
        if (frame == NO_PAGE) {
            frame = load(page);
        }
        used[frame] = true;
        changed[frame] |= change;
        return frame * PAGE_BYTES + (int) (place % PAGE_BYTES);
    }

    private int load(final int page) {
        final int frame = victim();
        if (pages[frame] != NO_PAGE) {
            frameOf.remove(pages[frame]);
        }
        final int index = frame * PAGE_BYTES;
        if (changed[frame]) {
            chain.write(offset(pages[frame]), frames, index, PAGE_BYTES);
        }
        chain.read(offset(page), frames, index, PAGE_BYTES).post(PAGE);
        pages[frame] = page;
        changed[frame] = false;
        frameOf.put(page, frame);
        return frame;
    }

    private long offset(final int page) {
        return area.offset((long) page * PAGE_BYTES);
    }

    private int victim() {
        for (; ; ) {
            final int frame = hand;
            hand = hand + 1 == pages.length ? 0 : hand + 1;
            if (!used[frame]) {
                return frame;
            }
            used[frame] = false;
        }
    }

    long count(final Figure figure) {
        return queuePair.counters().get(PAGE, figure);
    }

    @Override
    public void close() {
        queuePair.close();
        fabric.close();
    }
}
