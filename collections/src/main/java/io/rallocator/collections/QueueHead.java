package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.CorruptedPoolException;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.SizeClasses;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The end of a queue where elements leave: finds the first slot that is not taken, every earlier one having been seen taken,
 * and swaps TAKEN in. Empty is answered only when that slot was seen empty after all before it were seen taken.
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class QueueHead {
    private static final Operation POLL = Operation.named("queue.poll");
    private static final Operation DRAIN = Operation.named("queue.drain");
    private static final Operation PEEK = Operation.named("queue.peek");
    private static final Operation SIZE = Operation.named("queue.size");
    private static final Operation SCAN = Operation.named("queue.scan");
    private static final Operation REMOVE = Operation.named("queue.remove");
    private static final Operation SEGMENT = Operation.named("queue.segment");
    private static final int COUNTS_IN_CHAIN = 128;

    private final QueueTable table;
    private final QueueLayout layout;
    private final PositionHint hint = new PositionHint();
    private final RunTaker runs;
    private final BatchTaker batches;

    QueueHead(final QueueTable table) {
        this.table = table;
        this.layout = table.layout();
        this.runs = new RunTaker(table);
        this.batches = new BatchTaker(table);
    }

    /**
     * Goes to the first slot that is not taken.
     *
     * @param lane held
     * @param position is set
     */
    void find(final Lane lane, final Position position) {
        start(lane, SIZE, position);
        position.known = 0; // somebody may have taken what was seen: look again
        toElement(lane, SIZE, position, false);
    }

    /**
     * Tells how many slots the capacity lets be filled. Less than wanted is answered only after looking where the head is; an answer stays
     * true, since the head only goes on.
     *
     * @param lane held
     * @param position used
     * @param place of the first of the slots: all before it are filled or covered
     * @param wanted at least 1
     * @return 0 … wanted
     */
    int room(final Lane lane, final Position position, final long place, final int wanted) {
        if (!layout.isBounded() || hint.load(position) && place + wanted <= place(position) + layout.capacity()) {
            return wanted;
        }
        find(lane, position);
        hint.store(position);
        return (int) Math.max(0, Math.min(wanted, firstPlace(lane, position) + layout.capacity() - place));
    }

    /** The place of the first slot for which an element is in the queue: of a batch, some may have gone. */
    long firstPlace(final Lane lane, final Position position) {
        if (position.known == 0 || !BatchBlock.isBatch(position.word())) {
            return place(position);
        }
        final long count = readCount(lane, SIZE, position.word());
        return place(position) + BatchBlock.slots(count) - BatchBlock.count(count);
    }

    /** Slots that a batch covers. */
    int slotsOf(final Lane lane, final Operation operation, final long word) {
        return BatchBlock.slots(readCount(lane, operation, word));
    }

    private long readCount(final Lane lane, final Operation operation, final long word) {
        Blocks.targetBytes(lane.geometry(), word, table.headOffset());
        final int verb = lane.chain().readWord(LinkWord.offset(word) + BatchBlock.COUNT_OFFSET);
        lane.chain().post(operation);
        return requireCount(lane.chain().result(verb));
    }

    private long requireCount(final long word) {
        if (!BatchBlock.isCount(word)) {
            throw new CorruptedPoolException("the count 0x" + Long.toHexString(word) + " of a batch of " + table.where()
                    + "s from the head on is damaged; run `rallocator check`");
        }
        return word;
    }

    void start(final Lane lane, final Operation operation, final Position position) {
        if (!hint.load(position) || position.epoch != lane.epoch()) {
            table.reader().open(lane, operation, table.headOffset(), hint, position, true);
        }
    }

    /**
     * Goes to the first element. What it finds holds as of the last look.
     *
     * @param lane held
     * @param operation under which the cost is counted
     * @param position goes on
     * @param consumes true to leave segments behind that are taken completely
     * @return false if there is none: the queue was empty
     */
    boolean toElement(final Lane lane, final Operation operation, final Position position, final boolean consumes) {
        while (position.known == 0) {
            if (position.slot == layout.slots()) {
                final long next = lane.readLink(operation, position.segment + QueueLayout.NEXT_OFFSET);
                if (next == LinkWord.UNINIT) {
                    return false;
                }
                toNextSegment(lane, position, next, consumes);
                continue;
            }
            final int before = position.slot;
            table.reader().look(lane, operation, position, true);
            if (position.known == 0 && position.slot == before) {
                return false; // empty, and all before it were taken by then
            }
        }
        return true;
    }

    private void toNextSegment(final Lane lane, final Position position, final long next, final boolean consumes) {
        if (consumes) {
            leave(lane, position.segment, next);
        }
        table.reader().enterNext(lane, SEGMENT, next, position, true);
    }

    /** Moves the root's head off a segment in which everything is taken, and frees it, unless somebody did. */
    private void leave(final Lane lane, final long segment, final long next) {
        final Chain chain = lane.chain();
        final UnsafeBuffer header = lane.readBuffer(BlockDescriptor.HEADER_BYTES);
        final int verb = chain.readLink(table.headOffset());
        final int leases = chain.readLink(table.leasesOffset());
        chain.read(segment, header, 0, BlockDescriptor.HEADER_BYTES).post(SEGMENT);
        final long word = chain.result(verb);
        if (LinkWord.offset(word) != segment) {
            return;
        }
        table.reader().requireSegment(header, segment, table.headOffset());
        final long ref = Blocks.refToFree(lane.geometry(), word, table.headOffset(), header);
        if (chain.result(leases) != LinkWord.UNINIT) {
            table.leases().confirmAll(lane, segment, BlockDescriptor.locator(header, 0));
        }
        table.tail().advance(lane, segment, next);
        lane.commit()
                .begin(
                        OperationCode.QUEUE_HEAD,
                        table.structure(),
                        table.headOffset(),
                        word,
                        LinkWord.pointTo(word, BlockRef.pointer(next)))
                .asHelp()
                .free(ref)
                .post(SEGMENT);
    }

    void remember(final Position position) {
        hint.store(position);
    }

    BatchTaker batches() {
        return batches;
    }

    // ---- poll

    /**
     * Takes the first element.
     *
     * @param lane held
     * @param scratch its result is the element
     * @return false if the queue was empty
     */
    boolean poll(final Lane lane, final Scratch scratch) {
        final Position position = scratch.position;
        start(lane, POLL, position);
        while (toElement(lane, POLL, position, true)) {
            if (BatchBlock.isBatch(position.word())
                    ? takeOfBatch(lane, scratch, position)
                    : take(lane, scratch, position)) {
                return true;
            }
        }
        hint.store(position);
        return false;
    }

    /**
     * Takes the first elements, as many as are in consecutive slots and fit into one commit, or of one batch.
     *
     * @param lane held
     * @param scratch its run gets them, and what was damaged
     * @param most elements, at least 1
     * @return false if the queue was empty
     */
    boolean drain(final Lane lane, final Scratch scratch, final int most) {
        final Position position = scratch.position;
        final Run run = scratch.run;
        run.clear();
        start(lane, DRAIN, position);
        while (run.isEmpty() && run.damage() == null && toElement(lane, DRAIN, position, true)) {
            if (BatchBlock.isBatch(position.word())) {
                batches.take(lane, DRAIN, scratch, position, most);
            } else {
                runs.take(lane, DRAIN, scratch, position, most);
            }
        }
        hint.store(position);
        return !run.isEmpty() || run.damage() != null;
    }

    boolean takeOfBatch(final Lane lane, final Scratch scratch, final Position position) {
        final Run run = scratch.run;
        run.clear();
        batches.take(lane, POLL, scratch, position, 1);
        hint.store(position);
        if (run.damage() != null) {
            throw run.damage();
        }
        if (run.isEmpty()) {
            return false;
        }
        run.select(0, scratch);
        return true;
    }

    /** Reads the element and swaps TAKEN in, in one chain; what was read is right if the swap succeeded. */
    boolean take(final Lane lane, final Scratch scratch, final Position position) {
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        final long word = position.word();
        final long ref = SegmentReader.elementRef(lane.geometry(), word, slotOffset);
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        final UnsafeBuffer buffer = scratch.result.ensure(bytes);
        final Commit commit = lane.commit();
        final long taken = QueueLayout.takenWord(table.session().index(), lane.index(), commit.sequence());
        lane.chain().read(BlockRef.offset(ref), buffer, 0, bytes);
        final boolean won = commit.begin(OperationCode.QUEUE_POLL, table.structure(), slotOffset, word, taken)
                .free(ref)
                .postUnconfirmed(POLL);
        if (!won && !QueueLayout.isTaken(commit.witness())) {
            throw Blocks.damagedWord(commit.witness(), slotOffset);
        }
        position.advance();
        hint.store(position);
        if (!won) {
            return false;
        }
        if (!SegmentReader.isElement(buffer, 0, bytes, table.structure(), slotOffset, word)) {
            // it is out of the queue, which goes on; its block stays for the checker
            throw Blocks.damagedBlock(
                    BlockDescriptor.ELEMENT, BlockRef.offset(ref), slotOffset, table.where() + " " + slotOffset);
        }
        commit.confirm();
        found(scratch, buffer, slotOffset);
        return true;
    }

    private static void found(final Scratch scratch, final UnsafeBuffer buffer, final long slotOffset) {
        scratch.hash = slotOffset;
        scratch.resultIndex = SegmentReader.elementIndex(0);
        scratch.resultLength = SegmentReader.elementLength(buffer, 0);
    }

    // ---- peek, and iterators

    /**
     * Looks at the first element.
     *
     * @param lane held
     * @param scratch its result is the element
     * @return false if the queue was empty
     */
    boolean peek(final Lane lane, final Scratch scratch) {
        final Position position = scratch.position;
        start(lane, PEEK, position);
        position.known = 0; // somebody may have taken what was seen: look again
        if (!toElement(lane, PEEK, position, false)) {
            return false;
        }
        final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot);
        if (BatchBlock.isBatch(position.word())) {
            scratch.run.clear();
            final UnsafeBuffer block = batches.read(lane, PEEK, scratch.result, slotOffset, position.word());
            scratch.run.addEntries(block, 1, slotOffset);
            scratch.run.select(0, scratch);
            return true;
        }
        read(lane, PEEK, scratch.result, 0, slotOffset, position.word());
        found(scratch, scratch.result.buffer(), slotOffset);
        return true;
    }

    /** Reads an element that is in a slot, or was under this pin. */
    private int read(
            final Lane lane,
            final Operation operation,
            final GrowingBuffer target,
            final int index,
            final long slotOffset,
            final long word) {
        final long ref = SegmentReader.elementRef(lane.geometry(), word, slotOffset);
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        final UnsafeBuffer buffer = target.ensure(index + bytes);
        lane.chain().read(BlockRef.offset(ref), buffer, index, bytes).post(operation);
        if (!SegmentReader.isElement(buffer, index, bytes, table.structure(), slotOffset, word)) {
            throw Blocks.damagedBlock(
                    BlockDescriptor.ELEMENT, BlockRef.offset(ref), slotOffset, table.where() + " " + slotOffset);
        }
        return SegmentReader.elementLength(buffer, index);
    }

    /**
     * Collects elements in order.
     *
     * @param lane held
     * @param position where the last call for the same walk ended; is set to where this one ends
     * @param from place to begin: slots that the queue has had before it
     * @param batch gets the elements, as values whose keys are {@link Sighting}s
     * @param atLeast so many, unless the queue ends before or the batch is full
     * @return place to go on
     */
    long collect(final Lane lane, final Position position, final long from, final ScanBatch batch, final int atLeast) {
        if (position.segment == 0 || place(position) != from || position.epoch != lane.epoch()) {
            seek(lane, SCAN, position, from);
        }
        position.known = 0; // somebody may have taken what was seen: look again
        while (batch.count() < atLeast && !batch.isFull() && toElement(lane, SCAN, position, false)) {
            collectKnown(lane, position, batch);
        }
        return place(position);
    }

    /** Goes to a place, or to the first slot that is not taken if that is behind it, or to the end if that is before it. */
    private void seek(final Lane lane, final Operation operation, final Position position, final long place) {
        table.reader().open(lane, operation, table.headOffset(), null, position, true);
        while (place(position) < place) {
            if (position.ordinal == place / layout.slots()) {
                position.advanceTo((int) (place % layout.slots()));
                return;
            }
            final long next = lane.readLink(operation, position.segment + QueueLayout.NEXT_OFFSET);
            if (next == LinkWord.UNINIT) {
                position.advanceTo(layout.slots());
                return;
            }
            table.reader().enterNext(lane, operation, next, position, true);
        }
    }

    /** Reads the blocks whose words are known, in one chain, as far as the batch has room. */
    private void collectKnown(final Lane lane, final Position position, final ScanBatch batch) {
        final Chain chain = lane.chain();
        final int first = batch.used();
        int count = 0;
        while (count < position.known && (count == 0 || !batch.isFull())) {
            final long word = position.word(count);
            final long slotOffset = QueueLayout.slotOffset(position.segment, position.slot + count);
            final long ref = SegmentReader.blockRef(lane.geometry(), word, slotOffset);
            final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
            final int at = batch.reserve(Sighting.BYTES + bytes);
            Sighting.put(batch.bytes().buffer(), at, place(position) + count, slotOffset, word);
            chain.read(BlockRef.offset(ref), batch.bytes().buffer(), at + Sighting.BYTES, bytes);
            count++;
        }
        chain.post(SCAN);
        int sighting = first;
        for (int i = 0; i < count; i++) {
            addElements(batch, sighting);
            sighting += Sighting.BYTES + SizeClasses.bytes(LinkWord.blockClass(position.word()));
            position.advance();
        }
    }

    /** Adds the elements of the block that follows its sighting: each has the sighting for a key. */
    private void addElements(final ScanBatch batch, final int sighting) {
        final UnsafeBuffer buffer = batch.bytes().buffer();
        final long slotOffset = Sighting.slotOffset(buffer, sighting);
        final long word = Sighting.word(buffer, sighting);
        final int bytes = SizeClasses.bytes(LinkWord.blockClass(word));
        final int at = sighting + Sighting.BYTES;
        if (BatchBlock.isBatch(word)) {
            requireWhole(
                    BatchBlock.isWhole(buffer, at, bytes, table.structure(), slotOffset, word),
                    BlockDescriptor.BATCH,
                    slotOffset,
                    word);
            int entry = at + BatchBlock.ENTRIES_OFFSET;
            for (int i = BatchBlock.count(buffer, at); i > 0; i--) {
                final int length = BatchBlock.valueLength(buffer, entry);
                batch.add(sighting, Sighting.BYTES, BatchBlock.valueIndex(entry), length);
                entry = BatchBlock.next(buffer, entry);
            }
        } else {
            requireWhole(
                    SegmentReader.isElement(buffer, at, bytes, table.structure(), slotOffset, word),
                    BlockDescriptor.ELEMENT,
                    slotOffset,
                    word);
            batch.add(
                    sighting, Sighting.BYTES, SegmentReader.elementIndex(at), SegmentReader.elementLength(buffer, at));
        }
    }

    private void requireWhole(final boolean isWhole, final int kind, final long slotOffset, final long word) {
        if (!isWhole) {
            throw Blocks.damagedBlock(kind, LinkWord.offset(word), slotOffset, table.where() + " " + slotOffset);
        }
    }

    private long place(final Position position) {
        return position.ordinal * layout.slots() + position.slot;
    }

    // ---- remove, size

    /**
     * Takes an element that was seen by {@link #collect}, wherever it is by now. A segment that was linked when this session
     * was in an epoch is not reused while it stays in it; later the slot is looked up again by its place, which
     * no other slot ever has.
     *
     * @param lane held
     * @param scratch for the position, and for what is read
     * @param batch has the element
     * @param element number in the batch
     * @param epoch of the lane that collected the batch
     * @return false if somebody else took it
     */
    boolean remove(final Lane lane, final Scratch scratch, final ScanBatch batch, final int element, final long epoch) {
        final Position position = scratch.position;
        final UnsafeBuffer buffer = batch.bytes().buffer();
        final int sighting = batch.keyIndex(element);
        final long slotOffset = Sighting.slotOffset(buffer, sighting);
        if (epoch != lane.epoch()) {
            final long place = Sighting.place(buffer, sighting);
            seek(lane, REMOVE, position, place);
            if (place(position) != place) {
                return false;
            }
        }
        final long word = Sighting.word(buffer, sighting);
        if (BatchBlock.isBatch(word)) {
            final int number = BatchBlock.numberAt(buffer, batch.valueIndex(element));
            return batches.remove(lane, REMOVE, scratch, slotOffset, number);
        }
        final Commit commit = lane.commit();
        final long taken = QueueLayout.takenWord(table.session().index(), lane.index(), commit.sequence());
        final boolean won = commit.begin(OperationCode.QUEUE_REMOVE, table.structure(), slotOffset, word, taken)
                .free(SegmentReader.elementRef(lane.geometry(), word, slotOffset))
                .post(REMOVE);
        if (!won && !QueueLayout.isTaken(commit.witness())) {
            throw Blocks.damagedWord(commit.witness(), slotOffset);
        }
        return won;
    }

    /**
     * Counts the elements, segment by segment.
     *
     * @param lane held
     * @param position used
     * @return how many were seen
     */
    long count(final Lane lane, final Position position) {
        table.reader().open(lane, SIZE, table.headOffset(), null, position, true);
        for (long count = 0; ; ) {
            final UnsafeBuffer segment = table.reader().lastSegment(lane);
            count += countSlots(lane, segment, position.slot);
            final long next = segment.getLong(QueueLayout.NEXT_OFFSET);
            if (next == LinkWord.UNINIT) {
                return count;
            }
            table.reader().enterNext(lane, SIZE, next, position, true);
        }
    }

    /** Asks batches for their counts, many in one chain. */
    private long countSlots(final Lane lane, final UnsafeBuffer segment, final int from) {
        long count = 0;
        int asked = 0;
        for (int slot = from; slot < layout.slots(); slot++) {
            final long word = segment.getLong(QueueLayout.SLOTS_OFFSET + slot * Long.BYTES);
            if (BatchBlock.isBatch(word)) {
                Blocks.targetBytes(lane.geometry(), word, table.headOffset());
                lane.chain().readWord(LinkWord.offset(word) + BatchBlock.COUNT_OFFSET);
                if (++asked == COUNTS_IN_CHAIN) {
                    count += readCounts(lane, asked);
                    asked = 0;
                }
            } else {
                count += word == QueueLayout.EMPTY || QueueLayout.isTaken(word) ? 0 : 1;
            }
        }
        return asked == 0 ? count : count + readCounts(lane, asked);
    }

    private long readCounts(final Lane lane, final int asked) {
        lane.chain().post(SIZE);
        long count = 0;
        for (int i = 0; i < asked; i++) {
            count += BatchBlock.count(requireCount(lane.chain().result(i)));
        }
        return count;
    }
}
