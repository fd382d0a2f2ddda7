package io.rallocator.allocator;

import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockLife;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.ChunksDescriptor;
import io.rallocator.persistence.IntentDescriptor;
import io.rallocator.persistence.NvmRegion;
import io.rallocator.persistence.Outcome;
import io.rallocator.persistence.PoolGeometry;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.SizeClasses;
import io.rallocator.persistence.SlabHeader;
import io.rallocator.persistence.SlabLayout;
import io.rallocator.persistence.SlabTableDescriptor;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Recovers one dead session while others go on (DESIGN section 8): settles its claims, frees and intents, scans the slabs
 * that it had open, seals them and leaves them as orphans. Sealed slabs are trusted. The session's line holds back the
 * epoch until the end, so nothing that is looked at is reused meanwhile.
 *
 * <p>Idempotent, and may be killed at any step (I12): the line stays RECOVERING and the next blade begins again; an
 * intent's outcome is durable before its blocks are marked.
 *
 * <p>Threads: the agent's, which holds the session's lock.
 */
final class SessionRecovery {
    private static final Logger LOGGER = LoggerFactory.getLogger(SessionRecovery.class);
    private static final int UNKNOWN = -1;

    private final NvmRegion region;
    private final PoolGeometry geometry;
    private final SlabIndex slabs;
    private final SlabPublisher publisher;
    private final FreeDrainer drainer;
    private final IntentScanner intents;
    private final BlockLife lives;
    private UnsafeBuffer buffer = Lane.direct(64 << 10);

    SessionRecovery(
            final NvmRegion region,
            final PoolGeometry geometry,
            final SlabIndex slabs,
            final SlabPublisher publisher,
            final FreeDrainer drainer,
            final Chain chain) {
        this.region = region;
        this.geometry = geometry;
        this.slabs = slabs;
        this.publisher = publisher;
        this.drainer = drainer;
        this.intents = new IntentScanner(geometry, chain);
        this.lives = new BlockLife(region, geometry);
    }

    void recover(final int session) {
        final long offset = geometry.sessionOffset(session) + SessionDescriptor.STATE_OFFSET;
        final long word = region.readLong(offset);
        final int incarnation = SessionDescriptor.incarnation(word);
        boolean orphans =
                SessionDescriptor.state(word, offset) == SessionDescriptor.RECOVERING; // perhaps not announced
        writeState(offset, SessionDescriptor.RECOVERING, incarnation);
        publisher.settleClaims();
        drainer.drain(session);
        final ReachabilityIndex reachability = new ReachabilityIndex(region, geometry);
        recoverIntents(session, incarnation, reachability);
        for (int unit = 0; unit < geometry.units(); unit++) {
            final long owner = slabs.owner(unit);
            final int state = SlabTableDescriptor.state(owner);
            if ((state == SlabTableDescriptor.OWNED || state == SlabTableDescriptor.RECOVERING)
                    && SlabTableDescriptor.session(owner) == session) {
                orphans |= recoverSlab(unit, owner, reachability);
            }
        }
        if (orphans) {
            slabs.announceOrphans();
        }
        writeState(offset, SessionDescriptor.FREE, incarnation);
    }

    private void writeState(final long offset, final int state, final int incarnation) {
        region.writeLong(offset, SessionDescriptor.stateWord(state, incarnation));
        region.persist(offset, Long.BYTES);
    }

    // ---- intents

    private void recoverIntents(final int session, final int incarnation, final ReachabilityIndex reachability) {
        final UnsafeBuffer slots = intents.newSessionBuffer();
        intents.read(session, slots);
        for (int lane = 0; lane < geometry.lanes(); lane++) {
            final int first = 2 * lane * IntentDescriptor.BYTES;
            final int second = first + IntentDescriptor.BYTES;
            final boolean swap = slots.getLong(first + IntentDescriptor.SEQUENCE_OFFSET)
                    > slots.getLong(second + IntentDescriptor.SEQUENCE_OFFSET);
            settle(session, lane, swap ? 1 : 0, incarnation, slots);
            settle(session, lane, swap ? 0 : 1, incarnation, slots);
        }
        for (int slot = 0; slot < intents.slots(); slot++) {
            final int at = slot * IntentDescriptor.BYTES;
            if (isOf(slots, at, incarnation) && !IntentDescriptor.isSettled(slots, at)) {
                freeUnreachable(slots, at, reachability);
            }
        }
    }

    private static boolean isOf(final UnsafeBuffer slots, final int at, final int incarnation) {
        return IntentDescriptor.isValid(slots, at)
                && slots.getInt(at + IntentDescriptor.INCARNATION_OFFSET) == incarnation;
    }

