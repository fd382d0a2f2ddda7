package io.rallocator.collections;

import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.SessionDescriptor;
import io.rallocator.persistence.SizeClasses;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Gives elements on lease. An element leaves its slot by one swap, as by a poll, but a copy of it was put into a lease word before:
 *
 * <ol>
 * <li>a lease word goes from free to a lease, which names the slot and what it will say: <i>pending</i>;
 * <li>the slot goes from the element to what the lease says. That is the commit point: the lease is <i>valid</i>, be its holder dead by then;
 * <li>before the slot says anything else, or its segment goes, whoever does that tags the lease word FROZEN: <i>confirmed</i>.
 * </ol>
 *
 * A pending lease whose slot says something else, or whose segment is gone, is void once its session has ended. A valid one of a session that has ended is given to
 * whoever receives next, by one swap of the lease word. See docs/ARCHITECTURE.md, "Leases of queue elements".
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class QueueLeases {
    private static final Operation RECEIVE = Operation.named("queue.receive");
    private static final Operation REDELIVER = Operation.named("queue.redeliver");
    private static final Operation CONFIRM = Operation.named("queue.confirm");
    private static final Operation ACKNOWLEDGE = Operation.named("queue.acknowledge");
    private static final Operation RELEASE = Operation.named("queue.release");
    private static final int RECEIVES_BETWEEN_SWEEPS = 64;

    private final QueueTable table;
    private final LeaseDirectory directory;
    private final AtomicInteger receives = new AtomicInteger();

    /** Lease words that were free when they were seen last. */
    private final Queue<FreeWord> free = new ConcurrentLinkedQueue<>();

    /** The last lease of this heap that has left something in a batch. */
    private volatile LeftBatch lastLeft;

    QueueLeases(final QueueTable table) {
        this.table = table;
        this.directory = new LeaseDirectory(table);
    }

    private record FreeWord(long offset, long word) {}

    private record LeftBatch(long slotOffset, long slotWord, LeaseToken token) {}

    // ---- receive

    /**
     * Leases the first element. Looks first for leases that have ended if none were looked for lately, and in any case if the queue is empty.
     *
     * @param lane held
     * @param scratch its result is the element
     * @param sweeps false to look for ended leases only when it is time
     * @return the lease, or null if there is nothing
     */
    LeaseToken receive(final Lane lane, final Scratch scratch, final boolean sweeps) {
        final boolean isDue = receives.getAndIncrement() % RECEIVES_BETWEEN_SWEEPS == 0;
        if (isDue) {
            final LeaseToken token = redeliver(lane, scratch);
            if (token != null) {
                return token;
            }
        }
        final QueueHead head = table.head();
        final Position position = scratch.position;
        head.start(lane, RECEIVE, position);
        while (head.toElement(lane, RECEIVE, position, true)) {
            final LeaseToken token = BatchBlock.isBatch(position.word())
                    ? leaseOfBatch(lane, scratch, position)
                    : leaseSingle(lane, scratch, position);
            if (token != null) {
                head.remember(position);
                return token;
            }
        }
        head.remember(position);
        return sweeps && !isDue ? redeliver(lane, scratch) : null;
    }

    /** Returns null if another was faster. */
    private LeaseToken leaseSingle(final Lane lane, final Scratch scratch, final Position position) {
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        final long word = position.word();
        final long ref = SegmentReader.elementRef(lane.geometry(), word, slotOffset);
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        final UnsafeBuffer element = scratch.result.ensure(bytes);
        lane.chain().read(BlockRef.offset(ref), element, 0, bytes).post(RECEIVE);
        if (!SegmentReader.isElement(element, 0, bytes, table.structure(), slotOffset, word)) {
            return passDamaged(lane, position, slotOffset, word, ref, BlockDescriptor.ELEMENT);
        }
        scratch.resultIndex = SegmentReader.elementIndex(0);
        scratch.resultLength = SegmentReader.elementLength(element, 0);
        return leaseWhole(lane, scratch, position, slotOffset, word, ref, 1);
    }

    /** Leases what a slot leads to: an element, or a batch of one. */
    private LeaseToken leaseWhole(
            final Lane lane,
            final Scratch scratch,
            final Position position,
            final long slotOffset,
            final long word,
            final long ref,
            final int slots) {
        // The commits of this lane go on from here, so no other lease, nor one of a later session, leaves the same.
        final long left = QueueLayout.leasedWord(
                table.session().index(), lane.index(), lane.commit().sequence() + 1);
        final LeaseToken token = put(lane, scratch, left, slotOffset, position.ordinal);
        table.tail().addCovers(lane, slotOffset, 1, slots);
        final boolean won = lane.commit()
                .begin(OperationCode.QUEUE_RECEIVE, table.structure(), slotOffset, word, left)
                .free(ref)
                .post(RECEIVE);
        return settle(lane, position, slotOffset, left, token, won);
    }

    /** What is damaged leaves the queue, which goes on; its block stays for the checker. Returns null if another was faster. */
    private LeaseToken passDamaged(
            final Lane lane,
            final Position position,
            final long slotOffset,
            final long word,
            final long ref,
            final int kind) {
        final Commit commit = lane.commit();
        final long taken = QueueLayout.takenWord(table.session().index(), lane.index(), commit.sequence());
        final boolean won = commit.begin(OperationCode.QUEUE_POLL, table.structure(), slotOffset, word, taken)
                .free(ref)
                .postUnconfirmed(RECEIVE);
        if (!won) {
            BatchTaker.lost(lane, commit.witness(), slotOffset, position);
            return null;
        }
        position.advance();
        table.head().remember(position);
        throw Blocks.damagedBlock(kind, BlockRef.offset(ref), slotOffset, table.where() + " " + slotOffset);
    }

    /** Returns null if another was faster, or the batch is damaged: then the position has gone on. */
    private LeaseToken leaseOfBatch(final Lane lane, final Scratch scratch, final Position position) {
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        final long word = position.word();
        final long ref = SlotWord.requireBatchRef(lane.geometry(), word, slotOffset);
        final UnsafeBuffer batch = table.head().batches().tryRead(lane, RECEIVE, scratch.result, slotOffset, word);
        if (SlotWord.isLeftBatch(word)) {
            confirm(lane, slotOffset, word);
        }
        if (batch == null) {
            return passDamaged(lane, position, slotOffset, word, ref, BlockDescriptor.BATCH);
        }
        scratch.resultIndex = BatchBlock.valueIndex(BatchBlock.ENTRIES_OFFSET);
        scratch.resultLength = BatchBlock.valueLength(batch, BatchBlock.ENTRIES_OFFSET);
        return BatchBlock.count(batch, 0) == 1
                ? leaseWhole(lane, scratch, position, slotOffset, word, ref, BatchBlock.slots(batch, 0))
                : leaseFirst(lane, scratch, position, batch, slotOffset, word);
    }

    private LeaseToken leaseFirst(
            final Lane lane,
            final Scratch scratch,
            final Position position,
            final UnsafeBuffer batch,
            final long slotOffset,
            final long word) {
        final int length = BlockDescriptor.length(batch, 0) - BatchTaker.cutBytes(batch, 0, 1);
        long restRef = Blocks.allocate(lane, length, lane.geometry().maxBlockBytes());
        try {
            final long left = SlotWord.ofLeftBatch(restRef);
            final LeaseToken token = put(lane, scratch, left, slotOffset, position.ordinal);
            final UnsafeBuffer rest = table.head().batches().without(lane, batch, 0, 1, slotOffset, restRef);
            final long ref = restRef;
            restRef = 0; // if the fabric fails, whether it is linked is for recovery to find out
            final boolean won = lane.commit()
                    .begin(OperationCode.QUEUE_RECEIVE, table.structure(), slotOffset, word, left)
                    .allocate(ref, rest, 0, length)
                    .free(SlotWord.requireBatchRef(lane.geometry(), word, slotOffset))
                    .post(RECEIVE);
            restRef = won ? 0 : ref;
            if (won) {
                lastLeft = new LeftBatch(slotOffset, left, token);
            }
            return settle(lane, position, slotOffset, left, token, won);
        } finally {
            if (restRef != 0) {
                lane.discard(restRef);
            }
        }
    }

    private LeaseToken settle(
            final Lane lane,
            final Position position,
            final long slotOffset,
            final long left,
            final LeaseToken token,
            final boolean won) {
        if (won && SlotWord.isLeftBatch(left)) {
            position.replace(left);
        } else if (won) {
            position.advance();
        } else {
            final long witness = lane.commit().witness();
            takeBack(lane, RECEIVE, token);
            BatchTaker.lost(lane, witness, slotOffset, position);
        }
        return won ? token : null;
    }

    // ---- lease words

    /** Puts the result of the scratch into a free lease word: pending. */
    private LeaseToken put(
            final Lane lane, final Scratch scratch, final long left, final long slotOffset, final long ordinal) {
        final int length = LeaseBlock.ELEMENT_OFFSET + scratch.resultLength;
        final UnsafeBuffer block = scratch.lease.ensure(length);
        LeaseBlock.putOrigin(block, left, slotOffset, ordinal);
        LeaseBlock.putHolder(block, table.session().index(), table.session().incarnation(), 1);
        block.putBytes(LeaseBlock.ELEMENT_OFFSET, scratch.result.buffer(), scratch.resultIndex, scratch.resultLength);
        long ref = 0;
        try {
            for (; ; ) {
                final FreeWord word = freeWord(lane);
                final long allocated = ref == 0 ? allocate(lane, length) : ref;
                ref = 0; // if the fabric fails, whether it is linked is for recovery to find out
                LeaseBlock.seal(block, length, table.structure(), word.offset, allocated);
                final long lease = SlotWord.of(allocated);
                final boolean won = lane.commit()
                        .begin(OperationCode.QUEUE_LEASE, table.structure(), word.offset, word.word, lease)
                        .asHelp()
                        .allocate(allocated, block, 0, length)
                        .post(RECEIVE);
                if (won) {
                    return new LeaseToken(table, word.offset, lease, 1);
                }
                ref = allocated;
            }
        } finally {
            if (ref != 0) {
                lane.discard(ref);
            }
        }
    }

    private static long allocate(final Lane lane, final int length) {
        return Blocks.allocate(lane, length, lane.geometry().maxBlockBytes());
    }

    private FreeWord freeWord(final Lane lane) {
        for (; ; ) {
            final FreeWord word = free.poll();
            if (word != null) {
                return word;
            }
            directory.refresh(lane);
            if (!findFree(lane)) {
                directory.append(lane);
                findFree(lane);
            }
        }
    }

    private boolean findFree(final Lane lane) {
        boolean found = false;
        final LeaseDirectory.Words words = directory.read(lane, RECEIVE);
        for (int i = 0; i < words.count(); i++) {
            if (LeaseDirectory.isFree(words.word(i))) {
                free.add(new FreeWord(words.offset(i), words.word(i)));
                found = true;
            }
        }
        return found;
    }

    /** A lease whose slot was taken by another was never valid. */
    private void takeBack(final Lane lane, final Operation operation, final LeaseToken token) {
        vacate(lane, OperationCode.QUEUE_LEASE, operation, token.wordOffset(), token.word(), true);
    }

    /** Returns false if the word was another. */
    private boolean vacate(
            final Lane lane,
            final int code,
            final Operation operation,
            final long wordOffset,
            final long word,
            final boolean isHelp) {
        final Commit commit = lane.commit();
        final long vacated = SlotWord.vacated(table.session().index(), lane.index(), commit.sequence());
        commit.begin(code, table.structure(), wordOffset, word, vacated).free(ref(lane, wordOffset, word));
        final boolean won = (isHelp ? commit.asHelp() : commit).post(operation);
        if (won) {
            free.add(new FreeWord(wordOffset, vacated));
        }
        return won;
    }

    private static long ref(final Lane lane, final long wordOffset, final long word) {
        return SlotWord.requireRef(lane.geometry(), word & ~LinkWord.FROZEN, wordOffset);
    }

    // ---- acknowledge, release

    /** Returns false if the lease has ended. */
    boolean acknowledge(final Lane lane, final LeaseToken token) {
        final int code = OperationCode.QUEUE_ACKNOWLEDGE;
        if (vacate(lane, code, ACKNOWLEDGE, token.wordOffset(), token.word(), false)) {
            return true;
        }
        final long confirmed = token.word() | LinkWord.FROZEN;
        return lane.commit().witness() == confirmed
                && confirmed != token.word()
                && vacate(lane, code, ACKNOWLEDGE, token.wordOffset(), confirmed, false);
    }

    /** Returns false if the lease has ended. */
    boolean release(final Lane lane, final Scratch scratch, final LeaseToken token, final byte[] element) {
        final int length = LeaseBlock.ELEMENT_OFFSET + element.length;
        final UnsafeBuffer block = scratch.lease.ensure(length);
        block.putBytes(LeaseBlock.ELEMENT_OFFSET, element);
        final LeaseToken released =
                replace(lane, RELEASE, block, length, token, LeaseBlock.NOBODY, 0, token.deliveries());
        if (released != null) {
            return true;
        }
        final long confirmed = token.word() | LinkWord.FROZEN;
        return lane.commit().witness() == confirmed
                && confirmed != token.word()
                && release(
                        lane,
                        scratch,
                        new LeaseToken(table, token.wordOffset(), confirmed, token.deliveries()),
                        element);
    }

    /** Puts a confirmed lease of another holder in the place of one; returns null if the word was another. */
    private LeaseToken replace(
            final Lane lane,
            final Operation operation,
            final UnsafeBuffer block,
            final int length,
            final LeaseToken old,
            final int session,
            final int incarnation,
            final int deliveries) {
        final long ref = allocate(lane, length);
        LeaseBlock.putOrigin(block, LinkWord.UNINIT, 0, 0);
        LeaseBlock.putHolder(block, session, incarnation, deliveries);
        LeaseBlock.seal(block, length, table.structure(), old.wordOffset(), ref);
        final long word = SlotWord.of(ref) | LinkWord.FROZEN;
        final int code = session == LeaseBlock.NOBODY ? OperationCode.QUEUE_RELEASE : OperationCode.QUEUE_RECEIVE;
        final boolean won = lane.commit()
                .begin(code, table.structure(), old.wordOffset(), old.word(), word)
                .allocate(ref, block, 0, length)
                .free(ref(lane, old.wordOffset(), old.word()))
                .post(operation);
        if (!won) {
            lane.discard(ref);
        }
        return won ? new LeaseToken(table, old.wordOffset(), word, deliveries) : null;
    }

    // ---- confirm

    /**
     * Confirms the lease by which an element left a batch last. To be called before the slot's word changes.
     *
     * @param lane held
     * @param slotOffset of the batch
     * @param slotWord what that lease has left
     */
    void confirm(final Lane lane, final long slotOffset, final long slotWord) {
        final LeftBatch last = lastLeft;
        if (last != null && last.slotOffset == slotOffset && last.slotWord == slotWord) {
            final LeaseToken token = last.token;
            lane.chain().swapLink(token.wordOffset(), token.word(), token.word() | LinkWord.FROZEN);
            lane.chain().persist().post(CONFIRM);
            return; // or it is confirmed, acknowledged or released already
        }
        final LeaseViews views = pending(lane);
        for (int i = 0; i < views.count(); i++) {
            if (views.slotOffset(i) == slotOffset && views.leftWord(i) == slotWord) {
                confirm(lane, views, i);
            }
        }
    }

    /**
     * Confirms the valid leases of a segment in which everything is taken. To be called before it goes.
     *
     * @param lane held
     * @param segment offset of it
     * @param ordinal of it
     */
    void confirmAll(final Lane lane, final long segment, final long ordinal) {
        final LeaseViews views = pending(lane);
        for (int i = 0; i < views.count(); i++) {
            if (views.ordinal(i) == ordinal
                    && isSlotOf(segment, views.slotOffset(i))
                    && lane.readLink(CONFIRM, views.slotOffset(i)) == views.leftWord(i)) {
                confirm(lane, views, i);
            }
        }
    }

    private boolean isSlotOf(final long segment, final long slotOffset) {
        final long inSegment = slotOffset - segment;
        return inSegment >= QueueLayout.SLOTS_OFFSET
                && inSegment < table.layout().segmentBytes()
                && (inSegment & 7) == 0;
    }

    private LeaseViews pending(final Lane lane) {
        directory.refresh(lane);
        return LeaseViews.read(lane, CONFIRM, directory.read(lane, CONFIRM), true);
    }

    private static void confirm(final Lane lane, final LeaseViews views, final int i) {
        lane.chain().swapLink(views.wordOffset(i), views.word(i), views.word(i) | LinkWord.FROZEN);
        lane.chain().persist().post(CONFIRM);
    }

    // ---- redeliver

    /**
     * Looks for leases that have ended, and takes one over. Void ones are freed on the way.
     *
     * @return the lease, whose element is the result of the scratch; null if there is none
     */
    private LeaseToken redeliver(final Lane lane, final Scratch scratch) {
        directory.refresh(lane);
        if (directory.isEmpty()) {
            return null;
        }
        final LeaseViews views = LeaseViews.read(lane, REDELIVER, directory.read(lane, REDELIVER), false);
        if (views.count() == 0) {
            return null;
        }
        final UnsafeBuffer sessions = readSessions(lane);
        for (int i = 0; i < views.count(); i++) {
            if (isEnded(lane, sessions, views.session(i), views.incarnation(i))) {
                final LeaseToken token = takeOver(lane, scratch, views.wordOffset(i), views.word(i));
                if (token != null) {
                    return token;
                }
            }
        }
        return null;
    }

    /** Leases that there are, whosever they are. */
    int count(final Lane lane) {
        directory.refresh(lane);
        return directory.isEmpty()
                ? 0
                : LeaseViews.read(lane, REDELIVER, directory.read(lane, REDELIVER), false)
                        .count();
    }

    private UnsafeBuffer readSessions(final Lane lane) {
        final UnsafeBuffer lines = lane.writeBuffer(lane.geometry().sessions() * SessionDescriptor.BYTES);
        lane.chain()
                .read(
                        lane.geometry().sessionOffset(0),
                        lines,
                        0,
                        lane.geometry().sessions() * SessionDescriptor.BYTES)
                .post(REDELIVER);
        return lines;
    }

    private static boolean isEnded(
            final Lane lane, final UnsafeBuffer sessions, final int session, final int incarnation) {
        if (session < 0 || session >= lane.geometry().sessions()) {
            return true; // nobody's
        }
        final long word = sessions.getLong(session * SessionDescriptor.BYTES + SessionDescriptor.STATE_OFFSET);
        return SessionDescriptor.isOver(word, lane.geometry().sessionOffset(session), incarnation);
    }

    /** Makes a lease ours whose session has ended, or, if it is void, frees it; returns null then, and if another was faster. */
    private LeaseToken takeOver(final Lane lane, final Scratch scratch, final long wordOffset, final long word) {
        final long ref = ref(lane, wordOffset, word);
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        final UnsafeBuffer block = scratch.result.ensure(bytes);
        lane.chain().read(BlockRef.offset(ref), block, 0, bytes).post(REDELIVER);
        if (!LeaseBlock.isWhole(block, bytes, table.structure(), wordOffset, word)) {
            passDamaged(lane, wordOffset, word, ref);
            return null;
        }
        if (!LeaseDirectory.isConfirmed(word) && !isValid(lane, scratch, block)) {
            vacate(lane, OperationCode.QUEUE_LEASE, REDELIVER, wordOffset, word, true);
            return null;
        }
        scratch.resultIndex = LeaseBlock.ELEMENT_OFFSET;
        scratch.resultLength = LeaseBlock.elementLength(block);
        final int length = LeaseBlock.ELEMENT_OFFSET + scratch.resultLength;
        final UnsafeBuffer ours = scratch.lease.ensure(length);
        ours.putBytes(0, block, 0, length);
        return replace(
                lane,
                REDELIVER,
                ours,
                length,
                new LeaseToken(table, wordOffset, word, 0),
                table.session().index(),
                table.session().incarnation(),
                LeaseBlock.deliveries(block, 0) + 1);
    }

    /**
     * Tells whether a pending lease of a session that has ended is valid: its swap of the slot has happened, or never will. If its segment
     * has gone meanwhile, the lease was confirmed before, and its word is another by now.
     */
    private boolean isValid(final Lane lane, final Scratch scratch, final UnsafeBuffer lease) {
        final Position first = scratch.otherEnd;
        table.reader().open(lane, REDELIVER, table.headOffset(), null, first, true);
        // a segment from the first one on is not reused as long as the lane is held
        return LeaseBlock.ordinal(lease, 0) >= first.ordinal
                && lane.readLink(REDELIVER, LeaseBlock.slotOffset(lease, 0)) == LeaseBlock.leftWord(lease, 0);
    }

    /** It is out of the queue, which goes on; its block stays for the checker. */
    private void passDamaged(final Lane lane, final long wordOffset, final long word, final long ref) {
        final Commit commit = lane.commit();
        final long vacated = SlotWord.vacated(table.session().index(), lane.index(), commit.sequence());
        final boolean won = commit.begin(OperationCode.QUEUE_LEASE, table.structure(), wordOffset, word, vacated)
                .asHelp()
                .free(ref)
                .postUnconfirmed(REDELIVER);
        if (won) {
            throw Blocks.damagedBlock(
                    BlockDescriptor.LEASE, BlockRef.offset(ref), wordOffset, table.where() + "s: a lease");
        }
    }
}
