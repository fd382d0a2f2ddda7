package io.rallocator.allocator;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.CheckedWord;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.DroppedTracer;
import io.rallocator.persistence.EpochHold;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.Links;
import io.rallocator.persistence.NameTable;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.RootDescriptor;
import io.rallocator.persistence.RootNames;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.StructureTracer;
import io.rallocator.persistence.StructureType;
import java.util.BitSet;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees the blocks of dropped structures, and of those whose creator died before they had a name. Only a structure whose
 * root word is pending ({@link RootDescriptor#isPending}) is ever taken apart, and only if the names say that it was dropped,
 * or say nothing of it and its creator's session is over: damage of names never costs a structure that was in use. From
 * there:
 *
 * <ol>
 * <li>The count of drops goes up. A session reads it after it read a new epoch and before it uses that one, and looks then
 *     which of its structures are still there. When the global epoch is three further, every session announced an epoch
 *     that it entered knowing of the drop: nobody reads or swaps a word of the structure any more.
 * <li>The epoch is held, durably: nothing that is marked from here on is used again before the hold ends. So whoever goes
 *     on after a crash finds every block of the structure as it was, marked or not. While the hold names a root word, nobody
 *     creates a structure there.
 * <li>Every block is marked as freed, the root block last. Marks that are there stay.
 * <li>The root word leads nowhere; the hold ends. Owners of the slabs find the marks as they find those of any other
 *     session.
 * </ol>
 *
 * <p>Reclamation everywhere waits while the hold lasts, some microseconds a block; data paths do not.
 *
 * <p>Threads: one, the only one that lets a root word lead nowhere, but for a creator that gives up before its structure
 * had a name.
 */
final class StructureReaper implements Agent {
    private static final Logger LOGGER = LoggerFactory.getLogger(StructureReaper.class);
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

    /** Of the scan: each root word, and which pending structures nobody creates any more. */
    private final long[] words;

    private final BitSet abandoned = new BitSet();

    private final EpochClock clock;
    private long seenDrops = NONE;
    private long lastScanMs;
    private boolean namesAreDamaged;
    private volatile boolean closing;

    StructureReaper(final NvmRegion region, final PoolGeometry geometry, final EpochClock clock) {
        this.clock = clock;
        this.region = region;
        this.geometry = geometry;
        this.lives = new BlockLife(region, geometry);
        this.words = new long[geometry.roots()];
    }

    @Override
    public int doWork() {
        final long drops = region.readLong(PoolGeometry.dropsOffset());
        final long now = clock.time();
        final boolean due = drops != seenDrops || now - lastScanMs >= SCAN_MS;
        if (!due && told.isEmpty()) {
            return 0;
        }
        if (due) {
            seenDrops = drops;
            lastScanMs = now;
            scan();
        }
        int work = 0;
        final int inHand = heldRoot();
        for (final long root :
                told.keySet().stream().mapToLong(Long::longValue).sorted().toArray()) {
            work += step((int) root, inHand);
        }
        final int left = heldRoot();
        if (left == DAMAGED || left != NONE && !RootDescriptor.isPending(rootWord(left))) {
            release();
        }
        return work;
    }

    private long rootWord(final int root) {
        return Links.read(region, geometry.rootOffset(root));
    }

    // ---- what is to be taken apart

    /**
     * Reads root words, then whose creators are over, then the names, in this order: a structure that was pending, without
     * a creator, and without a name afterwards, never gets one; and a root index that is listed as dropped means the
     * structure that was there, as no other begins there before it is off the list.
     */
    private void scan() {
        abandoned.clear();
        for (int root = 0; root < words.length; root++) {
            words[root] = rootWord(root);
            abandoned.set(root, RootDescriptor.isPending(words[root]) && isCreatorOver(root, words[root]));
        }
        final int inHand = heldRoot();
        if (inHand >= 0 && RootDescriptor.isPending(words[inHand])) {
            tell(inHand);
        }
        final NameTable names = readNames();
        if (names == null) {
            return;
        }
        final BitSet dropped = names.dropped();
        for (int root = 0; root < words.length; root++) {
            if (dropped.get(root) && RootDescriptor.isLive(words[root])) {
                swapTag(root, words[root] | LinkWord.FROZEN); // whoever dropped it died before
            }
            if (dropped.get(root) && LinkWord.isPointer(words[root])
                    || abandoned.get(root) && names.name(root) == null) {
                tell(root);
            } else if (RootDescriptor.isPending(words[root]) && isInUse(names.name(root))) {
                swapTag(root, words[root] & ~LinkWord.FROZEN); // its creator died, or does the same
            }
        }
    }

    private static boolean isInUse(final String name) {
        return name != null && !name.startsWith(RootDescriptor.SEALED_MARK);
    }

    private void swapTag(final int root, final long word) {
        swap(geometry.rootOffset(root), words[root], word);
    }

    private boolean swap(final long offset, final long expected, final long replacement) {
        final boolean swapped = Links.swap(region, offset, expected, replacement) == expected;
        region.persist(offset, Long.BYTES);
        Links.settle(region, offset, replacement);
        return swapped;
    }

    private boolean isCreatorOver(final int root, final long word) {
        if (!readRootBlock(root, word)) {
            return false;
        }
        final int creator = block.getInt(RootDescriptor.CREATED_BY_OFFSET);
        final int session = RootDescriptor.creatorSession(creator);
        if (session >= geometry.sessions()) {
            return false;
        }
        final long state = region.readLong(geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET);
        return CheckedWord.isValid(state)
                && (SessionDescriptor.state(state, geometry.sessionOffset(session)) == SessionDescriptor.FREE
                        || SessionDescriptor.incarnation(state) != RootDescriptor.creatorIncarnation(creator));
    }

    /** Returns null, and says so once, if the names are damaged: then nothing more is taken apart. */
    private NameTable readNames() {
        try {
            final NameTable names = NameTable.read(region, geometry);
            namesAreDamaged = false;
            return names;
        } catch (final CorruptedPoolException e) {
            if (!namesAreDamaged) {
                LOGGER.error("no dropped structure is taken apart while names are damaged", e);
            }
            namesAreDamaged = true;
            return null;
        }
    }

    private void tell(final int root) {
        if (told.get(root) == Long.MIN_VALUE) {
            tellSessions();
            told.put(root, globalEpoch());
        }
    }

    // ---- taking apart

    /** One step of one dropped structure, while none or this one is in hand; 1 if it is gone. */
    private int step(final int root, final int inHand) {
        final long word = rootWord(root);
        if (!RootDescriptor.isPending(word)) {
            told.remove(root);
            seenDrops = NONE; // somebody who was late thought that it is in use: look again
            return 0;
        }
        final long since = told.get(root);
        if (since == GIVEN_UP || closing) {
            return 0;
        }
        if (inHand != root) {
            final long epoch = globalEpoch();
            if (inHand != NONE || heldRoot() != NONE || epoch < since + RootDescriptor.EPOCHS_UNTIL_KNOWN) {
                return 0;
            }
            hold(root, epoch);
        }
        return takeApart(root, word) ? 1 : 0;
    }

    private boolean takeApart(final int root, final long word) {
        if (!markAll(root, word)) {
            return false;
        }
        final long offset = geometry.rootOffset(root);
        final boolean swapped = swap(offset, word, LinkWord.special(word, 0));
        assert swapped : "somebody else swapped root word " + root;
        told.remove(root);
        release();
        tellSessions(); // so that owners look for the marks
        LOGGER.info("the memory of dropped structure {} is free", root);
        return true;
    }

    private void tellSessions() {
        region.fetchAndAdd(PoolGeometry.dropsOffset(), 1);
    }

    /** Reads a root block into the buffer; false if it is damaged. */
    private boolean readRootBlock(final int root, final long word) {
        if (LinkWord.offset(word) > geometry.capacity() - block.capacity()) {
            return false;
        }
        region.read(LinkWord.offset(word), block, 0, block.capacity());
        return RootNames.isRootBlock(block, root);
    }

    /** Marks every block of a structure; false if that could not be finished. */
    private boolean markAll(final int root, final long word) {
        final LongArrayList refs = new LongArrayList();
        try {
            tracer(root, word).trace(new Collector(refs));
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

    private StructureTracer tracer(final int root, final long word) {
        if (!readRootBlock(root, word)) {
            throw new CorruptedPoolException("the root block of structure " + root + " at offset "
                    + LinkWord.offset(word) + " is damaged; run `rallocator check`");
        }
        final int code = block.getInt(RootDescriptor.TYPE_OFFSET);
        final StructureType type = StructureType.installed().get(code);
        if (type == null) {
            throw new CorruptedPoolException("structure " + root + " was dropped, and nothing on the class path knows"
                    + " its type " + code + "; serve the pool with a program that does");
        }
        return new DroppedTracer(region, geometry, root, BlockDescriptor.refOf(word, block, 0), type);
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
