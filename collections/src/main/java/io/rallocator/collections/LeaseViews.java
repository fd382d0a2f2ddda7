package io.rallocator.collections;

import io.rallocator.allocator.Chain;
import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What leases say of themselves, without their elements, as they were read: not verified. Whoever acts on it reads the lease as a whole, or does what
 * a lease that says something else does not mind.
 */
final class LeaseViews {
    private static final int LEASES_IN_CHAIN = 128;

    private final long[] offsets;
    private final long[] words;
    private final UnsafeBuffer fields;
    private int count;

    private LeaseViews(final int most) {
        offsets = new long[most];
        words = new long[most];
        fields = new UnsafeBuffer(new byte[most * LeaseBlock.ELEMENT_OFFSET]);
    }

    /**
     * Reads the leases that words lead to: a chain for each {@value #LEASES_IN_CHAIN}.
     *
     * @param lane held, since before the words were read
     * @param operation under which the cost is counted
     * @param of the lease words
     * @param onlyPending true to leave out those that are confirmed
     * @return those that there are
     */
    static LeaseViews read(
            final Lane lane, final Operation operation, final LeaseDirectory.Words of, final boolean onlyPending) {
        int most = 0;
        for (int i = 0; i < of.count(); i++) {
            most += isWanted(of.word(i), onlyPending) ? 1 : 0;
        }
        final LeaseViews views = new LeaseViews(most);
        final Chain chain = lane.chain();
        for (int i = 0; i < of.count(); i++) {
            final long word = of.word(i);
            if (isWanted(word, onlyPending)) {
                final long ref = SlotWord.requireRef(lane.geometry(), word & ~LinkWord.FROZEN, of.offset(i));
                views.offsets[views.count] = of.offset(i);
                views.words[views.count] = word;
                chain.read(
                        BlockRef.offset(ref),
                        views.fields,
                        views.count * LeaseBlock.ELEMENT_OFFSET,
                        LeaseBlock.ELEMENT_OFFSET);
                views.count++;
                if (chain.size() == LEASES_IN_CHAIN) {
                    chain.post(operation);
                }
            }
        }
        chain.post(operation);
        return views;
    }

    private static boolean isWanted(final long word, final boolean onlyPending) {
        return !LeaseDirectory.isFree(word) && !(onlyPending && LeaseDirectory.isConfirmed(word));
    }

    int count() {
        return count;
    }

    long wordOffset(final int i) {
        return offsets[i];
    }

    long word(final int i) {
        return words[i];
    }

    long leftWord(final int i) {
        return LeaseBlock.leftWord(fields, i * LeaseBlock.ELEMENT_OFFSET);
    }

    long slotOffset(final int i) {
        return LeaseBlock.slotOffset(fields, i * LeaseBlock.ELEMENT_OFFSET);
    }

    long ordinal(final int i) {
        return LeaseBlock.ordinal(fields, i * LeaseBlock.ELEMENT_OFFSET);
    }

    int session(final int i) {
        return LeaseBlock.session(fields, i * LeaseBlock.ELEMENT_OFFSET);
    }

    int incarnation(final int i) {
        return LeaseBlock.incarnation(fields, i * LeaseBlock.ELEMENT_OFFSET);
    }
}
