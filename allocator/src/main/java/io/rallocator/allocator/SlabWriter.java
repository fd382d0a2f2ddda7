package io.rallocator.allocator;

import io.rallocator.persistence.SlabHeader;
import io.rallocator.persistence.SlabLayout;
import java.util.ArrayDeque;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes the headers and bitmaps of one lane's slabs, riding on its commit chains: a slab is durably OPEN before the
 * first link to a block that was allocated since it was sealed; a slab without room is sealed by the next operation.
 *
 * <p>A header is written in the order state 0, constant part, bitmap and freed bytes, state OPEN. So a slab whose state
 * is 0 holds nothing that was ever linked, however its writer died, and a bad header with a state is damage (I13).
 *
 * <p>Threads: the lane's holder.
 */
final class SlabWriter {
    private static final int MAX_SEALS = 8;
    private static final Operation FORMAT = Operation.named("slab.format");
    private static final Operation SEAL = Operation.named("slab.seal");
    private static final UnsafeBuffer ZEROS = Lane.direct(64 << 10);

    private final Lane lane;

    /** Slabs whose header must be written before the next commit. */
    private final ArrayDeque<Slab> toFormat = new ArrayDeque<>();

    /** Sealed slabs that are used again. */
    private final ArrayDeque<Slab> toOpen = new ArrayDeque<>();

    /** Slabs that lost their last free block: in this operation, and in an earlier one. */
    private final ArrayDeque<Slab> toSealLater = new ArrayDeque<>();

    private final ArrayDeque<Slab> toSeal = new ArrayDeque<>();
    private UnsafeBuffer scratch = Lane.direct(4096);

    SlabWriter(final Lane lane) {
        this.lane = lane;
    }

    /** Tells whether nothing is to be written: so it is for all but few operations. */
    boolean isIdle() {
        return toFormat.isEmpty() && toOpen.isEmpty() && toSeal.isEmpty();
    }

    /** A new operation begins: every block that earlier ones allocated is linked, freed, discarded or in an intent. */
    void onAcquire() {
        if (!toSealLater.isEmpty()) {
            toSeal.addAll(toSealLater);
            toSealLater.clear();
        }
    }

    void format(final Slab slab) {
        slab.open = true;
        slab.unwritten = true;
        toFormat.add(slab);
    }

    /** Makes sure that a slab is OPEN before the next link. */
    void open(final Slab slab) {
        cancelSeal(slab);
        if (!slab.open) {
            slab.open = true;
            toOpen.add(slab);
        }
    }

    void sealLater(final Slab slab) {
        slab.sealPending = true;
        toSealLater.add(slab);
    }

    /** Forgets a slab that is empty: it is formatted again, or belongs to the blade. */
    void forget(final Slab slab) {
        cancelSeal(slab);
        toOpen.remove(slab);
        if (slab.unwritten) {
            toFormat.remove(slab);
        }
    }

    private void cancelSeal(final Slab slab) {
        if (slab.sealPending) {
            slab.sealPending = false;
            toSeal.remove(slab);
            toSealLater.remove(slab);
        }
    }

    /**
     * Adds what must be durable before blocks are written and linked: headers of fresh slabs, OPEN words; and bitmaps of full
     * ones. Power may be lost at any verb: a slab with a state has a header, and a block of a sealed slab is as it was.
     */
    void addHeaders(final Chain chain) {
        int used = addFormats(chain);
        if (!toFormat.isEmpty() || !toOpen.isEmpty()) {
            addOpenWords(chain);
            chain.persist();
        }
        int sealed = 0;
        for (final Slab slab : toSeal) {
            if (sealed++ < MAX_SEALS) {
                used = addBitmap(chain, slab, used);
            }
        }
    }

    private int addFormats(final Chain chain) {
        if (toFormat.isEmpty()) {
            return 0;
        }
        for (final Slab slab : toFormat) {
            addState(chain, slab, 0);
        }
        chain.persist();
        int used = 0;
        for (final Slab slab : toFormat) {
            used = addFormat(chain, slab, used);
        }
        chain.persist();
        return used;
    }