    /** Decides the outcome and applies the size change, before any of the blocks is marked. */
    private void settle(
            final int session, final int lane, final int slot, final int incarnation, final UnsafeBuffer slots) {
        final int at = (2 * lane + slot) * IntentDescriptor.BYTES;
        if (!isOf(slots, at, incarnation) || IntentDescriptor.outcome(slots, at) != 0) {
            return;
        }
        final Outcome decided = intents.decide(slots, at);
        if (decided == Outcome.UNKNOWN) {
            return; // it changes no size, and its blocks are freed by what reaches them
        }
        final boolean happened = decided == Outcome.HAPPENED;
        final long stripe = slots.getLong(at + IntentDescriptor.STRIPE_OFFSET);
        if (happened && stripe != 0 && intents.isUnsettled(slots, at)) {
            region.writeLong(stripe, slots.getLong(at + IntentDescriptor.STRIPE_NEW_OFFSET));
            region.persist(stripe, Long.BYTES);
        }
        final long outcome = geometry.intentOffset(session, lane, slot) + IntentDescriptor.OUTCOME_OFFSET;
        region.writeLong(
                outcome,
                IntentDescriptor.outcomeWord(
                        slots.getLong(at + IntentDescriptor.SEQUENCE_OFFSET),
                        happened ? IntentDescriptor.HAPPENED : IntentDescriptor.DID_NOT_HAPPEN));
        region.persist(outcome, Long.BYTES);
    }

    private void freeUnreachable(final UnsafeBuffer slots, final int at, final ReachabilityIndex reachability) {
        final int refs = IntentDescriptor.allocated(slots, at) + IntentDescriptor.freed(slots, at);
        for (int i = 0; i < refs; i++) {
            final long ref = IntentDescriptor.ref(slots, at, i);
            if (geometry.isPlausible(ref) && isInUse(ref)) {
                freeIfUnreachable(ref, reachability);
            }
        }
    }

    private boolean isInUse(final long ref) {
        final int state = SlabTableDescriptor.state(
                slabs.owner(geometry.slabUnitAt(BlockRef.offset(ref), BlockRef.slabClass(ref))));
        return state == SlabTableDescriptor.OWNED
                || state == SlabTableDescriptor.ORPHANED
                || state == SlabTableDescriptor.RECOVERING;
    }

    private void freeIfUnreachable(final long ref, final ReachabilityIndex reachability) {
        final int kind = read(ref);
        final boolean isList = kind == BlockDescriptor.CHUNKS;
        final boolean isUnfreed = lives.isUnfreed(ref);
        if (kind == UNKNOWN || !isList && !isUnfreed || reachability.isReachable(ref, buffer, 0)) {
            return;
        }
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        if (isList && ChunksDescriptor.isWhole(geometry, buffer, bytes, ref)) {
            freeChunks(reachability); // even if the list is marked: another recovery may have met it in a slab
        }
        if (isUnfreed) {
            lives.end(ref);
        }
    }

    /**
     * Frees what an unreachable list owns, before the list. The list is whole and no chunk of it is reused yet: the dead
     * session, whose intent names it and is not settled, holds back the epoch.
     */
    private void freeChunks(final ReachabilityIndex reachability) {
        final long[] chunks = new long[ChunksDescriptor.count(buffer)];
        Arrays.setAll(chunks, i -> ChunksDescriptor.ref(buffer, i));
        for (final long chunk : chunks) {
            if (isInUse(chunk)
                    && read(chunk) == BlockDescriptor.CHUNK
                    && lives.isUnfreed(chunk)
                    && !reachability.isReachable(chunk, buffer, 0)) {
                lives.end(chunk);
            }
        }
    }

    /** Reads a block into the buffer; returns its kind, or {@link #UNKNOWN} if it is not in the life that is named. */
    private int read(final long ref) {
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        final UnsafeBuffer block = buffer(bytes);
        region.read(BlockRef.offset(ref), block, 0, bytes);
        return BlockDescriptor.isValid(block, 0, bytes) && BlockDescriptor.isNamedBy(block, 0, ref)
                ? BlockDescriptor.kind(block, 0)
                : UNKNOWN;
    }

    // ---- slabs

