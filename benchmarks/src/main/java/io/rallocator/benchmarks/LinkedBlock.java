package io.rallocator.benchmarks;

import io.rallocator.allocator.Lane;
import io.rallocator.allocator.Operation;
import io.rallocator.persistence.BlockRef;
import io.rallocator.persistence.LinkWord;
import org.agrona.concurrent.UnsafeBuffer;

/** A link word in a block of its own, and the block that it points to. No structure reaches it: the pool goes away with all of it. */
final class LinkedBlock {
    static final int BYTES = 128;
    private static final Operation WAIT = Operation.named("bench.wait");
    private static final int CODE = 1;
    private static final int NO_STRUCTURE = 0;

    private final UnsafeBuffer content = new UnsafeBuffer(new byte[BYTES]);
    private final long offset;
    private long word;
    private long ref;

    LinkedBlock(final Lane lane) {
        offset = BlockRef.offset(lane.allocate(BYTES));
        word = LinkWord.special(0, 1);
        lane.chain().writeWord(offset, word).post(WAIT);
    }

    /** The block that is linked; 0 if none is. */
    long ref() {
        return ref;
    }

    /** Commits another block, and frees one unless that is 0. */
    void change(final Lane lane, final Operation operation, final long next, final long freed) {
        final long replacement = LinkWord.pointTo(word, next);
        lane.commit().begin(CODE, NO_STRUCTURE, offset, word, replacement).allocate(next, content, 0, BYTES);
        if (freed != 0) {
            lane.commit().free(freed);
        }
        if (!lane.commit().post(operation)) {
            throw new IllegalStateException("somebody else changed a link word of ours");
        }
        word = replacement;
        ref = next;
    }
}
