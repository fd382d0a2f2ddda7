package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Commit;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockDescriptor;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import io.rallocator.persistence.OutOfRemoteMemoryException;
import io.rallocator.persistence.SizeClasses;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The elements of an array, in bytes: each slot is a {@link SlotWord}, UNINIT or VACATED for null. A change is one swap of the
 * slot, and what it unlinks is freed through the intent. An extent that does not exist is full of nulls.
 *
 * <p>Threads: any; the state is in the caller's {@link Scratch}.
 */
final class ElementSlots {
    private static final Operation GET = Operation.named("array.get");
    private static final Operation SET = Operation.named("array.set");
    private static final Operation SWAP = Operation.named("array.swap");
    private static final Operation SCAN = Operation.named("array.scan");

    private static final int BATCH = 128;

    private final ArrayTable table;

    ElementSlots(final ArrayTable table) {
        this.table = table;
    }

    /** Tells whether a slot's word says that its element is null. */
    static boolean isEmpty(final long word) {
        return word == LinkWord.UNINIT || SlotWord.isVacated(word);
    }

    // ---- reading

    /**
     * Reads an element.
     *
     * @param scratch its result is the element
     * @param index of the element
     * @return false if it is null
     */
    boolean get(final Scratch scratch, final long index) {
        final Lane lane = table.acquire();
        try {
            final long slot = table.find(lane, index * Long.BYTES);
            final long word = slot == 0 ? LinkWord.UNINIT : lane.readLink(GET, slot);
            return !isEmpty(word) && read(lane, GET, scratch, index, slot, word);
        } finally {
            table.release(lane);
        }
    }

    private boolean read(
            final Lane lane,
            final Operation operation,
            final Scratch scratch,
            final long index,
            final long slot,
            final long word) {
        addRead(lane, scratch, slot, word).post(operation);
        found(scratch, index, slot, word);
        return true;
    }

    /** Adds a READ of the block that a slot leads to, into the scratch's result. */
    private Chain addRead(final Lane lane, final Scratch scratch, final long slot, final long word) {
        final long ref = SlotWord.requireRef(lane.geometry(), word, slot);
        final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
        return lane.chain().read(BlockRef.offset(ref), scratch.result.ensure(bytes), 0, bytes);
    }

    private void found(final Scratch scratch, final long index, final long slot, final long word) {
        final UnsafeBuffer buffer = scratch.result.buffer();
        requireElement(buffer, 0, index, slot, word);
        scratch.resultIndex = BlockDescriptor.HEADER_BYTES;
        scratch.resultLength = BlockDescriptor.length(buffer, 0) - BlockDescriptor.HEADER_BYTES;
        scratch.found = true;
    }

    private void requireElement(
            final UnsafeBuffer buffer, final int at, final long index, final long slot, final long word) {
        final int bytes = SizeClasses.bytes(LinkWord.blockClass(word));
        if (!Blocks.isExpected(buffer, at, bytes, BlockDescriptor.ARRAY_ELEMENT, table.structure(), index)
                || !SlotWord.leadsTo(word, buffer, at)) {
            throw Blocks.damagedBlock(
                    BlockDescriptor.ARRAY_ELEMENT, LinkWord.offset(word), slot, table.where() + ", index " + index);
        }
    }

    /**
     * Collects elements that follow one another: their words in one chain, what these lead to in another.
     *
     * @param from index of the first, less than the length
     * @param most how many at most, from 1
     * @param batch gets them, as values with empty keys; nulls have none
     * @return how many, at least 1
     */
    int collect(final long from, final int most, final ScanBatch batch) {
        final Lane lane = table.acquire();
        try {
            final long at = from * Long.BYTES;
            final int count = (int) Math.min(Math.min(most, BATCH), (table.pieceEnd(at) - at) / Long.BYTES);
            final long slots = table.find(lane, at);
            if (slots == 0) {
                for (int i = 0; i < count; i++) {
                    batch.add(0, 0);
                }
                return count;
            }
            final UnsafeBuffer words = lane.readBuffer(count * Long.BYTES);
            lane.chain().readLinks(slots, words, 0, count * Long.BYTES).post(SCAN);
            return collect(lane, from, count, slots, words, batch);
        } finally {
            table.release(lane);
        }
    }