    private void addOpenWords(final Chain chain) {
        for (final Slab slab : toFormat) {
            addState(chain, slab, SlabHeader.stateWord(SlabLayout.OPEN));
        }
        for (final Slab slab : toOpen) {
            addState(chain, slab, SlabHeader.stateWord(SlabLayout.OPEN));
        }
    }

    /** Adds, after the PERSIST that covers the bitmaps, the words that say that they are exact. */
    void addSealWords(final Chain chain) {
        int sealed = 0;
        for (final Slab slab : toSeal) {
            if (sealed++ < MAX_SEALS) {
                addState(chain, slab, SlabHeader.stateWord(SlabLayout.SEALED));
            }
        }
    }

    /** Writes headers and OPEN words now, if there are any: an operation that takes many slabs has too many for its commit. */
    void writeHeaders() {
        if (toFormat.isEmpty() && toOpen.isEmpty()) {
            return;
        }
        final Chain chain = lane.chain();
        addHeaders(chain);
        chain.persist();
        addSealWords(chain);
        chain.persist().post(FORMAT);
        headersAreWritten();
    }

    void headersAreWritten() {
        for (Slab slab = toFormat.poll(); slab != null; slab = toFormat.poll()) {
            slab.unwritten = false;
        }
        toOpen.clear();
        for (int sealed = 0; !toSeal.isEmpty() && sealed < MAX_SEALS; sealed++) {
            final Slab slab = toSeal.poll();
            slab.sealPending = false;
            slab.open = false;
        }
    }

    private static void addState(final Chain chain, final Slab slab, final long word) {
        chain.writeWord(slab.base + SlabLayout.STATE_OFFSET, word);
    }

    private int addFormat(final Chain chain, final Slab slab, final int used) {
        final UnsafeBuffer header = scratchBehind(used, SlabLayout.HEADER_BYTES);
        SlabHeader.encode(header, used, slab.unit, slab.generation, slab.slabClass, slab.layout);
        chain.write(slab.base, header, used, SlabLayout.STATE_OFFSET);
        for (int at = SlabLayout.BITMAP_OFFSET; at < slab.layout.firstBlock(); at += ZEROS.capacity()) {
            chain.write(slab.base + at, ZEROS, 0, Math.min(ZEROS.capacity(), slab.layout.firstBlock() - at));
        }
        return used + SlabLayout.HEADER_BYTES;
    }

    private int addBitmap(final Chain chain, final Slab slab, final int used) {
        final int bytes = slab.layout.bitmapWords() * 8;
        putBitmap(scratchBehind(used, bytes), used, slab);
        chain.write(slab.base + SlabLayout.BITMAP_OFFSET, scratch, used, bytes);
        return used + bytes;
    }

    private static void putBitmap(final UnsafeBuffer target, final int index, final Slab slab) {
        final int last = slab.layout.bitmapWords() - 1;
        for (int word = 0; word <= last; word++) {
            final int beyond = word == last ? slab.layout.blocks() & 63 : 0;
            final long mask = beyond == 0 ? -1L : (1L << beyond) - 1;
            target.putLong(index + 8 * word, slab.taken[word] & mask);
        }
    }

    /** Seals a slab at once, at the end of the session. */
    void seal(final Slab slab) {
        if (slab.unwritten) {
            return; // nothing in it was ever linked: recovery finds nothing in it
        }
        final Chain chain = lane.chain();
        addBitmap(chain, slab, 0);
        chain.persist();
        addState(chain, slab, SlabHeader.stateWord(SlabLayout.SEALED));
        chain.persist();
        chain.post(SEAL);
        slab.open = false;
    }

    /** The scratch buffer with room behind what this chain already uses: those writes point into the old one. */
    private UnsafeBuffer scratchBehind(final int used, final int capacity) {
        if (scratch.capacity() < used + capacity) {
            scratch = Lane.direct(Math.max(2 * scratch.capacity(), used + capacity));
        }
        return scratch;
    }
}