    /** Returns true if the slab became an orphan. */
    private boolean recoverSlab(final int unit, final long owner, final ReachabilityIndex reachability) {
        final int generation = SlabTableDescriptor.generation(owner);
        final long mine = SlabTableDescriptor.ownerWord(
                SlabTableDescriptor.RECOVERING,
                SlabTableDescriptor.session(owner),
                SlabTableDescriptor.incarnation(owner),
                generation);
        if (owner != mine) {
            slabs.swapOwner(unit, owner, mine);
        }
        final int slabClass = slabs.slabClass(unit);
        final UnsafeBuffer slab = buffer(geometry.slabBytes(slabClass));
        region.read(geometry.unitOffset(unit), slab, 0, SlabLayout.HEADER_BYTES);
        if (!SlabHeader.isValid(slab, unit, generation, slabClass)) {
            return recoverWithoutHeader(unit, mine, slab.getLong(SlabLayout.STATE_OFFSET));
        }
        final SlabLayout layout =
                SlabLayout.of(geometry.slabBytes(slabClass), slab.getInt(SlabLayout.BLOCK_CLASS_OFFSET));
        final int live = slab.getLong(SlabLayout.STATE_OFFSET) == SlabHeader.stateWord(SlabLayout.SEALED)
                ? allocatedIn(unit, slab, layout)
                : scan(unit, slab, slabClass, layout, reachability);
        if (live == 0) {
            drainer.enterLimbo(unit, mine);
            return false;
        }
        slabs.hint(unit, layout.blockClass(), (int) ((layout.blocks() - live) * 255L / layout.blocks()));
        orphan(unit, mine);
        return true;
    }

    /** Without a state it was claimed and never used: no link can lead into it. With one it is damaged, and kept (I13). */
    private boolean recoverWithoutHeader(final int unit, final long mine, final long state) {
        if (state == 0) {
            drainer.enterLimbo(unit, mine);
            return false;
        }
        LOGGER.error(
                "the header of the slab at offset {} is damaged: its blocks are kept, and no more are allocated in it;"
                        + " run `rallocator check`",
                geometry.unitOffset(unit));
        slabs.hint(unit, 0, 0);
        orphan(unit, mine);
        return true;
    }

    private void orphan(final int unit, final long mine) {
        slabs.swapOwner(
                unit,
                mine,
                SlabTableDescriptor.ownerWord(
                        SlabTableDescriptor.ORPHANED,
                        SlabTableDescriptor.NO_SESSION,
                        0,
                        SlabTableDescriptor.generation(mine)));
    }

    private int allocatedIn(final int unit, final UnsafeBuffer slab, final SlabLayout layout) {
        region.read(
                geometry.unitOffset(unit) + SlabLayout.BITMAP_OFFSET,
                slab,
                SlabLayout.BITMAP_OFFSET,
                layout.bitmapWords() * 8);
        int bits = 0;
        for (int word = 0; word < layout.bitmapWords(); word++) {
            bits += Long.bitCount(slab.getLong(SlabLayout.BITMAP_OFFSET + 8 * word));
        }
        return bits;
    }

    /** One READ, then every block with a valid header is checked against the link that could reach it. */
    private int scan(
            final int unit,
            final UnsafeBuffer slab,
            final int slabClass,
            final SlabLayout layout,
            final ReachabilityIndex reachability) {
        final long base = geometry.unitOffset(unit);
        region.read(base, slab, 0, layout.slabBytes());
        slab.setMemory(SlabLayout.BITMAP_OFFSET, layout.bitmapWords() * 8, (byte) 0);
        int live = 0;
        for (int index = 0; index < layout.blocks(); index++) {
            final int at = layout.blockOffset(index);
            final int generation = BlockDescriptor.generation(slab, at);
            final byte mark = slab.getByte(layout.freedOffset() + index);
            final boolean freed = (mark & 0xFF) == generation;
            if (!BlockDescriptor.isValid(slab, at, layout.blockBytes())
                    || BlockDescriptor.slabClass(slab, at) != slabClass
                    || !freed && !BlockLife.isUnfreed(mark, generation)) {
                continue; // never written, torn, or of an earlier life of the slab
            }
            final long ref = BlockRef.of(base + at, layout.blockClass(), slabClass, generation);
            if (!freed && reachability.isReachable(ref, slab, at)) {
                live++;
            } else if (!freed) {
                lives.end(ref);
            }
            // freed ones keep their bit: an adopter lets them wait for the epochs
            final int word = SlabLayout.BITMAP_OFFSET + (index >>> 6) * 8;
            slab.putLong(word, slab.getLong(word) | 1L << index);
        }
        region.write(base + SlabLayout.BITMAP_OFFSET, slab, SlabLayout.BITMAP_OFFSET, layout.bitmapWords() * 8);
        region.persist(base + SlabLayout.BITMAP_OFFSET, layout.bitmapWords() * 8L);
        region.writeLong(base + SlabLayout.STATE_OFFSET, SlabHeader.stateWord(SlabLayout.SEALED));
        region.persist(base + SlabLayout.STATE_OFFSET, Long.BYTES);
        return live;
    }

    private UnsafeBuffer buffer(final int capacity) {
        if (buffer.capacity() < capacity) {
            buffer = Lane.direct(capacity);
        }
        return buffer;
    }
}