    private int collect(
            final Lane lane,
            final long from,
            final int count,
            final long slots,
            final UnsafeBuffer words,
            final ScanBatch batch) {
        final int before = batch.count();
        final Chain chain = lane.chain();
        int collected = 0;
        while (collected < count && (collected == 0 || !batch.isFull())) {
            final int i = collected++;
            final long word = words.getLong(i * Long.BYTES);
            if (isEmpty(word)) {
                batch.add(0, 0);
            } else {
                final long ref = SlotWord.requireRef(lane.geometry(), word, slots + 8L * i);
                final int bytes = SizeClasses.bytes(BlockRef.blockClass(ref));
                final int at = batch.reserve(bytes);
                chain.read(BlockRef.offset(ref), batch.bytes().buffer(), at, bytes);
                batch.add(0, 0, at + BlockDescriptor.HEADER_BYTES, bytes);
            }
        }
        if (chain.size() > 0) {
            chain.post(SCAN);
        }
        for (int i = 0; i < collected; i++) {
            final int entry = before + i;
            if (batch.hasValue(entry)) {
                final int at = batch.valueIndex(entry) - BlockDescriptor.HEADER_BYTES;
                final UnsafeBuffer blocks = batch.bytes().buffer();
                requireElement(blocks, at, from + i, slots + 8L * i, words.getLong(i * Long.BYTES));
                final int length = BlockDescriptor.length(blocks, at) - BlockDescriptor.HEADER_BYTES;
                batch.setValue(entry, batch.valueIndex(entry), length);
            }
        }
        return collected;
    }

    // ---- changing

    /** What a change of one slot is about. */
    private static final class Swap {
        private final Operation operation;
        private final Scratch scratch;
        private final long index;

        /** Where the slot is. */
        private long slot;

        /** What is in the slot, as far as we know. */
        private long word;

        /** The new element's block, allocated and not linked, or 0. */
        private long ref;

        Swap(final Operation operation, final Scratch scratch, final long index) {
            this.operation = operation;
            this.scratch = scratch;
            this.index = index;
        }
    }

