package io.rallocator.allocator;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.EpochHold;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.Links;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.StructureTracer;
import io.rallocator.persistence.StructureType;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees the blocks of dropped structures. Dropping is one swap of the root word, to a block of type
 * {@link RootDescriptor#DROPPED} that leads to the former root block. From there:
 *
 * <ol>
 * <li>The count of drops goes up. A session reads it after it read a new epoch and before it uses that one, and looks then
 *     which of its structures are still there. When the global epoch is three further, every session announced an epoch
 *     that it entered knowing of the drop: nobody reads or swaps a word of the structure any more.
 * <li>The epoch is held, durably: nothing that is marked from here on is used again before the hold ends. So whoever goes
 *     on after a crash finds every block of the structure as it was, marked or not.
 * <li>Every block is marked as freed, the dropped block last. Marks that are there stay.
 * <li>The root word keeps only the tag of the name; the hold ends. Owners of the slabs find the marks as they find those of
 *     any other session.
 * </ol>
 *
 * <p>Reclamation everywhere waits while the hold lasts, some microseconds a block; data paths do not.
 *
 * <p>Threads: one, the only one that swaps a root word away from a dropped block.
 */
final class StructureReaper implements Agent {
    private static final Logger LOGGER = LoggerFactory.getLogger(StructureReaper.class);
    private static final int EPOCHS_TO_WAIT = 3;
    private static final long SCAN_MS = 1_000;
    private static final long GIVEN_UP = Long.MAX_VALUE;
    private static final int NONE = -1;
    private static final int DAMAGED = -2;

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final BlockLife lives;
    private final UnsafeBuffer block = Lane.direct(RootDescriptor.WORDS_OFFSET);

    /** Root index to the epoch in which the sessions were told; GIVEN_UP if it cannot be taken apart. */
    private final Long2LongHashMap told = new Long2LongHashMap(Long.MIN_VALUE);

    private final EpochClock clock;
    private long seenDrops = NONE;
    private long lastScanMs;
    private volatile boolean closing;

    StructureReaper(final NvmRegion region, final PoolGeometry geometry, final EpochClock clock) {
        this.clock = clock;
        this.region = region;
        this.geometry = geometry;
        this.lives = new BlockLife(region, geometry);
    }

    @Override
    public int doWork() {
        final long drops = region.readLong(PoolGeometry.dropsOffset());
        final long now = clock.time();
        if (drops == seenDrops && told.isEmpty() && now - lastScanMs < SCAN_MS) {
            return 0;
        }
        seenDrops = drops;
        lastScanMs = now;
        int work = 0;
        final int inHand = heldRoot();
        for (int root = 0; root < geometry.roots(); root++) {
            final long word = Links.read(region, geometry.rootOffset(root));
            if (isDropped(root, word)) {
                work += step(root, word, inHand);
            } else {
                told.remove(root);
            }
        }
        final int left = heldRoot();
        if (left == DAMAGED || left != NONE && !isDropped(left, Links.read(region, geometry.rootOffset(left)))) {
            release();
        }
        return work;
    }

    /** One step of one dropped structure, while none or this one is in hand; 1 if it is gone. */
    private int step(final int root, final long word, final int inHand) {
        final long epoch = globalEpoch();
        final long since = told.get(root);
        if (since == Long.MIN_VALUE) {
            told.put(root, epoch);
            tellSessions();
        }
        if (since == GIVEN_UP || closing) {
            return 0;
        }
        if (inHand != root) {
            final boolean waited = since != Long.MIN_VALUE && epoch >= since + EPOCHS_TO_WAIT;
            if (inHand != NONE || heldRoot() != NONE || !waited) {
                return 0;
            }
            hold(root, epoch);
        }
        return takeApart(root, word) ? 1 : 0;
    }

    private boolean takeApart(final int root, final long word) {
        final String name = RootDescriptor.getText(block, RootDescriptor.NAME_OFFSET, RootDescriptor.MAX_NAME_BYTES);
        if (!markAll(root, word)) {
            return false;
        }
        final long offset = geometry.rootOffset(root);
        final boolean swapped =
                region.compareAndSwap(offset, word, LinkWord.special(word, RootDescriptor.nameTag(name))) == word;
        region.persist(offset, Long.BYTES);
        assert swapped : "somebody else swapped root word " + root;
        told.remove(root);
        release();
        tellSessions(); // so that owners look for the marks
        LOGGER.info("the memory of dropped structure '{}' is free", name);
        return true;
    }

    private void tellSessions() {
        region.fetchAndAdd(PoolGeometry.dropsOffset(), 1);
    }

    private boolean isDropped(final int root, final long word) {
        if (!LinkWord.isPointer(word) || LinkWord.offset(word) > geometry.capacity() - block.capacity()) {
            return false;
        }
        region.read(LinkWord.offset(word), block, 0, block.capacity());
        return block.getInt(RootDescriptor.TYPE_OFFSET) == RootDescriptor.DROPPED
                && BlockDescriptor.isValid(block, 0, block.capacity())
                && BlockDescriptor.kind(block, 0) == BlockDescriptor.ROOT
                && BlockDescriptor.locator(block, 0) == root;
    }

    /** Marks every block of a structure; false if that could not be finished. The block of the root word is in the buffer. */
    private boolean markAll(final int root, final long word) {
        final LongArrayList refs = new LongArrayList();
        try {
            final long rootRef = BlockDescriptor.refOf(word, block, 0);
            StructureType.installed()
                    .get(RootDescriptor.DROPPED)
                    .tracer(region, geometry, root, rootRef)
                    .trace(new Collector(refs));
        } catch (final CorruptedPoolException e) {
            LOGGER.error("a dropped structure cannot be taken apart, its memory stays in use", e);
            told.put(root, GIVEN_UP);
            release();
            return false;
        } catch (final Aborted e) {
            return false;
        }
        for (int i = refs.size() - 1; i >= 0; i--) {
            lives.end(refs.getLong(i));
        }
        return true;
    }

    /** Takes what the tracer finds, what leads to a block before the block. */
    private final class Collector implements StructureTracer.Visitor {
        private final LongArrayList refs;

        Collector(final LongArrayList refs) {
            this.refs = refs;
        }

        @Override
        public void block(final long ref, final long linkOffset) {
            if (closing) {
                throw new Aborted();
            }
            refs.addLong(ref);
        }

        @Override
        public void damage(final long offset, final String what) {
            LOGGER.error("damage at offset {} in a dropped structure: {}", offset, what);
        }
    }

    /** Ends a trace when the blade stops serving; the next one begins again. */
    private static final class Aborted extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Aborted() {
            super("the blade stops", null, false, false);
        }
    }

    // ---- epochs

    private long globalEpoch() {
        final long offset = PoolGeometry.epochOffset();
        return CheckedWord.payload(region.readLong(offset), "global epoch", offset);
    }

    /** The root whose structure is being taken apart, by this blade or by the one before. */
    private int heldRoot() {
        final long word = region.readLong(PoolGeometry.epochHoldOffset());
        if (word == 0) {
            return NONE;
        }
        final int root = EpochHold.root(word);
        return EpochHold.isValid(word) && root < geometry.roots() ? root : DAMAGED;
    }

    private void hold(final int root, final long epoch) {
        writeHold(EpochHold.of(epoch, root));
    }

    private void release() {
        writeHold(0);
    }

    private void writeHold(final long word) {
        region.writeLong(PoolGeometry.epochHoldOffset(), word);
        region.persist(PoolGeometry.epochHoldOffset(), Long.BYTES);
    }

    /** Makes a trace that runs end soon. */
    void stop() {
        closing = true;
    }

    @Override
    public String roleName() {
        return "rallocator-reaper";
    }
}
