package io.rallocator.persistence;

import org.agrona.DirectBuffer;

/**
 * Follows the links of one structure. {@link #isReachable} runs in recovery while other workers go on (their freed
 * blocks stay intact meanwhile, because the dead session still holds back the epoch); {@link #trace} runs when nobody
 * writes.
 */
public interface StructureTracer {
    /** Receives what a trace finds. */
    interface Visitor {
        /**
         * A block that a link reaches.
         *
         * @param ref of the block
         * @param linkOffset of the word, or of the reference inside a block, that leads to it
         */
        void block(long ref, long linkOffset);

        /**
         * Something that is not as it must be.
         *
         * @param offset where
         * @param what was found, in plain words
         */
        void damage(long offset, String what);
    }

    /**
     * Tells whether a link of this structure leads to a block.
     *
     * @param ref the block
     * @param block its bytes, header verified, of this structure
     * @param index where it begins
     * @return true if it is reachable
     * @throws CorruptedPoolException if the way to it is damaged
     */
    boolean isReachable(long ref, DirectBuffer block, int index);

    /**
     * Visits every block of the structure, the root block included, each as often as it is linked.
     *
     * @param visitor receives them
     */
    void trace(Visitor visitor);

    /**
     * How many elements or entries the structure holds, by counting them, after {@link #trace}.
     *
     * @return count
     */
    long tracedElements();

    /**
     * How many elements the structure's own counters claim.
     *
     * @return count, or -1 if it keeps none
     */
    long claimedElements();
}
