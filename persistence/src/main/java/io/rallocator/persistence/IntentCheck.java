package io.rallocator.persistence;

import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads the intents: the blocks that an unfinished operation of a live session names are recovery's to decide about. A
 * damaged intent cannot be told from a torn or never written one; its blocks show as leaked at worst.
 */
final class IntentCheck {
    private final CheckRun run;
    private final PoolGeometry geometry;
    private final LongHashSet named = new LongHashSet();
    private final UnsafeBuffer slot = new UnsafeBuffer(new byte[IntentDescriptor.BYTES]);
    private final UnsafeBuffer list = new UnsafeBuffer(new byte[BlockDescriptor.HEADER_BYTES]);

    IntentCheck(final CheckRun run) {
        this.run = run;
        this.geometry = run.geometry;
    }

    /** The largest incarnation in any intent of a session, or -1. */
    int largestIncarnation(final int session) {
        int largest = -1;
        for (int i = 0; i < 2 * geometry.lanes(); i++) {
            if (read(session, i) && IntentDescriptor.isValid(slot, 0)) {
                final int incarnation = slot.getInt(IntentDescriptor.INCARNATION_OFFSET);
                largest = Math.max(largest, incarnation & SessionDescriptor.MAX_INCARNATION);
            }
        }
        return largest;
    }

    /** Collects what the intents of live sessions name; checks every outcome. */
    void read(final SessionCheck sessions) {
        for (int session = 0; session < geometry.sessions(); session++) {
            for (int i = 0; i < 2 * geometry.lanes(); i++) {
                if (read(session, i) && IntentDescriptor.isValid(slot, 0)) {
                    checkOutcome(session, i, sessions.isFree(session));
                    if (!IntentDescriptor.isSettled(slot, 0)
                            && sessions.isLive(session, slot.getInt(IntentDescriptor.INCARNATION_OFFSET))) {
                        collect();
                    }
                }
            }
        }
    }

    /** Reads a slot; false if it was never written. */
    private boolean read(final int session, final int i) {
        final long offset = geometry.intentOffset(session, i >>> 1, i & 1);
        if (run.region.readLong(offset) == 0) {
            return false;
        }
        run.region.read(offset, slot, 0, IntentDescriptor.BYTES);
        return true;
    }

    private void checkOutcome(final int session, final int i, final boolean isFree) {
        final long outcome = slot.getLong(IntentDescriptor.OUTCOME_OFFSET);
        if (IntentDescriptor.isOutcome(outcome)) {
            return;
        }
        final long offset = geometry.intentOffset(session, i >>> 1, i & 1) + IntentDescriptor.OUTCOME_OFFSET;
        final String what = "damaged outcome of operation " + slot.getLong(IntentDescriptor.SEQUENCE_OFFSET)
                + " of session " + session + ", lane " + (i >>> 1) + ": word " + CheckRun.hex(outcome);
        if (isFree) {
            run.found(Finding.Severity.DAMAGE, offset, what + "; whether it took effect cannot be told any more");
        } else {
            run.found(Finding.Severity.DAMAGE, offset, what, () -> run.write(offset, 0));
        }
    }

    private void collect() {
        final int refs = IntentDescriptor.allocated(slot, 0) + IntentDescriptor.freed(slot, 0);
        for (int i = 0; i < refs; i++) {
            final long ref = IntentDescriptor.ref(slot, 0, i);
            named.add(ref);
            if (geometry.isPlausible(ref)) {
                collectChunks(ref);
            }
        }
    }

    /** Whoever names a list of chunks names them. */
    private void collectChunks(final long ref) {
        run.region.read(BlockRef.offset(ref), list, 0, BlockDescriptor.HEADER_BYTES);
        if (BlockDescriptor.kind(list, 0) != BlockDescriptor.CHUNKS) {
            return;
        }
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        if (list.capacity() < bytes) {
            list.wrap(new byte[bytes]);
        }
        run.region.read(BlockRef.offset(ref), list, 0, bytes);
        if (ChunksDescriptor.isWhole(geometry, list, bytes, ref)) {
            for (int i = 0; i < ChunksDescriptor.count(list); i++) {
                named.add(ChunksDescriptor.ref(list, i));
            }
        }
    }

    /** True if the intent of a live session names a block. */
    boolean names(final long ref) {
        return named.contains(ref);
    }
}