    /**
     * Replaces an element.
     *
     * @param scratch has the new one as its value, unless it is null; the result is the old one
     * @param index of the element
     * @param isNull true if the new one is null
     * @return true if the old one is not null
     * @throws OutOfRemoteMemoryException if there is no room even after waiting for what was freed; nothing is changed
     */
    boolean set(final Scratch scratch, final long index, final boolean isNull) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = table.acquire();
            try {
                set(lane, new Swap(SET, scratch, index), isNull);
                return scratch.found;
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                table.release(lane);
            }
            table.session().awaitReclamation(exhausted, attempt);
        }
    }

    private void set(final Lane lane, final Swap swap, final boolean isNull) {
        if (!begin(lane, swap, isNull)) {
            return; // null instead of null
        }
        try {
            if (!isNull) {
                allocate(lane, swap);
            }
            for (; ; ) {
                final boolean unlinks = !isEmpty(swap.word);
                if (isNull && !unlinks) {
                    return;
                }
                if (unlinks) {
                    addRead(lane, swap.scratch, swap.slot, swap.word);
                }
                final long old = swap.word;
                if (post(lane, swap, unlinks)) {
                    if (unlinks) {
                        // if it is damaged it is out of the array, and its block stays for the checker
                        found(swap.scratch, swap.index, swap.slot, old);
                    }
                    lane.commit().confirm();
                    return;
                }
            }
        } finally {
            discard(lane, swap);
        }
    }

    /**
     * Replaces an element if its bytes are the expected ones.
     *
     * @param scratch has the new one as its value and the expected one, unless they are null
     * @param index of the element
     * @param expectsNull true if the expected one is null
     * @param isNull true if the new one is null
     * @return true if it was replaced
     * @throws OutOfRemoteMemoryException if there is no room even after waiting for what was freed; nothing is changed
     */
    boolean compareAndSet(final Scratch scratch, final long index, final boolean expectsNull, final boolean isNull) {
        for (int attempt = 0; ; attempt++) {
            final OutOfRemoteMemoryException exhausted;
            final Lane lane = table.acquire();
            try {
                return compareAndSet(lane, new Swap(SWAP, scratch, index), expectsNull, isNull);
            } catch (final OutOfRemoteMemoryException e) {
                exhausted = e;
            } finally {
                table.release(lane);
            }
            table.session().awaitReclamation(exhausted, attempt);
        }
    }

    private boolean compareAndSet(final Lane lane, final Swap swap, final boolean expectsNull, final boolean isNull) {
        if (!begin(lane, swap, isNull || !expectsNull)) {
            return expectsNull && isNull;
        }
        try {
            do {
                if (!isAsExpected(lane, swap, expectsNull)) {
                    return false;
                }
                if (expectsNull && isNull) {
                    return true;
                }
                if (!isNull && swap.ref == 0) {
                    allocate(lane, swap);
                }
            } while (!post(lane, swap, !expectsNull));
            lane.commit().confirm();
            return true;
        } finally {
            discard(lane, swap);
        }
    }

    private boolean isAsExpected(final Lane lane, final Swap swap, final boolean expectsNull) {
        if (isEmpty(swap.word) || expectsNull) {
            return isEmpty(swap.word) && expectsNull;
        }
        final Scratch scratch = swap.scratch;
        read(lane, swap.operation, scratch, swap.index, swap.slot, swap.word);
        return scratch.resultLength == scratch.expectedLength
                && Bytes.equal(
                        scratch.result.buffer(), scratch.resultIndex, scratch.expected, 0, scratch.expectedLength);
    }

    /** Finds the slot; false if it does not exist, and need not. */
    private boolean begin(final Lane lane, final Swap swap, final boolean mayBeMissing) {
        final long at = swap.index * Long.BYTES;
        swap.slot = mayBeMissing ? table.find(lane, at) : table.ensure(lane, at);
        if (swap.slot != 0) {
            swap.word = lane.readLink(swap.operation, swap.slot);
        }
        return swap.slot != 0;
    }

    private void allocate(final Lane lane, final Swap swap) {
        final Scratch scratch = swap.scratch;
        final int bytes = Scratch.VALUE_INDEX + scratch.valueLength;
        swap.ref = lane.allocate(bytes);
        BlockDescriptor.seal(
                scratch.value, 0, bytes, BlockDescriptor.ARRAY_ELEMENT, table.structure(), swap.index, swap.ref);
    }

    /** One attempt to commit; if the slot has another word by now, that is the word for the next attempt. */
    private boolean post(final Lane lane, final Swap swap, final boolean unlinks) {
        final Scratch scratch = swap.scratch;
        final long ref = swap.ref;
        swap.ref = 0; // if the fabric fails, whether it is linked is for recovery to find out
        final Commit commit = lane.commit();
        final long replacement = ref != 0
                ? SlotWord.of(ref)
                : SlotWord.vacated(table.session().index(), lane.index(), commit.sequence());
        commit.begin(OperationCode.ARRAY_SET, table.structure(), swap.slot, swap.word, replacement);
        if (ref != 0) {
            commit.allocate(ref, scratch.value, 0, Scratch.VALUE_INDEX + scratch.valueLength);
        }
        if (unlinks) {
            commit.free(SlotWord.requireRef(lane.geometry(), swap.word, swap.slot));
        }
        if (commit.postUnconfirmed(swap.operation)) {
            return true;
        }
        swap.ref = ref;
        swap.word = commit.witness();
        return false;
    }

    private static void discard(final Lane lane, final Swap swap) {
        if (swap.ref != 0) {
            lane.discard(swap.ref);
        }
    }
}
